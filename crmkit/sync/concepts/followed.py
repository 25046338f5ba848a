"""Records about a customer that move with him: touchpoints and opportunities alike."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from crmkit.contracts.decisions import decision
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import DECISION
from crmkit.sync.concepts.base import Concept

_MERGES = ("merge", "unmerge")


def moved(concept: Concept, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
    """Stream what is another customer's since his own was merged or parted, by the log's order.

    Args:
        concept: Whose records.
        reader: One consistent look.
        after: Behind this place.
        upto: To this one, inclusive.
    """
    kinds = [
        reader.scan(DECISION, by=("kind", "seq"), equal=(kind,), low=after + 1, high=upto)
        for kind in _MERGES
    ]
    for row in heapq.merge(*kinds):
        body = decision(row).body
        for pair in concept.pairs.about(reader, (body["keep"], body["drop"])):
            for key in concept.awaited(reader, pair.ours):
                yield row[0], key
