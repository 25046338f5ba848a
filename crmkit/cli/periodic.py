"""The reports on a period: each a table, or the records themselves as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmkit.care.words import many
from crmkit.cli.output import Column, columns, day, percent, print_array, print_json, say, table

if TYPE_CHECKING:
    from crmkit.crm import CRM
    from crmkit.model.evaluation import AxisIndicator, Evaluation, Figure
    from crmkit.model.reports import AuditLine, ChannelReport, SegmentReport

PERIOD = timedelta(days=91)
"""What is reported on where nobody says since when."""
_CHANNELS = columns(
    "channel! ours# theirs# customers# replied# days_to_answer# waiting# rating# cost# a_reply#"
)
_SEGMENTS = columns(
    "segment! customers# active# new# retained# repeat# revenue# share# profit# basket# spend# "
    "return#"
)
_AUDIT = columns("by! kind! what times# customers# first last")
_AXES = columns("axis! indicator figure value# of#")
_COMPARED = columns(
    "measure! customers# before# after# others_before# others_after# effect# from# to#"
)


def show(
    name: str, crm: CRM, since: datetime, until: datetime, by: str | None = None, *, as_json: bool
) -> None:
    """Print one report; `by`: what makes the segments, where it is on them."""
    if name not in _LISTS:
        _OTHERS[name](crm, since, until, as_json)
        return
    head, row = _LISTS[name]
    found = getattr(crm.reports, name)(since, until, **({} if by is None else {"by": by}))
    if as_json:
        print_array(found)
    else:
        table(head, map(row, found))


def _channel(one: ChannelReport) -> tuple[object, ...]:
    return (
        one.channel,
        one.outgoing,
        one.incoming,
        one.customers,
        _share(one.reply_share),
        _figure(one.answer_days),
        one.unanswered,
        _figure(one.satisfaction),
        _figure(one.cost or None),
        _figure(one.cost_per_reply),
    )


def _segment(one: SegmentReport) -> tuple[object, ...]:
    return (
        one.segment,
        one.customers,
        one.active,
        one.new,
        _share(one.retained),
        _share(one.repeat),
        _figure(one.revenue),
        _share(one.revenue_share),
        _figure(one.profit),
        _figure(one.basket),
        _figure(one.spend or None),
        _figure(one.return_on_spend),
    )


def _decided(one: AuditLine) -> tuple[object, ...]:
    who = one.by or "(a rule)"
    return who, one.kind, one.what, one.count, one.customers, day(one.first), day(one.last)


def _care(crm: CRM, since: datetime, until: datetime, as_json: bool) -> None:
    found = crm.care.evaluate(since, until)
    if as_json:
        print_json(found.to_dict())
        return
    table(_AXES, _axis_rows(found))
    say("")
    _show_return(found)


def _funnel(crm: CRM, since: datetime, until: datetime, as_json: bool) -> None:
    from crmkit.cli.funnel_tables import show_cycle, show_forecast, show_leaks

    leaks = crm.funnel.leaks(since, until)
    forecast, cycle = crm.funnel.forecast(), crm.funnel.cycle(since, until)
    if as_json:
        found = {"leaks": leaks, "forecast": forecast, "cycle": cycle}
        print_json({name: one.to_dict() for name, one in found.items()})
        return
    show_leaks(leaks)
    say("")
    show_forecast(forecast)
    say("")
    show_cycle(cycle)


def _accounts(crm: CRM, since: datetime, until: datetime, as_json: bool) -> None:  # noqa: ARG001
    from crmkit.cli.key_accounts import list_accounts

    list_accounts(crm, "en", as_json=as_json)


def _targets(crm: CRM, since: datetime, until: datetime, as_json: bool) -> None:  # noqa: ARG001
    from crmkit.cli.targets import show_performance

    found = crm.targets.everybody(f"{until.astimezone(crm.targets.guide.policy.zone):%Y}")
    if as_json:
        print_array(found)
        return
    show_performance(found, "en")


def _axis_rows(found: Evaluation) -> Iterable[tuple[object, ...]]:
    axes = (("strategy", found.strategy), ("execution", found.execution), ("effect", found.effect))
    for name, axis in axes:
        for one in axis:
            yield from _indicator_rows(name, one)


def _indicator_rows(axis: str, one: AxisIndicator) -> Iterable[tuple[object, ...]]:
    for figure in one.figures:
        yield axis, f"{one.en} {one.zh}", figure.en, _value(figure), figure.count
    if one.assessment is not None:
        said = one.assessment
        yield axis, f"{one.en} {one.zh}", f"{said.by or 'somebody'}: {said.text}", said.points, ""


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    if figure.unit == "share":
        return percent(figure.value)
    return f"{_figure(figure.value)} {'' if figure.unit == 'count' else figure.unit}".rstrip()


def _show_return(found: Evaluation) -> None:
    back = found.return_on_care
    say(
        f"the care of {many(back.cared, 'customer')} began in the period, "
        f"{many(back.matched, 'is', 'are')} compared with {many(back.others, 'other')}"
        + (", set aside by lot" if back.held_out else ""),
    )
    if back.compared:
        table(
            _COMPARED,
            (
                (
                    one.measure,
                    one.count,
                    *map(_figure, (one.before, one.after, one.others_before, one.others_after)),
                    *map(_figure, (one.effect, one.low, one.high)),
                )
                for one in back.compared
            ),
        )
        ratio = "" if back.ratio is None else f", {percent(back.ratio)} on the cost"
        say(
            f"gain in {back.gain_of} {back.gain:,} {back.currency} at a cost of "
            f"{back.cost:,} {back.currency}{ratio}: {'proven' if back.proven else 'not proven'}"
        )
    if back.note:
        say(back.note)


def _share(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


_LISTS: dict[str, tuple[Sequence[Column], Callable[[Any], Sequence[object]]]] = {
    "channels": (_CHANNELS, _channel),
    "segments": (_SEGMENTS, _segment),
    "audit": (_AUDIT, _decided),
}
"""By the name they have under ``crm.reports``: the head, and the cells of one record."""
_OTHERS: dict[str, Callable[[CRM, datetime, datetime, bool], None]] = {
    "care": _care,
    "funnel": _funnel,
    "key-accounts": _accounts,
    "targets": _targets,
}
REPORTS = (*_LISTS, *_OTHERS)
