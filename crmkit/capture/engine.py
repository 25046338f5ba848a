"""Capture: streams of records in, batch by batch, each in one transaction.

A batch is a fixed number of records of the stream, so that an import that was killed and is
started again cuts the same batches, finds the first of them known, and goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from threading import Lock
from typing import Any

import attrs

from crmkit.capture.batch import Batch
from crmkit.capture.cutting import Cutter, Read
from crmkit.capture.normalise import Normaliser
from crmkit.capture.outcome import LostRace, Outcome
from crmkit.capture.parse import Parser
from crmkit.capture.tombstones import Key, Tombstones, no_key
from crmkit.capture.whose import Whose
from crmkit.clock import Clock, micros, system_clock
from crmkit.contracts.store import Row, Store, Writer
from crmkit.errors import StoreBusy
from crmkit.garbage import collecting_later
from crmkit.model.touchpoint import KINDS, CaptureReport, Rejection
from crmkit.value.layout import Layout

BATCH = 40_000
"""Records a transaction, of about a second: fewer write the same customers' rows more often, more
take capture beyond 300 MB."""
_ATTEMPTS = 5

OnReject = Callable[[Rejection], object]
Told = Callable[[list[Row], set[str]], object]
"""Called after each commit with the new TOUCHPOINT rows and the customers they touched."""


@attrs.frozen(kw_only=True)
class Settings:
    """What capture goes by.

    Attributes:
        kinds: Kinds that are known: the core's and those that plugins declare.
        region: Country that phone numbers without a country code belong to.
        clock: Gives the present instant.
        key: Gives the erasure key where anybody was erased.
        batch: Records a transaction, 1 and more.
        told: Called after each commit that added something.
    """

    kinds: frozenset[str] = frozenset(KINDS)
    region: str | None = None
    clock: Clock = system_clock
    key: Key = no_key
    batch: int = BATCH
    told: Told | None = None


class Capture:
    """Captures records into one workspace; keep it, since it remembers customers it met.

    Safe to use from several threads: one batch is written after the other.
    """

    def __init__(self, settings: Settings) -> None:
        """Remember nobody yet."""
        self._settings = settings
        self._whose = Whose(Normaliser(settings.region))
        self._trusting = True  # new records are the rule, until known ones come
        self._lock = Lock()
        self._pid = os.getpid()

    def _turn(self) -> Lock:
        """Give the lock of this process: a fork may have copied one that nobody gives back."""
        if self._pid != os.getpid():
            self._lock = Lock()
            self._pid = os.getpid()
            self.forget()
        return self._lock

    def forget(self) -> None:
        """Forget every customer met: after a transaction of the host's own was undone."""
        self._whose.forget()

    def run(
        self,
        into: Store | Writer,
        records: Iterable[Any],
        layout: Layout,
        *,
        source: str | None = None,
        on_reject: OnReject | None = None,
    ) -> CaptureReport:
        """Capture records.

        Args:
            into: The store, written a transaction a batch; or an open transaction, which then
                holds everything.
            records: Dicts, `Touchpoint`s, or `Rejection`s of lines that could not be read.
            layout: The value model in force.
            source: Source of records that name none.
            on_reject: Called with each rejection, after its batch was committed; the report
                then keeps none of them.

        Raises:
            StoreError: the database failed; batches before this one stay, and the same capture
                run again goes on.
        """
        tally = _Tally(layout, on_reject)
        parser = Parser(self._settings.kinds, source, layout.kinds.negative)
        cutter = Cutter(records, parser, self._whose, self._settings.batch)
        if isinstance(into, Store) and into.hosted:
            self.forget()  # the host may have undone what was learnt
        with collecting_later():
            while True:
                now = micros(self._settings.clock())
                parser.set_clock(now)
                read = cutter.batch()
                if not read.staged.records:
                    break
                with self._turn():  # a stream, and who is told, are not held up by others' batches
                    outcome = self._write(into, read, now, layout, tally.run, cutter.ahead())
                tally.add(outcome)
                if outcome.rows and self._settings.told is not None:
                    self._settings.told(outcome.rows, outcome.roots)
                del read, outcome  # or one more would be in memory while the next is read
        return tally.report()

    def _write(  # noqa: PLR0913 - a batch, and what it goes by
        self,
        into: Store | Writer,
        read: Read,
        now: int,
        layout: Layout,
        run: int,
        ahead: Iterator[None],
    ) -> Outcome:
        if not read.staged.parsed:
            return Outcome(run, rejections=read.rejected)
        # A batch that is not undone by raising must be right at once.
        trusting = self._trusting and isinstance(into, Store)
        for _ in range(_ATTEMPTS):
            try:
                with into.write() if isinstance(into, Store) else nullcontext(into) as writer:
                    self._whose.refresh(writer)
                    tombstones = Tombstones(writer, self._settings.key)
                    batch = Batch(
                        writer, self._whose, tombstones, layout, now, run, trusting=trusting
                    )
                    with writer.while_waiting(ahead):
                        outcome = batch.write(read.staged)
                    writer.while_committing(ahead)
            except LostRace:
                self.forget()
                trusting = False
            except BaseException:
                self.forget()
                raise
            else:
                self._trusting = not outcome.known
                outcome.rejections = sorted(
                    read.rejected + outcome.rejections, key=lambda pair: pair[0]
                )
                return outcome
        message = "other processes captured the same records at the same time: capture them again"
        raise StoreBusy(message)


class _Tally:
    """Adds up the batches of one capture."""

    def __init__(self, layout: Layout, on_reject: OnReject | None) -> None:
        self.run = 0
        self._model = layout.model
        self._on_reject = on_reject
        self._rejected: list[Rejection] = []
        self._counts = dict.fromkeys(("new", "duplicate", "rejections", "typed"), 0)
        self._collisions: set[str] = set()
        self._currencies: set[str] = set()

    def add(self, outcome: Outcome) -> None:
        """Count one committed batch, and hand its rejections on."""
        self.run = outcome.run
        self._counts["new"] += len(outcome.rows)
        self._counts["duplicate"] += outcome.duplicate
        self._counts["typed"] += outcome.typed
        self._counts["rejections"] += len(outcome.rejections)
        self._collisions |= outcome.collisions
        self._currencies.update(outcome.currencies)
        for _, rejection in outcome.rejections:
            if self._on_reject is None:
                self._rejected.append(rejection)
            else:
                self._on_reject(rejection)

    def report(self) -> CaptureReport:
        """Give the report."""
        return CaptureReport(
            run=str(self.run) if self.run else "",
            new=self._counts["new"],
            duplicate=self._counts["duplicate"],
            rejected=tuple(self._rejected),
            rejections=self._counts["rejections"],
            collisions=len(self._collisions),
            captured=self._counts["new"] - self._counts["typed"],
            typed=self._counts["typed"],
            unpriced=tuple(
                sorted(code for code in self._currencies if self._model.rate(code) is None)
            ),
        )
