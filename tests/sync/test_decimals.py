"""Numbers that a connector gives as `Decimal`, as the contract has it, are kept and compared."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import crmkit
from tests.sync.fake import CONTACTS, Shop
from tests.sync.kit import PLAIN, quiet, shop

TIMES = "1234567890123456789.25"


def leveled(owner: str) -> Shop:
    fields = PLAIN["fields"] | {"attributes": {"level": {"field": "Level", "owner": owner}}}
    return shop(fields=fields)


@pytest.mark.parametrize(
    ("told", "ours"), [("7.50", 7.5), ("0.1", 0.1), ("8.0", 8), ("1e3", 1000), (TIMES, TIMES)]
)
def test_a_decimal_comes_in_as_exactly_as_json_has_it(told: str, ours: Any) -> None:
    """What JSON would round is a text; neither goes back and forth."""
    one = leveled("newest")
    one.book.create(CONTACTS, {"Name": "Ann", "Email": "ann@example.com", "Level": Decimal(told)})
    one.run()
    quiet(one)
    ann = one.crm.customers.find(email="ann@example.com")
    assert ann is not None
    assert ann.custom["level"] == ours
    assert type(ann.custom["level"]) is type(ours)


def test_a_decimal_in_conflict_is_asked_about_and_decided() -> None:
    """The question is written down, and can be sent over JSON."""
    one = leveled("ask")
    record = one.book.create(
        CONTACTS, {"Name": "Ann", "Email": "ann@example.com", "Level": Decimal("1.5")}
    )
    one.run()
    ann = one.crm.customers.find(email="ann@example.com")
    assert ann is not None
    one.crm.customers.save(attrs.evolve(ann, custom={"level": 2.5}))
    one.book.update(CONTACTS, record.id, {"Level": Decimal("3.5")})
    plan = one.crm.sync.plan("crm")
    assert json.dumps(plan.to_dict())
    one.run()
    (conflict,) = one.crm.sync.conflicts("crm")
    assert (conflict.ours, conflict.theirs, conflict.took) == (2.5, 3.5, None)
    one.crm.sync.resolve("crm", conflict.id, take="theirs")
    quiet(one)
    assert one.crm.customers.get(ann.id).custom["level"] == 3.5


def test_a_column_of_numbers_is_kept_in_step(tmp_path: Path) -> None:
    """A file tells fractions as decimals."""
    (tmp_path / "customers.csv").write_text("id,mail,rate\n1,ann@example.com,7.50\n", "utf-8")
    (tmp_path / "customers.schema.toml").write_text('[fields.rate]\ntype = "number"\n', "utf-8")
    fields = {"email": "mail", "attributes": {"rate": "rate"}}
    rule = {"concept": "customers", "object": "customers", "match": "email", "fields": fields}
    section = {"type": "csv", "folder": str(tmp_path), "mapping": [rule]}
    with crmkit.connect("memory://", config={"connectors": {"office": section}}) as crm:
        assert crm.sync.run("office").created == 1
        assert crm.sync.run("office").written == 0
        ann = crm.customers.find(email="ann@example.com")
        assert ann is not None
        assert dict(ann.custom) == {"rate": 7.5}
    assert "7.50" in (tmp_path / "customers.csv").read_text("utf-8")
