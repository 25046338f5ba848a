"""``crm.capture``: the engine of this workspace, one capture at a time, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, callback, items, optional_text
from crmkit.capture.absent import Absent
from crmkit.capture.engine import Capture, OnReject, Settings
from crmkit.capture.tombstones import Key, no_key
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.model.touchpoint import CaptureReport, Rejection, Touchpoint
from crmkit.value.basis import Defaults, read_basis
from crmkit.value.history import touchpoint

Heard = Callable[[Callable[[], list[Touchpoint]], list[str]], object]
"""Told after each commit: how to get the new touchpoints, and the customers they touched."""
Missing = Callable[[Reader], Mapping[str, str]]
"""Gives why records of kinds that plugins declared once cannot be taken now, by kind."""

Take = Callable[[Iterable[Mapping[str, Any]]], CaptureReport]
"""Captures records within an open transaction."""
Joint = Callable[[], AbstractContextManager[tuple[Writer, Take]]]
"""Opens a transaction, and gives what captures records within it."""


class Intake:
    """Captures records; safe to call from several threads."""

    def __init__(  # noqa: PLR0913 - what capture goes by
        self,
        session: Session,
        defaults: Defaults,
        kinds: frozenset[str],
        region: str | None,
        key: Key = no_key,
        heard: Heard | None = None,
        missing: Missing = lambda _: {},
    ) -> None:
        """Keep one engine, since it remembers the customers it met."""
        self._session = session
        self._defaults = attrs.evolve(defaults, guard=None)  # what is scored stops, not this
        self._missing = missing
        self._heard = heard
        self._settings = Settings(
            kinds=kinds,
            region=region,
            clock=session.clock,
            key=key,
            told=None if heard is None else self._tell,
        )
        self._engine = Capture(self._settings)

    def capture(
        self,
        records: Iterable[Mapping[str, Any] | Touchpoint | Rejection],
        source: str | None = None,
        *,
        on_reject: OnReject | None = None,
    ) -> CaptureReport:
        """Take records in, batch by batch; see ``CRM.capture``."""
        items("records", records, "records: one alone goes into a list")
        optional_text("source", source, ID_LIMIT)
        callback("on_reject", on_reject)
        with self._session.store.read() as reader:
            layout = read_basis(reader, self._defaults).layout
            absent = Absent(self._missing(reader))
        report = self._engine.run(
            self._session.store,
            records,
            layout,
            source=source,
            on_reject=absent.listener(on_reject),
        )
        return absent.report(report)

    @contextmanager
    def joint(self) -> Iterator[tuple[Writer, Take]]:
        """Open a transaction in which records are captured beside what else is written.

        Whoever listens is told after it. The engine is one of its own: the turn of the other is
        taken before a transaction, and whoever waited for it within one might wait for ever.
        """
        made: list[tuple[list[Row], set[str]]] = []
        engine = Capture(attrs.evolve(self._settings, told=lambda *told: made.append(told)))
        with self._session.store.write() as writer:
            layout = read_basis(writer, self._defaults).layout
            yield writer, lambda records: engine.run(writer, records, layout)
        for told in made:
            self._tell(*told)

    def _tell(self, rows: list[Row], roots: set[str]) -> None:
        heard = self._heard
        if heard is not None:
            self._session.store.after_commit(
                lambda: heard(lambda: [touchpoint(row) for row in rows], sorted(roots))
            )
