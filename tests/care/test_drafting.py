"""A drafted plan says what the log knows, so that nobody types it again."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmkit.care.plays import default_plays, parse_plays
from crmkit.errors import ModelError
from crmkit.model.customer import Contact
from crmkit.model.plan import BONDS, CarePlan
from tests.lifecycle.firm import DAY, Firm, firm

PLAY = '[[play]]\nname = "x"\nsigns = []\n'
PEOPLE = {
    "lin": {"name": "林", "reports_to": "wang"},
    "wang": {"name": "王", "reports_to": "boss"},
    "boss": {"name": "老板", "senior": True},
}


def drafted(shop: Firm, name: str = "ann", days: float | None = 120, **options: Any) -> CarePlan:
    cause = None if days is None else shop.crm.value.explain(name, shop.at(days))
    return shop.care.draft(name, owner="lin", cause=cause, **{"lang": "en"} | options)


def faded(shop: Firm, **fields: Any) -> None:
    """Save somebody who bought every month, and has not for five."""
    shop.buyer("ann", *range(480, 150, -30), owner="lin", amount="900", **fields)


def actions(plan: CarePlan) -> dict[str, str | None]:
    return {one.content: one.bond for one in plan.action_plan.actions}


def named(plan: CarePlan, *words: str) -> bool:
    return any(all(word in content for word in words) for content in actions(plan))


@pytest.mark.row("R19", "R20", "R158")
def test_the_situation_is_written_from_the_record_and_the_log() -> None:
    """Who he is, since when, where he stands, what he buys and how often, and what is open."""
    with firm(people=PEOPLE) as shop:
        faded(
            shop,
            introduction="Three shops in the north.",
            needs=("loose tea",),
            details=("daughter studies in Bonn",),
        )
        shop.note("ann", "complaint", 9, text="arrived wet")
        shop.note("ann", "call", 200, text="asked for samples")
        said = drafted(shop).situation.introduction.split("\n")
        assert said[0] == "Three shops in the north."
        assert said[1] == "Customer since 2024-09-08; account manager: 林."
        assert said[2].startswith("Tier: key; ")
        assert said[3].startswith("Score from 2025-09-03 to 2026-01-01: -")
        assert "purchase recency -" in said[3]
        assert said[4:8] == [
            "Bought 11 times for 9900.00 CNY; last on 2025-07-05.",
            "Usually buys every 30 days.",
            "Needs: loose tea.",
            "Worth remembering: daughter studies in Bonn.",
        ]
        assert "Last: 2025-06-15 call: asked for samples" in said
        assert said[-1] == "Open: 2025-12-23 complaint: arrived wet"


@pytest.mark.row("R159", "R202", "R203")
def test_the_summary_of_the_stage_before() -> None:
    """What was done since the last plan ended, and what came of that one."""
    with firm(people=PEOPLE) as shop:
        faded(shop)
        first = drafted(shop)
        assert "nobody of us was in touch" in first.situation.last_stage
        shop.care.submit(first.id, by="lin")
        shop.care.approve(first.id, by="boss")
        shop.wait(10)
        shop.lifecycle.advance()
        shop.care.close(first.id, outcome="he buys again", by="lin")
        shop.wait(5)
        for kind in ("visit", "visit", "event_invited"):
            shop.note("ann", kind)
        shop.note("ann", "message_out", attributes={"automatic": True})
        shop.note("ann", "message_in")
        said = drafted(shop).situation.last_stage.split("\n")
        assert said == [
            "Since 2026-01-11: visit (2x), invited to an event (1x).",
            f"Plan {first.id}, closed on 2026-01-11: he buys again (goal tier reached)",
        ]
        assert "no competitor finds a gap" in first.goals.expansion


@pytest.mark.row("R160", "R161", "R149")
def test_his_major_events_and_what_we_are_worth_to_him() -> None:
    """Large orders, complaints, moves and loyalty in a promotion; what he buys and praises."""
    with firm(people=PEOPLE) as shop:
        faded(shop)
        shop.buy("ann", 100, amount="5000")
        for number in range(4):
            shop.buyer(f"c{number}", 90, 60, 30, amount=str(2000 + number))
        shop.note("ann", "complaint", 70, text="arrived wet")
        shop.note("ann", "praise", 90, text="the best tea")
        shop.crm.market.promotion("Rival", shop.at(101), shop.at(99))
        shop.lifecycle.advance(shop.at(400))
        plan = drafted(shop)
        events = plan.situation.events.split("\n")
        assert "2025-09-23 large order: 5000.00 CNY" in events
        assert "2025-09-23 bought from us during Rival's promotion" in events
        assert "2025-10-23 complaint: arrived wet" in events
        assert any("stage: maintenance -> retention" in line for line in events)
        assert events == sorted(events, key=lambda line: line[:10], reverse=True)
        assert plan.situation.greatest_value.split("\n") == [
            "What he buys most: tea (8x).",
            "He praised: the best tea",
        ]


@pytest.mark.row("R131", "R132", "R169")
def test_a_fall_is_answered_by_its_causes_and_its_goal_is_the_former_tier() -> None:
    """The movement is kept with its causes; each obstacle has the measure that answers it."""
    with firm(people=PEOPLE) as shop:
        faded(shop)
        for number in range(9):
            shop.buyer(f"c{number}", *range(90, 0, -9), amount="800")
        movement = shop.crm.value.explain("ann", shop.at(150))
        assert (movement.before.tier, movement.after.tier) == ("key", "base")
        plan = shop.care.draft("ann", owner="lin", cause=movement, lang="en")
        assert (plan.tier, plan.goal_tier) == ("base", "key")
        assert plan.goals.long_term == "Back to his former tier: key."
        assert plan.cause is not None
        assert (plan.cause.before, plan.cause.after) == (
            movement.before.total,
            movement.after.total,
        )
        assert plan.cause.unexpected == movement.unexpected
        assert sum(points for *_, points in plan.cause.reasons) == pytest.approx(movement.delta)
        whole = {name: points for name, _, points in plan.cause.indicators}
        assert sum(whole.values()) == pytest.approx(movement.delta)
        assert plan.situation.introduction.count("purchase recency") == 1
        first = plan.goals.obstacles[0]
        assert first.obstacle.startswith("purchase ")
        assert "% of the fall" in first.importance
        assert first.measure.startswith("Visit him with a review of what he bought")
        assert named(plan, "Visit him with a review")
        assert shop.care.draft("ann", owner="lin", cause=movement, goal_tier="core").goal_tier == (
            "core"
        )


@pytest.mark.row("R99")
def test_the_save_play() -> None:
    """Better terms, better service, and then a look whether his trust is back."""
    with firm(people=PEOPLE) as shop:
        faded(shop)
        plan = drafted(shop)
        days = {one.content: one.on for one in plan.action_plan.actions}
        terms = next(content for content in days if "preferential terms" in content)
        last = next(content for content in days if "trust is back" in content)
        assert actions(plan)[terms] == "financial"
        assert days[terms] < days[last] == max(days.values(), key=str)
        assert not named(plan, "premium")


@pytest.mark.row("R101")
def test_the_upgrade_play() -> None:
    """Who rises is offered better products and personal service; his goal is the next tier."""
    with firm(people=PEOPLE) as shop:
        for number in range(9):
            shop.buyer(f"c{number}", *range(300, 0, -9), amount="900")
        shop.buyer("ann", 300, 20, 10, 5)
        plan = drafted(shop)
        assert (plan.tier, plan.goal_tier) == ("base", "core")
        assert plan.goals.long_term == "From base up to core."
        assert named(plan, "premium products")
        assert named(plan, "personal service")
        assert plan.goals.obstacles == ()
        assert not named(plan, "preferential terms")


@pytest.mark.row("R287")
def test_each_suggested_action_names_its_bond() -> None:
    """Financial, social or structural: so that what lasts can be compared."""
    tied = [action.bond for play in default_plays() for action in play.action]
    assert set(tied) == set(BONDS)
    with firm(people=PEOPLE) as shop:
        faded(shop)
        assert all(bond in BONDS for bond in actions(drafted(shop)).values())


@pytest.mark.row("R147", "R214")
def test_the_plan_goes_by_the_segment_and_by_what_is_open() -> None:
    """A complaint is answered first; who was never invited is; each cause has its own play."""
    with firm(people=PEOPLE) as shop:
        faded(shop)
        assert named(drafted(shop), "Invite him")
        shop.note("ann", "complaint", 2, text="arrived wet")
        plan = drafted(shop)
        assert "Answer his open complaint" in plan.action_plan.actions[0].content
        (issue,) = plan.action_plan.issues
        assert issue.issue == "2025-12-30 complaint: arrived wet"
        assert named(plan, "change what caused them")
        shop.note("ann", "visit", 1)
        shop.note("ann", "event_invited", 1)
        plan = drafted(shop)
        assert plan.action_plan.issues == ()
        assert not named(plan, "Invite him")


@pytest.mark.row("R218")
def test_key_customers_are_visited_by_somebody_senior() -> None:
    """The nearest one above the account manager; a base customer is not."""
    with firm(people=PEOPLE) as shop:
        faded(shop)
        for number in range(5):
            shop.buyer(f"c{number}", 90)
        visits = [one for one in drafted(shop).action_plan.actions if "sponsor" in one.content]
        assert [one.responsible for one in visits] == ["boss"]
        assert not named(drafted(shop, "c4", None), "sponsor")


@pytest.mark.row("R217", "R180")
def test_a_birthday_is_greeted_on_its_day() -> None:
    """One by one; what comes and how he is addressed stands in the memorandum."""
    with firm(people=PEOPLE) as shop:
        day = shop.today + 9 * DAY
        faded(shop, birthday=day.replace(year=1980), salutation="王女士", language="zh-CN")
        plan = shop.care.draft("ann", owner="lin")
        (greeting,) = [one for one in plan.action_plan.actions if "生日" in one.content]
        assert greeting.on == day
        assert plan.action_plan.memorandum.split("\n") == [
            "称呼:王女士。",
            "即将到来:1月10日生日,祝您生日快乐",
        ]


@pytest.mark.row("R215")
def test_without_a_movement_he_is_visited_and_keeps_his_tier() -> None:
    """A plan for somebody who stands still."""
    with firm(people=PEOPLE) as shop:
        shop.buyer("ann", 90, 60, 30)
        plan = drafted(shop, days=None)
        assert (plan.cause, plan.goal_tier, plan.tier) == (None, "key", "key")
        assert plan.goals.long_term == "Keep him in tier key."
        assert named(plan, "Return visit")


@pytest.mark.row("R164", "R165", "R166", "R167")
def test_sales_goals_come_from_what_he_bought() -> None:
    """What he buys most, as much as he usually takes, in his own rhythm."""
    with firm(people=PEOPLE) as shop:
        shop.save("ann")
        for days, amount in ((120, "80"), (90, "100"), (60, "120"), (30, "100")):
            money = {"amount": amount, "margin": "20", "currency": "CNY"}
            shop.note("ann", "purchase", days, item="绿茶", **money)
        shop.note("ann", "purchase", 30, item="pot", category="ware")
        first, second = drafted(shop, days=None).goals.sales
        assert (first.product, first.amount, first.profit) == ("绿茶", Decimal(100), Decimal(20))
        assert (first.currency, first.signing) == ("CNY", shop.today + 30 * DAY)
        assert (second.product, second.amount, second.currency) == ("pot", None, None)


@pytest.mark.row("R181", "R182", "R183", "R185", "R186", "R187", "R188")
def test_the_relationship_map_comes_from_contacts_ratings_and_contracts() -> None:
    """One row a person: how to reach him, when we last did, what he thinks, what was signed."""
    with firm(people=PEOPLE) as shop:
        mei = Contact(name="Mei", title="buyer", phone="+8613800138000", customer_id="mei")
        tom = Contact(name="Tom")
        custom = {"contract": "Framework 2025", "contract_until": "2026-09-30", "colour": "red"}
        shop.save("acme", kind="organisation", contacts=(mei, tom), custom=custom)
        shop.buyer("mei", 90, 60, parent="acme")
        shop.note("mei", "survey_answered", 40, rating=8)
        shop.note("mei", "praise", 30, rating=9)
        shop.note("mei", "complaint", 20, text="arrived wet")
        shop.note("mei", "visit", 10, attributes={"合同": "年度合同"})
        first, second = drafted(shop, "acme", None).action_plan.relations
        assert (first.supporter, first.approach) == ("Mei (buyer)", "By +8613800138000")
        assert first.progress == "Last in touch on 2025-12-22"
        assert first.satisfaction == "8.5 of 10 (2 ratings)"
        assert first.complaints == "arrived wet"
        assert first.contracts == "Framework 2025\n年度合同"
        assert first.term is not None
        assert first.term.isoformat() == "2026-09-30"
        assert (second.supporter, first.attitude) == ("Tom", "")


@pytest.mark.row("R189", "R190")
def test_strengths_and_weaknesses() -> None:
    """What he values by the score's parts; what he complained about within the year."""
    with firm(people=PEOPLE) as shop:
        shop.buyer("ann", *range(100, 0, -5), amount="9000")
        shop.note("ann", "complaint", 20, text="arrived wet")
        plan = drafted(shop, days=None).action_plan
        assert plan.strengths.startswith("purchase ")
        assert plan.weaknesses == "2025-12-12 arrived wet"


