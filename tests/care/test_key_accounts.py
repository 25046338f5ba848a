"""Key accounts: few, by explicit criteria, measured by profit; and what they were promised."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmkit.capture.tombstones import VARIABLE
from crmkit.care.plans import PLANS
from crmkit.contracts.decisions import Deciding
from crmkit.errors import (
    ConfigError,
    CustomerNotFound,
    DecisionNotFound,
    InvalidValueError,
    RefusedError,
)
from crmkit.model.document import Step
from crmkit.model.key_account import KeyAccount
from crmkit.model.plan import CarePlan, Checklist
from tests.lifecycle.firm import DAY, Firm, firm

POLICY = {
    "champion": "lin",
    "least": 2,
    "most": 3,
    "review_days": 90,
    "criteria": {"lifetime_profit": 100, "years": 1, "fit": "Do they fit where we go?"},
    "costs": {"call": 20, "visit": 300},
}
FIT = {"fit": True}


def buyer(shop: Firm, name: str, margin: str = "150", days: float = 400) -> str:
    """Save somebody who bought two times, with a margin."""
    shop.save(name)
    for ago in (days, 10):
        shop.note(name, "purchase", ago, amount="500", margin=margin, currency="CNY", item="tea")
    return name


def admit(shop: Firm, name: str, **said: Any) -> KeyAccount:
    said = {"sponsor": "boss", "manager": "lin", "reason": "grows", "answers": FIT} | said
    return shop.crm.key_accounts.admit(name, **said)


@pytest.mark.row("R255")
def test_a_senior_sponsor_stands_for_each_account() -> None:
    """He is senior, and not the manager himself."""
    with firm(key_accounts=POLICY) as shop:
        buyer(shop, "ann")
        for sponsor, manager in (("lin", "wang"), ("nobody", "lin"), ("boss", "boss")):
            with pytest.raises(RefusedError, match="sponsor"):
                admit(shop, "ann", sponsor=sponsor, manager=manager)
        with pytest.raises(InvalidValueError, match="manager"):
            admit(shop, "ann", manager="nobody")
        account = admit(shop, "ann", by="boss")
        assert (account.sponsor, account.owner, account.state) == ("boss", "lin", "member")
        assert (account.steps[0].by, account.steps[0].reason) == ("boss", "grows")
        assert shop.crm.key_accounts.list() == (account,)


@pytest.mark.row("R256")
def test_somebody_stands_for_the_programme() -> None:
    """The champion is named in the configuration, and must be somebody."""
    with firm(key_accounts=POLICY) as shop:
        assert shop.crm.key_accounts.review().champion == "lin"
    with firm(key_accounts={"champion": "nobody"}) as shop, pytest.raises(ConfigError):
        shop.crm.key_accounts.review()


@pytest.mark.row("R257")
@pytest.mark.parametrize(
    ("name", "said", "unmet"),
    [
        ("poor", {}, "lifetime_profit: 2, at least 100"),
        ("new", {}, "years: 0.03"),
        ("dark", {}, "lifetime_profit: unknown"),
        ("rich", {"answers": {}}, "not answered"),
        ("rich", {"answers": {"fit": False}}, "(no)"),
    ],
)
def test_who_does_not_meet_the_criteria_is_refused(
    name: str, said: dict[str, Any], unmet: str
) -> None:
    """The refusal says which criterion, and what was found; nothing is recorded."""
    with firm(key_accounts=POLICY) as shop:
        buyer(shop, "rich")
        buyer(shop, "poor", margin="1")
        buyer(shop, "new", days=11)
        shop.buyer("dark", 400, 10)
        with pytest.raises(RefusedError) as caught:
            admit(shop, name, **said)
        assert unmet in str(caught.value)
        assert shop.crm.key_accounts.list(state=None) == ()
        admit(shop, "rich")


@pytest.mark.row("R257")
def test_the_years_are_those_since_the_first_purchase() -> None:
    """What came back of something older, bought before anything was captured, is no purchase."""
    with firm(key_accounts=POLICY) as shop:
        buyer(shop, "ann", days=200)
        shop.note("ann", "return", 900, amount="-1", currency="CNY")
        with pytest.raises(RefusedError, match=r"years: 0\.5"):
            admit(shop, "ann")


@pytest.mark.row("R258", "R259")
def test_there_are_few_of_them() -> None:
    """Above the largest number nobody is let in, until somebody is removed."""
    with firm(key_accounts=POLICY) as shop:
        for name in ("ann", "bob", "cat", "dan"):
            buyer(shop, name)
        admit(shop, "ann")
        assert shop.crm.key_accounts.review().too_few
        admit(shop, "bob")
        with pytest.raises(RefusedError, match="already"):
            admit(shop, "bob")
        admit(shop, "cat")
        assert not shop.crm.key_accounts.review().too_few
        with pytest.raises(RefusedError, match="3 at most"):
            admit(shop, "dan")
        (dan,) = shop.crm.key_accounts.review().candidates
        assert (dan.proposal, dan.why) == ("leave", "there is no room: 3 at most")
        shop.crm.key_accounts.remove("bob", reason="moved away", by="boss")
        admit(shop, "dan")


@pytest.mark.row("R260")
def test_an_exception_needs_a_reason_that_is_shown() -> None:
    """The chief's golf partner comes in with the reason on record, at every review."""
    with firm(key_accounts=POLICY) as shop:
        buyer(shop, "golf", margin="1")
        for empty in ("", " "):
            with pytest.raises(InvalidValueError):
                admit(shop, "golf", exception=empty)
        account = admit(shop, "golf", exception="the chief's golf partner")
        assert account.exception == "the chief's golf partner"
        assert [one.name for one in account.criteria if not one.met] == ["lifetime_profit"]
        (seen,) = shop.crm.key_accounts.review().accounts
        assert (seen.proposal, seen.why) == ("keep", "by exception: the chief's golf partner")
        buyer(shop, "rich")
        assert admit(shop, "rich", exception="not needed").exception is None


