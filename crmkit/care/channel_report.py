"""How well each channel works: who answers whom, how soon, at what cost (R41)."""

from __future__ import annotations

from statistics import fmean, median

import attrs

from crmkit.care.periods import Touch, read_touches
from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.lifecycle.signals import OPEN_KINDS, answers, next_after
from crmkit.model.indicators import ValueModel
from crmkit.model.reports import ChannelReport
from crmkit.value.layout import Layout

REPLY = 7 * DAY
"""What a customer does within so long of our contact is taken for his reply to it."""
_NOTE = "note"
"""A note says what became of a message: it is no message itself."""
_WAITING = OPEN_KINDS | {"message_in"}


@attrs.define
class _Channel:
    """What was read of one channel: instants by customer."""

    ours: list[tuple[str, int]] = attrs.field(factory=list)
    waiting: list[tuple[str, int]] = attrs.field(factory=list)
    incoming: int = 0
    customers: set[str] = attrs.field(factory=set)
    ratings: list[float] = attrs.field(factory=list)
    cost: float = 0.0


@attrs.define
class _Course:
    """The instants of one customer's own touchpoints, and of our contacts with him, in order."""

    own: list[int] = attrs.field(factory=list)
    answers: list[int] = attrs.field(factory=list)


def channel_report(
    reader: Reader, layout: Layout, since: int, until: int
) -> tuple[ChannelReport, ...]:
    """Report on the period from `since` to before `until`, in microseconds."""
    channels: dict[str, _Channel] = {}
    courses: dict[str, _Course] = {}
    for touch in read_touches(reader, since, until):
        is_ours = _is_ours(touch, layout)
        course = courses.setdefault(touch.root, _Course())
        if not is_ours:
            course.own.append(touch.at)
        if answers(touch.kind, touch.direction, touch.attributes, layout.kinds):
            course.answers.append(touch.at)
        if touch.channel is not None and touch.kind != _NOTE:
            channel = channels.setdefault(touch.channel, _Channel())
            _note(channel, touch, layout.model, is_ours=is_ours)
    found = [_report(name, channel, courses) for name, channel in channels.items()]
    return tuple(sorted(found, key=lambda one: (-one.outgoing - one.incoming, one.channel)))


def _is_ours(touch: Touch, layout: Layout) -> bool:
    """Tell whether we began it; a visit or a talk that says nothing of it is the customer's too."""
    if touch.direction is not None:
        return touch.direction == "out"
    return touch.kind in layout.kinds.outbound


def _note(channel: _Channel, touch: Touch, model: ValueModel, *, is_ours: bool) -> None:
    channel.customers.add(touch.root)
    if is_ours:
        channel.ours.append((touch.root, touch.at))
        channel.cost += touch.cost(model)
    else:
        channel.incoming += 1
        if touch.kind in _WAITING:
            channel.waiting.append((touch.root, touch.at))
    if touch.rating is not None:
        channel.ratings.append(touch.rating)


def _report(name: str, channel: _Channel, courses: dict[str, _Course]) -> ChannelReport:
    replies = sum(
        (after := next_after(courses[root].own, at)) is not None and after - at <= REPLY
        for root, at in channel.ours
    )
    waits = [
        None if (after := next_after(courses[root].answers, at)) is None else after - at
        for root, at in channel.waiting
    ]
    answered = [wait / DAY for wait in waits if wait is not None]
    return ChannelReport(
        channel=name,
        outgoing=len(channel.ours),
        incoming=channel.incoming,
        customers=len(channel.customers),
        reply_share=replies / len(channel.ours) if channel.ours else None,
        answer_days=median(answered) if answered else None,
        unanswered=len(waits) - len(answered),
        satisfaction=fmean(channel.ratings) if channel.ratings else None,
        ratings=len(channel.ratings),
        cost=channel.cost,
        cost_per_reply=channel.cost / replies if channel.cost and replies else None,
    )
