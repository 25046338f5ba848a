"""What the log knows of one customer: read once, before a plan is drawn up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import cast

import attrs

from crmkit.capture.customer_rows import read_customers
from crmkit.care import rewards
from crmkit.care.anew import read_accounts
from crmkit.care.matters import Told, newest_first
from crmkit.care.plans import PLANS
from crmkit.care.recent import Newest
from crmkit.clock import instant
from crmkit.contracts.decisions import decisions
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.lifecycle.history import read_moves, stage_at, work_out
from crmkit.lifecycle.signals import answers
from crmkit.lifecycle.world import Guide
from crmkit.model.care import Reward
from crmkit.model.customer import Customer
from crmkit.model.lifecycle import Move, Stage
from crmkit.model.plan import CarePlan
from crmkit.model.touchpoint import Touchpoint
from crmkit.model.value import Score, ValueModel
from crmkit.value.basis import read_basis
from crmkit.value.history import read_log, touchpoint
from crmkit.value.layout import Kinds
from crmkit.value.namespace import Value
from crmkit.value.scoring import require_root

_ATTRIBUTES = TOUCHPOINT.position["attributes"]
YEAR = timedelta(days=365)
LEAST_GAPS = 3


@attrs.frozen(kw_only=True, slots=False)
class Dossier:
    """One customer; an organisation with all who belong to it.

    Attributes:
        customer: His record.
        members: The records of those who belong to him.
        told: His touchpoints as the agenda talks about them.
        touchpoints: The same as records, newest first.
        score: His score now.
        stage: His stage.
        moves: His moves of stage and tier, oldest first.
        plans: His plans that are closed, oldest first.
        rewards: What he was given, newest first.
        windows: Competitors' promotions: whose, from, to.
        model: The value model in force.
        kinds: The touchpoint kinds in force.
        now: The present instant, in the agenda's time zone.
        period: Length of a quarter.
    """

    customer: Customer
    members: Sequence[Customer]
    told: Told
    touchpoints: Sequence[Touchpoint]
    score: Score
    stage: Stage
    moves: Sequence[Move]
    plans: Sequence[CarePlan]
    rewards: Sequence[Reward]
    windows: Sequence[tuple[str, datetime, datetime]]
    model: ValueModel
    kinds: Kinds
    now: datetime
    period: timedelta

    @property
    def today(self) -> date:
        """The day it is read on."""
        return self.now.date()

    @property
    def zone(self) -> tzinfo:
        """The agenda's time zone."""
        return cast("tzinfo", self.now.tzinfo)

    @cached_property
    def purchases(self) -> list[Touchpoint]:
        """What he bought, newest first."""
        return [one for one in self.touchpoints if one.kind == "purchase"]

    @cached_property
    def gap(self) -> float | None:
        """Median number of days between the days he bought on; None: too few to tell."""
        days = sorted({one.at.astimezone(self.zone).date() for one in self.purchases})
        gaps = [(after - before).days for before, after in pairwise(days)]
        return float(median(gaps)) if len(gaps) >= LEAST_GAPS else None

    @cached_property
    def orders(self) -> list[tuple[datetime, str, Decimal]]:
        """What was paid at an instant in a currency, newest first."""
        paid: dict[tuple[datetime, str], Decimal] = {}
        for one in self.purchases:
            if one.amount is not None and one.currency is not None:
                key = (one.at, one.currency)
                paid[key] = paid.get(key, Decimal(0)) + one.amount
        return [(at, code, amount) for (at, code), amount in paid.items()]

    def products(self, count: int) -> list[tuple[str, int]]:
        """Give what he buys most within the year, with how many times; else of all times."""
        since = self.now - YEAR
        recent = [one for one in self.purchases if one.at >= since] or self.purchases
        named = Counter(one.item or one.category for one in recent)
        del named[None]
        return [(str(name), times) for name, times in named.most_common(count)]

    def since(self) -> datetime:
        """Give when the stage before began: at the end of his last plan, or a quarter ago."""
        ended = [plan.steps[-1].at for plan in self.plans]
        return max(ended, default=self.now - self.period).astimezone(self.zone)

    def ours(self, since: datetime) -> list[Touchpoint]:
        """Give what we did since an instant: contacts, invitations, surveys, newest first."""
        doing = {"event_invited", "survey_sent"}
        return [
            made
            for made, entry in zip(self.touchpoints, self.told.happened, strict=True)
            if made.at >= since
            and (
                made.kind in doing
                or answers(made.kind, made.direction, entry.row[_ATTRIBUTES], self.kinds)
            )
        ]


def read_dossier(session: Session, guide: Guide, root: str) -> Dossier:
    """Read what is known of a customer."""
    score = Value(session, guide.defaults).score(root)
    with session.store.read() as reader:
        return _read(reader, session, guide, score)


def _read(reader: Reader, session: Session, guide: Guide, score: Score) -> Dossier:
    root = score.customer_id
    require_root(reader, root)  # he may be gone since he was scored
    basis = read_basis(reader, guide.defaults)
    kinds = basis.layout.kinds
    now = session.now()
    accounts = read_accounts(reader, [root])
    roots = accounts.members.get(root, [root])
    customers = {one.id: one for one in read_customers(reader, roots)}
    bases = [base for one in roots for base in accounts.groups[one]]
    log = read_log(reader, bases)
    everything = Newest(newest_first((one for base in bases for one in log[base]), now + 1))
    names = {
        base: customers[one].name for one in roots if one != root for base in accounts.groups[one]
    }
    return Dossier(
        customer=customers[root],
        members=[customers[one] for one in roots if one != root],
        told=Told(customers[root], names, everything, everything, kinds, now),
        touchpoints=[touchpoint(one.row) for one in everything],
        score=score,
        stage=stage_at(reader, root, now) or work_out(reader, guide, root, now),
        moves=read_moves(reader, root),
        plans=[plan for plan in PLANS.of(reader, root) if plan.state == "closed"],
        rewards=list(rewards.of(reader, root)),
        windows=list(_windows(reader)),
        model=basis.layout.model,
        kinds=kinds,
        now=instant(now).astimezone(guide.policy.zone),
        period=guide.kind_rules.period,
    )


def _windows(reader: Reader) -> Iterator[tuple[str, datetime, datetime]]:
    for made in decisions(reader, "promotion"):
        body = made.body
        yield body["competitor"], instant(body["start"]), instant(body["end"])
