"""A checkbox that cannot be empty: there no stands for what is nothing here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from crmkit.contracts.connector import Field, Result, Upsert
from tests.sync.fake import CONTACTS, FIELDS, Fake, Shop
from tests.sync.kit import PLAIN, customers, quiet, shop

FLAG = Field(name="Vip", type="flag", never_empty=True)


class Checked(Fake):
    """A CRM whose checkbox is yes or no, and which does not tell when it wrote."""

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        written = [attrs.evolve(one, values=self._checked(one)) for one in records]
        return [attrs.evolve(one, changed_at=None) for one in super().upsert(entity, written)]

    def _checked(self, one: Upsert) -> dict[str, Any]:
        usual = {} if one.remote_id else {"Vip": False}
        values = {**usual, **one.values}
        return values | {"Vip": values["Vip"] or False} if "Vip" in values else values


def checked(owner: str) -> Shop:
    fields = PLAIN["fields"] | {"attributes": {"vip": {"field": "Vip", "owner": owner}}}
    return shop(Checked(fields={CONTACTS: (*FIELDS, FLAG)}), fields=fields)


@pytest.mark.parametrize("owner", ["newest", "ours", "theirs", "ask"])
def test_no_comes_back_for_nothing_and_changes_nothing(owner: str) -> None:
    """Neither for whoever is made there, nor where two records meet."""
    one = checked(owner)
    one.save("Ann", "ann@example.com")
    one.save("Bo", "bo@example.com")
    one.book.create(CONTACTS, {"Name": "Bo", "Email": "bo@example.com", "Vip": False})
    one.run()
    quiet(one)
    assert [dict(found.custom) for found in customers(one)] == [{}, {}]


def test_yes_that_is_taken_back_here_is_no_there() -> None:
    """And does not come back as a change of theirs."""
    one = checked("newest")
    ann = one.save("Ann", "ann@example.com", custom={"vip": True})
    one.run()
    assert [found.values["Vip"] for found in one.theirs()] == [True]
    one.clock.advance(minutes=1)
    one.crm.customers.save(attrs.evolve(one.crm.customers.get(ann.id), custom={}))
    one.run()
    assert [found.values["Vip"] for found in one.theirs()] == [False]
    quiet(one)
    assert "vip" not in one.crm.customers.get(ann.id).custom


def test_yes_and_no_still_move_both_ways() -> None:
    """A yes from there fills nothing here; a no from there takes a yes here back."""
    one = checked("newest")
    ann = one.save("Ann", "ann@example.com")
    one.run()
    (record,) = one.theirs()
    for value in (True, False):
        one.book.update(CONTACTS, record.id, {"Vip": value})
        one.run()
        assert one.crm.customers.get(ann.id).custom["vip"] is value
    one.clock.advance(minutes=1)
    one.crm.customers.save(attrs.evolve(one.crm.customers.get(ann.id), custom={"vip": True}))
    one.run()
    assert [found.values["Vip"] for found in one.theirs()] == [True]
    quiet(one)
