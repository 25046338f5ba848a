"""``crm.feedback``: opinions, suggestions, complaints and praise, from the answer to the effect."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.arguments import ID_LIMIT, choice, optional_text, refuse
from crmkit.arguments import text as a_text
from crmkit.capture.customer_rows import read_customer
from crmkit.capture.intake import Joint
from crmkit.care.feedback.cases import CASES, new_case, tell, write_down
from crmkit.care.feedback.moves import Moves
from crmkit.care.feedback.origin import came_by, place_in, row_of, said_at
from crmkit.care.feedback.policy import FeedbackPolicy
from crmkit.care.feedback.taking import Taking
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.errors import RefusedError
from crmkit.model.feedback import FEEDBACK_KINDS, FEEDBACK_STATES, SEVERITIES, WAITING, FeedbackCase
from crmkit.model.touchpoint import Touchpoint
from crmkit.value.layout import Kinds
from crmkit.value.scoring import require_root

_CUSTOMER, _TEXT = TOUCHPOINT.position["customer"], TOUCHPOINT.position["text"]


@attrs.frozen
class Feedback:
    """Cases of feedback.

    Attributes:
        session: The open workspace.
        policy: Durations of the steps, and the words that cases are classified by.
        kinds: The touchpoint kinds in force.
        joint: Opens a transaction that captures as well: what we say is a touchpoint.
    """

    session: Session
    policy: FeedbackPolicy
    kinds: Kinds
    joint: Joint

    def open(  # noqa: PLR0913 - what is known of a case when it comes
        self,
        id: str,  # noqa: A002 - the word of the record
        kind: str,
        text: str,
        *,
        severity: str | None = None,
        owner: str | None = None,
        channel: str | None = None,
        route: str | None = None,
        at: datetime | None = None,
        touchpoint: Touchpoint | tuple[str, str] | None = None,
        by: str | None = None,
    ) -> FeedbackCase:
        """Open a case for what a customer said.

        Args:
            id: Whose.
            kind: One of `FEEDBACK_KINDS`.
            text: What was said; with a touchpoint, empty: what stands there.
            severity: One of `SEVERITIES`; None: the one its kind has by default.
            owner: Who answers for it; None: the customer's account manager.
            channel: How it came: phone, email, meeting, survey, review, social...
            route: By which channel we reply; None: as the customer prefers, or as it came.
            at: When it was said; None: now, or with a touchpoint, when that happened.
            touchpoint: Where it stands in the log: a `Touchpoint`, or its source and id; None: it
                is captured with the case.
            by: Who opens it; None: the actor.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            TouchpointNotFound: no live touchpoint has that source and id.
            RefusedError: the touchpoint is another customer's, or has its case already.
            InvalidValueError: something makes no sense; `field` names it.
        """
        deciding = self.session.deciding("", by)
        choice("kind", kind, FEEDBACK_KINDS)
        a_text("text", text, least=1 if touchpoint is None else 0)
        if severity is not None:
            choice("severity", severity, SEVERITIES)
        owner = self.session.person("owner", owner)
        optional_text("channel", channel, ID_LIMIT)
        optional_text("route", route, ID_LIMIT)
        when = None if at is None else micros(at, "at")
        if when is not None and when > deciding.now:
            refuse("at", "must not lie ahead of the clock", at)
        place = None if touchpoint is None else place_in(touchpoint)
        with self.joint() as (writer, take):
            customer = read_customer(writer, id)
            if place is None:
                said = at or instant(deciding.now)
                record = {"kind": kind, "at": said, "customer": id, "text": text}
                came = {"direction": "in", "channel": channel}
                place = write_down(writer, take, record | came, f"the {kind} of customer {id!r}")
                under = id
            else:
                row = row_of(writer, id, place)
                under = row[_CUSTOMER]
                _check_new(writer, under, place)
                text = text.strip() or row[_TEXT] or ""
                said, channel = at or said_at(row), channel or came_by(row)
            case = new_case(
                self.policy,
                deciding,
                customer,
                under=under,
                kind=kind,
                text=text,
                at=said,
                touchpoint=place,
                severity=severity,
                owner=owner,
                channel=channel,
                route=route,
            )
            return CASES.open(writer, deciding, case)

    def take(
        self, since: datetime | None = None, *, by: str | None = None
    ) -> tuple[FeedbackCase, ...]:
        """Bring the cases up to the log: run it after an import, or daily.

        A case is opened for every complaint, opinion, suggestion and praise that was captured and
        has none; those that a contact of ours answered meanwhile are moved on. What waits for us is
        closed as ``withdrawn`` where its record was retracted, or corrected to be another
        customer's or of another kind, and opened anew as what it is. Taking twice is taking once.

        Args:
            since: Only what was said from here on; None: whenever it was.
            by: Who takes them; None: the actor.

        Returns:
            The cases that were opened, oldest first, as they stand now.

        Raises:
            NaiveTimeError: `since` has no offset.
        """
        low = None if since is None else micros(since, "since")
        moves = Moves(self.policy, self.session.deciding("as it stands in the log", by))
        taking = Taking(self.session, moves, self.kinds)
        taking.withdraw()
        opened = [case.id for case in taking.open(low)]
        taking.answer()
        with self.session.store.read() as reader:
            return tuple(CASES.some(reader, opened))

    def respond(
        self, case_id: str, text: str, *, channel: str | None = None, by: str | None = None
    ) -> FeedbackCase:
        """Answer the customer (R223): the answer is a touchpoint, and closes a praise.

        Args:
            case_id: Which case.
            text: What we told him.
            channel: By which channel; None: the case's route.
            by: Who answered; None: the actor.

        Raises:
            DecisionNotFound: no case has that id.
            RefusedError: the case waits for another step.
            InvalidValueError: the answer is empty, or cannot be kept.
        """
        deciding = self.session.deciding("", by)
        a_text("text", text, least=1)
        optional_text("channel", channel, ID_LIMIT)
        with self.joint() as (writer, take):
            case = CASES.get(writer, case_id)
            moved = self._moves(deciding).respond(case, text)
            tell(writer, take, moved, deciding, text, channel or case.route)
            return CASES.move(writer, deciding, moved, "responded")

    def analyse(
        self, case_id: str, category: str, *, cause: str = "", by: str | None = None
    ) -> FeedbackCase:
        """Classify the case and say how it came to it (R224).

        Args:
            case_id: Which case.
            category: One of `CATEGORIES`, or of the configuration's.
            cause: The cause that was found, in words.
            by: Who analysed it; None: the actor.

        Raises:
            DecisionNotFound: no case has that id.
            RefusedError: the case waits for another step.
            InvalidValueError: `category` is none of the words.
        """
        deciding = self.session.deciding("", by)
        with self.session.store.write() as writer:
            case = CASES.get(writer, case_id)
            moved = self._moves(deciding).analyse(case, category, cause)
            return CASES.move(writer, deciding, moved, "analysed")

    def act(  # noqa: PLR0913 - a measure and who answers for it
        self,
        case_id: str,
        measure: str,
        *,
        text: str = "",
        department: str | None = None,
        level: str | None = None,
        by: str | None = None,
    ) -> FeedbackCase:
        """Take a measure (R225): a harder one than the last, where that did not help (R226).

        Args:
            case_id: Which case.
            measure: One of `MEASURES`, or of the configuration's.
            text: The measure in words.
            department: Where it is carried out.
            level: Who answers for it: one of `LEVELS`; None: the mildest that is hard enough.
            by: Who took it; None: the actor.

        Raises:
            DecisionNotFound: no case has that id.
            RefusedError: the case waits for another step, or the measure is not hard enough.
            InvalidValueError: `measure` or `level` is none of the words.
        """
        deciding = self.session.deciding("", by)
        with self.session.store.write() as writer:
            case = CASES.get(writer, case_id)
            moved = self._moves(deciding).act(case, measure, text, department, level)
            return CASES.move(writer, deciding, moved, "acted")

    def follow_up(  # noqa: PLR0913 - what was found, and how it was asked
        self,
        case_id: str,
        *,
        solved: bool,
        text: str = "",
        used: str = "",
        channel: str | None = None,
        by: str | None = None,
    ) -> FeedbackCase:
        """Ask whether the measure helped (R226, R227): the case is closed, or analysed again.

        That contact is a touchpoint. A case that was closed comes back by ``solved=False``.

        Args:
            case_id: Which case.
            solved: Whether the matter is solved.
            text: What was found.
            used: How a suggestion was used, or why it was not; required to close one.
            channel: By which channel he was asked; None: the case's route.
            by: Who asked; None: the actor.

        Raises:
            DecisionNotFound: no case has that id.
            RefusedError: the case waits for another step.
            InvalidValueError: `solved` is neither True nor False, or `used` is missing.
        """
        deciding = self.session.deciding("", by)
        optional_text("channel", channel, ID_LIMIT)
        with self.joint() as (writer, take):
            case = CASES.get(writer, case_id)
            moves = self._moves(deciding)
            moved = moves.follow_up(case, solved=solved, effect=text, used=used)
            tell(writer, take, moved, deciding, text, channel or case.route)
            return CASES.move(writer, deciding, moved, moved.state)

    def case(self, case_id: str) -> FeedbackCase:
        """Give one case.

        Raises:
            DecisionNotFound: no case has that id.
        """
        with self.session.store.read() as reader:
            return CASES.get(reader, case_id)

    def of(self, id: str) -> tuple[FeedbackCase, ...]:  # noqa: A002
        """Give a customer's cases, oldest first; those of whom was merged into him among them.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        """
        with self.session.store.read() as reader:
            require_root(reader, id)
            return tuple(CASES.of(reader, id))

    def list(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        severity: str | None = None,
        owner: str | None = None,
        overdue: bool = False,
    ) -> tuple[FeedbackCase, ...]:
        """Give the cases, overdue ones first: by when the next step must be taken.

        Args:
            state: One of `FEEDBACK_STATES`; None: all that are not closed.
            kind: Only this kind of feedback.
            severity: Only this severity.
            owner: Only those this person answers for.
            overdue: Only those whose next step should have been taken by now.

        Raises:
            InvalidValueError: an argument is none of the words.
        """
        for field, value, words in (
            ("state", state, FEEDBACK_STATES),
            ("kind", kind, FEEDBACK_KINDS),
            ("severity", severity, SEVERITIES),
        ):
            if value is not None:
                choice(field, value, words)
        optional_text("owner", owner)
        now = instant(self.session.now())
        with self.session.store.read() as reader:
            cases = CASES.all(reader, states=WAITING if state is None else (state,), owner=owner)
        chosen = [
            case
            for case in cases
            if kind in (None, case.kind)
            and severity in (None, case.severity)
            and (not overdue or case.overdue(now))
        ]
        return tuple(sorted(chosen, key=lambda case: (case.deadline or now, int(case.id))))

    def _moves(self, deciding: Deciding) -> Moves:
        return Moves(self.policy, deciding)


def _check_new(reader: Reader, under: str, place: tuple[str, str]) -> None:
    """See that a touchpoint has no case yet.

    Raises:
        RefusedError: it has; `case_id` names it.
    """
    for known in CASES.about(reader, [under]):
        if known.touchpoint == place and not known.withdrawn:
            source, name = place
            message = f"touchpoint {name!r} of {source!r} has its case already: {known.id}"
            raise RefusedError(message, case_id=known.id)