@pytest.mark.row("R262")
def test_the_measure_is_profit_and_cost_to_serve() -> None:
    """Margins over the lifetime, less recorded contacts at their cost and what plans spent."""
    with firm(key_accounts=POLICY) as shop:
        buyer(shop, "ann")
        shop.save("eve", parent="ann")
        shop.note("eve", "purchase", 20, amount="100", margin="40.5", currency="CNY")
        shop.note("ann", "return", 5, amount="-50", margin="-20", currency="CNY")
        shop.note("ann", "call", 3, text="hello")
        shop.note("eve", "visit", 2)
        shop.note("ann", "login", 1)
        cost = {"travel": Decimal("12.5"), "other": Decimal(7), "currency": "CNY"}
        spent = Checklist(action="a1", at=shop.now, **cost)
        planned = Checklist(action="a2", travel=Decimal(900), currency="CNY")  # only prepared
        took_place = Step(what="checked", at=shop.now, reason="a1")
        plan = CarePlan(
            customer_id="ann", on=shop.today, checklists=(spent, planned), steps=(took_place,)
        )
        with shop.crm.session.store.write() as writer:
            PLANS.open(writer, Deciding(now=0), plan)
        admit(shop, "ann")
        figures = shop.crm.key_accounts.benchmark().figures["ann"]
        assert figures.profit == Decimal("320.5")
        assert (figures.contacts, figures.cost_to_serve) == (2, Decimal("339.5"))
        assert figures.net_profit == Decimal(-19)
        assert (figures.revenue, figures.revenue_share) == (Decimal(1050), 1.0)
        assert (figures.margin_known, figures.currency) == (1.0, "CNY")
        assert figures.growth == pytest.approx(550 / 500 - 1)
        assert figures.years == pytest.approx(400 / 365)


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    """No margin, no profit; money without a rate is named and left out."""
    with firm() as shop:
        shop.buyer("ann", 10)
        shop.note("ann", "purchase", 5, amount="9", margin="3", currency="XOF")
        shop.buyer("bob", 10)
        shop.save("cat")
        for name in ("ann", "bob", "cat"):
            admit(shop, name, answers=None)
        figures = shop.crm.key_accounts.benchmark().figures
        assert (figures["ann"].unpriced, figures["ann"].margin_known) == (("XOF",), 0.5)
        assert (figures["bob"].profit, figures["bob"].net_profit) == (None, None)
        assert (figures["cat"].years, figures["cat"].growth) == (0.0, None)


