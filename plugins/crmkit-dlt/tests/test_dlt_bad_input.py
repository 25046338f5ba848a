"""What cannot be taken is told, and costs nothing else."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import crmkit_dlt
import dlt
import pytest
from dlt_kit import ORDERS, TABLES, order, orders, said, table

import crmkit

pytestmark = pytest.mark.row("R55")


def test_a_bad_row_costs_only_itself(run: Any, url: str, caplog: pytest.LogCaptureFixture):
    """It is counted and logged with field and reason; the others are in."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    rows = [order(1), order(2, When="yesterday"), order(3, Mail=None), order(4)]
    run(orders(*rows), into)
    assert [one.id for one in said(url)] == ["1", "4"]
    counts = into.intake.report["orders"]
    assert (counts.rows, counts.new, counts.rejected) == (4, 2, 2)
    told = "\n".join(caplog.messages)
    assert "table orders: a row was rejected: at " in told
    assert "'yesterday'" in told  # dlt had moved it into a column of its own
    assert "customer is required" in told


def test_the_log_is_not_flooded(run: Any, url: str, caplog: pytest.LogCaptureFixture):
    """Ten rejections of a table are logged one by one, then the count."""
    into = crmkit_dlt.destination(url, tables=TABLES, batch_size=7)
    run(orders(*(order(n, Mail=None) for n in range(50))), into)
    lines = [one for one in caplog.messages if "a row was rejected" in one]
    assert len(lines) == 10
    assert lines[-1].endswith("further ones are only counted")
    assert "table orders so far: 50 rows, 50 rejected" in caplog.messages


def test_a_callback_gets_every_rejection(run: Any, url: str):
    """With the table, the record, the field and the reason; and may ask how far it is."""
    told: list[tuple[str, Any, str]] = []

    def on_reject(table_: str, one: crmkit.Rejection) -> None:
        told.append((table_, one.record, one.field))
        assert into.intake.report["orders"].rejected > 0

    into = crmkit_dlt.destination(url, tables=TABLES, on_reject=on_reject)
    run(orders(order(1, When="yesterday")), into)
    assert [(name, field) for name, _, field in told] == [("orders", "at")]
    assert told[0][1]["No"] == 1


def test_unmapped_tables_are_named_before_anything_is_written(run: Any, url: str):
    """All of them, and what to do; nothing is written, and nothing is lost once it is said."""
    source = [orders(order(1)), table("items", [{"a": 1}]), table("logs", [{"b": 1}])]
    with pytest.raises(Exception, match="does not say what 'items', 'logs' are") as error:
        run(source, crmkit_dlt.destination(url, tables=TABLES))
    assert isinstance(error.value.__cause__, crmkit_dlt.UnmappedTableError)
    assert error.value.__cause__.tables == ("items", "logs")
    assert said(url) == []
    ignored = {"items": crmkit_dlt.Ignored(), "logs": crmkit_dlt.Ignored()}
    into = crmkit_dlt.destination(url, tables=TABLES | ignored)
    run(orders(), into)
    assert len(said(url)) == 1
    assert set(into.intake.report) == {"orders"}


def test_nested_lists_make_no_tables(run: Any, url: str):
    """They stay in their row, whatever the source wants."""

    @dlt.source(max_table_nesting=3)
    def shop() -> Any:
        return orders(order(1, Lines=[{"item": "T1"}, {"item": "T2"}]))

    mapping = ORDERS | {"attributes": {"lines": {"column": "Lines"}}}
    tables = {"orders": crmkit_dlt.Touchpoints(mapping)}
    run(shop(), crmkit_dlt.destination(url, tables=tables))
    assert said(url)[0].attributes == {"lines": [{"item": "T1"}, {"item": "T2"}]}


def test_a_column_that_never_came_is_named(run: Any, url: str, caplog: pytest.LogCaptureFixture):
    """In the log, since a source may leave out what is empty; strict, as an error."""
    mapping = ORDERS | {"attributes": {"room": "{Romo}"}}
    tables = {"orders": crmkit_dlt.Touchpoints(mapping)}
    run(orders(order(1, Room="blue")), crmkit_dlt.destination(url, tables=tables))
    assert "table 'orders' has no column 'Romo'" in "\n".join(caplog.messages)
    assert len(said(url)) == 1
    with pytest.raises(Exception, match="no column 'Romo'"):
        run(orders(order(2)), crmkit_dlt.destination(url, tables=tables, strict=True), "other")


@pytest.mark.parametrize(
    ("settings", "error", "said_"),
    [
        ({"tables": {}}, crmkit.ConfigError, "tables must say what each table is"),
        ({"tables": ["orders"]}, crmkit.ConfigError, "tables must say"),
        ({"tables": {"orders": "touchpoints"}}, crmkit.ConfigError, "'orders' must be Touchpoints"),
        ({"tables": TABLES, "batch_size": 0}, crmkit.ConfigError, "batch_size"),
        (
            {"tables": {"o": crmkit_dlt.Touchpoints({"fields": {"nope": "{A}"}})}},
            crmkit.MappingError,
            "unknown field 'nope'",
        ),
        (
            {"tables": {"o": crmkit_dlt.Touchpoints({"fields": {"id": "{A}-{#}"}})}},
            crmkit.MappingError,
            "rows have no order",
        ),
        (
            {"tables": {"o": crmkit_dlt.Customers("no-such.toml")}},
            crmkit.MappingError,
            "no-such.toml",
        ),
    ],
)
def test_what_makes_no_sense_is_named_at_once(
    settings: dict[str, Any], error: type[Exception], said_: str
):
    """When the destination is made, before any source is read."""
    with pytest.raises(error, match=said_):
        crmkit_dlt.destination("memory://", **settings)


def test_deleting_is_said_in_words_that_are_known():
    """Only what is known."""
    with pytest.raises(crmkit.ConfigError, match="on_delete must be keep or erase"):
        crmkit_dlt.Customers(on_delete="forget")
    with crmkit.connect("memory://") as crm, pytest.raises(crmkit.ConfigError, match="open CRM"):
        crmkit_dlt.destination(crm, tables=TABLES, workspace="other")


def test_dlt_is_imported_only_where_it_is_used():
    """A host that has the plugin installed pays nothing for it."""
    code = "import sys, crmkit_dlt; print('dlt' in sys.modules)"
    path = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=path
    )
    assert done.stdout.strip() == "False"


def test_a_pipeline_can_be_looked_at_without_its_mapping(run: Any, url: str, tmp_path: Any):
    """Attaching to a pipeline makes a destination that loads nothing."""
    run(orders(order(1)), crmkit_dlt.destination(url, tables=TABLES))
    attached = dlt.attach("shop", pipelines_dir=str(tmp_path / "dlt"))
    assert "orders" in attached.default_schema.tables
    logging.getLogger("dlt").setLevel(logging.CRITICAL)
    with pytest.raises(Exception, match=r"make it by crmkit_dlt.destination"):
        attached.run(orders(order(2)))
