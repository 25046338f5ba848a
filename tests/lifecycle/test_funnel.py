"""Opportunities: what may be done with them, and what never may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crmkit.errors import (
    ConfigError,
    CustomerMerged,
    CustomerNotFound,
    DecisionNotFound,
    InvalidValueError,
    RefusedError,
    TouchpointNotFound,
)
from crmkit.lifecycle.funnel.policy import STAGES_ZH
from crmkit.model.sales import FUNNEL_STAGES, Opportunity
from tests.lifecycle.firm import Firm, firm


@pytest.fixture(params=["memory://", "sqlite://"])
def shop(request: pytest.FixtureRequest) -> Iterator[Firm]:
    with firm(url=request.param) as opened:
        opened.save("ann")
        yield opened


def sell(shop: Firm, whom: str = "ann", owner: str | None = "lin", **fields: Any) -> Opportunity:
    facts = {"name": "tea for the canteen", "amount": "1200.50", "currency": "CNY", **fields}
    return shop.crm.funnel.open(whom, owner=owner, **facts)


def end(shop: Firm, name: str) -> None:
    ending = shop.lifecycle.end(name, reason="broke_rules", by="lin")
    shop.lifecycle.approve(ending.id, by="boss")


@pytest.mark.row("R82")
def test_an_opportunity_goes_through_the_eight_stages(shop: Firm):
    """Each stage has the documents' own name; the last one closes it as won."""
    names = "见到客户 发现机会 确认机会 明确需求 方案报价 客户承诺 验收 收款"
    assert " ".join(STAGES_ZH[stage] for stage in FUNNEL_STAGES) == names
    found = sell(shop, closes=date(2026, 2, 1), source="fair", competitors=["rival"])
    assert (found.stage, found.state, found.amount) == ("meet", "open", Decimal("1200.50"))
    for stage in FUNNEL_STAGES[1:]:
        shop.wait(2)
        assert found.due is not None
        found = shop.crm.funnel.move(found.id, stage, by="lin")
    assert (found.state, found.closed_at, found.due) == ("won", shop.now, None)
    assert [move.stage for move in found.moves] == list(FUNNEL_STAGES)
    assert {move.by for move in found.moves[1:]} == {"lin"}
    assert shop.crm.funnel.opportunity(found.id) == found == shop.crm.funnel.of("ann")[0]
    assert Opportunity.from_dict(found.to_dict()) == found
    assert shop.crm.funnel.list() == ()
    assert shop.crm.funnel.list(state="won", stage="pay", owner="lin") == (found,)


def test_skipped_stages_are_noted_and_a_way_back_needs_a_reason(shop: Firm):
    """Nothing is left out in silence; whoever goes back says why."""
    found = sell(shop, stage="discover")
    assert found.moves[0].skipped == ("meet",)
    found = shop.crm.funnel.move(found.id, "propose")
    assert found.moves[-1].skipped == ("confirm", "clarify")
    with pytest.raises(RefusedError, match="only with a reason"):
        shop.crm.funnel.move(found.id, "confirm")
    with pytest.raises(RefusedError, match="stands at 'propose' already"):
        shop.crm.funnel.move(found.id, "propose")
    found = shop.crm.funnel.move(found.id, "confirm", reason="his budget is gone")
    assert (found.stage, found.moves[-1].reason) == ("confirm", "his budget is gone")
    assert found.furthest == FUNNEL_STAGES.index("propose")


@pytest.mark.parametrize("way", ["pay", "lose"])
def test_what_is_closed_stays_closed(shop: Firm, way: str):
    """Neither moved, nor lost, nor changed; its costs may still come in."""
    funnel, found = shop.crm.funnel, sell(shop)
    if way == "pay":
        funnel.move(found.id, "pay")
    else:
        lost = funnel.lose(found.id, reason="too dear", competitor="rival")
        assert (lost.state, lost.lost_to, lost.competitors) == ("lost", "rival", ("rival",))
    for call in (
        lambda: funnel.move(found.id, "commit", reason="again"),
        lambda: funnel.lose(found.id, reason="again"),
        lambda: funnel.update(found.id, name="coffee"),
        lambda: funnel.note(found.id, "late"),
    ):
        with pytest.raises(RefusedError, match="already"):
            call()
    assert funnel.spend(found.id, "80", "CNY", what="travel", by="lin").costs[0].by == "lin"


