"""Records that were deleted or merged in the CRM, and what becomes of ours then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from crmkit.contracts.connector import Connector, Remote, SyncAborted
from crmkit.contracts.store import Reader
from crmkit.model.sync import OURS, UNLINKED_THERE
from crmkit.sync.cases import STRANGER
from crmkit.sync.comparing import Base
from crmkit.sync.pairs import (
    ABSORBED,
    INTO,
    LINKED,
    REMOVING,
    UNLINKED,
    UNREAD,
    WANTED,
    Pair,
    packed,
)
from crmkit.sync.places import goes_on
from crmkit.sync.settings import ERASE, RECREATE
from crmkit.sync.tally import DELETE
from crmkit.sync.track import Track

_LANDSLIDE = 10
"""Records that must not be gone at once where they are most of all."""
_FEW_CALLS = 20
"""Calls of an enumeration that each run affords; more of them wait for their day."""


def read_deleted(track: Track) -> datetime | None:
    """Find what was deleted there since the last run: by the CRM's own list, or by a sweep.

    Returns:
        When the last of them was, where the list tells it.
    """
    if track.can("deleted_feed"):
        told = type(track.connector).deleted is not Connector.deleted  # else `changes` tells them
        return _read_feed(track) if told else None
    if track.can("sweep") and _sweep_is_due(track):
        _sweep(track)
    return None


def _read_feed(track: Track) -> datetime | None:
    newest: datetime | None = None
    overlap = timedelta(seconds=track.overlap)
    cursor, more = track.place.deleted.start(overlap), True
    while more:
        page = track.connector.deleted(track.entity, cursor)
        more = goes_on(page, cursor, f"{track.link.name}: {track.entity}")
        after = track.place.deleted.after(page, overlap)
        with track.writing() as writer:
            records = [attrs.evolve(one, deleted=True) for one in page.records]
            pairs = track.pairs.by_theirs(writer, [one.id for one in records])
            take_deleted(track, writer, records, pairs)
            track.place = attrs.evolve(track.place, deleted=after)
        told = [one.changed_at for one in page.records if one.changed_at is not None]
        newest = max([*told, newest] if newest is not None else told, default=None)
        cursor = page.cursor
    return newest


def _sweep_is_due(track: Track) -> bool:
    with track.session.store.read() as reader:
        linked = sum(1 for _ in track.pairs.in_state(reader, LINKED))
    if not linked:
        return False
    few = linked <= _FEW_CALLS * max(1, track.schema.page)
    waited = track.session.now() - track.place.swept
    return few or waited >= track.link.sweep_every * 1_000_000


def _sweep(track: Track) -> None:
    """Enumerate every id there, and whoever of ours is not among them is gone.

    Nobody is taken for gone unless the enumeration came to its end; who seems to be is asked for
    once more, where the connector can, since ids move between pages while others are added.
    """
    with track.session.store.read() as reader:
        linked = {one.theirs: one for one in track.pairs.in_state(reader, LINKED) if one.theirs}
        strangers = set(track.cases.keys(reader, STRANGER))
    known = len(linked)
    after: str | None = None
    while True:
        page = track.connector.ids(track.entity, after)
        for id_ in page.ids:
            linked.pop(id_, None)
            strangers.discard(id_)
        if page.after is None:
            break
        after = page.after
    gone = [Remote(id=one, deleted=True) for one in linked]
    if gone and track.can("fetch"):
        asked = [one.id for one in gone]
        found = track.connector.fetch(track.entity, asked, fields=track.theirs[:1])
        gone = [one for one in found if one.deleted]
    _refuse_landslide(track, len(gone), known)
    gone += [Remote(id=one, deleted=True) for one in strangers]
    with track.writing() as writer:
        pairs = track.pairs.by_theirs(writer, [one.id for one in gone])
        take_deleted(track, writer, gone, pairs)
        track.place = attrs.evolve(track.place, swept=track.session.now())


def _refuse_landslide(track: Track, gone: int, known: int) -> None:
    """Erase nobody because a right was lost there: most of the records would not vanish at once.

    Raises:
        SyncAborted: they did; a person has to look.
    """
    if track.rule.on_remote_delete == ERASE and gone >= _LANDSLIDE and gone > known / 2:
        message = (
            f"{track.link.name}: {gone:,} of {known:,} records of {track.entity} are gone there "
            "at once, and each would be erased here: see whether the credentials still reach "
            'them; where they are really gone, set on_remote_delete = "unlink"'
        )
        raise SyncAborted(message)


def take_deleted(
    track: Track, reader: Reader, records: Sequence[Remote], pairs: Mapping[str, Pair]
) -> None:
    """Do here what the mapping says of records that are gone there."""
    into = [one.merged_into for one in records if one.merged_into]
    linked = {**pairs, **track.pairs.by_theirs(reader, into)}
    gone: list[str] = []
    for remote in records:
        pair = linked.get(remote.id)
        if pair is None:
            track.cases.release(STRANGER, remote.id)
        if pair is None or pair.state != LINKED:
            continue
        track.cases.release(OURS, pair.ours)
        if remote.merged_into is not None:
            _merged_there(track, remote.merged_into, pair, linked)
        else:
            gone.append(pair.ours)
            _deleted_there(track, pair)
    track.cases.forget(reader, gone)
    if records:
        track.cases.free(reader, [one.id for one in records])


def _merged_there(track: Track, into: str, pair: Pair, linked: dict[str, Pair]) -> None:
    """Follow a merge: the pair goes to the record that stayed, or two of ours become one."""
    keeper = linked.get(into)
    if keeper is None:
        linked[into] = moved = pair._replace(theirs=into, changed=UNREAD, due=1)
        track.pairs.put(moved)
        track.cases.release(STRANGER, into)
        return
    why = f"record {pair.theirs} was merged into {into} there"
    track.note(DELETE, OURS, key=pair.ours, remote_id=pair.theirs, why=why)
    named = packed(pair.base | {INTO: Base(keeper.ours, keeper.ours)})
    track.pairs.put(pair._replace(state=ABSORBED, due=None, fields=named))


def _deleted_there(track: Track, pair: Pair) -> None:
    rule = track.rule.on_remote_delete
    if rule == RECREATE:
        wanted = pair._replace(state=WANTED, theirs=None, due=1, changed=None, fields="{}")
        track.pairs.put(wanted)
        return
    why = "deleted there" if rule == ERASE else UNLINKED_THERE
    said = pair.base.get("name")
    name = "" if said is None else str(said.theirs or "")
    track.note(DELETE, OURS, key=pair.ours, remote_id=pair.theirs, name=name, why=why)
    state = REMOVING if rule == ERASE else UNLINKED
    track.pairs.put(pair._replace(state=state, due=None, at=track.session.now()))


def finish_here(track: Track) -> None:
    """Merge and erase here what was merged and deleted there; done again where it was broken off.

    Each is a decision of its own, outside the pages' transactions: plugins are asked.
    """
    with track.session.store.read() as reader:
        removing = list(track.pairs.in_state(reader, REMOVING))
        linked = sum(1 for _ in track.pairs.in_state(reader, LINKED)) if removing else 0
    _refuse_landslide(track, len(removing), len(removing) + linked)
    if track.dry:
        return
    if track.rule.on_remote_delete != ERASE:  # what was to be erased stays: somebody thought better
        _let_go(track, removing)
        removing = []
    with track.session.store.read() as reader:
        absorbed = list(track.pairs.in_state(reader, ABSORBED))
        into = {pair.ours: pair.base[INTO].ours for pair in absorbed}
        keys = [*into, *into.values(), *(pair.ours for pair in removing)]
        gone = track.concept.gone(reader, keys) if keys else {}
    stands = {key: gone[key].into if key in gone else key for key in keys}
    for pair in absorbed:
        keep, drop = stands[into[pair.ours]], stands[pair.ours]
        if keep is not None and drop is not None and keep != drop:
            track.merge(keep, drop)
            stands = {key: keep if now == drop else now for key, now in stands.items()}
    for pair in removing:
        if stands[pair.ours] == pair.ours:
            track.erase(pair.ours)
    if absorbed or removing:
        _let_go(track, (*absorbed, *removing))


def _let_go(track: Track, pairs: Sequence[Pair]) -> None:
    """Forget pairs of records that are gone; one that stays here for the record is unlinked."""
    with track.writing() as writer:
        gone = track.concept.gone(writer, [pair.ours for pair in pairs])
        for pair in pairs:
            if pair.ours in gone:
                track.pairs.drop(pair.ours)
            else:
                track.pairs.put(pair._replace(state=UNLINKED, fields="{}"))
