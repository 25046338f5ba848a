"""What the log knows already: what customers said without a case, and what was answered since."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence

import attrs

from crmkit.capture.customer_rows import read_customers
from crmkit.care.feedback.cases import CASES, new_case
from crmkit.care.feedback.moves import Moves
from crmkit.care.feedback.origin import baseless, came_by, place_of, said_at
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import TOUCHPOINT, VOID
from crmkit.lifecycle.signals import answers
from crmkit.model.feedback import FEEDBACK_KINDS, SEVERITIES, WAITING, WITHDRAWN, FeedbackCase
from crmkit.value.history import read_live
from crmkit.value.layout import Kinds
from crmkit.value.roots import roots_of

PAGE = 500
"""Touchpoints, or cases, a transaction."""
_CUSTOMER, _SEQ, _KIND, _TEXT, _DIRECTION, _ATTRIBUTES = (
    TOUCHPOINT.position[name]
    for name in ("customer", "seq", "kind", "text", "direction", "attributes")
)
_PLACE = tuple(TOUCHPOINT.position[name] for name in ("at", "source", "id", "rev"))


@attrs.frozen
class Taking:
    """Brings the cases up to what the log says.

    Attributes:
        session: The open workspace.
        moves: How cases are moved, and by whom.
        kinds: The touchpoint kinds in force.
    """

    session: Session
    moves: Moves
    kinds: Kinds

    def open(self, since: int | None) -> list[FeedbackCase]:
        """Open a case for each touchpoint that is feedback and has none, page by page."""
        opened: list[FeedbackCase] = []
        place: Row | None = None
        while True:
            with self.session.store.write() as writer:
                rows = list(
                    writer.scan(
                        TOUCHPOINT,
                        by=("at",),
                        low=since,
                        where={"kind": FEEDBACK_KINDS},
                        after=place,
                        limit=PAGE,
                    )
                )
                cases = self._cases(writer, rows)
                opened += CASES.open_all(writer, self.moves.deciding, cases)
            if len(rows) < PAGE:
                return opened
            place = tuple(rows[-1][column] for column in _PLACE)

    def answer(self) -> int:
        """Move on the cases that wait for an answer which the log holds; tell how many."""
        return self._each(("open",), self._answered, self.moves.deciding, "responded")

    def withdraw(self) -> int:
        """Close the cases whose touchpoint was taken back or is another's; tell how many."""
        deciding = attrs.evolve(self.moves.deciding, reason="the record was taken back")
        moves = attrs.evolve(self.moves, deciding=deciding)

        def gone(reader: Reader, cases: Sequence[FeedbackCase]) -> list[FeedbackCase]:
            return [moves.withdraw(case) for case in baseless(reader, cases)]

        return self._each(WAITING, gone, deciding, WITHDRAWN)

    def _each(
        self,
        states: tuple[str, ...],
        move: Callable[[Reader, Sequence[FeedbackCase]], list[FeedbackCase]],
        deciding: Deciding,
        what: str,
    ) -> int:
        """Move those of the cases in these states that are to be, a transaction a page."""
        moved = 0
        with self.session.store.read() as reader:
            waiting = [case.id for case in CASES.all(reader, states=states)]
        for start in range(0, len(waiting), PAGE):
            with self.session.store.write() as writer:
                cases = CASES.some(writer, waiting[start : start + PAGE])
                made = move(writer, [one for one in cases if one.state in states])
                CASES.move_all(writer, deciding, made, what)
                moved += len(made)
        return moved

    def _cases(self, writer: Writer, rows: Sequence[Row]) -> list[FeedbackCase]:
        """Make the cases of those that have none and were not taken back."""
        keys = [(row[_CUSTOMER], row[_SEQ]) for row in rows]
        gone = {row[1] for row in writer.fetch(VOID, keys)}
        ids = {row[_CUSTOMER] for row in rows}
        known = {case.touchpoint for case in CASES.about(writer, ids) if not case.withdrawn}
        new = [row for row in rows if row[_SEQ] not in gone and place_of(row) not in known]
        roots = roots_of(writer, {row[_CUSTOMER] for row in new})
        customers = {one.id: one for one in read_customers(writer, sorted({*roots.values()}))}
        return [
            new_case(
                self.moves.policy,
                self.moves.deciding,
                customers[roots[row[_CUSTOMER]]],
                under=row[_CUSTOMER],
                kind=row[_KIND],
                text=row[_TEXT] or "",
                at=said_at(row),
                touchpoint=place_of(row),
                severity=_severity(row),
                channel=came_by(row),
            )
            for row in new
        ]

    def _answered(self, reader: Reader, cases: Sequence[FeedbackCase]) -> list[FeedbackCase]:
        """Give the cases that one of our contacts answered, moved to that instant."""
        roots = roots_of(reader, {str(case.customer_id) for case in cases})
        ours: dict[str, list[tuple[int, str]]] = {
            root: sorted(
                (entry.at, entry.row[_TEXT] or "")
                for entry in entries
                if answers(entry.kind, entry.row[_DIRECTION], entry.row[_ATTRIBUTES], self.kinds)
            )
            for root, entries in read_live(reader, sorted({*roots.values()})).items()
        }
        moved = []
        for case in cases:
            contacts = ours[roots[str(case.customer_id)]]
            place = bisect_right(contacts, micros(case.at), key=lambda contact: contact[0])
            if place < len(contacts) and contacts[place][0] <= self.moves.deciding.now:
                at, said = contacts[place]
                moved.append(self.moves.respond(case, said, instant(at)))
        return moved


def _severity(row: Row) -> str | None:
    """Give how severe the source said it is, in our words."""
    written = row[_ATTRIBUTES]
    said = json.loads(written).get("severity") if written and '"severity"' in written else None
    return said if said in SEVERITIES else None