@pytest.mark.row("R25")
def test_a_second_manager_is_refused_unless_he_shares(shop: Firm):
    """The refusal names both; who sells beside another says why."""
    first = sell(shop)
    assert sell(shop, owner="lin").id != first.id
    with pytest.raises(RefusedError, match="lin and wang") as caught:
        sell(shop, owner="wang")
    assert vars(caught.value)["owners"] == ("lin", "wang")
    with pytest.raises(InvalidValueError, match="reason"):
        sell(shop, owner="wang", shared=True)
    joint = sell(shop, owner="wang", shared=True, reason="the engineers are wang's")
    assert joint.shared == "the engineers are wang's"
    assert shop.crm.funnel.collisions() == ()
    with pytest.raises(RefusedError, match="lin and wang"):
        shop.crm.funnel.update(joint.id, shared=False)
    with pytest.raises(RefusedError, match="lin and wang"):
        shop.crm.funnel.update(first.id, owner="wang")


@pytest.mark.row("R25")
def test_a_merge_that_brings_two_managers_together_is_listed(shop: Firm):
    """What nobody could refuse is shown, until it is shared, handed over or closed."""
    shop.save("ann2")
    one, two = sell(shop), sell(shop, "ann2", "wang")
    shop.crm.customers.merge("ann", "ann2", reason="one and the same")
    (found,) = shop.crm.funnel.collisions()
    assert (found.customer_id, found.owners) == ("ann", ("lin", "wang"))
    assert found.opportunities == (one.id, two.id)
    assert shop.crm.funnel.of("ann") == (one, two)
    with pytest.raises(CustomerMerged):
        sell(shop, "ann2")
    with pytest.raises(RefusedError, match="wang"):
        sell(shop)
    assert shop.crm.funnel.point(two.id).customer_id == "ann"
    shop.crm.funnel.update(two.id, shared=True, reason="both know him")
    assert shop.crm.funnel.collisions() == ()


def test_nothing_is_sold_after_the_end(shop: Firm):
    """No opportunity is opened or moved on; it can be given up, and what was accepted is paid."""
    shop.buyer("bob", 10)
    accepted, early = sell(shop, "bob", stage="accept"), sell(shop, "bob")
    end(shop, "bob")
    with pytest.raises(RefusedError, match="was ended"):
        sell(shop, "bob")
    with pytest.raises(RefusedError, match="was ended"):
        shop.crm.funnel.move(early.id, "commit")
    with pytest.raises(RefusedError, match="was ended"):
        shop.crm.funnel.move(early.id, "pay")
    assert shop.crm.funnel.lose(early.id, reason="the relationship was ended").state == "lost"
    assert shop.crm.funnel.move(accepted.id, "pay").state == "won"


def test_a_purchase_is_linked_and_never_made_up(shop: Firm):
    """Only a purchase of his that the log holds; merged ids count as his."""
    shop.save("ann2")
    shop.buyer("bob", 1)
    shop.buy("ann2", 1)
    shop.note("ann", "visit", 1)
    bobs, anns, visit = ("shop", "r1"), ("shop", "r2"), ("shop", "r3")
    shop.crm.customers.merge("ann", "ann2", reason="the same")
    found = sell(shop)
    with pytest.raises(TouchpointNotFound):
        shop.crm.funnel.move(found.id, "pay", purchase=("shop", "r9"))
    for wrong in (bobs, visit):
        with pytest.raises(InvalidValueError, match="purchase"):
            shop.crm.funnel.move(found.id, "pay", purchase=wrong)
    with pytest.raises(InvalidValueError, match="purchase"):
        shop.crm.funnel.move(found.id, "accept", purchase=anns)
    with pytest.raises(RefusedError, match="only one that was paid"):
        shop.crm.funnel.link(found.id, anns)
    before = len(shop.crm.touchpoints.of("ann"))
    assert shop.crm.funnel.move(found.id, "pay", purchase=anns).purchase == anns
    other = shop.crm.funnel.move(sell(shop).id, "pay")
    assert (other.purchase, shop.crm.funnel.link(other.id, anns).purchase) == (None, anns)
    shop.crm.touchpoints.retract(*anns, reason="a test order")
    with pytest.raises(TouchpointNotFound):
        shop.crm.funnel.link(other.id, anns)
    assert len(shop.crm.touchpoints.of("ann")) == before - 1


