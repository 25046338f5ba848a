"""``crm.lifecycle``: where every relationship stands, how it came there, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from crmkit.arguments import choice, instance, refuse
from crmkit.clock import instant, micros, span
from crmkit.contracts.session import Session
from crmkit.errors import InvalidValueError
from crmkit.lifecycle import ended, ending
from crmkit.lifecycle.advancing import advance
from crmkit.lifecycle.history import read_moves, stage_at, work_out
from crmkit.lifecycle.world import Guide
from crmkit.model.lifecycle import ENDING_STATES, AdvanceReport, Ending, Move, Stage
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
            RefusedError: an ending was asked for already; or who asks is not named, or not under
                ``[people]``, where anybody is.
        """
        return self._dated(ending.ask(self.session, id, reason, by))

    def approve(self, ending_id: str, *, by: str | None = None) -> Ending:
        """Approve an ending, or a reopening by its own id: it holds from now on.

        Raises:
            RefusedError: who approves is not senior, or asked for it himself; or it was turned
                down.
            DecisionNotFound: there is no such ending.
        """
        return self._dated(ending.approve(self.session, ending_id, by))

    def decline(self, ending_id: str, *, reason: str, by: str | None = None) -> None:
        """Turn an ending down, or a reopening by its own id; it may be asked for again.

        Raises:
            RefusedError: it does not wait for approval any more.
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
            RefusedError: it does not hold, or another step comes next.
        """
        return self._dated(ending.step(self.session, ending_id, step, evidence, by))

    def reopen(self, id: str, *, reason: str, by: str | None = None) -> Ending:  # noqa: A002
        """Begin anew with somebody whose relationship was ended; the old ending stays on record.

        He stands as `won_back` where he ever bought, else as `prospect`. After ``broke_rules`` and
        ``broken_down`` it waits until somebody senior approves the reopening, which is not who
        asked for it: ``crm.lifecycle.approve(ending.reopening.id)``.

        Args:
            id: With whom.
            reason: Why, in words.
            by: Who asks; None: the actor.

        Raises:
            RefusedError: the relationship is not ended, or a reopening waits already; or who asks
                is not named, or not under ``[people]``, where anybody is.
        """
        return self._dated(ending.reopen(self.session, id, reason, by))

    def ending(self, ending_id: str) -> Ending:
        """Give an ending as it stands, by its id or that of its reopening.

        Raises:
            DecisionNotFound: there is no such ending.
        """
        with self.session.store.read() as reader:
            return self._dated(ended.find(reader, ending_id))

    def endings(self, *, state: str | None = None, due: bool = False) -> tuple[Ending, ...]:
        """Give the endings of the workspace, oldest first.

        Args:
            state: ``asked approved declined reopened``; None: all.
            due: Only those that hold and whose record need not be kept any longer: the customer may
                be erased.

        Raises:
            InvalidValueError: there is no such state.
        """
        if state is not None:
            choice("state", state, ENDING_STATES)
        now = instant(self.session.now())
        with self.session.store.read() as reader:
            found = map(self._dated, ended.all_endings(reader))
            return tuple(
                one
                for one in found
                if state in (None, one.state)
                and (not due or (one.keep_until is not None and one.keep_until <= now))
            )

    def ended(self) -> tuple[str, ...]:
        """Give the ids of everybody whose relationship is ended: to be left in peace (R250-R252).

        Who was merged with one of them is among them.
        """
        with self.session.store.read() as reader:
            return tuple(sorted(ended.ended_roots(reader)))

    def _dated(self, ending: Ending) -> Ending:
        if ending.state != ended.APPROVED:
            return ending
        return attrs.evolve(ending, keep_until=ended.keep_until(ending, self.guide.retention))


def _step(step: timedelta) -> int:
    """Give the time between two replayed instants, in microseconds."""
    every = span(instance("step", step, timedelta, "a timedelta, such as timedelta(days=30)"))
    if every <= 0:
        refuse("step", "must be longer than zero", step)
    return every
