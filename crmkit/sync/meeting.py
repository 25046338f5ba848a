"""Records of theirs that nobody of ours is linked to yet: who of ours they are, if anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs

from crmkit.capture.exact import Fault
from crmkit.contracts.connector import Remote
from crmkit.contracts.store import Reader
from crmkit.sync.applying import inward
from crmkit.sync.cases import STRANGER, behind, hashed
from crmkit.sync.fields import CUSTOMERS
from crmkit.sync.pairs import BURIED, ERASED, LINKED, MAKING, UNLINKED, Pair
from crmkit.sync.settings import FieldRule
from crmkit.sync.track import Track
from crmkit.sync.values import Value, alike, empty, into, same


@attrs.define
class Meeting:
    """What became of the strangers of a page.

    Attributes:
        links: Those that are somebody of ours, with the pair that begins.
        new: Those that are nobody of ours, and are to be made here.
    """

    links: list[tuple[Remote, Pair]] = attrs.field(factory=list)
    new: list[Remote] = attrs.field(factory=list)


def meet(track: Track, reader: Reader, strangers: Sequence[Remote]) -> Meeting:
    """Find who of ours the strangers are: by the mapping's match, or as what we were just making.

    A record that more than one of ours could be, or whose customer has another record there
    already, is held back with the reason: nothing is merged by guessing.
    """
    meeting = Meeting()
    about = track.concept.about
    spelt = _spelt(track, strangers) if about is None else {}
    if about is None:
        matched = _matched(track, reader, spelt)
    else:
        matched = track.concept.recognise(reader, _said(track, reader, strangers))
    fresh = track.fresh if track.dry else {}
    keys = {key for found in matched.values() for key in found}
    pairs = track.pairs.of(reader, keys)
    ours = {
        remote.id: [key for key in matched.get(remote.id, ()) if not _erased(pairs.get(key))]
        for remote in strangers
    }
    unmatched = [remote for remote in strangers if not ours[remote.id]]
    for id_, made in _made_by_us(track, reader, unmatched).items():
        ours[id_] = [made.ours]
        pairs[made.ours] = made
    taken: dict[str, str] = {}
    name = track.rule.match or "match"
    for remote in strangers:
        found = ours[remote.id]
        if not found and not track.inward:
            continue
        if not found:
            twin = (
                fresh.setdefault(spelt[remote.id], remote.id) if remote.id in spelt else remote.id
            )
            if twin == remote.id:
                meeting.new.append(remote)
            else:
                why = f"{name}: is record {twin}'s too: merge the two there"
                _refuse(track, remote, why, twin)
            continue
        why, other = _objection(name, found, pairs, taken)
        if why:
            _refuse(track, remote, why, other)
            continue
        (key,) = found
        taken[key] = remote.id
        track.cases.release(STRANGER, remote.id)
        known = pairs.get(key)
        if known is None or known.state == UNLINKED:
            customer = key if track.rule.concept == CUSTOMERS else None
            known = track.pairs.begin(key, LINKED, track.session.now(), customer=customer)
        meeting.links.append((remote, known))
    return meeting


def _spelt(track: Track, strangers: Sequence[Remote]) -> dict[str, str]:
    """Give what strangers are found by, spelled as here, by their ids."""
    rule = track.matching
    if rule is None:
        return {}
    kind = track.kinds[rule.ours]
    found: dict[str, str] = {}
    for remote in strangers:
        try:
            value = into(remote.values.get(rule.theirs), rule, kind)
        except Fault:
            continue
        text = "" if empty(value) else str(value)
        key = track.normaliser.key(kind, text) if text and kind in ("email", "phone") else text
        if key:
            found[remote.id] = key
    return found


def _matched(track: Track, reader: Reader, spelt: Mapping[str, str]) -> dict[str, list[str]]:
    """Give our keys by the ids of those whose match leads to them."""
    rule = track.matching
    if rule is None:
        return {}
    found = track.concept.match(reader, rule.ours, list(spelt.values()))
    return {one: found[value] for one, value in spelt.items() if value in found}


def _said(track: Track, reader: Reader, strangers: Sequence[Remote]) -> dict[str, dict[str, Any]]:
    """Give what strangers say in our words, by their ids, where it can be ours."""
    found: dict[str, dict[str, Any]] = {}
    for remote in strangers:
        theirs = {rule.ours: remote.values.get(rule.theirs) for rule in track.rules}
        with suppress(Fault):
            found[remote.id] = inward(track, reader, theirs)
    return found


def _erased(pair: Pair | None) -> bool:
    return pair is not None and pair.state in (ERASED, BURIED)


def _objection(
    name: str, found: list[str], pairs: dict[str, Pair], taken: dict[str, str]
) -> tuple[str, str | None]:
    """Give why a record is held back, and which other of theirs is in its way, if one is."""
    if len(found) > 1:
        listed = ", ".join(sorted(found)[:5])
        why = f"{name}: leads to {len(found)} records of ours ({listed}): make it unique there"
        return why, None
    (key,) = found
    known, other = pairs.get(key), taken.get(key)
    if other is None and known is not None:
        other = known.there
    if other is None:
        return "", None
    why = f"{name}: leads to {key}, which is linked to record {other} already: merge the two there"
    return why, other


def _made_by_us(track: Track, reader: Reader, strangers: Sequence[Remote]) -> dict[str, Pair]:
    """Find the pairs whose making was broken off before the CRM told us the ids, by those ids.

    A record bears everything that we had sent: as it was sent, or else as the CRM may have tidied
    it, for which one may be taken who only has a longer name.
    """
    making = [(pair, _sent(track, pair)) for pair in track.pairs.in_state(reader, MAKING)]
    found: dict[str, Pair] = {}
    for arrived in (_as_sent, _tidied) if making else ():
        for remote in strangers:
            if remote.id in found:
                continue
            for one in making:
                pair, sent = one
                if sent and all(arrived(track, *field, remote) for field in sent):
                    found[remote.id] = pair
                    making.remove(one)
                    break
    return found


def _sent(track: Track, pair: Pair) -> list[tuple[FieldRule, Value]]:
    base = pair.base
    sent = [(rule, base[rule.ours].ours) for rule in track.rules if rule.ours in base]
    return [(rule, value) for rule, value in sent if not empty(value)]


def _as_sent(track: Track, rule: FieldRule, value: Value, remote: Remote) -> bool:
    theirs = remote.values.get(rule.theirs)
    return same(value, theirs, track.kinds[rule.ours], track.normaliser)


def _tidied(track: Track, rule: FieldRule, value: Value, remote: Remote) -> bool:
    return _as_sent(track, rule, value, remote) or alike(value, remote.values.get(rule.theirs))


def _refuse(track: Track, remote: Remote, why: str, other: str | None) -> None:
    hash_ = hashed(remote.values) if other is None else behind(other)
    track.cases.refuse(STRANGER, remote.id, why, at=track.session.now(), hash=hash_)
