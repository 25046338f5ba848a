"""Batches on their way to the CRM, and what became of each record of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from itertools import chain

import attrs

from crmkit.clock import instant, micros
from crmkit.contracts.connector import (
    BatchRefused,
    Result,
    RetryLater,
    SyncError,
    Upsert,
    WriteLost,
)
from crmkit.model.sync import THEIRS
from crmkit.sync.comparing import Base
from crmkit.sync.pairs import LINKED, MAKING, NEW, WANTED, Pair, packed
from crmkit.sync.sendings import Sending, common
from crmkit.sync.settings import FieldRule
from crmkit.sync.tally import CREATE, UPDATE
from crmkit.sync.track import Track
from crmkit.sync.values import empty

_AT_ONCE = 4
"""Batches under way at once where the connector takes several threads; its limits say the rest."""
_READY = 24
"""Batches under way, or ready to be, in that case: those of five chunks of ours."""


@attrs.define
class Sender:
    """Sends records of one object, gathered into batches of the CRM's size.

    How far we have come in our own order is kept only once everything up to there was sent.
    """

    track: Track
    _queue: list[Sending] = attrs.field(factory=list)
    _taken: dict[str, str] = attrs.field(factory=dict)
    _made: set[str] = attrs.field(factory=set)
    _marks: list[tuple[int, int]] = attrs.field(factory=list)
    _flying: deque[tuple[Future[Sequence[Result]], Sequence[Sending]]] = attrs.field(factory=deque)
    _threads: ThreadPoolExecutor | None = None
    _added: int = 0
    _sent: int = 0
    _size: int = attrs.field(init=False)
    _matching: FieldRule | None = attrs.field(init=False)
    _rules: Mapping[str, FieldRule] = attrs.field(init=False)
    _guards: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Read what is asked of every record."""
        self._size, self._matching = max(1, self.track.schema.batch), self.track.matching
        self._rules, self._guards = self.track.by_ours, self.track.can("if_unchanged")

    def add(self, one: Sending, *, twin: str | None = None) -> None:
        """Take a record in, and send a batch as soon as one is full.

        Args:
            one: The record.
            twin: Who has its match already, and a record there: it is refused.
        """
        if one.creates:
            key = one.local.key
            if key in self._made:  # it is under way, and looked at once more meanwhile
                return
            self._made.add(key)
            one.match = match = self._match(one)
            if match is not None:
                other = twin or self._taken.setdefault(match[1].casefold(), key)
                if other != key:
                    why = f"{self.track.rule.match}: {match[1]} is {other}'s too: make it unique"
                    self._refuse(one, why, field=self.track.rule.match)
                    return
        self._added += 1
        self._queue.append(one)
        if len(self._queue) >= self._size:
            batch, self._queue = self._queue, []
            self._go(batch)

    def mark(self, place: int) -> None:
        """Say that everything of ours up to a place of our order was added."""
        self._marks.append((self._added, place))
        self._arrive()

    def finish(self) -> None:
        """Send what is left, and wait until everything is settled."""
        try:
            if self._queue:
                batch, self._queue = self._queue, []
                self._go(batch)
            while self._flying:
                self._land()
        finally:
            self._close()
        with self.track.writing():
            pass  # what was looked at and not sent

    def _close(self) -> None:
        """Settle what is under way although something went wrong, and end the threads.

        What no call was begun for is put off: where the CRM is away, each would try it at length.
        """
        ready = [(call, batch) for call, batch in reversed(self._flying) if call.cancel()]
        self._flying = deque(one for one in self._flying if not one[0].cancelled())
        if ready:
            with suppress(SyncError):
                self._put_off([one for _, batch in reversed(ready) for one in batch])
        while self._flying:
            with suppress(SyncError):
                self._land()
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None

    def _go(self, batch: Sequence[Sending]) -> None:
        """Send a batch; the next is made ready while the CRM works on it."""
        if self.track.dry:
            for one in batch:
                self._plan(one)
            self._sent += len(batch)
            self._arrive()
            return
        self._announce(batch)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._depth, thread_name_prefix="crmkit-sync")
        self._flying.append((self._threads.submit(self._call, batch), batch))
        if len(self._flying) >= self._most:
            self._land(self._most // 2)

    @property
    def _depth(self) -> int:
        """How many batches are under way at once: one, unless the connector takes more threads."""
        return _AT_ONCE if self.track.spec.thread_safe else 1

    @property
    def _most(self) -> int:
        """How many batches are under way or ready: neither the CRM nor we wait for the other."""
        return _READY if self.track.spec.thread_safe else 2

    def _land(self, count: int = 1) -> None:
        """Settle those batches that were sent first, and what is over behind them: in one write."""
        over = [self._flying.popleft() for _ in range(count)]
        wait([call for call, _ in over])
        while self._flying and self._flying[0][0].done():
            over.append(self._flying.popleft())
        taken = [(call.result(), batch) for call, batch in over if call.exception() is None]
        if taken:
            batches, results = [batch for _, batch in taken], [found for found, _ in taken]
            self._keep([one for batch in batches for one in batch], list(chain(*results)))
        failed = [(call, batch) for call, batch in over if call.exception() is not None]
        while failed:
            call, batch = failed.pop(0)
            try:
                self._settle(batch, call.result)
            except SyncError:
                self._flying.extendleft(reversed(failed))
                self._close()
                raise
        self._sent += sum(len(batch) for _, batch in over)
        self._arrive()

    def _arrive(self) -> None:
        while self._marks and self._marks[0][0] <= self._sent:
            _, place = self._marks.pop(0)
            if place > self.track.place.mark:
                self.track.place = attrs.evolve(self.track.place, mark=place)

    def _plan(self, one: Sending) -> None:
        if one.creates:  # so that what names it is found to go over too
            theirs = f"{NEW}{one.key}"
            self.track.pairs.put(self._pair(one)._replace(theirs=theirs, state=LINKED, due=None))
        fields = {
            name: (one.base[name].theirs if name in one.base else None, value)
            for name, value in one.values.items()
            if name in self.track.by_ours
        }
        self.track.note(
            CREATE if one.creates else UPDATE,
            THEIRS,
            key=one.key,
            remote_id=None if one.pair is None else one.pair.theirs,
            name=one.local.name,
            fields=fields,
        )

    # -- one batch ---------------------------------------------------------------------

    def _announce(self, batch: Sequence[Sending]) -> None:
        """Note what is about to be made and could be made twice, before anything is.

        What is about a customer is only known again among his by what was sent.
        """
        always = self.track.concept.about is not None or not self.track.can("upsert")
        blind = [one for one in batch if one.creates and (always or one.match is None)]
        if not blind:
            return
        now = self.track.session.now()
        with self.track.writing():
            for one in blind:
                sent = {name: Base(value, value) for name, value in one.values.items()}
                begun = self._pair(one)
                one.pair = begun._replace(state=MAKING, due=None, at=now, fields=packed(sent))
                self.track.pairs.put(one.pair)

    def _call(self, batch: Sequence[Sending]) -> Sequence[Result]:
        """Make the call, in whatever thread."""
        asked = [self._upsert(one) for one in batch]
        return self.track.connector.upsert(self.track.entity, asked)

    def _settle(self, batch: Sequence[Sending], results: Callable[[], Sequence[Result]]) -> None:
        """Keep what became of a batch once its call is over."""
        try:
            found = results()
        except BatchRefused as error:
            self._split(batch, str(error))
        except WriteLost as why:
            self._lose(batch, why)
        except RetryLater:
            self._put_off(batch)
            raise
        else:
            self._keep(batch, found)

    def _split(self, batch: Sequence[Sending], reason: str) -> None:
        """Send the halves of a batch that was refused whole, until the bad record stands alone."""
        if len(batch) == 1:
            with self.track.writing():
                self._refuse(batch[0], reason)
            return
        half = len(batch) // 2
        for part in (batch[:half], batch[half:]):
            self._settle(part, partial(self._call, part))

    def _lose(self, batch: Sequence[Sending], why: object) -> None:
        """Keep in mind what may have been taken or not: it is read before it is sent again."""
        self.track.tally.lose(why)
        with self.track.writing():
            for one in batch:
                if one.pair is None or one.pair.state != MAKING:
                    self._owe(one)

    def _put_off(self, batch: Sequence[Sending]) -> None:
        """Keep in mind what was surely not taken."""
        with self.track.writing():
            for one in batch:
                self._owe(one)

    def _owe(self, one: Sending) -> None:
        """See that a record that was not taken is looked at again."""
        pair = self._pair(one)
        state = WANTED if one.creates else pair.state
        self.track.pairs.put(pair._replace(state=state, due=1))

    def _pair(self, one: Sending) -> Pair:
        """Give a record's pair, or the one that begins with it."""
        if one.pair is not None:
            return one.pair
        now, customer = self.track.session.now(), one.local.customer
        return self.track.pairs.begin(one.key, WANTED, now, customer=customer, due=1)

    def _keep(self, batch: Sequence[Sending], results: Sequence[Result]) -> None:
        """Keep what became of each record, matched by its key."""
        by_key = {result.key: result for result in results}
        missing = [one for one in batch if one.local.key not in by_key]
        if missing:
            name, count = self.track.link.name, len(batch)
            self._lose(missing, f"{name} answers for {count - len(missing)} of {count} records")
        makes = any(one.creates for one in batch)
        ids = [one.remote_id for one in results if one.remote_id]
        with self.track.writing() as writer:
            others = self.track.pairs.by_theirs(writer, ids) if makes else {}
            told = {one.changed_at for one in results}  # a batch is written in a second or two
            at = {one: None if one is None else micros(one) for one in told}
            now = self.track.session.now()
            taken = [
                one
                for one in batch
                if (result := by_key.get(one.local.key)) is not None
                and self._took(one, result, others, at[result.changed_at], now)
            ]
            made = [one.local.key for one in taken if one.creates]
            self.track.pairs.begun.update(made)
            self.track.cases.release(THEIRS, *(one.local.key for one in taken))
        self.track.tally.add(CREATE, len(made))
        self.track.tally.add(UPDATE, len(taken) - len(made))

    def _took(
        self, one: Sending, result: Result, others: dict[str, Pair], at: int | None, now: int
    ) -> bool:
        """Keep what became of one record, changed there `at`; tell whether it was taken.

        `others` are the pairs that the ids of the batch's answers are in; this one's is added.
        """
        pairs, pair, key = self.track.pairs, one.pair, one.local.key
        if result.done is None:
            self._refused(one, result)
            return False
        remote_id = result.remote_id or (None if pair is None else pair.theirs)
        other = None if remote_id is None else others.get(remote_id)
        if remote_id is None:
            self._refuse(one, "the CRM gave no id")
            return False
        if other is not None and other.ours != key:
            why = f"the CRM says that it is its record {remote_id}, which is {other.ours}'s"
            self._refuse(one, why)
            return False
        name, entity, due = pairs.connector, pairs.object, 1 if one.owed else None
        whose, kept = one.local.customer, common(one)
        mine = Pair(name, entity, key, remote_id, whose, LINKED, due, at, now, kept)
        others[remote_id] = mine
        pairs.put(mine)
        return True

    def _refused(self, one: Sending, result: Result) -> None:
        """Keep what was not taken: to be looked at again, or for somebody to look at."""
        if result.retry or result.conflict:
            self.track.tally.again |= result.conflict
            self._owe(one)
        else:
            self._refuse(one, result.reason or "refused", field=result.field, code=result.code)

    def _refuse(
        self, one: Sending, reason: str, *, field: str | None = None, code: str | None = None
    ) -> None:
        track = self.track
        track.cases.refuse(
            THEIRS,
            one.key,
            reason,
            at=track.session.now(),
            hash=one.hash,
            customer=one.local.customer,
            field=field,
            code=code,
        )
        if one.creates:
            track.pairs.drop(one.key)
        elif one.pair is not None and one.pair.due:
            track.pairs.put(one.pair._replace(due=None))

    def _upsert(self, one: Sending) -> Upsert:
        rules, pair = self._rules, one.pair
        since = None if pair is None or not self._guards else pair.changed
        return Upsert(
            key=one.local.key,
            remote_id=None if pair is None else pair.theirs,
            match=one.match,
            values={rules[name].theirs: value for name, value in one.values.items()},
            unchanged_since=None if since is None else instant(since),
        )

    def _match(self, one: Sending) -> tuple[str, str] | None:
        rule = self._matching
        if rule is None:
            return None
        value = one.said.get(rule.ours)
        if type(value) is str and value:  # most are
            return rule.theirs, value
        return None if empty(value) else (rule.theirs, str(value))
