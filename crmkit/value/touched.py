"""Whose touchpoints changed since a place in the commit order: sums of before do not hold for them.

Nothing is kept for it: the logs say so themselves, and are looked at again in each transaction.
"""

from __future__ import annotations

import json

import attrs

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import DECISION, META, TOUCHPOINT, VOID
from crmkit.value.history import WAITING, WAITING_END
from crmkit.value.roots import roots_of

_BODY = DECISION.position["body"]
_MOVES = ("merge", "unmerge")
_VOIDING = frozenset({"correct", "retract", "undo"})


@attrs.define
class Touched:
    """Ids of customers that were touched, growing as the log does.

    Attributes:
        seen: The place in the commit order up to which the log was looked at.
        now: What happens later waits in a state, as no sum does.
        bases: The ids, as they were written.
    """

    seen: int
    now: int
    bases: set[str] = attrs.field(factory=set)
    _begun: bool = False

    def look(self, reader: Reader) -> None:
        """Take in what is new."""
        until = reader.watermark()
        if self._begun and until == self.seen:
            return
        if not self._begun:
            ahead = reader.scan(TOUCHPOINT, by=("at",), low=self.now + 1, columns=("customer",))
            self.bases.update(row[0] for row in ahead)
            self._begun = True
        fresh = reader.scan(TOUCHPOINT, by=("seq",), low=self.seen + 1, columns=("customer",))
        self.bases.update(row[0] for row in fresh)
        for row in reader.scan(DECISION, by=("seq",), low=self.seen + 1):
            if row[1] in _MOVES:
                body = json.loads(row[_BODY])
                self.bases.update((body["keep"], body["drop"]))
            elif row[1] in _VOIDING:
                voids = reader.scan(VOID, where={"decision": row[0]}, columns=("customer",))
                self.bases.update(row[0] for row in voids)
        # Returns whose purchase is somebody else's, or not there yet: it may come or go any time.
        for _, waiting in reader.scan(META, low=WAITING, high=WAITING_END):
            self.bases.update(json.loads(waiting))
        self.seen = until

    def roots(self, reader: Reader) -> set[str]:
        """Give where they lead now; whoever is gone is left out."""
        return set(roots_of(reader, self.bases).values())
