"""Opportunities and the deals of a CRM are kept in step, by the funnel's own rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.sync.fake import Fake, Shop
from tests.sync.kit import quiet
from tests.sync.objects import ACCOUNTS, DEALS, DEALS_MAPPING, OBJECTS, ORGANISATIONS

PEOPLE = {"lin": {"name": "Lin"}, "wei": {"name": "Wei"}}


def shop_of(mapping: Any = DEALS_MAPPING, **section: Any) -> Shop:
    fake = Fake(fields=OBJECTS)
    users = {"lin": "u-lin", "wei": "u-wei"}
    return Shop(fake, mappings=(ORGANISATIONS, mapping), users=users, **section)


@pytest.fixture
def shop() -> Any:
    made = shop_of()
    yield made
    made.crm.close()


def deal(shop: Shop, **fields: Any) -> Any:
    acme = shop.crm.customers.find(email="a@x.example") or shop.save("Acme", "a@x.example")
    said = {"name": "Boiler", "amount": "880.50", "currency": "EUR", "owner": "lin"}
    return shop.crm.funnel.open(acme.id, **said | fields)


def only(shop: Shop) -> Any:
    (found,) = shop.book.live(DEALS)
    return found


def account(shop: Shop) -> str:
    return str(shop.book.live(ACCOUNTS)[0].id)


def ours(shop: Shop) -> Any:
    (acme,) = shop.crm.customers.search("Acme").items
    return {one.name: one for one in shop.crm.funnel.of(acme.id)}


def test_an_opportunity_goes_out_and_moves_with_every_step(shop: Shop) -> None:
    """In the CRM's words for stages and people, until it is won."""
    made = deal(shop, closes=date(2026, 6, 30), competition="high")
    shop.run()
    values = only(shop).values
    assert (values["Name"], values["Amount"], values["Currency"]) == ("Boiler", 880.5, "EUR")
    assert (values["Stage"], values["Owner"]) == ("Qualification", "u-lin")
    assert (values["Closes"], values["Fight"]) == ("2026-06-30", "high")
    assert values["Account"] == account(shop)
    shop.crm.funnel.move(made.id, "propose")
    shop.run()
    assert only(shop).values["Stage"] == "Proposal"
    shop.crm.funnel.move(made.id, "pay")
    shop.run()
    assert only(shop).values["Stage"] == "Closed Won"
    quiet(shop)


def test_one_that_is_lost_here_is_lost_there(shop: Shop) -> None:
    """Though lost is no stage of ours."""
    shop.crm.funnel.lose(deal(shop).id, reason="price")
    shop.run()
    assert only(shop).values["Stage"] == "Closed Lost"
    quiet(shop)


def test_a_deal_from_there_is_opened_here(shop: Shop) -> None:
    """By the connector, for who owns it there."""
    shop.save("Acme", "a@x.example")
    shop.run()
    values = {"Name": "Pump", "Amount": 12.5, "Currency": "USD", "Stage": "Needs"}
    more = {"Owner": "u-wei", "Account": account(shop), "Closes": "2026-05-01"}
    shop.book.create(DEALS, values | more)
    shop.run()
    one = ours(shop)["Pump"]
    assert (str(one.amount), one.currency, one.stage) == ("12.5", "USD", "confirm")
    assert (one.owner, one.closes, one.moves[0].by) == ("wei", date(2026, 5, 1), "crm")
    quiet(shop)


@pytest.mark.parametrize(("stage", "state"), [("Closed Won", "won"), ("Closed Lost", "lost")])
def test_what_is_closed_there_is_closed_here(shop: Shop, stage: str, state: str) -> None:
    """With a reason, whether we knew it before or not."""
    deal(shop)
    shop.run()
    shop.book.edit(DEALS, only(shop).id, Stage=stage, Amount=900)
    shop.book.create(DEALS, {"Name": "Old", "Stage": stage, "Account": account(shop)})
    shop.run()
    found = ours(shop)
    assert {one.state for one in found.values()} == {state}
    assert found["Boiler"].moves[-1].reason
    assert (str(found["Boiler"].amount), found["Boiler"].moves[-1].by) == ("900", "crm")
    quiet(shop)


def test_a_step_back_there_is_one_here_with_a_reason(shop: Shop) -> None:
    """The funnel asks for one."""
    shop.crm.funnel.move(deal(shop).id, "propose")
    shop.run()
    shop.book.edit(DEALS, only(shop).id, Stage="Needs")
    shop.run()
    one = ours(shop)["Boiler"]
    assert (one.stage, one.moves[-1].reason) == ("confirm", "changed in crm")
    quiet(shop)


def test_a_word_for_several_stages_moves_nothing(shop: Shop) -> None:
    """Only when another stage comes from there is ours moved."""
    shop.crm.funnel.move(deal(shop).id, "clarify")
    shop.run()
    shop.book.edit(DEALS, only(shop).id, Name="Boiler 2")
    shop.run()
    assert ours(shop)["Boiler 2"].stage == "clarify"
    quiet(shop)