@pytest.mark.row("R263")
def test_reviews_propose_and_are_on_record() -> None:
    """Who no longer qualifies is to go, who would qualify to come; the next review has its day."""
    with firm(key_accounts=POLICY) as shop:
        for name in ("ann", "bob"):
            buyer(shop, name)
        admit(shop, "ann")
        admit(shop, "bob")
        buyer(shop, "cat", margin="170")
        buyer(shop, "dan", margin="1")
        shop.save("shed", internal=True)
        shop.note("bob", "return", 1, amount="-500", margin="-290", currency="CNY")
        review = shop.crm.key_accounts.review(by="boss")
        assert {one.customer_id: one.proposal for one in review.accounts} == {
            "ann": "keep",
            "bob": "remove",
        }
        assert review.accounts[1].why == "lifetime_profit: 10, at least 100 is asked for"
        assert [(one.customer_id, one.proposal) for one in review.candidates] == [
            ("cat", "admit"),
            ("dan", "leave"),
        ]
        assert "if a person says yes" in review.candidates[0].why
        assert (review.by, review.due) == ("boss", shop.now + 90 * DAY)
        (ann, _) = shop.crm.key_accounts.list()
        assert (ann.assessed, ann.due) == (review.accounts[0], review.due)
        (held,) = [d.record for d in shop.crm.changes() if d.what == "decision"][-1:]
        assert (held.kind, held.by, held.id) == ("key_review", "boss", review.id)
        gone = shop.crm.key_accounts.remove("bob", reason="no longer qualifies", by="boss")
        assert [one.what for one in gone.steps] == ["admitted", "reviewed", "removed"]
        assert (gone.due, shop.crm.key_accounts.list(state="removed")) == (None, (gone,))
        for call in (
            lambda: shop.crm.key_accounts.remove("bob", reason="twice"),
            lambda: shop.crm.key_accounts.remove("cat", reason="is none"),
        ):
            with pytest.raises(RefusedError, match="no key account"):
                call()
        with pytest.raises(InvalidValueError, match="reason"):
            shop.crm.key_accounts.remove("ann", reason=" ")
        shop.lifecycle.approve(
            shop.lifecycle.end("ann", reason="market_exit", by="lin").id, by="boss"
        )
        (ann_seen,) = shop.crm.key_accounts.review().accounts
        assert (ann_seen.proposal, ann_seen.why) == ("remove", "the relationship was ended")
        with pytest.raises(RefusedError, match="ended"):
            shop.crm.key_accounts.promise("ann", "stock", departments="supply")
        shop.crm.key_accounts.remove("ann", reason="ended", by="boss")
        with pytest.raises(RefusedError, match="ended"):
            admit(shop, "ann")


@pytest.mark.row("R264")
def test_each_account_stands_beside_the_median_and_the_best() -> None:
    """Whose practice to learn from is named, figure by figure."""
    with firm(key_accounts=POLICY) as shop:
        for name, margin in (("ann", "100"), ("bob", "200"), ("cat", "600")):
            buyer(shop, name, margin=margin)
            admit(shop, name)
        shop.note("cat", "visit", 1)
        shop.note("bob", "call", 1)
        found = shop.crm.key_accounts.benchmark()
        assert found.median.profit == Decimal(400)
        assert found.median.net_profit == Decimal(380)
        assert (found.best["net_profit"], found.best["cost_to_serve"]) == ("cat", "ann")
        assert found.to_dict()["figures"]["ann"]["profit"] == "200"
    with firm() as shop:
        assert shop.crm.key_accounts.benchmark().best == {}


@pytest.mark.row("R265")
def test_promises_are_seen_by_every_department_that_must_keep_them() -> None:
    """By department, by customer, those that are due; settled with evidence, once."""
    with firm(key_accounts=POLICY) as shop:
        buyer(shop, "ann")
        admit(shop, "ann", manager="wang")
        keys = shop.crm.key_accounts
        stock = keys.promise(
            "ann",
            "first call on the winter stock",
            departments=["supply", "sales", "supply"],
            until=shop.now + 30 * DAY,
            by="lin",
        )
        line = keys.promise("ann", "a line of their own", departments="service", owner="lin")
        assert (stock.owner, stock.departments) == ("wang", ("supply", "sales"))
        assert (line.until, line.due) == (None, None)
        assert keys.promises() == (stock, line)
        assert keys.promises("ann", department="sales") == (stock,)
        assert keys.promises(department="service") == (line,)
        assert keys.promises(due=shop.now + 29 * DAY) == ()
        assert keys.promises(due=shop.now + 30 * DAY) == (stock,)
        kept = keys.settle(stock.id, kept=True, evidence="delivery note 7", by="wang")
        broken = keys.settle(line.id, kept=False, evidence="they waited an hour", by="lin")
        assert (kept.state, kept.evidence, broken.state) == ("kept", "delivery note 7", "broken")
        assert [one.what for one in kept.steps] == ["promised", "kept"]
        assert keys.promises(state="open") == keys.promises(due=shop.now + 999 * DAY) == ()
        with pytest.raises(RefusedError, match="settled"):
            keys.settle(stock.id, kept=False, evidence="no")
        for wrong in ("1", "", "x"):
            with pytest.raises(DecisionNotFound):
                keys.settle(wrong, kept=True, evidence="no")


