"""Writing: by id, by external id, or looked up first; each in as few calls as there can be.

Records go in this order: those with an id, those matched by an external id, and last those that
are new, since these alone cannot be sent twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import attrs

from crmkit.contracts.connector import Result, Upsert, WriteLost
from crmkit_salesforce.matching import Matches
from crmkit_salesforce.queries import Queries
from crmkit_salesforce.results import refused
from crmkit_salesforce.sending import Line, Sending
from crmkit_salesforce.shapes import Shape, Unfit

Pair = tuple[Upsert, Line]


class Writing:
    """Writes one object of one organisation."""

    def __init__(self, sending: Sending, queries: Queries, shape: Shape) -> None:
        """Write nothing yet."""
        self._sending, self._queries, self._shape = sending, queries, shape

    def upsert(self, records: Sequence[Upsert]) -> list[Result]:
        """Write records and give a result for each.

        Raises:
            RetryLater: nothing was made anew; what was changed may be changed so again.
            WriteLost: nobody knows whether what was new was made.
            SyncAborted: the credentials, or Salesforce, work no more.
        """
        done: list[Result] = []
        known: list[Line] = []
        new: list[Pair] = []
        upserted: dict[str, list[Line]] = defaultdict(list)
        sought: dict[str, list[Pair]] = defaultdict(list)
        for record in records:
            try:
                line = self._line(record)
            except Unfit as error:
                done.append(refused(record.key, "INVALID_VALUE", str(error), error.field))
                continue
            if record.remote_id is not None and record.unchanged_since is not None:
                since = record.unchanged_since
                done.append(self._sending.guarded(record.remote_id, line, since))
            elif record.remote_id is not None:
                known.append(_with_id(line, record.remote_id))
            elif record.match is None:
                new.append((record, line))
            elif self._shape.external(record.match[0]):
                upserted[record.match[0]].append(line)
            else:
                sought[record.match[0]].append((record, line))
        for field, pairs in sought.items():
            self._find(field, pairs, known, new, done)
        done += self._sending.send("PATCH", known)
        for field, lines in upserted.items():
            done += self._sending.send("PATCH", lines, field)
        return done + self._make(new)

    def _line(self, record: Upsert) -> Line:
        """Write a record as it goes over the wire.

        Raises:
            Unfit: a value cannot.
        """
        values = {name: self._shape.wire(name, value) for name, value in record.values.items()}
        if record.match is not None and record.remote_id is None:
            field, value = record.match
            self._shape.literal(field, value)  # it may be looked up
            values.setdefault(field, value)
        return Line(record.key, {"attributes": {"type": self._shape.entity}, **values})

    def _find(
        self,
        field: str,
        pairs: Sequence[Pair],
        known: list[Line],
        new: list[Pair],
        done: list[Result],
    ) -> None:
        """Look up whose the records of a batch are, and send each the way that it goes."""
        matches = Matches(self._queries, self._shape, field)
        matches.look_up([record for record, _ in pairs])
        made: dict[str, None] = {}
        for record, line in pairs:
            objection = matches.objection(record, made)
            if objection is not None:
                done.append(objection)
            elif ids := matches.of(record):
                known.append(_with_id(line, ids[0]))
            else:
                made[matches.spelled(record)] = None
                new.append((record, line))

    def _make(self, new: Sequence[Pair]) -> list[Result]:
        """Make records anew; where nobody knows whether they were made, look for them.

        Raises:
            WriteLost: some of them cannot be found, so that they may still come to be.
        """
        lines = [attrs.evolve(line, done="created") for _, line in new]
        try:
            return self._sending.send("POST", lines)
        except WriteLost:
            made = self._made([record for record, _ in new])
            if made is None:
                raise
            return made

    def _made(self, records: Sequence[Upsert]) -> list[Result] | None:
        """Find by their match what a lost call has made; None where not all are found."""
        fields: dict[str, list[Upsert]] = defaultdict(list)
        for record in records:
            if record.match is None:
                return None
            fields[record.match[0]].append(record)
        done = []
        for field, some in fields.items():
            matches = Matches(self._queries, self._shape, field)
            matches.look_up(some)
            for record in some:
                ids = matches.of(record)
                if len(ids) != 1:
                    return None
                done.append(Result(key=record.key, done="created", remote_id=ids[0]))
        return done


def _with_id(line: Line, id_: str) -> Line:
    return attrs.evolve(line, body={**line.body, "id": id_})
