"""``crm.standards``: service standards, what was measured against them, and improvements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from crmkit.arguments import ID_LIMIT, choice, optional_text, refuse, show
from crmkit.arguments import text as a_text
from crmkit.care.feedback.cases import CASES
from crmkit.care.feedback.policy import FeedbackPolicy
from crmkit.care.standards.measuring import Evidence, gather
from crmkit.care.standards.setting import duration, standard_of
from crmkit.clock import instant, micros, span
from crmkit.contracts.documents import Documents
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.errors import DecisionNotFound, RefusedError
from crmkit.model.standard import (
    AREAS,
    IMPROVEMENT_WAYS,
    Attainment,
    Improvement,
    ServiceMetrics,
    Standard,
)

STANDARDS = Documents("standard", Standard)
IMPROVEMENTS = Documents("improvement", Improvement)
QUARTER = timedelta(days=91)


@attrs.frozen
class Standards:
    """Service standards.

    Attributes:
        session: The open workspace.
        policy: The words and times of feedback, which the figures are made of.
    """

    session: Session
    policy: FeedbackPolicy

    def set(  # noqa: PLR0913 - a standard with all its fields
        self,
        name: str,
        *,
        area: str,
        figure: str,
        target: float,
        within: timedelta | None = None,
        kinds: Iterable[str] = (),
        categories: Iterable[str] = (),
        scope: str = "",
        process: Iterable[str] | None = None,
        time: str = "",
        skills: str = "",
        language: str = "",
        owner: str | None = None,
        reason: str = "",
        by: str | None = None,
    ) -> Standard:
        """Set a standard; where there is one of that name, its next version.

        Args:
            name: Its name.
            area: One of `AREAS` (R207-R211).
            figure: What is measured: one of `FIGURES`.
            target: At least this share or mean rating; at most this complaint rate.
            within: The time to stay within: of ``response_time`` and ``solution_time``.
            kinds: Kinds of feedback that count; none: all.
            categories: Categories of cases that count; none: all.
            scope: What the service covers (R232).
            process: Its steps, in order; None: from the reception to the follow-up (R233).
            time: When it is offered.
            skills: What whoever offers it must be able to do.
            language: In which language, and in what tone.
            owner: Who answers for it.
            reason: Why it is set so.
            by: Who sets it; None: the actor.

        Raises:
            InvalidValueError: something makes no sense; `field` names it.
        """
        deciding = self.session.deciding(reason, by)
        made = standard_of(
            name,
            area=area,
            figure=figure,
            target=target,
            within=within,
            kinds=kinds,
            categories=categories,
            known=self.policy.categories,
            process=process,
            since=instant(deciding.now),
            scope=scope,
            time=time,
            skills=skills,
            language=language,
        )
        made = attrs.evolve(made, owner=self.session.person("owner", owner))
        with self.session.store.write() as writer:
            old = _named(writer, made.name)
            if old is None:
                return STANDARDS.open(writer, deciding, made, "set")
            made = attrs.evolve(made, id=old.id, version=old.version, since=old.since)
            if made == old:
                return old
            made = attrs.evolve(made, version=old.version + 1, since=instant(deciding.now))
            return STANDARDS.move(writer, deciding, made, "set")

    def drop(self, name: str, *, reason: str, by: str | None = None) -> Standard:
        """Give a standard up; its versions stay known, and it may be set again.

        Raises:
            DecisionNotFound: no standard in force has that name.
        """
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            old = _in_force(writer, name)
            dropped = attrs.evolve(
                old, state="dropped", version=old.version + 1, since=instant(deciding.now)
            )
            return STANDARDS.move(writer, deciding, dropped, "dropped")

    def get(self, name: str) -> Standard:
        """Give the standard of that name that is in force.

        Raises:
            DecisionNotFound: there is none.
        """
        with self.session.store.read() as reader:
            return _in_force(reader, name)

    def versions(self, name: str) -> tuple[Standard, ...]:
        """Give every version of a standard, oldest first; also of one that was dropped.

        Raises:
            DecisionNotFound: there was none of that name.
        """
        with self.session.store.read() as reader:
            found = _named(reader, a_text("name", name))
            if found is None:
                raise _missing(name)
            decided = STANDARDS.history(reader, found)
            return tuple(Standard.from_dict(one.body["document"]) for one in decided)

    def attainment(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Attainment, ...]:
        """Give each standard in force against what was measured, by area, then by name.

        Args:
            since: What was said and bought from here on; None: from the first.
            until: Before this; None: until now.

        Raises:
            InvalidValueError: `until` lies before `since`; `NaiveTimeError`: one has no offset.
        """
        low, high = self._ends(since, until)
        with self.session.store.read() as reader:
            standards = STANDARDS.all(reader, states=("in_force",))
            evidence = self._evidence(reader, low, high)
        standards.sort(key=lambda one: (AREAS.index(one.area), one.name))
        return tuple(_attainment(one, evidence) for one in standards)

    def metrics(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> ServiceMetrics:
        """Give satisfaction, complaint rate and response time (R234-R235), as `attainment` does.

        Raises:
            InvalidValueError: `until` lies before `since`; `NaiveTimeError`: one has no offset.
        """
        low, high = self._ends(since, until)
        with self.session.store.read() as reader:
            return self._evidence(reader, low, high).metrics()

    # -- improvements ------------------------------------------------------------------

    def improve(  # noqa: PLR0913 - what is done, and how it is looked at
        self,
        name: str,
        text: str,
        *,
        way: str = "rectify",
        case: str | None = None,
        over: timedelta = QUARTER,
        owner: str | None = None,
        by: str | None = None,
    ) -> Improvement:
        """Begin an improvement: what is measured now is what it is compared with (R236).

        Args:
            name: The standard it serves.
            text: What is done.
            way: ``rectify`` a fault, or ``innovate``.
            case: Id of the case of feedback whose measure it is.
            over: How long before, and after, is looked at.
            owner: Who answers for it.
            by: Who begins it; None: the actor.

        Raises:
            DecisionNotFound: no standard in force has that name, or no case that id.
            RefusedError: the case has no measure yet.
            InvalidValueError: something makes no sense; `field` names it.
        """
        deciding = self.session.deciding("", by)
        a_text("text", text, least=1)
        choice("way", way, IMPROVEMENT_WAYS)
        over = duration("over", over)
        owner = self.session.person("owner", owner)
        with self.session.store.write() as writer:
            standard = _in_force(writer, name)
            if case is not None:
                _check_measure(writer, case)
            before = self._evidence(writer, deciding.now - span(over), deciding.now)
            begun = Improvement(
                owner=owner,
                state="running",
                standard=standard,
                text=text,
                way=way,
                case=case,
                at=instant(deciding.now),
                over=over,
                before=before.measure(standard),
            )
            return IMPROVEMENTS.open(writer, deciding, begun, "begun")

    def assess(self, improvement_id: str, *, by: str | None = None) -> Improvement:
        """Measure the effect of an improvement since it was begun; it may be measured again.

        Raises:
            DecisionNotFound: no improvement has that id.
            RefusedError: nothing is there to be measured since.
        """
        deciding = self.session.deciding("", by)
        with self.session.store.write() as writer:
            running = IMPROVEMENTS.get(writer, improvement_id)
            since = micros(running.at)
            evidence = self._evidence(writer, since, deciding.now + 1)
            after = evidence.measure(running.standard)
            if after.value is None:
                message = (
                    f"nothing was measured of {running.standard.figure!r} since improvement "
                    f"{improvement_id} was begun: assess it later"
                )
                raise RefusedError(message, improvement_id=improvement_id)
            assessed = attrs.evolve(
                running, state="assessed", after=after, assessed_at=instant(deciding.now)
            )
            return IMPROVEMENTS.move(writer, deciding, assessed, "assessed")

    def improvements(self, name: str | None = None) -> tuple[Improvement, ...]:
        """Give the improvements, oldest first.

        Args:
            name: Only those that serve this standard.
        """
        optional_text("name", name, ID_LIMIT)
        with self.session.store.read() as reader:
            found = IMPROVEMENTS.all(reader)
        return tuple(one for one in found if name in (None, one.standard.name))

    # -- inside ------------------------------------------------------------------------

    def _ends(self, since: datetime | None, until: datetime | None) -> tuple[int | None, int]:
        low = None if since is None else micros(since, "since")
        high = self.session.now() + 1 if until is None else micros(until, "until")
        if low is not None and high < low:
            refuse("until", f"lies before since ({since})", until)
        return low, high

    def _evidence(self, reader: Reader, low: int | None, high: int) -> Evidence:
        return gather(reader, self.policy, low, high, self.session.now())


def _attainment(standard: Standard, evidence: Evidence) -> Attainment:
    measured = evidence.measure(standard)
    return Attainment(
        standard=standard, measured=measured, attained=standard.attained(measured.value)
    )


def _named(reader: Reader, name: str) -> Standard | None:
    return next((one for one in STANDARDS.all(reader) if one.name == name), None)


def _in_force(reader: Reader, name: str) -> Standard:
    found = _named(reader, a_text("name", name))
    if found is None or found.state != "in_force":
        raise _missing(name)
    return found


def _missing(name: str) -> DecisionNotFound:
    return DecisionNotFound(f"no standard is called {show(name)}", id=name)


def _check_measure(reader: Reader, case_id: str) -> None:
    """See that a case has a measure to be tracked.

    Raises:
        RefusedError: it has none yet.
    """
    case = CASES.get(reader, case_id)
    if all(one.measure is None for one in case.rounds):
        message = f"case {case_id} has no measure yet whose effect could be measured"
        raise RefusedError(message, case_id=case_id)
