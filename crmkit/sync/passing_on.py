"""Records that were erased or merged here, passed on to the CRM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit.contracts.connector import BatchRefused, Result, WriteLost
from crmkit.contracts.store import Reader
from crmkit.model.sync import OURS, THEIRS
from crmkit.sync.cases import hashed
from crmkit.sync.concepts.base import Gone
from crmkit.sync.pairs import BURIED, ERASED, LINKED, UNREAD, Pair
from crmkit.sync.tally import DELETE
from crmkit.sync.track import Track


def follow_gone(
    track: Track, reader: Reader, gone: Mapping[str, Gone], pairs: dict[str, Pair]
) -> None:
    """Mark the pairs of records that were erased or merged here, for `delete_there`.

    Where whoever they were merged into has no record there, theirs becomes his at once, before
    another is made for him.
    """
    into = {what.into for what in gone.values() if what.into is not None}
    keepers = track.pairs.of(reader, into)
    held = track.cases.held(reader, OURS, gone)
    for key, what in gone.items():
        pair = pairs.get(key)
        keeper = None if what.into is None else keepers.get(what.into)
        moves = what.into is not None and (keeper is None or keeper.there is None)
        if pair is None or pair.state not in (ERASED, BURIED):
            track.cases.follow(reader, key, what.into if pair is not None and moves else None)
        if pair is None or pair.state in (ERASED, BURIED):
            continue
        if pair.there is None or not track.outward:
            track.pairs.drop(key)
        elif what.hidden:
            # still in step: it comes back where the merge is taken back, and goes with an erasure
            track.pairs.put(pair._replace(due=None))
        elif what.into is None:
            track.pairs.put(pair._replace(state=ERASED, due=None, fields="{}"))
        elif not moves:
            # due: a run that is broken off before `merge_there` is followed by one that sees it
            track.pairs.put(pair._replace(due=1))
            track.mergers[key] = what.into, pair
        else:
            track.pairs.drop(key)
            moved = pair._replace(ours=what.into, customer=what.into, due=1)
            if keeper is not None or key in held:  # what theirs told meanwhile did not come in
                moved = moved._replace(changed=UNREAD)
                track.tally.again = True
            track.pairs.put(moved)
            track.pairs.begun.add(what.into)
            pairs[what.into] = keepers[what.into] = moved


def merge_there(track: Track) -> None:
    """Make one record there of the two whose customers were merged here."""
    for into, pair in track.mergers.values():
        with track.session.store.read() as reader:
            keeper = track.pairs.of(reader, [into]).get(into)
        if keeper is None or keeper.there is None:
            continue  # it was deleted there meanwhile: the next run sees to it
        why = f"its customer was merged into {into}"
        track.note(DELETE, THEIRS, key=pair.ours, remote_id=pair.theirs, why=why)
        if track.dry:
            continue
        assert pair.theirs is not None  # noqa: S101 - follow_gone saw to it
        if track.can("merge"):
            done = _merged(track, keeper.there, pair.theirs)
        else:
            done = _deleted(track, [pair.theirs])
        _settle(track, {pair.theirs: pair}, done)
        track.tally.again = True  # what one lacked may have been filled from the other there
    track.mergers.clear()


def delete_there(track: Track) -> None:
    """Delete or void there what was erased here."""
    if not track.outward:
        return
    with track.session.store.read() as reader:
        erased = list(track.pairs.in_state(reader, ERASED))
        gone = track.concept.gone(reader, [pair.ours for pair in erased]) if erased else {}
    back = [pair for pair in erased if pair.ours not in gone]  # a merge that was taken back
    if back and not track.dry:
        track.tally.again = True
        with track.writing():
            for pair in back:
                track.pairs.put(pair._replace(state=LINKED, due=1))
                track.cases.release(THEIRS, pair.ours)
    erased = [pair for pair in erased if pair.ours in gone]
    for start in range(0, len(erased), track.schema.batch):
        batch = erased[start : start + track.schema.batch]
        asked = {pair.theirs: pair for pair in batch if pair.theirs is not None}
        for pair in asked.values():
            why = "erased here"
            track.note(DELETE, THEIRS, key=pair.ours, remote_id=pair.theirs, why=why)
        if track.dry:
            continue
        _settle(track, asked, _deleted(track, list(asked)), gone)
        with track.writing():
            for pair in batch:
                if pair.theirs is None:
                    track.pairs.drop(pair.ours)


def _merged(track: Track, keep: str, drop: str) -> list[Result]:
    """Merge two records; one call that was lost is made again: merging twice does nothing."""
    try:
        return [track.connector.merge(track.entity, keep, drop)]
    except WriteLost:
        pass
    except BatchRefused as refused:
        return [Result(key=drop, reason=str(refused))]
    try:
        return [track.connector.merge(track.entity, keep, drop)]
    except (WriteLost, BatchRefused) as refused:
        return [Result(key=drop, reason=str(refused))]


def _deleted(track: Track, ids: Sequence[str]) -> list[Result]:
    """Delete records, those of a batch that is refused whole one by one.

    What nobody knows of has no result: it stays to be deleted.
    """
    if not track.can("delete"):
        reason = "this connector cannot delete records: delete it there"
        return [Result(key=one, reason=reason) for one in ids]
    try:
        return list(track.connector.delete(track.entity, ids)) if ids else []
    except WriteLost as why:
        track.tally.lose(why)
        return []
    except BatchRefused as refused:
        if len(ids) == 1:
            return [Result(key=ids[0], reason=str(refused))]
        return [result for one in ids for result in _deleted(track, [one])]


def _settle(
    track: Track,
    asked: Mapping[str, Pair],
    done: Sequence[Result],
    erased: Mapping[str, Gone] | None = None,
) -> None:
    """Forget the pairs that are gone on both sides; keep why the others are not.

    Of somebody who was erased the ids are kept: should his record be restored there, it does not
    come in again.
    """
    unsaid = set(asked)
    with track.writing():
        for result in done:
            pair = asked.get(result.key)
            if pair is None:
                continue
            unsaid.discard(result.key)
            if result.done is not None:
                track.cases.release(THEIRS, pair.ours)
                what = (erased or {}).get(pair.ours)
                if what is not None and what.into is None and track.concept.about is None:
                    track.pairs.put(pair._replace(state=BURIED, customer=None, due=None))
                else:
                    track.pairs.drop(pair.ours)
                continue
            track.tally.counts[DELETE] -= 1
            if pair.state != ERASED:  # its customer is another's now: it stays to be deleted
                track.pairs.put(pair._replace(state=ERASED, due=None, fields="{}"))
            track.cases.refuse(
                THEIRS,
                pair.ours,
                result.reason or "the CRM does not delete it",
                at=track.session.now(),
                hash=hashed(pair.ours),
                code=result.code,
            )
    track.tally.counts[DELETE] = track.tally.counts.get(DELETE, 0) - len(unsaid)
