"""What is told of the funnel, as tables: where it leaks, what it will bring, how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from crmkit.care.words import many, money
from crmkit.cli.output import columns, note, percent, say, table
from crmkit.lifecycle.funnel.policy import STAGES_ZH
from crmkit.model.funnel import Cycle, Forecast, Leaks

_LEAKS = columns("stage entered# moved_on# back# lost# still# conversion# days# lost_amount# why~")
_MONTHS = columns("month currency open# overdue# amount# expected#")


def show_leaks(found: Leaks) -> None:
    """Print what became of those that entered each stage."""
    table(
        _LEAKS,
        (
            (
                one.stage,
                one.entered,
                one.moved_on,
                one.back,
                one.lost,
                one.still,
                None if one.conversion is None else percent(one.conversion),
                one.median_days,
                amounts(one.lost_amounts),
                ", ".join(f"{why} ({count})" for why, count in one.reasons.items()),
            )
            for one in found.stages
        ),
    )
    if found.worst is not None:
        note(f"Most are lost in {found.worst} ({STAGES_ZH[found.worst]}).")


def show_forecast(found: Forecast) -> None:
    """Print what the open opportunities are expected to bring."""
    table(
        _MONTHS,
        (
            (
                "no day" if one.month is None else f"{one.month:%Y-%m}",
                one.currency,
                one.count,
                one.overdue,
                one.amount,
                one.expected,
            )
            for one in found.months
        ),
    )
    note(
        f"Learnt from {many(found.n, 'closed opportunity', 'closed opportunities')}."
        if found.n
        else "Nothing was closed yet: this rests on the rates that are stated."
    )


def show_cycle(found: Cycle) -> None:
    """Print how long selling took and what it cost."""
    days = "none was paid" if found.median_days is None else f"{found.median_days:.1f} days"
    say(
        f"won {found.won}, lost {found.lost}; from opening to payment: {days} (median)",
        f"won {amounts(found.amounts) or 'nothing'}; "
        f"spent {amounts(found.costs) or 'nothing'}, "
        f"for each that was won {amounts(found.cost_per_win) or 'nothing'}",
    )


def amounts(found: Mapping[str, Decimal]) -> str:
    """Write amounts of several currencies."""
    return ", ".join(money(amount, code) for code, amount in found.items())
