"""One period beside the one before it, in one pass over the log: what the axes are measured by."""

from __future__ import annotations

from collections import Counter

import attrs

from crmkit.care.periods import Touch, read_touches
from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.lifecycle.signals import answers, next_after
from crmkit.model.indicators import ValueModel
from crmkit.model.touchpoint import TYPED
from crmkit.value.layout import Layout

ADVOCACY = frozenset({"referral", "share"})


@attrs.define
class Half:
    """What happened in one of the two periods.

    Attributes:
        touchpoints: How many.
        typed: How many of them a person typed.
        channels: By channel, those that name one.
        sources: By source.
        advocacy: Referrals and shares.
        ratings: Every rating, 0 to 10.
        revenue: Purchases less returns, in the base currency.
        profit: Margins of the same.
        margins: How many margins it rests on.
        days: Days with a purchase, by root.
    """

    touchpoints: int = 0
    typed: int = 0
    channels: Counter[str] = attrs.field(factory=Counter)
    sources: Counter[str] = attrs.field(factory=Counter)
    advocacy: int = 0
    ratings: list[float] = attrs.field(factory=list)
    revenue: float = 0.0
    profit: float = 0.0
    margins: int = 0
    days: dict[str, set[int]] = attrs.field(factory=dict)

    def add(self, touch: Touch, model: ValueModel, *, is_money: bool) -> None:
        """Count one touchpoint."""
        self.touchpoints += 1
        self.sources[touch.source] += 1
        self.typed += touch.origin == TYPED
        self.advocacy += touch.kind in ADVOCACY
        if touch.channel is not None:
            self.channels[touch.channel] += 1
        if touch.rating is not None:
            self.ratings.append(touch.rating)
        if is_money:
            self.revenue += touch.priced(model, touch.amount)
            self.profit += touch.priced(model, touch.margin)
            self.margins += touch.margin is not None
        if touch.kind == "purchase":
            self.days.setdefault(touch.root, set()).add(touch.at // DAY)


@attrs.define
class Window:
    """The period, and one of the same length before it.

    Attributes:
        before: The period before.
        now: The period.
        complaints: Instants of the period's complaints, by root, in order.
        answered: Instants of our own contacts in the period, by root, in order.
    """

    before: Half = attrs.field(factory=Half)
    now: Half = attrs.field(factory=Half)
    complaints: dict[str, list[int]] = attrs.field(factory=dict)
    answered: dict[str, list[int]] = attrs.field(factory=dict)

    def answer_times(self) -> list[int | None]:
        """Give how long each complaint waited for our next contact, in microseconds; None: yet."""
        return [
            None if (answer := next_after(self.answered.get(root, ()), at)) is None else answer - at
            for root, instants in self.complaints.items()
            for at in instants
        ]


def read_window(reader: Reader, layout: Layout, since: int, until: int) -> Window:
    """Read the period from `since` to before `until`, in microseconds, and the one before it.

    Args:
        reader: Where to read.
        layout: The value model in force: prices other currencies.
        since: Its beginning.
        until: Its end.
    """
    window = Window()
    money = {"purchase", *layout.kinds.negative}
    for touch in read_touches(reader, 2 * since - until, until):
        is_now = touch.at >= since
        half = window.now if is_now else window.before
        half.add(touch, layout.model, is_money=touch.kind in money)
        if touch.kind == "complaint" and is_now:
            window.complaints.setdefault(touch.root, []).append(touch.at)
        elif is_now and answers(touch.kind, touch.direction, touch.attributes, layout.kinds):
            window.answered.setdefault(touch.root, []).append(touch.at)
    return window
