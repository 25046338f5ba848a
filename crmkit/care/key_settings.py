"""Section ``[key_accounts]`` of the configuration: the criteria are data (R256-R258)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from crmkit.contracts.session import Session
from crmkit.contracts.settings import nearest, refuse, structure
from crmkit.model.key_account import Criterion, Figures

COMPUTED = {
    "lifetime_profit": "profit",
    "net_profit": "net_profit",
    "years": "years",
    "revenue_share": "revenue_share",
    "growth": "growth",
}
"""Criteria that the log answers, and the figure each one asks for."""
_DAYS = 180
_MOST_DAYS = 3660


@attrs.frozen(kw_only=True)
class KeyAccountSettings:
    """What the firm's policy on key accounts says.

    Attributes:
        champion: Who stands for the programme as a whole, by the id under ``[people]``.
        least: So many accounts there shall be at least.
        most: So many there may be.
        review_days: Every so many days the programme is reviewed.
        criteria: By name, the least of a figure, or the question that a person answers.
        costs: Cost of one contact by its kind, in the value model's currency.
    """

    champion: str | None = None
    least: int = 5
    most: int = 25
    review_days: int = _DAYS
    criteria: Mapping[str, Decimal | str] = attrs.field(factory=dict)
    costs: Mapping[str, Decimal] = attrs.field(factory=dict)


def key_account_settings(session: Session) -> KeyAccountSettings:
    """Read and check the section.

    Raises:
        ConfigError: a setting makes no sense; `key` names it.
    """
    section = session.settings.get("key_accounts", {})
    settings = structure(KeyAccountSettings, section, "key_accounts")
    if settings.champion is not None and settings.champion not in session.people:
        hint = nearest(settings.champion, session.people)
        refuse("key_accounts.champion", f"names nobody under [people]{hint}", settings.champion)
    if not 1 <= settings.least <= settings.most:
        refuse("key_accounts", "needs 1 <= least <= most", f"{settings.least}, {settings.most}")
    if not 1 <= settings.review_days <= _MOST_DAYS:
        refuse("key_accounts.review_days", f"must be 1 to {_MOST_DAYS}", settings.review_days)
    for name, asked in settings.criteria.items():
        where = f"key_accounts.criteria.{name}"
        if isinstance(asked, str) and (name in COMPUTED or not asked.strip()):
            refuse(where, "must be a number" if name in COMPUTED else "asks nothing")
        if isinstance(asked, Decimal) and (name not in COMPUTED or not asked.is_finite()):
            known = ", ".join(COMPUTED)
            refuse(where, f"is none of {known}; another one is a question that a person answers")
    for kind, cost in settings.costs.items():
        if not (cost.is_finite() and cost >= 0):
            refuse(f"key_accounts.costs.{kind}", "must not be below 0", str(cost))
    return settings


def questions(settings: KeyAccountSettings) -> list[str]:
    """Name the criteria that a person answers."""
    return [name for name, asked in settings.criteria.items() if isinstance(asked, str)]


def judge(
    settings: KeyAccountSettings, figures: Figures, answers: Mapping[str, bool]
) -> tuple[Criterion, ...]:
    """Hold somebody's figures, and what people answered, against the criteria."""
    return tuple(
        Criterion(name=name, asked=asked, met=answers.get(name))
        if isinstance(asked, str)
        else _measured(name, asked, getattr(figures, COMPUTED[name]))
        for name, asked in settings.criteria.items()
    )


def _measured(name: str, asked: Decimal, found: Decimal | float | None) -> Criterion:
    if found is None:
        return Criterion(name=name, asked=f"{asked:f}")
    exact = found if isinstance(found, Decimal) else Decimal(repr(found))
    shown = f"{exact:f}" if isinstance(found, Decimal) else f"{found:.4g}"
    return Criterion(name=name, asked=f"{asked:f}", found=shown, met=exact >= asked)


def unmet(criteria: tuple[Criterion, ...]) -> list[str]:
    """Say in words which criteria are not met, and why."""
    return [
        f"{one.name}: {_why(one, asks=one.name not in COMPUTED)}"
        for one in criteria
        if one.met is not True
    ]


def _why(one: Criterion, *, asks: bool) -> str:
    if asks:
        return f"{one.asked} ({'no' if one.met is False else 'not answered'})"
    return f"{one.found or 'unknown'}, at least {one.asked} is asked for"