@pytest.mark.row("R89")
def test_what_was_captured_moves_it_without_typing(shop: Firm):
    """Touchpoints that name it carry it forward, as of when they happened, and only forward."""
    found, other = sell(shop), sell(shop)
    start = shop.now
    shop.wait(10)
    shop.note("ann", "message_out", 8, attributes={"opportunity": found.id, "stage": "propose"})
    shop.note("ann", "call", 6, attributes={"opportunity": int(found.id), "stage": "confirm"})
    shop.note("ann", "note", 5, attributes={"opportunity": found.id, "stage": "nonsense"})
    shop.note("ann", "note", 5, attributes={"opportunity": "no number", "stage": "commit"})
    shop.note("ann", "note", 5, attributes={"opportunity": found.id, "stage": "pay"})
    (moved,) = shop.crm.funnel.advance()
    assert (moved.id, moved.stage, moved.state) == (found.id, "propose", "open")
    assert moved.moves[-1].at == shop.at(8)
    assert (moved.moves[-1].by, moved.moves[-1].reason) == (None, "shown by r1 of shop")
    assert shop.crm.funnel.advance() == ()
    shop.note(
        "ann", "purchase", 1, amount="9", currency="CNY", attributes={"opportunity": found.id}
    )
    (won,) = shop.crm.funnel.advance()
    assert (won.state, won.purchase, won.closed_at) == ("won", ("shop", "r6"), shop.at(1))
    assert shop.crm.funnel.opportunity(other.id).opened_at == start
    assert shop.crm.funnel.opportunity(other.id).stage == "meet"


def test_what_was_captured_sells_nothing_after_the_end_nor_to_another(shop: Firm):
    """A purchase of somebody else, or after the end, moves nothing."""
    shop.buyer("bob", 10)
    anns, bobs = sell(shop), sell(shop, "bob")
    for one in (anns, bobs):
        said = {"opportunity": one.id}
        shop.note("bob", "purchase", amount="9", currency="CNY", attributes=said)
    end(shop, "bob")
    assert shop.crm.funnel.advance() == ()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", " "),
        ("amount", "-1"),
        ("amount", None),
        ("amount", 10**18),
        ("currency", None),
        ("currency", "yuan"),
        ("owner", "nobody"),
        ("competition", "fierce"),
        ("closes", "2026-01-01"),
        ("stage", "pay"),
        ("shared", "yes"),
        ("competitors", 5),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_opened(shop: Firm, field: str, wrong: Any):
    """An amount without a currency, a manager nobody knows, a day that is none."""
    with pytest.raises(InvalidValueError) as caught:
        sell(shop, **{field: wrong})
    assert vars(caught.value)["field"] == field
    assert shop.crm.funnel.list(state=None) == ()


def test_who_is_not_there_is_told(shop: Firm):
    """An unknown customer or opportunity is an error of its own."""
    with pytest.raises(CustomerNotFound):
        sell(shop, "nobody")
    with pytest.raises(DecisionNotFound):
        shop.crm.funnel.move("7777", "commit")


def test_an_update_changes_what_it_names(shop: Firm):
    """The rest stays; what changes nothing is no decision."""
    found = sell(shop, closes=date(2026, 2, 1))
    after = shop.crm.funnel.update(found.id, amount="900", closes=None, owner="wang")
    assert (after.amount, after.closes, after.owner) == (Decimal(900), None, "wang")
    assert (after.name, after.currency, after.moves) == (found.name, "CNY", found.moves)
    before = shop.crm.changes(limit=10_000)
    assert shop.crm.funnel.update(found.id, owner="wang") == after
    assert shop.crm.changes(limit=10_000) == before


@pytest.mark.parametrize(
    "section",
    [
        {"weight": 0},
        {"rates": {"pay": 2}},
        {"rates": {"visit": 0.5}},
        {"competition": {"fierce": 0.5}},
        {"steps": {"visit": "go"}},
        {"nonsense": 1},
    ],
)
def test_a_wrong_setting_is_told(section: dict[str, Any]):
    """The key is named before anything is reckoned with it."""
    with firm(funnel=section) as shop, pytest.raises(ConfigError, match="funnel"):
        _ = shop.crm.funnel


@pytest.mark.row("R252")
def test_a_clock_that_was_set_back_sells_nothing_after_the_end(shop: Firm):
    """What counts is that the end was approved, not what the clock says now."""
    early = sell(shop)
    end(shop, "ann")
    shop.wait(-1)
    with pytest.raises(RefusedError, match="was ended"):
        sell(shop)
    with pytest.raises(RefusedError, match="was ended"):
        shop.crm.funnel.move(early.id, "propose")


@pytest.mark.row("R252")
def test_what_was_accepted_is_paid_as_it_was(shop: Firm):
    """After the end it is made neither more nor other; the rest may be put right."""
    found = sell(shop, stage="accept")
    end(shop, "ann")
    for change in ({"amount": "9999"}, {"currency": "EUR"}, {"name": "more tea"}):
        with pytest.raises(RefusedError, match="was ended"):
            shop.crm.funnel.update(found.id, **change)
    assert shop.crm.funnel.opportunity(found.id) == found
    assert shop.crm.funnel.update(found.id, amount="1200.50", source="fair").source == "fair"
    assert shop.crm.funnel.move(found.id, "pay").state == "won"
