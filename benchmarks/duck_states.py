"""The sums of everybody's value state over an exported log, written for DuckDB by hand.

What somebody would write who knows DuckDB, the default model and the firm of `benchmarks.exported`:
nothing is looked for among attributes, which its records have none of. The columns are named as
crmkit's engine names them, so that both can be laid side by side.
"""

from __future__ import annotations

from benchmarks.duck import RATING, ByHand
from benchmarks.duck_log import faded, spans
from crmkit import Indicator, ValueModel
from crmkit.clock import span
from crmkit.model.touchpoint import OUTBOUND_KINDS, TWO_WAY_KINDS

_READ = """recorded, direction, item, rating, currency, amount::DOUBLE AS amount,
            margin::DOUBLE AS margin, quantity::DOUBLE AS quantity"""
_MONEY = ("amount", "margin")


def query(model: ValueModel) -> str:
    """Give the statement that gives everybody's sums at the end of the firm's three years."""
    own = f"coalesce(currency, '{model.currency}') = '{model.currency}'"
    bought = "kind IN ('purchase', 'return', 'refund')"
    his = f"direction = 'in' OR direction IS NULL AND kind NOT IN {_listed(OUTBOUND_KINDS)}"
    columns = [
        "min(happened) AS first, max(happened) AS newest, max(epoch_us(recorded)) AS recorded",
        f"max(happened) FILTER (WHERE {his}) AS own",
        f"max(happened) FILTER (WHERE kind IN {_listed(TWO_WAY_KINDS - {'purchase'})}) AS contact",
        "list(happened) FILTER (WHERE kind = 'purchase') AS bought",
        f"sum(amount) FILTER (WHERE {bought} AND currency = '{model.currency}') AS revenue",
    ]
    elsewhere = [f"count(*) FILTER (WHERE {bought}) AS times, sum(amount) AS paid"]
    for place, one in enumerate(model.indicators):
        if one.within or one.measure == "breadth":
            continue
        columns += _sums(model, place, one, own if one.field in _MONEY else None)
        if one.field in _MONEY:
            elsewhere += _sums(model, place, one, None)
    return f"""
    WITH {faded(model, _READ)},
    summed AS (SELECT customer, {", ".join(columns)} FROM faded GROUP BY customer),
    broad AS (
        SELECT customer, sum(times) AS n1, list(item) AS seen1, list(newest) AS when1
        FROM (
            SELECT customer, item, count(*) AS times, max(happened) AS newest
            FROM log WHERE kind = 'purchase' AND item IS NOT NULL GROUP BY customer, item
        ) GROUP BY customer
    ),
    elsewhere AS (
        SELECT customer, list(money) AS elsewhere FROM (
            SELECT customer, currency, {", ".join(elsewhere)}
            FROM faded WHERE currency <> '{model.currency}' GROUP BY customer, currency
        ) money GROUP BY customer
    )
    SELECT * FROM summed LEFT JOIN broad USING (customer) LEFT JOIN elsewhere USING (customer)
    ORDER BY customer
    """  # noqa: S608 - made of the model's own numbers


def _sums(model: ValueModel, place: int, one: Indicator, within: str | None) -> list[str]:
    """Give an indicator's columns: decayed sums are those of its newest instant."""
    fade = f"fade{spans(model).index(span(one.half_life))}"
    number = {"satisfaction": RATING}.get(one.name, one.field)
    terms = [f"kind IN {_listed(one.kinds)}", within]
    counted = " AND ".join(filter(None, [*terms, number and f"{number} IS NOT NULL"]))
    chance = f"kind IN {_listed(one.opportunity)}" if one.opportunity else None
    since = "since" if one.measure == "sum" else "happened"
    either = f"{counted} OR {chance}" if one.measure == "rate" else counted
    newest = f"max({since}) FILTER (WHERE {either})"
    columns = {"n": f"count(*) FILTER (WHERE {counted})", "ref": newest}
    if chance:
        columns["chance"] = f"count(*) FILTER (WHERE {chance})"
    if one.measure == "sum":
        columns["last"] = f"max(happened) FILTER (WHERE {counted})"
    later = f"exp(({ByHand(model).now} - {newest}) * (ln(2.0) / {span(one.half_life)}))"
    if one.measure != "recency":
        added = fade if one.measure in ("count", "rate") else f"{number} * {fade}"
        columns["a"] = f"sum({added}) FILTER (WHERE {counted}) * {later}"
    if one.measure in ("mean", "rate"):
        among = chance if one.measure == "rate" else counted
        columns["b"] = f"sum({fade}) FILTER (WHERE {among}) * {later}"
    return [f"{text} AS {name}{place}" for name, text in columns.items()]


def _listed(kinds: frozenset[str]) -> str:
    return "(" + ", ".join(f"'{kind}'" for kind in sorted(kinds)) + ")"
