"""Where a relationship stands: rules that are data, and moves that give their reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

import crmkit
from crmkit.lifecycle.rules import Ruleset, default_rules, parse_rules
from crmkit.lifecycle.stages import EDGES
from crmkit.model.lifecycle import STAGES, StageRule
from tests.lifecycle.firm import DAY, START, firm


def test_every_stage_has_its_ways() -> None:
    """The table of ways names the stages of the model, all of them and no others."""
    assert set(EDGES) == set(STAGES)
    assert {after for ways in EDGES.values() for after in ways} <= set(STAGES)


def test_a_customer_walks_through_life() -> None:
    """Somebody who asks, buys, buys regularly, falls silent and comes back is in each stage."""
    with firm() as shop:
        shop.save("ann")
        shop.note("ann", "visit")
        seen = []
        buys = {20, 40, 60, 80, 300}
        for day in range(310):
            if day in buys:
                shop.buy("ann", 0)
            report = shop.lifecycle.advance()
            seen += [(day, m.after) for m in report.moves if m.what == "stage"]
            shop.wait(1)
        assert [stage for _, stage in seen] == [
            "prospect",
            "development",
            "maintenance",
            "upgrade",
            "retention",
            "churned",
            "won_back",
            "upgrade",
        ]
        assert {stage: day for day, stage in seen[:3]} == {
            "prospect": 0,
            "development": 20,
            "maintenance": 60,
        }
        assert shop.walked("ann")[0] == (None, "prospect")


def test_a_prospect_falls_asleep_wakes_and_fails() -> None:
    """Without a purchase: dormant after 90 days of silence, awake by a word, failed in a year."""
    with firm() as shop:
        shop.save("bob")
        shop.note("bob", "visit")
        stages = []
        for day in (0, 89, 90, 120, 121, 480, 490):
            shop.now = START + day * DAY
            if day == 120:
                shop.note("bob", "message_in")
            shop.lifecycle.advance()
            stages.append(shop.stage("bob"))
        assert stages == [
            "prospect",
            "prospect",
            "prospect_dormant",
            "prospect",
            "prospect",
            "prospect_dormant",
            "prospect_failed",
        ]


def test_a_move_says_what_it_rested_on() -> None:
    """A move names its rule, the reason with figures put in, and those figures."""
    with firm() as shop:
        shop.buyer("cat", 30, 20, 10)
        (move,) = (m for m in shop.lifecycle.advance().moves if m.what == "stage")
        assert (move.before, move.after, move.rule) == (None, "maintenance", "regular")
        assert move.reason == "bought on 3 days"
        assert move.facts == {"purchase_days": 3}
        assert shop.lifecycle.stage("cat").since == shop.now


def test_advancing_twice_at_one_instant_does_nothing() -> None:
    """The second call moves nobody and records nothing."""
    with firm() as shop:
        shop.buyer("dan", 400, 300, 200)
        shop.save("eve")
        first = shop.lifecycle.advance()
        before = [shop.lifecycle.history(name) for name in ("dan", "eve")]
        again = shop.lifecycle.advance()
        assert (first.stages, first.tiers) == (2, 2)
        assert (again.stages, again.tiers, again.moves) == (0, 0, ())
        assert [shop.lifecycle.history(name) for name in ("dan", "eve")] == before


def test_what_becomes_known_at_the_same_instant_counts() -> None:
    """A prospect whose first purchase arrives before the clock moves on is moved on too."""
    with firm() as shop:
        shop.save("fay")
        shop.lifecycle.advance()
        assert shop.stage("fay") == "prospect"
        shop.buy("fay", 0)
        shop.lifecycle.advance()
        assert shop.walked("fay") == [(None, "prospect"), ("prospect", "development")]


def test_the_stage_of_any_past_instant() -> None:
    """What was recorded is what was in force; before that it is worked out from the facts."""
    with firm() as shop:
        shop.buyer("gus", 250, 230, 210)
        shop.lifecycle.advance()
        recorded = shop.stage("gus")
        shop.wait(160)
        shop.lifecycle.advance()
        assert recorded == "retention"
        assert shop.stage("gus") == "churned"
        assert shop.stage("gus", 50) == "retention"
        assert shop.stage("gus", 405) == "development"
        assert shop.stage("gus", 369) == "maintenance"
        assert shop.stage("gus", 411) == "prospect"


def test_a_stage_that_was_never_recorded_is_worked_out() -> None:
    """Without `advance` a stage is asked of the rules, and nothing is recorded by asking."""
    with firm() as shop:
        shop.buyer("hal", 30, 20, 10)
        shop.save("ida")
        assert shop.lifecycle.stage("hal").rule == "regular"
        assert shop.stage("ida") == "prospect"
        assert shop.lifecycle.history("hal") == ()


def test_purchases_taken_back_make_a_prospect_again() -> None:
    """Whose only purchase turns out to be a mistake is no customer any more."""
    with firm() as shop:
        shop.buyer("jan", 10)
        shop.lifecycle.advance()
        shop.wait(1)
        shop.crm.touchpoints.retract("shop", "r1", reason="test order")
        shop.lifecycle.advance()
        assert shop.walked("jan") == [(None, "development"), ("development", "prospect")]


def test_unanswered_complaints_put_a_customer_at_risk_and_an_answer_settles_them() -> None:
    """Two open complaints lead to retention; our call answers both."""
    with firm() as shop:
        for name in ("kim", "leo"):
            shop.buyer(name, 30, 20, 10)
            shop.note(name, "complaint", 5)
            shop.note(name, "complaint", 4)
        shop.note("leo", "call", 3)
        shop.lifecycle.advance()
        assert shop.lifecycle.stage("kim").rule == "complaints_unanswered"
        assert shop.stage("leo") == "maintenance"


def test_a_merge_keeps_the_keepers_history() -> None:
    """The keeper goes on from where he stood; who is taken out again has his own moves back."""
    with firm() as shop:
        shop.buyer("max", 30, 20, 10)
        shop.save("ned")
        shop.lifecycle.advance()
        shop.wait(1)
        merge = shop.crm.customers.merge("max", "ned", reason="one man")
        shop.lifecycle.advance()
        assert shop.walked("max") == [(None, "maintenance")]
        with pytest.raises(crmkit.CustomerMerged):
            shop.lifecycle.stage("ned")
        shop.wait(1)
        shop.crm.customers.unmerge(merge.id)
        assert shop.lifecycle.advance().stages == 0
        assert shop.stage("ned") == "prospect"


# -- rules ---------------------------------------------------------------------------------


def rule(name: str, to: str, **fields: object) -> StageRule:
    when = {"purchases": {"min": 1}}
    return StageRule(name=name, to=to, **{"when": when, **fields})  # type: ignore[arg-type]


def test_the_order_of_loading_decides_nothing() -> None:
    """Rules of plugins are tried by name, after those of the file, however they arrive."""
    offered = [rule("zebra", "vip"), rule("ant", "vip"), rule("first_purchase", "vip")]
    one = Ruleset.of(default_rules(), offered)
    other = Ruleset.of(default_rules(), offered[::-1])
    assert one == other
    names = [one.name for one in one.rules]
    assert names[-2:] == ["ant", "zebra"]
    assert names.count("first_purchase") == 1


def test_priority_goes_before_the_order() -> None:
    """A plugin's rule with a priority is tried before every rule of the file."""
    found = Ruleset.of(default_rules(), [rule("ant", "vip", priority=1)])
    assert found.rules[0].name == "ant"


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """Rules of the configuration's file replace the default ones, and may use any fact."""
    path = tmp_path / "rules.toml"
    path.write_text(
        """
        [[rule]]
        name = "visitor"
        to = "regular_visitor"
        when = { "touchpoints.visit" = { min = 2 }, "days_since.visit" = { max = 10 } }
        reason = "came {touchpoints.visit} times"
        [[rule]]
        name = "referred"
        to = "development"
        since = ["prospect"]
        when = { acquired_by = { in = ["referral", "event"] }, total = { max = 0 } }
        """,
        "utf-8",
    )
    with firm(lifecycle={"file": str(path)}) as shop:
        shop.save("ola", acquired_by="referral")
        shop.save("pat")
        shop.note("pat", "visit", 20)
        shop.note("pat", "visit", 5)
        shop.lifecycle.advance()
        assert shop.lifecycle.stage("ola").facts == {"acquired_by": "referral", "total": 0}
        assert shop.lifecycle.stage("pat").reason == "came 2 times"
        assert shop.stage("pat", 6) == "prospect"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "rule"),
        ("[[rule]]\nname = 'a'\nto = 'development'", "when"),
        ("[[rule]]\nname = 'a'\nto = 'ended'\nwhen = { total = { min = 1 } }", "to"),
        ("[[rule]]\nname = 'a'\nto = 'vip'\nwhen = { totl = { min = 1 } }", "totl"),
        ("[[rule]]\nname = 'a'\nto = 'vip'\nwhen = { total = { least = 1 } }", "total"),
        ("[[rule]]\nname = 'a'\nto = 'vip'\nwhen = { total = { min = 'x' } }", "total"),
        (
            "[[rule]]\nname = 'a'\nto = 'upgrade'\nsince = 'churned'\nwhen = { gap = { min = 1 } }",
            "since",
        ),
        ("[[rule]]\nname = 'a'\nto = 'vip'\nwen = { total = { min = 1 } }", "wen"),
        ("[[rule", "file"),
        ("rule = 'a'", "rule"),
        ("rule = ['a']", "rule"),
        ("[[rule]]\nname = 'a'\nto = 'vip'\nsince = 5\nwhen = { gap = { min = 1 } }", "since"),
        ("[[rule]]\nname = 'a'\nto = 'vip'\nwhen = 'gap'", "when"),
        ("[[rule]]\nname = 'a'\nto = 'vip'\nwhen = { gap = { min = nan } }", "gap"),
    ],
)
def test_a_wrong_rule_file_names_the_place(text: str, field: str) -> None:
    """Whoever edits the file is told which key is wrong."""
    with pytest.raises(crmkit.errors.ModelError) as caught:
        parse_rules(text)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("name", 5),
        ("name", ["a"]),
        ("to", 5),
        ("to", " "),
        ("since", 5),
        ("since", [5]),
        ("when", "gap"),
        ("reason", 5),
        ("priority", "first"),
    ],
)
def test_what_no_rule_can_hold_is_named(field: str, odd: object) -> None:
    """A value of another type is told when the rule is made, before anybody is moved by it."""
    with pytest.raises(crmkit.errors.ModelError, match="got ") as caught:
        rule(**{"name": "a", "to": "vip", field: odd})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("days", "said"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (11, "11 days")]
)
def test_a_reason_says_one_day_where_there_is_one(days: int, said: str) -> None:
    """The rules write for many days; the number that is put in decides."""
    with firm() as shop:
        shop.buyer("ann", days)
        shop.lifecycle.advance()
        reason = shop.lifecycle.stage("ann").reason
        assert reason == f"bought for the first time {said} ago"