def test_it_is_written_in_the_customers_language() -> None:
    """Chinese for who speaks it, or where it is asked for; English for anybody else."""
    with firm(people=PEOPLE) as shop:
        faded(shop, language="zh-CN")
        movement = shop.crm.value.explain("ann", shop.at(120))
        plan = shop.care.draft("ann", owner="lin", cause=movement)
        assert "客户经理:林" in plan.situation.introduction
        assert plan.goals.obstacles[0].obstacle.endswith("(随时间消退)")
        english = shop.care.draft("ann", owner="lin", cause=movement, lang="en")
        assert "account manager" in english.situation.introduction


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_known_is_nothing_said(lang: str) -> None:
    """Somebody just written down has a plan too."""
    with firm() as shop:
        shop.save("ann")
        plan = drafted(shop, days=None, lang=lang)
        assert plan.goals.sales == plan.goals.obstacles == ()
        assert plan.situation.events == plan.situation.greatest_value == ""
        assert plan.action_plan.actions != ()


def test_the_plays_can_be_the_firms_own(tmp_path: Path) -> None:
    """A file named under ``[care]`` stands in the place of the default ones."""
    file = tmp_path / "plays.toml"
    file.write_text(
        '[[play]]\nname = "tea"\nsigns = ["falling"]\n'
        '[[play.action]]\ndays = 4\nbond = "social"\ncontent = { en = "Send tea", zh = "送茶" }\n',
        "utf-8",
    )
    with firm(care={"plays": str(file)}) as shop:
        faded(shop)
        (action,) = drafted(shop).action_plan.actions
        assert (action.content, action.on) == ("Send tea", shop.today + 4 * DAY)
    with firm(care={"plays": str(tmp_path / "none.toml")}) as shop:
        faded(shop)
        with pytest.raises(ModelError, match="cannot be read"):
            drafted(shop)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("=", "not TOML"),
        ("[play]", "tables only"),
        ('[[play]]\nname = "x"', "signs"),
        ('[[play]]\nname = "x"\nsigns = []\nactoin = []', "actoin"),
        (f'{PLAY}[[play.action]]\nbond = "rope"\ncontent = {{en = "a"}}', "bond is one of"),
        (f"{PLAY}action = [[]]", "action"),
    ],
)
def test_plays_that_make_no_sense_are_told(text: str, told: str) -> None:
    """The error names the file and the place."""
    with pytest.raises(ModelError, match=told):
        parse_plays(text, "own.toml")
