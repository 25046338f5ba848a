"""``crm.funnel``: opportunities through the eight stages (R80-R91)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import attrs

from crmkit.arguments import refuse
from crmkit.lifecycle.funnel import acting, captured
from crmkit.lifecycle.funnel.figures import Figures
from crmkit.model.sales import FUNNEL_STAGES, Opportunity


class _Left:
    """Stands for an argument that was not given, where None says something."""

    def __repr__(self) -> str:
        return "(as it is)"


_LEFT: Any = _Left()


@attrs.frozen
class Funnel(Figures):
    """Opportunities: opened, moved and closed."""

    def open(  # noqa: PLR0913 - the fields of an opportunity
        self,
        id: str,  # noqa: A002
        *,
        name: str,
        amount: Decimal | str,
        currency: str,
        owner: str | None,
        stage: str = FUNNEL_STAGES[0],
        source: str = "",
        competitors: tuple[str, ...] = (),
        competition: str = "none",
        closes: date | None = None,
        shared: bool = False,
        reason: str = "",
        by: str | None = None,
    ) -> Opportunity:
        """Open an opportunity with a customer.

        Args:
            id: With whom.
            name: What it is about.
            amount: What it would bring, 0 or more; a text such as ``"880.00"`` is read exactly.
            currency: ISO 4217 code of the amount.
            owner: Who sells; he answers for it.
            stage: Where it stands already; what lies before it is noted as skipped.
            source: Where the lead came from (R83).
            competitors: Who else wants it.
            competition: How hard they fight for it: ``none low medium high``.
            closes: Day it is expected to be paid.
            shared: Whether it may stand beside another manager's; needs a `reason` (R25).
            reason: Why.
            by: Who opens it; None: the actor.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            RefusedError: another manager has one open with him, or the relationship was ended.
            InvalidValueError: a field makes no sense; `field` names it.
        """
        fields = {
            "name": name,
            "amount": amount,
            "currency": currency,
            "owner": owner,
            "source": source,
            "competitors": competitors,
            "competition": competition,
            "closes": closes,
        }
        return acting.open_one(self.session, id, fields, stage, shared, reason, by)

    def move(
        self,
        opportunity_id: str,
        stage: str,
        *,
        reason: str = "",
        purchase: tuple[str, str] | None = None,
        by: str | None = None,
    ) -> Opportunity:
        """Move an opportunity forward, or back with a reason; ``pay`` closes it as won.

        Args:
            opportunity_id: Which.
            stage: Where it stands now; stages that are left out are noted as skipped.
            reason: Why; required on the way back.
            purchase: Source and id of the purchase that it became, where it is in the log.
            by: Who moves it; None: the actor.

        Raises:
            DecisionNotFound: there is no such opportunity.
            RefusedError: it is closed, stands there already, goes back without a reason, or the
                relationship was ended: then only what was accepted may still be paid.
            TouchpointNotFound: the purchase is not in the log.
            InvalidValueError: it is no purchase of his.
        """
        named = acting.named(purchase)
        return acting.move(self.session, opportunity_id, stage, reason, named, by)

    def lose(
        self,
        opportunity_id: str,
        *,
        reason: str,
        competitor: str | None = None,
        by: str | None = None,
    ) -> Opportunity:
        """Close an opportunity as lost.

        Args:
            opportunity_id: Which.
            reason: Why; `leaks` counts equal reasons together.
            competitor: To whom; None: to nobody.
            by: Who says so; None: the actor.

        Raises:
            DecisionNotFound: there is no such opportunity.
            RefusedError: it is closed already.
        """
        return acting.lose(self.session, opportunity_id, reason, competitor, by)

    def update(  # noqa: PLR0913 - the fields of an opportunity
        self,
        opportunity_id: str,
        *,
        name: str = _LEFT,
        amount: Decimal | str = _LEFT,
        currency: str = _LEFT,
        owner: str | None = _LEFT,
        source: str = _LEFT,
        competitors: tuple[str, ...] = _LEFT,
        competition: str = _LEFT,
        closes: date | None = _LEFT,
        shared: bool | None = None,
        reason: str = "",
        by: str | None = None,
    ) -> Opportunity:
        """Change what an open opportunity says; what is not given stays as it is.

        Args:
            opportunity_id: Which.
            name: As in `open`, like those that follow.
            amount: As in `open`.
            currency: As in `open`.
            owner: Whom it is handed over to.
            source: As in `open`.
            competitors: As in `open`.
            competition: As in `open`.
            closes: As in `open`; None: nobody knows any more.
            shared: Whether it may stand beside another manager's; True needs a `reason`.
            reason: Why.
            by: Who changes it; None: the actor.

        Raises:
            DecisionNotFound: there is no such opportunity.
            RefusedError: it is closed, or would stand beside another manager's unshared; or the
                relationship was ended, and its name, amount or currency would change.
        """
        given = {
            "name": name,
            "amount": amount,
            "currency": currency,
            "owner": owner,
            "source": source,
            "competitors": competitors,
            "competition": competition,
            "closes": closes,
        }
        fields = {field: value for field, value in given.items() if value is not _LEFT}
        return acting.update(self.session, opportunity_id, fields, shared, reason, by)

    def note(
        self,
        opportunity_id: str,
        problem: str,
        *,
        countermeasure: str = "",
        stage: str | None = None,
        by: str | None = None,
    ) -> Opportunity:
        """Note what stands in the way in a stage, and what is done about it (R88).

        Args:
            opportunity_id: Which.
            problem: What stands in the way.
            countermeasure: What is done about it.
            stage: In which stage; None: in the present one.
            by: Who notes it; None: the actor.

        Raises:
            DecisionNotFound: there is no such opportunity.
            RefusedError: it is closed.
        """
        return acting.note(self.session, opportunity_id, problem, countermeasure, stage, by)

    def spend(
        self,
        opportunity_id: str,
        amount: Decimal | str,
        currency: str,
        *,
        what: str = "",
        by: str | None = None,
    ) -> Opportunity:
        """Note what was spent on an opportunity (R91), also after it was closed.

        Raises:
            DecisionNotFound: there is no such opportunity.
            InvalidValueError: the amount lies below 0, or the currency is none.
        """
        return acting.spend(self.session, opportunity_id, amount, currency, what, by)

    def link(
        self, opportunity_id: str, purchase: tuple[str, str], *, by: str | None = None
    ) -> Opportunity:
        """Name the purchase that a won opportunity became: its source and its id there.

        Raises:
            DecisionNotFound: there is no such opportunity.
            RefusedError: it was not won.
            TouchpointNotFound: the purchase is not in the log.
        """
        named = acting.named(purchase)
        if named is None:
            refuse("purchase", "must be the source and the id of a purchase", purchase)
        return acting.link(self.session, opportunity_id, named, by)

    def advance(self) -> tuple[Opportunity, ...]:
        """Move opportunities by what was captured anyhow, and give those that moved (R89).

        A touchpoint whose attributes name an opportunity's id under ``opportunity`` and a stage
        under ``stage`` moves it there, as of when it happened; a purchase that names it closes it
        as won. Only forward: what shows an earlier stage changes nothing. Called again it does
        nothing.
        """
        return captured.advance(self.session)
