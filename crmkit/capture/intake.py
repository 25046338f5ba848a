"""``crm.capture``: the engine of this workspace, one capture at a time, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

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


class Take(Protocol):
    """Captures records within an open transaction."""

    def __call__(
        self, records: Iterable[Mapping[str, Any]], *, through: Writer | None = None
    ) -> CaptureReport:
        """Capture records.

        Args:
            records: What is captured.
            through: What stands before the transaction's writer; None: nothing does.
        """
        ...


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

        Whoever listens is told after it.
        """
        part = self.part()
        with part.telling(), self._session.store.write() as writer:
            yield writer, lambda records, *, through=None: part.take(through or writer, records)

    def part(self) -> Part:
        """Give what captures records within transactions of the caller's."""
        return Part(self._settings, self._defaults, self._tell)

    def _tell(self, rows: list[Row], roots: set[str]) -> None:
        heard = self._heard
        if heard is not None:
            self._session.store.after_commit(
                lambda: heard(lambda: [touchpoint(row) for row in rows], sorted(roots))
            )


class Part:
    """Captures records in a transaction that is somebody else's.

    Its engine is one of its own: the turn of the other is taken before a transaction, and whoever
    waited for it within one might wait for ever.
    """

    def __init__(
        self, settings: Settings, defaults: Defaults, tell: Callable[[list[Row], set[str]], object]
    ) -> None:
        """Capture nothing yet; `tell` is called with what was written, once that is committed."""
        self._made: list[tuple[list[Row], set[str]]] = []
        told = None if settings.told is None else lambda *made: self._made.append(made)
        self._engine = Capture(attrs.evolve(settings, told=told))
        self._defaults, self._tell = defaults, tell

    def take(
        self,
        writer: Writer,
        records: Iterable[Mapping[str, Any]],
        *,
        on_reject: OnReject | None = None,
    ) -> CaptureReport:
        """Capture records in an open transaction, which `telling` surrounds."""
        layout = read_basis(writer, self._defaults).layout
        return self._engine.run(writer, records, layout, on_reject=on_reject)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Surround a transaction: whoever listens is told after it, or never where it is undone."""
        try:
            yield
        except BaseException:
            self._made.clear()
            self._engine.forget()
            raise
        made, self._made = self._made, []
        for told in made:
            self._tell(*told)
