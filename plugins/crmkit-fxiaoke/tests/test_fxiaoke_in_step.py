"""A whole CRM of ours and a whole company of theirs, kept in step by the engine."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest
from fxiaoke_kit import deeds
from fxiaoke_shop import Shop, writes

from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.fxiaoke import Fxiaoke

pytestmark = pytest.mark.row("R280")


@pytest.fixture
def shop(company: Fxiaoke) -> Iterator[Shop]:
    made = Shop(company)
    yield made
    made.crm.close()


def test_each_customer_is_one_call_and_the_second_run_writes_nothing(shop: Shop):
    """As the plan has said, with the time that the limits leave."""
    for number in range(30):
        shop.save(number, owner="lin", custom={"employees": number})
    plan = shop.crm.sync.plan("sales")
    assert (len(plan.creates), plan.calls) == (30, 30)
    shop.run()
    assert writes(shop.company) == ["create"] * 30
    made = shop.book.live("AccountObj")[7].values
    assert (made["owner"], made["record_type"]) == (["FSUID_LIN"], "default__c")
    shop.run()
    assert writes(shop.company) == []
    assert len(deeds(shop.company)) <= 2


def test_the_plan_tells_how_long_a_run_takes(company: Fxiaoke):
    """By 100 calls in 20 seconds, before anything is written."""
    shop = Shop(company, limits={"per_second": 5, "burst": 100})
    for number in range(230):
        shop.save(number)
    plan = shop.crm.sync.plan("sales")
    assert (plan.calls, plan.seconds) == (230, 40)
    assert company.book.of("AccountObj") == {}
    shop.crm.close()


def test_edits_go_both_ways(shop: Shop):
    """One call for each of ours, none for theirs; what did not change is not sent."""
    kept = [shop.save(number, owner="lin") for number in range(10)]
    shop.run()
    ids = shop.theirs()
    for customer in kept[:3]:
        stored = shop.crm.customers.get(customer.id)
        shop.crm.customers.save(attrs.evolve(stored, name=f"{stored.name}（新）"))
    for name in ("客户5", "客户6"):
        shop.book.edit("AccountObj", ids[name], name=f"{name}改", owner=["FSUID_ADMIN"])
    shop.run()
    assert writes(shop.company) == ["update"] * 3
    sent = [call.json() for call in shop.company.calls if call.path.endswith("/update")]
    assert {*sent[0]["data"]["object_data"]} == {"_id", "dataObjectApiName", "name"}
    names = {shop.crm.customers.get(one.id).name for one in kept}
    assert {"客户5改", "客户6改"} <= names
    assert shop.crm.customers.get(kept[5].id).owner == "admin"
    shop.run()
    assert writes(shop.company) == []


def test_deleting_goes_both_ways(shop: Shop):
    """Ours is voided there; what they void is never made again, nor what they delete for good."""
    kept = [shop.save(number) for number in range(6)]
    shop.run()
    ids = shop.theirs()
    shop.crm.customers.erase(kept[0].id, reason="his wish")
    shop.book.delete("AccountObj", ids["客户1"])
    shop.book.forget("AccountObj", ids["客户2"])
    shop.run()
    assert writes(shop.company) == ["invalid"]
    assert set(shop.theirs()) == {"客户3", "客户4", "客户5"}
    shop.book.advance(timedelta(days=2))
    for customer in kept[1:3]:
        stored = shop.crm.customers.get(customer.id)
        shop.crm.customers.save(attrs.evolve(stored, name="还在"))
    shop.run()
    assert writes(shop.company) == []
    assert len(shop.theirs()) == 3


def test_nobody_is_made_twice_where_the_connection_breaks(shop: Shop):
    """In the middle of a run: the engine looks before it makes him again."""
    for number in range(5):
        shop.save(number)
    shop.company.fail(Fault(cut=True, on="create"), Fault(cut=True, on="create"))
    shop.run()
    shop.run()
    assert sorted(shop.theirs()) == [f"客户{n}" for n in range(5)]
    assert len(shop.book.live("AccountObj")) == 5
    shop.run()
    assert writes(shop.company) == []


def test_who_is_refused_waits_in_quarantine(shop: Shop):
    """With the platform's words; the others go over."""
    for number in range(3):
        shop.save(number)
    told = {"errorCode": 32000, "errorMessage": "名称(name)与已有客户重复"}
    shop.company.fail(Fault(answer=Answer(told), on="create"))
    shop.run()
    (held,) = shop.crm.sync.quarantine("sales")
    assert (held.code, held.field) == ("32000", "name")
    assert "重复" in held.reason
    assert len(shop.theirs()) == 2
    shop.run(retry=True)
    assert len(shop.theirs()) == 3


def test_a_push_is_read_at_once(shop: Shop):
    """Their edit is here before the next run; a lost push is caught by that."""
    kept = [shop.save(number) for number in range(2)]
    shop.run()
    ids = shop.theirs()
    shop.book.advance(timedelta(minutes=1))
    for name in ids:
        shop.book.edit("AccountObj", ids[name], name=f"{name}改")
    body = shop.company.push("AccountObj", ids["客户0"])
    response = shop.crm.sync.receive("sales", {}, body, method="POST", url="/push")
    assert response.body == b"success"
    shop.crm.sync.wait(10)
    assert shop.crm.customers.get(kept[0].id).name == "客户0改"
    shop.run()
    assert shop.crm.customers.get(kept[1].id).name == "客户1改"


def test_it_is_checked_before_a_run(shop: Shop, company: Fxiaoke):
    """All is well; a field that is gone is named."""
    find: Callable[[], Any] = lambda: shop.crm.sync.doctor("sales")  # noqa: E731 - asked twice
    assert [one for one in find() if one.fatal] == []
    del company.fields["AccountObj"]["tel"]
    assert any("tel" in one.what for one in find())
