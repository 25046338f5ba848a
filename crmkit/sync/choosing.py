"""Who of ours is to be looked at in a run: what changed, what is due, whose score has moved."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit.contracts.store import Reader
from crmkit.model.sync import THEIRS
from crmkit.paging import pages
from crmkit.sync.comparing import NOTHING
from crmkit.sync.concepts.base import Local
from crmkit.sync.fields import SCORE
from crmkit.sync.pairs import LINKED, MAKING
from crmkit.sync.track import Track

_CHUNK = 500
_LOOK = 1_900
"""Changes of ours read at a time: a little less than a store fetches at once."""


def chunks(track: Track, upto: int) -> Iterator[tuple[int, list[str]]]:
    """Give the keys to look at, each once, and how far that is in our commit order.

    Each chunk is read to its end before it is worked on, since the work changes what is read.
    """
    seen: set[str] = set()
    with track.session.store.read() as reader:
        waiting = _due(track, reader)
        waiting += [pair.ours for pair in track.pairs.in_state(reader, MAKING)]
        if track.outward:
            waiting += _held(track, reader)
            waiting += track.concept.wanted(reader)
            waiting += _moved(track, reader)
    for chunk in pages(dict.fromkeys(waiting), _CHUNK):
        seen.update(chunk)
        yield 0, chunk
    after = track.place.mark
    while True:
        with track.session.store.read() as reader:
            found = _next(track.concept.changed(reader, after, upto))
        if not found:
            return
        keys = [key for key in dict.fromkeys(key for _, key in found) if key not in seen]
        yield from ((after, chunk) for chunk in pages(keys, _CHUNK))
        after = found[-1][0]
        yield after, []


def _due(track: Track, reader: Reader) -> list[str]:
    """Give the keys that are due; of a customer who was waited for, those that waited."""
    found: list[str] = []
    for pair in track.pairs.due(reader):
        keys = list(track.concept.awaited(reader, pair.ours))
        if keys != [pair.ours]:
            track.expanded.append(pair.ours)
        found += keys
    return found


def awaited_no_more(track: Track) -> None:
    """Forget whose customer was waited for, once all of it was looked at.

    Kept with the last batch: a run that is killed before looks at it again.
    """
    for key in track.expanded:
        track.pairs.drop(key)
    track.expanded.clear()


def _next(changed: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    """Read a good many changes, and the rest of those that have the last one's place."""
    found: list[tuple[int, str]] = []
    for seq, key in changed:
        if len(found) >= _LOOK and seq != found[-1][0]:
            break
        found.append((seq, key))
    return found


def _held(track: Track, reader: Reader) -> list[str]:
    """Give what stands in quarantine, where it is to be tried again."""
    return track.cases.keys(reader, THEIRS) if track.retry else []


def _moved(track: Track, reader: Reader) -> list[str]:
    """Give whose score, tier, stage or next contact is no longer what was sent."""
    if track.extra is None:
        return []
    names = [rule.ours for rule in track.rules if rule.ours.startswith(SCORE)]
    moved: list[str] = []
    for page in pages(track.pairs.in_state(reader, LINKED), _CHUNK):
        values = track.extra.read(reader, [one.ours for one in page])
        for pair in page:
            base = pair.base
            said, _ = track.spoken(Local(key=pair.ours, values=values.get(pair.ours, {})), base, {})
            if any(said.get(name) != base.get(name, NOTHING).ours for name in names):
                moved.append(pair.ours)
    return moved
