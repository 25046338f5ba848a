"""What was decided about customers: declines and overrides in force at an instant."""

from __future__ import annotations

import ibis

from crmkit import ValueModel
from crmkit_ibis.log import Log, Table

_KINDS = ("decline", "override", "reinstate")


def read_sayings(log: Log, model: ValueModel, at: int) -> Table:
    """Give a row for each ``root`` about whom something was decided.

    Its columns are ``declined{n}`` (1: he declined the model's nth indicator) and ``points{n}`` (a
    person set them); both NULL where nothing is in force. What is reinstated takes back all that
    was decided before it; of overrides whose end has not come the newest holds.
    """
    said = _said(log, at)
    made = said.group_by("root", "indicator").agg(
        back=said.seq.max(where=said.kind == "reinstate"),
        declined=said.seq.max(where=said.kind == "decline"),
        override=said.seq.max(where=(said.kind == "override") & said.lasting),
    )
    back = made.back.fill_null(-1)
    points = said.select(number="seq", points="points")
    held = made.select("root", "indicator", "override", "declined", back=back)
    held = held.left_join(points, held.override == points.number)
    held = held.select(
        "root",
        "indicator",
        is_declined=(held.declined > held.back).ifelse(1, 0),
        points=(held.override > held.back).ifelse(held.points, ibis.null("float64")),
    )
    columns = {}
    for place, indicator in enumerate(model.indicators):
        mine = held.indicator == indicator.name
        columns[f"declined{place}"] = held.is_declined.max(where=mine)
        columns[f"points{place}"] = held.points.max(where=mine)
    return held.group_by("root").agg(**columns)


def _said(log: Log, at: int) -> Table:
    """Give every such decision by then, of those who are still there."""
    made, read = log.decisions, log.dialect.text
    made = made.filter(made.kind.isin(_KINDS) & (made["at"] <= at))
    ids = log.customers.select(base="id", root="root")
    made = made.join(ids, made.customer == ids.base)
    until = read(made.body, "until").cast("int64")
    return made.select(
        "root",
        "seq",
        "kind",
        indicator=read(made.body, "indicator"),
        points=read(made.body, "points").cast("float64"),
        lasting=until.isnull() | (until > at),
    )
