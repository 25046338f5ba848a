"""Records of theirs that name a customer who was not in step: read again once he is."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit.contracts.store import Reader
from crmkit.sync.cases import STRANGER
from crmkit.sync.pairs import LINKED
from crmkit.sync.places import Window
from crmkit.sync.reading import read_again, read_there
from crmkit.sync.referring import leads_to
from crmkit.sync.track import Track

_DEPTH = 10
"""Records that may wait for one another in a row; the others wait for the next run."""


def read_waiting(tracks: Sequence[Track]) -> None:
    """Read what waited for a customer who has come into step."""
    for _ in range(_DEPTH):
        read = [_read(track) for track in tracks]
        if not any(read):
            return


def _read(track: Track) -> bool:
    """Read what need not wait any more of one object; tell whether there was any."""
    with track.session.store.read() as reader:
        ready = _ready(track, reader)
        pairs = track.pairs.of(reader, [key for side, key in ready if side != STRANGER])
    ids = [key for side, key in ready if side == STRANGER]
    ids += [pair.theirs for pair in pairs.values() if pair.theirs is not None]
    if not ids:
        return False
    if not track.can("fetch"):
        track.place = attrs.evolve(track.place, changed=Window())
        read_there(track)
        return True
    read_again(track, ids)
    return True


def _ready(track: Track, reader: Reader) -> list[tuple[str, str]]:
    """Give the sides and keys of those whose customer has come into step."""
    awaited = track.cases.awaited(reader)
    there: set[str] = set()
    for rule in track.rules if awaited else ():
        if track.kinds[rule.ours] == "customer":
            for other in leads_to(track, rule):
                pairs = other.pairs.by_theirs(reader, awaited.values())
                there |= {id_ for id_, pair in pairs.items() if pair.state == LINKED}
    return [place for place, remote_id in awaited.items() if remote_id in there]
