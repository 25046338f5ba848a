"""Real pipelines: what they bring, once and exactly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import crmkit_dlt
import dlt
import pytest
from dlt_kit import CLIENTS, ORDERS, TABLES, order, orders, said, table

import crmkit

pytestmark = pytest.mark.row("R55", "R59")
NUMBERS: Any = dlt.sources.incremental("No", initial_value=0)
BEIJING = timezone(timedelta(hours=8))


def test_a_source_feeds_touchpoints_and_customers(run: Any, url: str):
    """Orders become touchpoints of customers, and clients customers, by the same keys."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    clients = table("clients", [{"No": 17, "Name": "Ann Lee", "Mail": "ann@example.com"}])
    run([orders(order(1), order(2, Sum=Decimal("0.10"))), clients], into)
    assert [(one.id, one.source, one.amount) for one in said(url)] == [
        ("1", "shop", Decimal("12.50")),
        ("2", "shop", Decimal("0.10")),
    ]
    with crmkit.connect(url) as crm:
        ann = crm.customers.find(shop="17")
        assert ann is not None
        assert (ann.name, len(crm.touchpoints.of(ann.id))) == ("Ann Lee", 2)
    report = into.intake.report
    assert (report["orders"].rows, report["orders"].new, report["clients"].rows) == (2, 2, 1)


def test_a_second_run_delivers_nothing_twice(run: Any, url: str):
    """What dlt's incremental state passes over is not delivered; what comes anyway is known."""

    @dlt.resource(name="orders", write_disposition="append")
    def growing(seen: Any = NUMBERS) -> Iterator[Any]:
        start = seen.last_value
        yield from (order(number) for number in range(1, start + 4))

    into = crmkit_dlt.destination(url, tables=TABLES)
    run(growing(), into)
    assert into.intake.report["orders"].rows == 3
    run(growing(), into)
    assert (into.intake.report["orders"].rows, into.intake.report["orders"].new) == (6, 6)
    run(growing(), into, "another")  # a pipeline that remembers nothing
    assert (into.intake.report["orders"].rows, into.intake.report["orders"].new) == (9, 6)
    assert len(said(url)) == 6


def test_numbers_are_exact(run: Any, url: str):
    """Decimals, text and large numbers come digit by digit; nested numbers as JSON."""
    amounts = [Decimal("123456789012345678.123456789"), Decimal("0.1"), Decimal("1.10")]
    mapping = ORDERS | {"attributes": {"cart": {"column": "Cart"}}}
    tables = {"orders": crmkit_dlt.Touchpoints(mapping)}
    rows = [order(n, Sum=one, Cart={"lines": [{"n": 1}]}) for n, one in enumerate(amounts, 1)]
    run(orders(*rows), crmkit_dlt.destination(url, tables=tables))
    found = said(url)
    assert [one.amount for one in found] == amounts
    assert str(found[2].amount) == "1.10"
    assert found[0].attributes == {"cart": {"lines": [{"n": 1}]}}


@pytest.mark.parametrize(
    ("when", "hint"),
    [
        ("2026-05-01T10:00:00+08:00", None),
        (datetime(2026, 5, 1, 10, tzinfo=BEIJING), None),
        ("2026-05-01T02:00:00Z", None),
        ("2026-05-01T10:00:00", {"data_type": "text"}),
        ("2026-05-01T10:00:00", {"data_type": "timestamp", "timezone": False}),
        (datetime(2026, 5, 1, 10), {"data_type": "timestamp", "timezone": False}),  # noqa: DTZ001
    ],
)
def test_a_source_in_another_zone(run: Any, url: str, when: Any, hint: Any):
    """Offsets are kept to; local times are read in the mapping's zone where they come as such."""
    mapping = ORDERS | ({"timezone": "Asia/Shanghai"} if hint else {})
    tables = {"orders": crmkit_dlt.Touchpoints(mapping)}
    into = crmkit_dlt.destination(url, tables=tables, strict=True)
    run(orders(order(1, When=when), columns={"When": hint} if hint else {}), into)
    assert said(url)[0].at == datetime(2026, 5, 1, 2, tzinfo=UTC)


def test_local_times_that_dlt_took_for_utc_are_refused(run: Any, url: str):
    """A zone in the mapping that would come too late stops the load, with the cure."""
    tables = {"orders": crmkit_dlt.Touchpoints(ORDERS | {"timezone": "Asia/Shanghai"})}
    into = crmkit_dlt.destination(url, tables=tables)
    with pytest.raises(Exception, match="dlt took 'When' for UTC") as error:
        run(orders(order(1, When="2026-05-01T10:00:00")), into)
    assert '"data_type": "text"' in str(error.value)
    assert said(url) == []