def test_promises_that_make_no_sense_are_refused() -> None:
    """Nobody to keep it, over before it begins, to nobody, without evidence."""
    with firm() as shop:
        shop.buyer("ann", 10)
        keys = shop.crm.key_accounts
        with pytest.raises(RefusedError, match="no key account"):
            keys.promise("ann", "stock", departments="supply")
        admit(shop, "ann", answers=None)
        for wrong in ([], [" "], ""):
            with pytest.raises(InvalidValueError, match="departments"):
                keys.promise("ann", "stock", departments=wrong)
        with pytest.raises(InvalidValueError, match="before since"):
            keys.promise("ann", "stock", departments="supply", until=shop.at(1))
        made = keys.promise(
            "ann", "stock", departments="supply", since=datetime(2025, 1, 1, tzinfo=UTC)
        )
        with pytest.raises(InvalidValueError, match="evidence"):
            keys.settle(made.id, kept=True, evidence=" ")
        with pytest.raises(CustomerNotFound):
            keys.promises("nobody")


def test_an_erasure_leaves_nothing_of_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the account, nor his promises, nor his figures in the record of a review."""
    monkeypatch.setenv(VARIABLE, "0" * 64)
    with firm() as shop:
        shop.buyer("ann", 10)
        admit(shop, "ann", answers=None)
        shop.crm.key_accounts.promise("ann", "stock", departments="supply")
        shop.crm.key_accounts.review()
        shop.crm.customers.erase("ann", reason="asked for it")
        assert (shop.crm.key_accounts.list(state=None), shop.crm.key_accounts.promises()) == (
            (),
            (),
        )
        left = [c.record.to_dict() for c in shop.crm.changes() if c.record is not None]
        assert "ann" not in str([one["body"] for one in left if one["kind"] == "key_review"])


@pytest.mark.parametrize(
    "section",
    [
        {"least": 9, "most": 5},
        {"review_days": 0},
        {"criteria": {"profits": 5}},
        {"criteria": {"years": "many"}},
        {"criteria": {"fit": ""}},
        {"costs": {"call": -1}},
        {"kosts": {}},
    ],
)
def test_a_policy_that_makes_no_sense_is_told(section: dict[str, Any]) -> None:
    """The setting is named."""
    with firm(key_accounts=section) as shop, pytest.raises(ConfigError, match="key_accounts"):
        shop.crm.key_accounts.review()


def test_two_accounts_that_are_one_customer_are_one() -> None:
    """Merged, they take one place, are shown once and removed together; an unmerge parts them."""
    with firm(key_accounts=POLICY) as shop:
        keys = shop.crm.key_accounts
        for name in ("ann", "bob", "cat", "dan"):
            buyer(shop, name)
        for name in ("ann", "bob", "cat"):
            admit(shop, name)
        merged = shop.crm.customers.merge("bob", "ann", reason="one person")
        assert [one.customer_id for one in keys.list()] == ["bob", "cat"]
        assert [one.customer_id for one in keys.list(state=None)] == ["bob", "cat"]
        assert set(keys.benchmark().figures) == {"bob", "cat"}
        review = keys.review(by="boss")
        assert [one.customer_id for one in review.accounts] == ["bob", "cat"]
        assert [(one.customer_id, one.proposal) for one in review.candidates] == [("dan", "admit")]
        assert keys.promise("bob", "stock", departments="supply").customer_id == "bob"
        with pytest.raises(RefusedError, match="already"):
            admit(shop, "bob")
        admit(shop, "dan")
        shop.crm.customers.unmerge(merged.id)
        assert [one.customer_id for one in keys.list()] == ["ann", "bob", "cat", "dan"]
        shop.crm.customers.merge("bob", "ann", reason="one person after all")
        gone = keys.remove("bob", reason="moved away", by="boss")
        assert (gone.customer_id, gone.state) == ("bob", "removed")
        assert [one.customer_id for one in keys.list()] == ["cat", "dan"]
        assert len(keys.list(state="removed")) == 2
        with pytest.raises(RefusedError, match="no key account"):
            keys.remove("bob", reason="twice")
        admit(shop, "bob")
