"""A queue of jobs beside the data: rows of the store's META, each held by whoever works on it.

A job is queued in the transaction that makes it necessary, and what a killed worker held is taken
over by the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import attrs

from crmkit.clock import micros
from crmkit.contracts.holding import Hold, alive
from crmkit.contracts.runner import Job
from crmkit.contracts.store import Reader, Store, Writer
from crmkit.contracts.tables import META

_PREFIX, _END = "job:", "job;"  # what follows a colon
_KEPT = ("job", "next", "tries", "held", "again", "returned")


@attrs.frozen(kw_only=True)
class Ticket:
    """A job in the queue.

    Attributes:
        job: As `Job.to_dict` gave it; another release may have made it.
        next: Earliest instant to start, in microseconds since 1970.
        tries: How often it was tried and failed.
        held: Who works on it; None: nobody.
        again: It was submitted once more while somebody was at work on it.
        returned: It was given back, and waits for its next try.
        hold: Ours, where we took it.
    """

    job: dict[str, Any]
    next: int
    tries: int = 0
    held: dict[str, Any] | None = None
    again: bool = False
    returned: bool = False
    hold: Hold | None = attrs.field(default=None, eq=False)

    @property
    def name(self) -> str:
        """Where it stands in META."""
        return f"{_PREFIX}{self.job['id']}"

    @property
    def is_free(self) -> bool:
        """Whether nobody who is alive works on it."""
        return self.held is None or not alive(self.held)

    def end(self) -> None:
        """Hold it no longer, where we did; what is noted of it is another's to take away."""
        if self.hold is not None:
            self.hold.end()

    @classmethod
    def read(cls, written: Any) -> Self:
        """Read what `row` wrote; what a newer release adds to it is left out."""
        found = json.loads(written)
        return cls(**{name: found[name] for name in _KEPT if name in found})

    def row(self) -> tuple[str, str]:
        """Give it as META keeps it."""
        kept = {name: getattr(self, name) for name in _KEPT}
        return self.name, json.dumps(kept, ensure_ascii=False)


def _held(ticket: Ticket) -> Ticket:
    hold = Hold()
    return attrs.evolve(ticket, held=hold.note(), returned=False, hold=hold)


class Queue:
    """The jobs of one workspace that wait or are worked on."""

    def __init__(self, store: Store) -> None:
        """Read nothing yet."""
        self._store = store

    def enter(self, writer: Writer, jobs: Sequence[Job], now: int) -> None:
        """Queue jobs; one that waits already only starts sooner, where the new one would.

        One that was given back, since it failed or nobody here knows it, goes on waiting for its
        next try, unless the new one is wanted at once: it has no `Job.not_before`. That is how
        somebody who asks for it is told from the clock, which names the slot it is for: the one is
        tried now and has all its tries before it, the other would undo every wait.
        """
        new: dict[str, Ticket] = {}
        for job in jobs:
            at = now if job.not_before is None else max(now, micros(job.not_before))
            made = Ticket(job=job.to_dict(), next=at)
            new[made.name] = made
        for old in self._fetch(writer, new):
            made = new[old.name]
            sooner = min(old.next, made.next)
            if old.held is not None:
                new[old.name] = attrs.evolve(old, again=True)
            elif not old.returned:
                new[old.name] = attrs.evolve(old, next=sooner)
            elif made.job["not_before"] is None:
                new[old.name] = attrs.evolve(old, next=sooner, tries=0, returned=False)
            else:
                new[old.name] = old
        self._put(writer, new.values())

    def waiting(self, reader: Reader) -> Iterator[Ticket]:
        """Give every job there is, by its id."""
        for _, written in reader.scan(META, low=_PREFIX, high=_END):
            yield Ticket.read(written)

    def take(self, most: int, now: int) -> list[Ticket]:
        """Take up to `most` jobs that are due, the longest due first."""
        with self._store.read() as reader:
            due = [one for one in self.waiting(reader) if one.next <= now and one.is_free]
        if not due or not most:
            return []
        due.sort(key=lambda one: (one.next, one.name))
        taken: list[Ticket] = []
        try:
            with self._store.write() as writer:
                there = self._fetch(writer, [one.name for one in due[:most]])
                taken += [_held(one) for one in there if one.next <= now and one.is_free]
                self._put(writer, taken)
        except BaseException:
            for one in taken:
                one.end()  # a commit that failed may have been kept
            raise
        return taken

    def renew(self, tickets: Iterable[Ticket]) -> None:
        """Go on holding what is still worked on."""
        due = {one.name: one.hold for one in tickets if one.hold is not None and one.hold.is_due}
        if not due:
            return
        with self._store.write() as writer:
            mine = [one for one in self._fetch(writer, due) if due[one.name].is_in(one.held)]
            self._put(writer, [attrs.evolve(one, held=due[one.name].note()) for one in mine])

    def done(self, ticket: Ticket, now: int) -> None:
        """Take a job out of the queue; one that was submitted meanwhile is done again."""
        with self._store.write() as writer:
            for one in self._mine(writer, ticket):
                if one.again:
                    again = attrs.evolve(one, held=None, again=False, tries=0, next=now)
                    self._put(writer, [again])
                else:
                    writer.delete(META, [(one.name,)])

    def back(self, ticket: Ticket, at: int, tries: int) -> None:
        """Give a job back, to be tried at an instant."""
        with self._store.write() as writer:
            kept = [
                attrs.evolve(one, held=None, again=False, returned=True, next=at, tries=tries)
                for one in self._mine(writer, ticket)
            ]
            self._put(writer, kept)

    def _mine(self, reader: Reader, ticket: Ticket) -> Iterator[Ticket]:
        """Give the job as it stands, unless we were taken for dead and another has it."""
        for one in self._fetch(reader, [ticket.name]):
            if ticket.hold is not None and ticket.hold.is_in(one.held):
                yield one

    def _fetch(self, reader: Reader, names: Iterable[str]) -> list[Ticket]:
        return [Ticket.read(written) for _, written in reader.fetch(META, [(n,) for n in names])]

    def _put(self, writer: Writer, tickets: Iterable[Ticket]) -> None:
        rows = [one.row() for one in tickets]
        if rows:
            writer.put(META, rows)