def test_values_of_any_type_are_kept(run: Any, url: str):
    """Without a mapping columns are named like fields, and others are attributes."""
    row = {"id": "v-1", "kind": "visit", "at": datetime(2026, 5, 1, tzinfo=UTC)}
    row |= {"email": "ann@example.com", "day": date(2026, 5, 1), "weight": Decimal("1.5")}
    row |= {"tags": ["a", {"b": Decimal("2.5")}], "名": "王小明\n🙂", "none": None}
    tables = {"visits": crmkit_dlt.Touchpoints(source="desk")}
    run(table("visits", [row]), crmkit_dlt.destination(url, tables=tables, strict=True))
    (visit,) = said(url)
    assert visit.source == "desk"
    assert visit.attributes == {
        "day": "2026-05-01",
        "weight": 1.5,
        "tags": ["a", {"b": 2.5}],
        "名": "王小明\n🙂",
    }


def test_many_files_and_threads(run: Any, url: str, monkeypatch: pytest.MonkeyPatch):
    """Several jobs at once, of several tables and many files, lose and double nothing."""
    monkeypatch.setenv("NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS", "50")
    monkeypatch.setenv("NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS", "50")
    made = {f"t{n}": crmkit_dlt.Touchpoints(ORDERS, source=f"s{n}") for n in range(4)}
    into = crmkit_dlt.destination(url, tables=made, batch_size=20)
    rows = [order(n, Mail=f"c{n % 7}@example.com") for n in range(300)]
    run([table(name, list(rows)) for name in made], into)
    assert {name: one.new for name, one in into.intake.report.items()} == dict.fromkeys(made, 300)
    assert len(said(url, "c1@example.com")) == 4 * 43


def test_an_open_workspace_may_be_given(run: Any):
    """The host's own stays open."""
    with crmkit.connect("memory://") as crm:
        run(orders(order(1)), crmkit_dlt.destination(crm, tables=TABLES))
        assert crm.customers.find(email="ann@example.com") is not None


def test_the_schema_contract_is_dlts(run: Any, url: str):
    """A column that a contract discards never arrives."""
    tables = {"visits": crmkit_dlt.Touchpoints(source="desk")}
    into = crmkit_dlt.destination(url, tables=tables)
    first = {"id": "1", "kind": "visit", "at": "2026-05-01T00:00:00Z", "email": "ann@example.com"}
    run(table("visits", [first]), into)
    contract = {"columns": "discard_value"}
    later = table("visits", [first | {"id": "2", "secret": "x"}], schema_contract=contract)
    run(later, into)
    assert [one.attributes for one in said(url)] == [{}, {}]


def test_customers_change_and_stay(run: Any, url: str):
    """A row that comes again changes what it says; a deleted one keeps the customer."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    gone = {"gone": {"hard_delete": True}}
    hints: dict[str, Any] = {"write_disposition": "merge", "primary_key": "No", "columns": gone}
    ann = {"No": 17, "Name": "Ann", "Mail": "ann@example.com", "gone": None}
    run(table("clients", [ann, {"No": 18, "Name": "王"}], **hints), into)
    run(table("clients", [ann | {"Name": "Ann Lee"}, {"No": 18, "gone": "x"}], **hints), into)
    counts = into.intake.report["clients"]
    assert (counts.new, counts.changed, counts.kept, counts.deleted) == (2, 1, 1, 0)
    with crmkit.connect(url) as crm:
        assert {one.name for one in crm.customers.search().items} == {"Ann Lee", "王"}


def test_customers_are_erased_where_that_is_asked_for(run: Any, url: str):
    """By his id, and by nobody else's address; once more changes nothing."""
    tables = {"clients": crmkit_dlt.Customers(CLIENTS, on_delete="erase")}
    into = crmkit_dlt.destination(url, tables=tables)
    gone = {"gone": {"data_type": "bool", "hard_delete": True}}
    hints: dict[str, Any] = {"write_disposition": "merge", "primary_key": "No", "columns": gone}
    run(table("clients", [{"No": 17, "Name": "Ann"}, {"No": 18, "Name": "Bob"}], **hints), into)
    for _ in range(2):
        run(table("clients", [{"No": 17, "gone": True}, {"No": 18, "gone": False}], **hints), into)
    counts = into.intake.report["clients"]
    assert (counts.deleted, counts.rejected) == (1, 0)
    with crmkit.connect(url) as crm:
        assert [one.name for one in crm.customers.search().items] == ["Bob"]
