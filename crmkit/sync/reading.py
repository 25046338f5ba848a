"""What the CRM tells, read page by page and applied here, each page in one transaction.

The cursor is kept with what it applied, so that a killed run goes on behind its last whole page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from crmkit.capture.exact import Fault
from crmkit.contracts.connector import Remote
from crmkit.contracts.store import Reader, Writer
from crmkit.model.sync import OURS
from crmkit.sync import referring
from crmkit.sync.applying import Arrival, apply, changed, hold, inward, keep, refuse, settle
from crmkit.sync.cases import STRANGER, hashed
from crmkit.sync.comparing import Base, Verdict, compare
from crmkit.sync.concepts.base import Draft, Local
from crmkit.sync.deleting import read_deleted, take_deleted
from crmkit.sync.fields import SCORE
from crmkit.sync.meeting import Meeting, meet
from crmkit.sync.pairs import BURIED, ERASED, LINKED, NEW, UNREAD, Pair
from crmkit.sync.places import TICK, Place, Window, goes_on
from crmkit.sync.rehearsing import rehearse
from crmkit.sync.track import Track
from crmkit.sync.values import plain

_AGAIN = 3
"""Times that a window is read, where records moved to pages that were read already."""


def read_there(track: Track) -> None:
    """Read everything that changed or went there since the last run, and apply it here."""
    for _ in range(_AGAIN):
        before = track.place.changed.anew()
        moved, began = _read_window(track)
        gone = read_deleted(track)
        if began is not None and gone is not None:
            moved |= gone >= began - TICK  # those behind it moved to a page that was read already
        if not moved:
            break
        track.place = attrs.evolve(track.place, changed=before)  # some may have slipped through
    _read_more(track)


def _read_window(track: Track) -> tuple[bool, datetime | None]:
    """Read one window to its end.

    Returns:
        Whether records moved between its pages meanwhile; and, where it had several pages that
        could, when the first was read, by the CRM's clock.
    """
    overlap = timedelta(seconds=track.overlap)
    cursor, resumed = track.place.changed.start(overlap), track.place.changed.reading is not None
    began = track.place.changed.began if resumed else None
    seen: dict[str, object] = {}
    moved, more, several = False, True, resumed
    while more:
        page = track.connector.changes(track.entity, cursor, fields=track.theirs)
        more = goes_on(page, cursor, f"{track.link.name}: {track.entity}")
        began, several = began or page.now, several or more
        if track.can("shifting") and (more or seen or resumed):
            moved |= any(seen.get(one.id, one.changed_at) != one.changed_at for one in page.records)
            moved |= resumed and any(_since(one, began) for one in page.records)
            seen.update((one.id, one.changed_at) for one in page.records)
        after = track.place.changed.after(attrs.evolve(page, more=more), overlap)
        _take_page(track, page.records, attrs.evolve(track.place, changed=after))
        cursor = page.cursor
    return moved, began if several and track.can("shifting") else None


def _since(remote: Remote, began: datetime | None) -> bool:
    """Tell whether a record was changed while a run that was broken off read the pages before."""
    at = remote.changed_at
    return at is not None and began is not None and at >= began - TICK


def _read_more(track: Track) -> None:
    """Read where merges there led, and what stood behind a record that is gone.

    Both were told of before. In a retry what we refused, too.
    """
    with track.session.store.read() as reader:
        pairs = [pair for pair in track.pairs.due(reader) if pair.changed == UNREAD]
        strangers = track.cases.freed(reader)
        if track.retry:
            pairs += track.pairs.of(reader, track.cases.keys(reader, OURS)).values()
            strangers = track.cases.keys(reader, STRANGER)
    asked = list(dict.fromkeys([*strangers, *(one.theirs for one in pairs if one.theirs)]))
    if not asked:
        return
    if track.can("fetch"):
        for start in range(0, len(asked), max(1, track.schema.page)):
            part = asked[start : start + max(1, track.schema.page)]
            records = track.connector.fetch(track.entity, part, fields=track.theirs)
            _take_page(track, records, track.place)
    else:  # one by one is not to be had: everything
        track.place = attrs.evolve(track.place, changed=Window())
        _read_window(track)
    with track.writing() as writer:  # what is not shown, or not when it changed, is asked for once
        for pair in track.pairs.by_theirs(writer, asked).values():
            if pair.changed == UNREAD:
                track.pairs.put(pair._replace(changed=None))
        track.cases.asked(writer)


def _take_page(track: Track, records: Sequence[Remote], place: Place) -> None:
    track.tally.look(len(records))
    with track.writing() as writer:
        take(track, writer, records)
        track.place = place


def take(track: Track, writer: Writer, records: Sequence[Remote]) -> None:
    """Apply records of theirs here, in the caller's transaction."""
    newest = {one.id: _plain(one) for one in records}  # of two tidings of one the later holds
    _name_customers(track, writer, newest.values())
    pairs = track.pairs.by_theirs(writer, newest)
    gone = [one for one in newest.values() if one.deleted]
    take_deleted(track, writer, gone, pairs)
    if any(one.merged_into for one in gone):  # a pair may have gone to a record of this page
        pairs = track.pairs.by_theirs(writer, newest)
    there = [one for one in newest.values() if not one.deleted]
    known = [(one, pairs[one.id]) for one in there if one.id in pairs]
    names = [(rule.ours, rule.theirs) for rule in track.rules]
    _Page(track, writer, names).run(
        [(one, pair) for one, pair in known if pair.state not in (ERASED, BURIED)],
        [one for one in there if one.id not in pairs],
    )


