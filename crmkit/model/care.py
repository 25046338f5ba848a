"""The agenda: whom to contact, when, why and about what (R213-R220)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class Cadence(Record):
    """How often a tier is contacted, from the last real touch in either direction.

    Attributes:
        tier: Tier it is for.
        ideal: Contact is due after this long.
        worst: Contact is overdue after this long.
    """

    tier: str
    ideal: timedelta
    worst: timedelta


@attrs.frozen(kw_only=True)
class Reason(Record):
    """One reason to contact a customer.

    Attributes:
        code: ``due``, ``overdue``, ``never_contacted``, ``falling``, ``plan``,
            ``open_complaint``...
        en: In English.
        zh: In Chinese.
    """

    code: str
    en: str
    zh: str


@attrs.frozen(kw_only=True)
class Matter(Record):
    """Something to talk about.

    Attributes:
        code: ``plan`` (an action of a care plan), ``open`` (a matter not settled), ``last`` (a
            last touch), ``coming`` (a date).
        at: When it was, or will be.
        en: In English.
        zh: In Chinese.
        touchpoint: ``(source, id)`` of the touchpoint behind it, where there is one.
    """

    code: str
    at: datetime
    en: str
    zh: str
    touchpoint: tuple[str, str] | None = None


@attrs.frozen(kw_only=True)
class AgendaItem(Record):
    """One contact to make.

    Attributes:
        id: Stable: the same customer and due date give the same id.
        customer_id: Whom.
        name: The customer's name.
        due: Day the contact is due.
        why: Reasons, weightiest first.
        about: What to talk about, most pressing first.
        channel: Channel to use, by preference and by what reached him last.
        priority: Value x overdue x unexpected fall; larger is sooner.
        owner: Who makes it; None: nobody is named.
        facts: The figures behind the priority.
        plan: Plan and action, by their ids, where an action of a care plan is due; what is done
            fills its checklist.
    """

    id: str
    customer_id: str
    name: str
    due: date
    why: tuple[Reason, ...]
    about: tuple[Matter, ...]
    channel: str | None
    priority: float
    owner: str | None
    facts: Mapping[str, float] = attrs.field(factory=dict)
    plan: tuple[str, str] | None = None


REWARDS = ("coupon", "discount", "gift")


@attrs.frozen(kw_only=True)
class Reward(Record):
    """Something a customer was given (R152): a touchpoint with the attribute ``reward``.

    Attributes:
        customer_id: Who got it.
        form: One of `REWARDS`.
        item: What it was.
        at: When.
        amount: What it is worth, in `currency`; None: nobody said.
        currency: ISO 4217 code.
        plan: The plan that it was part of; None: none.
        touchpoint: ``(source, id)`` of the touchpoint.
    """

    customer_id: str
    form: str
    item: str
    at: datetime
    amount: Decimal | None = None
    currency: str | None = None
    plan: str | None = None
    touchpoint: tuple[str, str]
