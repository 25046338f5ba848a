"""Whatever rows come, however often: what crmkit knows is what the table says."""

from __future__ import annotations

from typing import Any

import crmkit_dlt
import pytest
from dlt_kit import ORDERS, order
from hypothesis import given, settings
from hypothesis import strategies as st

import crmkit

pytestmark = pytest.mark.row("R55")
GONE = {"data_type": "bool", "hard_delete": True}
ROWS = st.builds(
    lambda number, item, whose, gone: order(
        number, Item=item, Mail=f"{whose}@example.com", gone=gone
    ),
    st.integers(1, 3),
    st.sampled_from(["tea", "coffee", None]),
    st.sampled_from(["ann", "bob"]),
    st.sampled_from([False, False, False, True]),
)
BATCHES = st.lists(st.tuples(st.lists(ROWS, min_size=1, max_size=5), st.integers(1, 3)), max_size=8)


def table(how: str) -> dict[str, Any]:
    columns: dict[str, Any] = {name: {} for name in order(1)}
    return {"name": "orders", "write_disposition": how, "columns": columns | {"gone": GONE}}


def known(crm: crmkit.CRM) -> dict[str, tuple[str | None, str]]:
    """Give what each order was for, and whose it is."""
    found = {}
    for whose in ("ann", "bob"):
        customer = crm.customers.find(email=f"{whose}@example.com")
        for one in crm.touchpoints.of(customer.id) if customer else ():
            assert one.id not in found
            found[one.id] = (one.item, whose)
    return found


@settings(max_examples=30, deadline=None)
@given(BATCHES)
def test_the_last_word_holds(batches: list[tuple[list[dict[str, Any]], int]]):
    """Batches that come once or more: each order says what its last row said, or is retracted."""
    said: dict[str, tuple[str | None, str]] = {}
    gone: set[str] = set()
    with crmkit.connect("memory://") as crm:
        into = crmkit_dlt.destination(crm, tables={"orders": crmkit_dlt.Touchpoints(ORDERS)})
        for rows, times in batches:
            for _ in range(times):
                into.intake.take(list(rows), table("merge"))
            for row in {row["No"]: row for row in rows}.values():  # the last of each
                id_ = str(row["No"])
                if row["gone"]:
                    gone |= {id_} & said.keys()
                    said.pop(id_, None)
                elif id_ not in gone:
                    said[id_] = (row["Item"], row["Mail"].partition("@")[0])
            assert known(crm) == said
            counts = into.intake.report["orders"]
            became = counts.new + counts.changed + counts.known + counts.deleted
            assert became + counts.skipped + counts.rejected == counts.rows


@settings(max_examples=20, deadline=None)
@given(BATCHES)
def test_the_first_word_holds_where_rows_are_appended(
    batches: list[tuple[list[dict[str, Any]], int]],
):
    """Batches that come once or more: each order says what its first row said, for good."""
    said: dict[str, tuple[str | None, str]] = {}
    with crmkit.connect("memory://") as crm:
        into = crmkit_dlt.destination(crm, tables={"orders": crmkit_dlt.Touchpoints(ORDERS)})
        for rows, times in batches:
            for _ in range(times):
                into.intake.take(list(rows), table("append"))
            for row in rows:
                said.setdefault(str(row["No"]), (row["Item"], row["Mail"].partition("@")[0]))
            assert known(crm) == said