def _plain(remote: Remote) -> Remote:
    """Give a record whose values can be written down."""
    values = plain(remote.values)
    return remote if values is remote.values else attrs.evolve(remote, values=values)


def read_again(track: Track, ids: Sequence[str]) -> None:
    """Read records of theirs by id (capability ``fetch``) and apply them here."""
    records = track.connector.fetch(track.entity, ids, fields=track.theirs)
    with track.writing() as writer:
        take(track, writer, records)


def _name_customers(track: Track, reader: Reader, records: Iterable[Remote]) -> None:
    """Find whom the records of a page name, all in one look."""
    track.met.clear()
    for rule in track.rules:
        if track.kinds[rule.ours] == "customer":
            named = (one.values.get(rule.theirs) for one in records)
            referring.inward(track, reader, rule, [str(one) for one in named if one])


@attrs.define
class _Page:
    """One page being applied."""

    track: Track
    writer: Writer
    names: Sequence[tuple[str, str]]
    arrivals: list[Arrival] = attrs.field(factory=list)
    held: Mapping[str, str] = attrs.field(factory=dict)
    named: referring.References = attrs.field(factory=dict)

    def run(self, known: list[tuple[Remote, Pair]], strangers: list[Remote]) -> None:
        """Compare those that are known, meet those that are not, and write what came of it."""
        track = self.track
        self.held = track.cases.held(self.writer, OURS, [pair.ours for _, pair in known])
        moved = [(one, pair) for one, pair in known if self._moved(one, pair)]
        locals_ = track.locals(self.writer, [pair.ours for _, pair in moved])
        heirs = self._heirs([one for one in moved if one[1].ours not in locals_])
        # After the heirs: whoever has a record by now is not met as somebody without one.
        met = meet(track, self.writer, strangers) if strangers else Meeting()
        new = track.cases.held(self.writer, STRANGER, [one.id for one in met.new])
        begun = [pair.ours for _, pair in (*met.links, *heirs)]
        locals_ |= track.locals(self.writer, begun) if begun else {}
        self.named = track.references(self.writer, locals_.values())
        for one, pair in [*moved, *met.links, *heirs]:
            local = locals_.get(pair.ours)
            if local is not None:
                self._compare(one, pair, local)
        for one in met.new:
            if track.retry or new.get(one.id) != hashed(one.values):
                self._make(one)
        (rehearse if track.dry else apply)(track, self.writer, self.arrivals)

    def _heirs(self, orphans: list[tuple[Remote, Pair]]) -> list[tuple[Remote, Pair]]:
        """Give records whose customer was merged into one without a record there to that one.

        What they say is new and would not be told again.
        """
        track = self.track
        if not orphans:
            return []
        gone = track.concept.gone(self.writer, [pair.ours for _, pair in orphans])
        found = []
        for remote, pair in orphans:
            into = gone[pair.ours].into if pair.ours in gone else None
            if into is None:
                continue
            keeper = track.pairs.of(self.writer, [into]).get(into)
            if keeper is None or keeper.there is None:
                track.pairs.drop(pair.ours)
                track.cases.follow(self.writer, pair.ours, into)
                heir = pair._replace(ours=into, customer=into, due=1)
                track.pairs.put(heir)
                found.append((remote, heir))
        return found

    def _moved(self, remote: Remote, pair: Pair) -> bool:
        """Tell whether a record says anything new, at the least cost."""
        track, values = self.track, remote.values
        if pair.state == LINKED:
            known = pair.shown
            for ours, theirs in self.names:
                if theirs in values and (ours not in known or known[ours] != values[theirs]):
                    return True
            at = changed(remote)
            if at is not None and at != pair.changed:
                track.pairs.put(pair._replace(changed=at))
            track.tally.unchanged += 1
            self._release(pair)
            return False
        return True

    def _compare(self, remote: Remote, pair: Pair, local: Local) -> None:
        track = self.track
        base = pair.base
        pair = pair._replace(customer=local.customer)
        named = self.named
        if track.among_themselves:
            named = track.references(self.writer, [local])
        said, _ = track.spoken(local, base, named)  # what cannot go out is told when it does
        pairing = track.pairing(local, said, remote, pair)
        verdict = compare(track.rules, base, pairing, track.normaliser)
        pair = settle(track, pair, verdict)
        for clash in verdict.clashes:
            track.cases.clash(clash, local, remote.id, track.session.now())
        if not verdict.take:
            self._release(pair)
            track.tally.unchanged += not verdict.send
            keep(track, pair, remote, verdict.base, due=bool(verdict.send))
            return
        if self.held.get(pair.ours) == hashed(remote.values) and not track.retry:
            hold(track, pair, remote, verdict)  # it was refused as it is
            return
        try:
            values = inward(track, self.writer, verdict.take)
        except Fault as fault:
            refuse(track, remote, fault, pair, verdict)
            return
        draft = Draft(key=pair.ours, values=values, remote_id=remote.id)
        self.arrivals.append(Arrival(draft, remote, pair, verdict, local))

    def _release(self, pair: Pair) -> None:
        """Forget that a record of theirs was refused: what it says now asks for nothing."""
        if pair.ours in self.held:
            self.track.cases.release(OURS, pair.ours)

    def _make(self, remote: Remote) -> None:
        """Make a record here of one that is new to us."""
        track = self.track
        by_theirs = {rule.ours: remote.values.get(rule.theirs) for rule in track.rules}
        taken = {
            name: value
            for name, value in by_theirs.items()
            if value is not None and not name.startswith(SCORE)
        }
        try:
            values = inward(track, self.writer, taken)
        except Fault as fault:
            refuse(track, remote, fault, None)
            return
        made = remote.created_at or remote.changed_at
        draft = Draft(key=None, values=values, remote_id=remote.id, made=made)
        key = f"{NEW}{remote.id}"
        pair = track.pairs.begin(key, LINKED, track.session.now(), theirs=remote.id)
        base = {  # a score that stands there was never sent
            name: Base(None if name.startswith(SCORE) else value, value)
            for name, value in by_theirs.items()
        }
        verdict = Verdict(take=taken, base=base)
        self.arrivals.append(Arrival(draft, remote, pair, verdict))