def test_what_the_funnel_refuses_waits_with_its_reason(shop: Shop) -> None:
    """A second manager, a deal that was closed, one that is given to another customer."""
    made = deal(shop)
    shop.save("Beta", "b@x.example")
    shop.run()
    rival = {"Name": "Rival", "Owner": "u-wei", "Account": account(shop), "Amount": 1}
    new = shop.book.create(DEALS, rival)
    shop.run()
    (held,) = shop.crm.sync.quarantine("crm")
    assert (held.key, "side by side" in held.reason) == (new.id, True)
    shop.book.delete(DEALS, new.id)
    beta = next(one.id for one in shop.book.live(ACCOUNTS) if one.values["Name"] == "Beta")
    shop.book.edit(DEALS, only(shop).id, Account=beta)
    shop.run()
    (held,) = shop.crm.sync.quarantine("crm")
    assert (held.key, "stays with" in held.reason) == (made.id, True)
    shop.book.edit(DEALS, only(shop).id, Account=account(shop))
    shop.run()
    assert not shop.crm.sync.quarantine("crm")
    shop.crm.funnel.lose(made.id, reason="price")
    shop.run()
    shop.book.edit(DEALS, only(shop).id, Stage="Needs")
    shop.run()
    (held,) = shop.crm.sync.quarantine("crm")
    assert "was lost already" in held.reason
    assert shop.run().written == 0


def test_a_refused_deal_comes_in_once_it_may(shop: Shop) -> None:
    """On retry, though nothing of it has changed there."""
    made = deal(shop)
    shop.run()
    rival = {"Name": "Rival", "Owner": "u-wei", "Account": account(shop), "Amount": 1}
    shop.book.create(DEALS, rival)
    shop.run()
    shop.crm.funnel.lose(made.id, reason="price")
    shop.run(retry=True)
    assert ours(shop)["Rival"].owner == "wei"
    quiet(shop)


@pytest.mark.parametrize("rule", ["unlink", "erase"])
def test_a_deal_deleted_there(rule: str) -> None:
    """Stays open here, or is lost; it is never made there again."""
    shop = shop_of({**DEALS_MAPPING, "on_remote_delete": rule})
    deal(shop)
    shop.run()
    shop.book.delete(DEALS, only(shop).id)
    shop.run()
    one = ours(shop)["Boiler"]
    assert one.state == ("open" if rule == "unlink" else "lost")
    quiet(shop)
    assert not shop.book.live(DEALS)
    shop.crm.close()


def test_what_stands_on_both_sides_is_met_by_its_match(shop: Shop) -> None:
    """Among the deals of its customer."""
    deal(shop)
    acme = shop.book.create(ACCOUNTS, {"Name": "Acme", "Email": "a@x.example"})
    shop.book.create(DEALS, {"Name": "boiler", "Account": acme.id, "Stage": "Proposal"})
    shop.run()
    assert len(shop.book.live(DEALS)) == len(ours(shop)) == 1
    quiet(shop)


def test_deals_follow_a_merge_and_an_erasure(shop: Shop) -> None:
    """They are the keeper's there too, and go with him."""
    deal(shop)
    other = shop.save("Beta", "b@x.example")
    shop.run()
    beta = next(one.id for one in shop.book.live(ACCOUNTS) if one.values["Name"] == "Beta")
    (acme,) = shop.crm.customers.search("Acme").items
    shop.crm.customers.merge(other.id, acme.id, reason="one")
    shop.run()
    assert only(shop).values["Account"] == beta
    quiet(shop)
    shop.crm.customers.erase(other.id, reason="asked")
    shop.run()
    assert not shop.book.live(DEALS)
    quiet(shop)


@pytest.mark.parametrize("who", ["Acme", "Beta"])
def test_after_a_merge_was_taken_back_each_is_erased_with_his_own_deals(
    shop: Shop, who: str
) -> None:
    """No run has come by between."""
    deal(shop)
    other = shop.save("Beta", "b@x.example")
    shop.run()
    (acme,) = shop.crm.customers.search("Acme").items
    merged = shop.crm.customers.merge(other.id, acme.id, reason="one")
    shop.run()
    shop.crm.customers.unmerge(merged.id, reason="two")
    shop.crm.customers.erase((acme if who == "Acme" else other).id, reason="asked")
    shop.run()
    shop.run()
    (account,) = shop.book.live(ACCOUNTS)
    assert [one.values["Account"] for one in shop.book.live(DEALS)] == (
        [] if who == "Acme" else [account.id]
    )
    quiet(shop)


def test_state_and_stage_may_be_fields_of_their_own() -> None:
    """Then a lost one keeps the stage in which it was lost."""
    fields = {**DEALS_MAPPING["fields"], "state": {"field": "Currency"}}
    del fields["currency"]
    words = dict(fields["stage"]["values"])
    del words["lost"]
    fields["stage"] = {"field": "Stage", "values": words}
    shop = shop_of({**DEALS_MAPPING, "fields": fields})
    deal(shop)
    shop.run()
    shop.book.edit(DEALS, only(shop).id, Currency="lost")
    shop.run()
    assert ours(shop)["Boiler"].state == "lost"
    assert only(shop).values["Stage"] == "Qualification"
    quiet(shop)
    shop.crm.close()


def test_what_was_refused_here_is_not_overwritten_there(shop: Shop) -> None:
    """Lost here and won there: it waits for somebody, and nothing is sent meanwhile."""
    made = deal(shop)
    shop.run()
    shop.crm.funnel.lose(made.id, reason="price")
    shop.book.advance(timedelta(hours=1))
    shop.book.edit(DEALS, only(shop).id, Stage="Closed Won")
    shop.run()
    assert "was lost already" in shop.crm.sync.quarantine("crm")[0].reason
    assert only(shop).values["Stage"] == "Closed Won"
    quiet(shop)
    shop.book.edit(DEALS, only(shop).id, Stage="Closed Lost")
    shop.run()
    assert not shop.crm.sync.quarantine("crm")
    quiet(shop)
