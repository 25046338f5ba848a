"""A conflict that somebody had to decide, decided."""

from __future__ import annotations

import attrs

from crmkit.arguments import choice, text
from crmkit.capture.exact import Fault
from crmkit.clock import instant
from crmkit.contracts.connector import Remote
from crmkit.errors import DecisionNotFound, InvalidValueError
from crmkit.model.sync import OURS, SIDES, SyncConflict
from crmkit.sync.applying import Arrival, apply, inward
from crmkit.sync.cases import read_conflicts
from crmkit.sync.comparing import Base, Verdict
from crmkit.sync.concepts.base import Draft
from crmkit.sync.pairs import packed
from crmkit.sync.setup import Setup
from crmkit.sync.tally import Tally
from crmkit.sync.track import Track
from crmkit.sync.tracks import open_tracks


def resolve(setup: Setup, name: str, conflict_id: str, take: str) -> SyncConflict:
    """Say whose value holds; ours goes out with the next run, theirs is written here at once.

    Raises:
        DecisionNotFound: no conflict of this connector that waits for somebody has that id.
        InvalidValueError: `take` is neither ``ours`` nor ``theirs``, or theirs cannot be ours.
    """
    choice("take", take, SIDES)
    wanted = text("conflict_id", conflict_id)
    opened = setup.open(setup.link(name))
    try:
        with setup.session.store.read() as reader:
            waiting = [one for one in read_conflicts(reader, name) if one.took is None]
        found = next((one for one in waiting if one.id == wanted), None)
        if found is None:
            message = f"no conflict of {name} that waits for somebody has the id {wanted!r}"
            raise DecisionNotFound(message, id=wanted)
        tracks = open_tracks(setup, opened, Tally(), retry=False)
        track = next(one for one in tracks if one.entity == found.object)
        _settle(track, found, take)
    finally:
        opened.close()
    return attrs.evolve(found, took=take)


def _settle(track: Track, conflict: SyncConflict, take: str) -> None:
    with track.writing() as writer:
        pair = track.pairs.of(writer, [conflict.key])[conflict.key]
        base, field = pair.base, conflict.field
        shown = base[field].refused if base[field].asked else conflict.theirs
        if take == OURS:
            base[field] = Base(shown, shown)
            track.pairs.put(pair._replace(due=1, fields=packed(base)))
        else:
            try:
                values = inward(track, writer, {field: shown})
            except Fault as fault:
                message = f"{fault.field}: {fault.reason}"
                raise InvalidValueError(message, field="take") from None
            base[field] = Base(None, shown)
            at = instant(pair.changed) if pair.changed else None
            remote = Remote(id=conflict.remote_id, changed_at=at)
            draft = Draft(key=pair.ours, values=values, remote_id=conflict.remote_id)
            verdict = Verdict(take={field: shown}, base=base)
            apply(track, writer, [Arrival(draft, remote, pair, verdict)])
        track.cases.settle(conflict.key, field)
