"""Records of ours written as the CRM has them, and what both sides have in common afterwards."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from crmkit.capture.exact import Fault
from crmkit.clock import micros
from crmkit.contracts.connector import Remote
from crmkit.contracts.store import Reader, Writer
from crmkit.model.sync import OURS
from crmkit.sync.cases import STRANGER, awaiting, hashed
from crmkit.sync.comparing import Base, Verdict
from crmkit.sync.concepts.base import Draft, Local
from crmkit.sync.pairs import LINKED, Pair, packed
from crmkit.sync.referring import References, Waiting, whom
from crmkit.sync.tally import CREATE, UPDATE
from crmkit.sync.track import Track
from crmkit.sync.values import Value, into


@attrs.frozen
class Arrival:
    """One record of theirs that changes one of ours.

    Attributes:
        draft: What ours shall become.
        remote: Theirs.
        pair: The pair, or the one that begins.
        verdict: Whose value of each field holds.
        local: Ours as it stands; None: it is new.
    """

    draft: Draft
    remote: Remote
    pair: Pair
    verdict: Verdict
    local: Local | None = None

    @property
    def refused_as(self) -> tuple[str, str]:
        """The side and key under which it stands in quarantine, if it was refused before."""
        return (STRANGER, self.remote.id) if self.draft.key is None else (OURS, self.draft.key)


def apply(track: Track, writer: Writer, arrivals: list[Arrival]) -> None:
    """Write what arrived, and keep the pairs; what cannot be ours goes into quarantine."""
    if not arrivals:
        return
    applied = track.concept.apply(writer, [one.draft for one in arrivals])
    after = track.locals(writer, [one.key for one in applied if one.key is not None])
    named = track.references(writer, after.values())
    for arrival, done in zip(arrivals, applied, strict=True):
        pair, new = arrival.pair, arrival.draft.key is None
        if done.key is None:
            turn_down(track, arrival, Fault(done.field or "", done.reason))
            continue
        track.cases.release(*arrival.refused_as, done.key)
        track.tally.add(CREATE if new else UPDATE)
        local = after.get(done.key)
        if done.key != pair.ours:  # it is new, or went over to another customer
            if not new:
                track.pairs.drop(pair.ours)
            pair = pair._replace(ours=done.key)
        if local is not None:
            pair = pair._replace(customer=local.customer)
        if local is not None and track.among_themselves:
            named = track.references(writer, [local])
        base = arrival.verdict.base if local is None else _known(track, arrival, local, named)
        keep(track, pair, arrival.remote, base, due=bool(arrival.verdict.send))


def settle(track: Track, pair: Pair, verdict: Verdict) -> Pair:
    """Close what nobody need be asked about any more, whatever becomes of the other fields."""
    if not verdict.settled:
        return pair
    base = pair.base
    for name in verdict.settled:
        track.cases.settle(pair.ours, name)
        base[name] = verdict.base[name]
    pair = pair._replace(fields=packed(base))
    track.pairs.put(pair)
    return pair


def keep(track: Track, pair: Pair, remote: Remote, base: Mapping[str, Base], *, due: bool) -> None:
    """Keep a pair as it stands after a record of theirs was looked at."""
    if pair.state != LINKED or pair.fields == "{}":
        track.pairs.begun.add(pair.ours)
    track.pairs.put(
        pair._replace(
            theirs=remote.id,
            state=LINKED,
            due=1 if due or pair.due else None,
            changed=changed(remote),
            fields=packed(base),
        )
    )


def hold(track: Track, pair: Pair, remote: Remote, verdict: Verdict) -> None:
    """Keep a pair whose record says what cannot be ours: it is known, and its other fields hold.

    What we write is not to be refused for its change, nor said again where it arrived.
    """
    before = pair.base
    held = {
        name: before.get(name, base._replace(theirs=None)) if name in verdict.take else base
        for name, base in verdict.base.items()
    }
    keep(track, pair, remote, held, due=bool(verdict.send))


def refuse(
    track: Track, remote: Remote, fault: Fault, pair: Pair | None, verdict: Verdict | None = None
) -> None:
    """Keep a record of theirs that cannot be ours out, until it changes.

    Args:
        track: The object.
        remote: Theirs.
        fault: Why.
        pair: The pair; None: it is nobody of ours.
        verdict: Whose value of each field would have held, where there is a pair.
    """
    if pair is not None and verdict is not None:
        hold(track, pair, remote, verdict)
    where = f"{fault.field}: " if fault.field else ""
    track.cases.refuse(
        STRANGER if pair is None else OURS,
        remote.id if pair is None else pair.ours,
        f"{where}{fault.reason}",
        at=track.session.now(),
        hash=awaiting(fault.awaited) if isinstance(fault, Waiting) else hashed(remote.values),
        customer=None if pair is None else pair.customer,
        field=fault.field or None,
    )


def turn_down(track: Track, arrival: Arrival, fault: Fault) -> None:
    """Refuse what could not be written here."""
    known = None if arrival.draft.key is None else arrival.pair
    refuse(track, arrival.remote, fault, known, arrival.verdict)


def changed(remote: Remote) -> int | None:
    """Give when a record was last changed there, in microseconds."""
    return None if remote.changed_at is None else micros(remote.changed_at, "changed_at")


def inward(track: Track, reader: Reader, values: Mapping[str, Value]) -> dict[str, Value]:
    """Give values of theirs, by our field's name, as our fields take them.

    Raises:
        Fault: one cannot be ours; `field` names theirs. `Waiting`: not yet.
    """
    found: dict[str, Value] = {}
    for name, value in values.items():
        kind = track.kinds[name]
        if kind == "person" and isinstance(value, str):
            found[name] = track.link.colleagues.get(value, value)
        elif kind == "customer" and value is not None:
            found[name] = whom(track, reader, track.by_ours[name], str(value))
        else:
            found[name] = into(value, track.by_ours[name], kind)
    return found


def _known(track: Track, arrival: Arrival, local: Local, named: References) -> dict[str, Base]:
    """Give what both have in common, ours as it stands after it was written."""
    verdict = arrival.verdict
    said, _ = track.spoken(local, verdict.base, named)
    return {
        name: base._replace(ours=said[name]) if name in verdict.take and name in said else base
        for name, base in verdict.base.items()
    }
