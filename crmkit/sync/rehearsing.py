"""What a plan says of records of theirs: what would become of ours, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.contracts.store import Reader
from crmkit.model.sync import OURS, THEIRS
from crmkit.sync.applying import Arrival, keep, turn_down
from crmkit.sync.comparing import Base, Verdict
from crmkit.sync.concepts.base import Local
from crmkit.sync.fields import SCORE
from crmkit.sync.tally import CREATE, UPDATE
from crmkit.sync.track import Track


def rehearse(track: Track, reader: Reader, arrivals: Sequence[Arrival]) -> None:
    """Note what would be written, and what would be refused; the rest of the plan goes by it."""
    if not arrivals:
        return
    faults = track.concept.weigh(reader, [one.draft for one in arrivals])
    for one, fault in zip(arrivals, faults, strict=True):
        if fault is not None:
            turn_down(track, one, fault)
            continue
        track.cases.release(*one.refused_as)
        track.patches.setdefault(one.pair.ours, {}).update(one.draft.values)
        keep(track, one.pair, one.remote, _equal(one.verdict), due=bool(one.verdict.send))
        if one.local is None:
            _create(track, one)
        else:
            _update(track, one, one.local)


def _update(track: Track, one: Arrival, local: Local) -> None:
    fields = {name: (local.values.get(name), value) for name, value in one.draft.values.items()}
    key, remote_id = one.pair.ours, one.remote.id
    track.note(UPDATE, OURS, key=key, remote_id=remote_id, name=local.name, fields=fields)


def _create(track: Track, one: Arrival) -> None:
    """Note a record that is made here, and what is written there of it in the same run."""
    values, remote_id = one.draft.values, one.remote.id
    name = str(values.get("name") or values.get("email") or "")
    fields = {name: (None, value) for name, value in values.items()}
    track.note(CREATE, OURS, key=None, remote_id=remote_id, name=name, fields=fields)
    said = {
        ours: (base.theirs, "as it is then")
        for ours, base in one.verdict.base.items()
        if (ours == "id" and base.theirs is None) or ours.startswith(SCORE)
    }
    if said and track.outward:
        track.note(UPDATE, THEIRS, key=None, remote_id=remote_id, name=name, fields=said)


def _equal(verdict: Verdict) -> dict[str, Base]:
    """Give what both would have in common once the plan was carried out."""
    return {
        name: base._replace(ours=base.theirs) if name in verdict.take else base
        for name, base in verdict.base.items()
    }
