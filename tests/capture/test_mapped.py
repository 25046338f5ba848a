"""Rows from elsewhere than a file: what a mapping makes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

import crmkit

SHOP: dict[str, Any] = {
    "source": "shop",
    "timezone": "Asia/Shanghai",
    "fields": {"id": "{No}", "kind": "purchase", "at": "{When}", "amount": "{Sum}"},
    "customer": {"email": "{Mail}"},
    "attributes": {"all": {"column": "Rest"}},
    "skip": [{"when": {"column": "Test", "equals": True}}],
}
BEIJING = timezone(timedelta(hours=8))


def test_rows_of_any_values_become_records():
    """Exact numbers stay exact where money is, and dates, UUIDs and decimals become JSON."""
    made = crmkit.map_touchpoints(SHOP | {"skip": []})
    number = UUID(int=7)
    rest = {"day": date(2026, 5, 1), "weights": [Decimal("1.10")], "id": number}
    row = {"No": 7, "When": datetime(2026, 5, 1, 10, tzinfo=BEIJING), "Sum": Decimal("0.10")}
    record = made(row | {"Mail": " ann@example.com ", "Rest": rest})
    assert record == {
        "id": 7,
        "kind": "purchase",
        "at": datetime(2026, 5, 1, 10, tzinfo=BEIJING),
        "amount": Decimal("0.10"),
        "customer": {"email": "ann@example.com"},
        "attributes": {"all": {"day": "2026-05-01", "weights": [1.1], "id": str(number)}},
    }


def test_what_the_mapping_knows_is_told():
    """Which columns it asks for, which are in local time, and whose records they are."""
    made = crmkit.map_touchpoints(SHOP)
    assert made.source == "shop"
    assert made.columns == {"No", "When", "Sum", "Mail", "Rest", "Test"}
    assert made.local == {"When"}
    assert crmkit.map_touchpoints(SHOP | {"timezone": "UTC"}).local == {"When"}
    del (plain := dict(SHOP))["timezone"]
    assert crmkit.map_touchpoints(plain).local == frozenset()
    own = {"fields": {"at": {"column": "Day", "timezone": "Europe/Berlin"}}}
    assert crmkit.map_touchpoints(own).local == {"Day"}


def test_local_time_is_read_in_the_zone_of_the_mapping():
    """A datetime without an offset, or the same as text, is local; one with an offset is not."""
    made = crmkit.map_touchpoints(SHOP)
    for local in (datetime(2026, 5, 1, 10), "2026-05-01T10:00:00"):  # noqa: DTZ001 - the point
        assert made({"When": local})["at"] == datetime(2026, 5, 1, 2, tzinfo=UTC)
    assert made({"When": "2026-05-01T10:00:00Z"})["at"] == datetime(2026, 5, 1, 10, tzinfo=UTC)


def test_without_tables_columns_are_named_like_fields():
    """As in JSON Lines without a mapping; what is not known stays for the attributes."""
    row = {"id": "v-1", "kind": "visit", "at": "2026-05-01T10:00:00Z", "email": "a@example.com"}
    made = crmkit.map_touchpoints()
    assert made.columns == frozenset()
    with crmkit.connect("memory://") as crm:
        report = crm.capture([made(row | {"room": Decimal("1.5")})], "desk")
        assert (report.new, report.rejected) == (1, ())
        ann = crm.customers.find(email="a@example.com")
        assert ann is not None
        assert crm.touchpoints.of(ann.id)[0].attributes == {"room": 1.5}


def test_customers_are_made():
    """With a mapping and without."""
    mapped = crmkit.map_customers({"fields": {"name": "{Firm}"}, "identities": {"crm": "{No}"}})
    plain = crmkit.map_customers()
    assert mapped({"Firm": "王小明茶行", "No": 1}) == plain(
        {"name": "王小明茶行", "identities.crm": 1}
    )
    refused = plain({"nmae": "Ann"})
    assert isinstance(refused, crmkit.Rejection)
    assert "did you mean 'name'" in refused.reason


def test_a_row_is_left_out_or_rejected_alone():
    """A row that the mapping skips is None; one that cannot be read says the field and why."""
    made = crmkit.map_touchpoints(SHOP)
    assert made({"Test": True}) is None
    refused = made({"No": 1, "When": "yesterday"})
    assert (refused.record, refused.field) == ({"No": 1, "When": "yesterday"}, "at")
    assert "yesterday" in refused.reason


@pytest.mark.parametrize("make", [crmkit.map_touchpoints, crmkit.map_customers])
def test_what_makes_no_sense_is_named(make: Any):
    """Unknown fields, and numbering of rows that come in any order."""
    with pytest.raises(crmkit.MappingError, match="unknown field 'nope'"):
        make({"fields": {"nope": "{A}"}})
    with pytest.raises(crmkit.MappingError, match="rows have no order"):
        make({"fields": {"kind": "{A}-{#}"}})
