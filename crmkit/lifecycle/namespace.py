"""``crm.lifecycle``: where every relationship stands, how it came there, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from crmkit.arguments import instance, refuse
from crmkit.clock import instant, micros, span
from crmkit.contracts.session import Session
from crmkit.errors import InvalidValueError
from crmkit.lifecycle import ending
from crmkit.lifecycle.advancing import advance
from crmkit.lifecycle.history import read_moves, stage_at, work_out
from crmkit.lifecycle.world import Guide
from crmkit.model.lifecycle import AdvanceReport, Ending, Move, Stage
from crmkit.value.scoring import require_root

MONTH = timedelta(days=30)
_BATCH = 1000
_MOST_STEPS = 10_000


@attrs.frozen
class Lifecycle:
    """Stages and tiers, and their moves.

    Attributes:
        session: The open workspace.
        guide: Rules, cadence and value model.
        heard: Told of the moves that `advance` made, in batches, after they were committed.
    """

    session: Session
    guide: Guide
    heard: Callable[[tuple[Move, ...]], object] | None = None

    def stage(self, id: str, at: datetime | None = None) -> Stage:  # noqa: A002
        """Give a customer's stage at an instant.

        It is the one a recorded move put in force; where none was recorded yet, it is worked out
        from the rules, on the facts as of that instant.

        Args:
            id: Whose.
            at: As of when; None: now.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            NaiveTimeError: `at` has no offset.
        """
        when = self.session.now() if at is None else micros(at)
        with self.session.store.read() as reader:
            require_root(reader, id)
            return stage_at(reader, id, when) or work_out(reader, self.guide, id, when)

    def history(self, id: str) -> tuple[Move, ...]:  # noqa: A002
        """Give a customer's moves of stage and tier, oldest first.

        Raises:
            CustomerNotFound: nobody has that id.
        """
        with self.session.store.read() as reader:
            require_root(reader, id)
            return tuple(read_moves(reader, id))

    def advance(self, since: datetime | None = None, *, step: timedelta = MONTH) -> AdvanceReport:
        """Apply the rules to everybody as of now, and keep what the agenda reads.

        Repeated at the same instant it does nothing; killed, it is gone on with by calling again.

        Args:
            since: First instant of imported history to replay; its moves are marked as replayed.
                What was recorded before is not rewritten.
            step: Time between two replayed instants.

        Raises:
            InvalidValueError: `since` lies ahead, `step` is not longer than zero, or so short that
                more than ten thousand are needed.
        """
        now = self.session.now()
        if since is None:
            return self._tell(advance(self.session.store, self.guide, now))
        first, every = micros(since, "since"), _step(step)
        if first > now:
            message = f"since must lie in the past, before now ({instant(now)})"
            raise InvalidValueError(message, field="since")
        if (now - first) // every >= _MOST_STEPS:
            message = f"step is too short: {_MOST_STEPS} steps of {step} do not reach now"
            raise InvalidValueError(message, field="step")
        return self._tell(advance(self.session.store, self.guide, now, range(first, now, every)))

    def _tell(self, report: AdvanceReport) -> AdvanceReport:
        if self.heard is not None:
            for start in range(0, len(report.moves), _BATCH):
                self.heard(report.moves[start : start + _BATCH])
        return report

    # -- ending ------------------------------------------------------------------------

    def end(self, id: str, *, reason: str, by: str | None = None) -> Ending:  # noqa: A002
        """Ask for the end of a relationship; it ends when somebody senior approves.

        Args:
            id: Whose.
            reason: ``no_longer_buys broke_rules need_unmet broken_down market_exit``.
            by: Who asks; None: the actor.

        Raises:
            RefusedError: an ending was asked for already.
        """
        return ending.ask(self.session, id, reason, by)

    def approve(self, ending_id: str, *, by: str | None = None) -> Ending:
        """Approve an ending: the relationship is ended from now on.

        Raises:
            RefusedError: who approves is not senior, or asked for it himself.
            DecisionNotFound: there is no such ending.
        """
        return ending.approve(self.session, ending_id, by)

    def decline(self, ending_id: str, *, reason: str, by: str | None = None) -> None:
        """Turn an ending down; it may be asked for again.

        Raises:
            RefusedError: it was approved already.
        """
        ending.decline(self.session, ending_id, reason, by)

    def step(self, ending_id: str, step: str, *, evidence: str, by: str | None = None) -> Ending:
        """Record that the next step of an ending was carried out.

        Args:
            ending_id: Which ending.
            step: ``prepare notify settle clear file evaluate``, in this order.
            evidence: What shows that it was done.
            by: Who did it; None: the actor.

        Raises:
            RefusedError: it was not approved yet, or another step comes next.
        """
        return ending.step(self.session, ending_id, step, evidence, by)

    def ending(self, ending_id: str) -> Ending:
        """Give an ending as it stands.

        Raises:
            DecisionNotFound: there is no such ending.
        """
        with self.session.store.read() as reader:
            return ending.find(reader, ending_id)


def _step(step: timedelta) -> int:
    """Give the time between two replayed instants, in microseconds."""
    every = span(instance("step", step, timedelta, "a timedelta, such as timedelta(days=30)"))
    if every <= 0:
        refuse("step", "must be longer than zero", step)
    return every
