"""Targets of account managers: set, broken down, and set beside what was reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmkit
from crmkit.care.targets.periods import read_period
from crmkit.care.targets.policy import MEASURES
from crmkit.errors import ConfigError, InvalidValueError, RefusedError
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.model.targets import Figure, Performance, Target
from tests.lifecycle.firm import Firm, firm

PEOPLE = {
    "chief": {"name": "总经理", "role": "manager", "senior": True},
    "north": {"name": "北区", "role": "sales", "reports_to": "chief"},
    "lin": {"name": "林", "role": "sales", "reports_to": "north"},
    "wang": {"name": "王", "role": "sales", "reports_to": "north"},
    "eng": {"name": "工", "role": "technical support", "reports_to": "chief"},
}
START = datetime(2026, 1, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture(params=["memory://", "sqlite://"])
def shop(request: pytest.FixtureRequest) -> Iterator[Firm]:
    with firm(url=request.param, now=START, people=PEOPLE) as opened:
        yield opened


def win(shop: Firm, whom: str, owner: str, amount: int, currency: str = "CNY") -> None:
    one = shop.crm.funnel.open(whom, name="tea", amount=str(amount), currency=currency, owner=owner)
    shop.crm.funnel.move(one.id, "pay")


# -- periods -----------------------------------------------------------------------------------


@given(st.integers(1901, 9996), st.integers(1, 12))
def test_quarters_and_months_tile_the_year(year: int, month: int):
    """Each period ends where the next begins, and the months of a quarter make it up."""
    quarter = (month - 1) // 3
    whole, part = read_period(f"{year}"), read_period(f"{year}-Q{quarter + 1}")
    one = read_period(f"{year}-{month:02}")
    assert whole.first <= part.first <= one.first < one.after <= part.after <= whole.after
    assert read_period(f"{year}-Q4").after == read_period(f"{year + 1}").first
    assert one.name == f"{year}-{month:02}"


@pytest.mark.parametrize(
    "wrong", ["", "26", "2026-13", "2026-Q5", "2026-1", "1900", "9998", "２０２６"]
)
def test_what_is_no_period_is_told(shop: Firm, wrong: str):
    with pytest.raises(InvalidValueError, match="period"):
        shop.crm.targets.actual("lin", wrong)


def test_a_period_begins_in_the_agendas_zone():
    """The first of January is Shanghai's, where the agenda's days begin there."""
    days = AgendaPolicy.of({"timezone": "Asia/Shanghai"})
    low, _ = read_period("2026").span(days)
    assert datetime.fromtimestamp(low / 1e6, UTC) == datetime(2025, 12, 31, 16, tzinfo=UTC)


# -- setting -----------------------------------------------------------------------------------


@pytest.mark.row("R84")
def test_a_quota_is_set_changed_and_withdrawn(shop: Firm):
    """One target for a person, period, measure and currency; its past is kept."""
    targets = shop.crm.targets
    made = targets.set("lin", "2026", "sales", "12000.50", currency="CNY", by="north")
    assert (made.owner, made.value, made.team) == ("lin", Decimal("12000.50"), False)
    assert targets.set("lin", "2026", "sales", "12000.50", currency="CNY") == made
    again = targets.set("lin", "2026", "sales", 9000, currency="CNY", reason="he was ill")
    assert (again.id, again.value) == (made.id, Decimal(9000))
    targets.set("lin", "2026", "sales", 100, currency="USD")
    targets.set("lin", "2026-Q1", "upkeep", "0.9")
    assert len(targets.list()) == 3
    assert [one.currency for one in targets.list("2026", "lin")] == ["CNY", "USD"]
    targets.set("lin", "2026", "sales", None, currency="CNY")
    assert [one.currency for one in targets.list("2026")] == ["USD"]
    with pytest.raises(RefusedError, match="none can be withdrawn"):
        targets.set("lin", "2026", "sales", None, currency="CNY")
    assert targets.set("lin", "2026", "sales", 1, currency="CNY").state == "set"
    assert Target.from_dict(made.to_dict()) == made


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"person": "nobody"}, "person"),
        ({"measure": "charm"}, "measure"),
        ({"currency": None}, "currency"),
        ({"currency": "yuan"}, "currency"),
        ({"measure": "upkeep"}, "currency"),
        ({"measure": "upkeep", "currency": None, "value": "1.1"}, "value"),
        ({"measure": "satisfaction", "currency": None, "value": 11}, "value"),
        ({"value": -1}, "value"),
        ({"team": "yes"}, "team"),
    ],
)
def test_a_wrong_target_is_told_and_nothing_is_set(shop: Firm, fields: dict[str, Any], named: str):
    """Money without a currency, a share above 1, a person nobody knows."""
    given = {"person": "lin", "period": "2026", "measure": "sales", "value": 5, "currency": "CNY"}
    with pytest.raises(InvalidValueError) as caught:
        shop.crm.targets.set(**(given | fields))
    assert vars(caught.value)["field"] == named
    assert shop.crm.targets.list() == ()


@pytest.mark.row("R274")
def test_a_target_is_broken_down_to_departments_and_persons(shop: Firm):
    """From the firm to each department and from there to each person; the parts add up."""
    targets, money = shop.crm.targets, {"currency": "CNY"}
    with pytest.raises(RefusedError, match="set it first"):
        targets.break_down(None, "2026", "sales", {"chief": 1000}, **money)
    targets.set(None, "2026", "sales", 1000, **money)
    targets.break_down(None, "2026", "sales", {"chief": 1000}, **money)
    parts = {"north": 700, "eng": "250", "chief": 50}
    made = targets.break_down("chief", "2026", "sales", parts, **money)
    assert {one.owner: one.team for one in made} == {"north": True, "eng": False, "chief": False}
    with pytest.raises(InvalidValueError, match="50 is left"):
        targets.break_down("north", "2026", "sales", {"lin": 300, "wang": 350}, **money)
    with pytest.raises(InvalidValueError, match="eng"):
        targets.break_down("north", "2026", "sales", {"lin": 300, "eng": 400}, **money)
    with pytest.raises(InvalidValueError, match="measure"):
        targets.break_down("north", "2026", "upkeep", {"lin": 1})
    before = {one.person: one for one in targets.tree("2026", "sales", **money)}
    assert (before["north"].team, before["north"].gap) == (Decimal(700), None)
    targets.break_down("north", "2026", "sales", {"lin": 300, "wang": 350, "north": 50}, **money)
    rows = targets.tree("2026", "sales", **money)
    assert [(row.person, row.depth) for row in rows] == [
        (None, 0),
        ("chief", 1),
        ("eng", 2),
        ("north", 2),
        ("lin", 3),
        ("wang", 3),
    ]
    assert all(row.gap in (None, Decimal(0)) for row in rows)
    found = {row.person: row for row in rows}
    assert (found["north"].parts, found["north"].own) == (Decimal(700), Decimal(50))
    targets.set("lin", "2026", "sales", 250, **money)  # afterwards, by himself
    found = {row.person: row for row in targets.tree("2026", "sales", **money)}
    assert found["north"].gap == Decimal(50)


@settings(max_examples=30)
@given(
    st.dictionaries(st.sampled_from(["lin", "wang", "north"]), st.integers(0, 10**6), min_size=1)
)
def test_only_what_adds_up_is_taken(parts: dict[str, int]):
    """For any parts: the exact sum is taken, and one more is not, and then nothing has changed."""
    with firm(people=PEOPLE) as shop:
        targets = shop.crm.targets
        targets.set("north", "2026", "teamwork", sum(parts.values()) + 1, team=True)
        before = targets.list()
        with pytest.raises(InvalidValueError, match="parts"):
            targets.break_down("north", "2026", "teamwork", parts)
        assert targets.list() == before
        targets.set("north", "2026", "teamwork", sum(parts.values()), team=True)
        targets.break_down("north", "2026", "teamwork", parts)
        rows = {row.person: row for row in targets.tree("2026", "teamwork")}
        assert rows["north"].gap == 0


# -- the five measures -------------------------------------------------------------------------


@pytest.fixture
def quarter(shop: Firm) -> Firm:
    """Give a firm at the end of a quarter in which something of everything happened."""
    for name, owner in (("ann", "lin"), ("bob", "lin"), ("cid", "wang"), ("dan", "wang")):
        shop.buyer(name, 200, owner=owner, salutation="先生", language="zh-CN")
    shop.lifecycle.advance()
    shop.wait(80)
    shop.note("ann", "call", 1, rating=8)
    shop.note("ann", "praise", 40, rating=10)
    shop.note("cid", "complaint", 2, rating=3)
    shop.buy("ann", 5, amount="300")
    shop.note("ann", "return", 4, amount="-50", currency="CNY", quantity=1, item="tea", of="r1")
    shop.buy("cid", 5, amount="70")
    win(shop, "ann", "lin", 900)
    win(shop, "bob", "lin", 80, "USD")
    win(shop, "cid", "wang", 100)
    shop.wait(10)
    return shop


def figures(shop: Firm, person: str | None, period: str = "2026-Q1", **team: bool) -> Performance:
    return shop.crm.targets.actual(person, period, **team)


@pytest.mark.row("R266")
def test_the_five_measures_are_computed_from_the_log(quarter: Firm):
    """Upkeep, sales, teamwork, satisfaction and reports, each with what it rests on."""
    lin = figures(quarter, "lin")
    assert [one.measure for one in lin.figures] == [
        *("upkeep", "sales", "sales", "teamwork", "satisfaction"),
        *("reports", "revenue", "workload", "attitude", "staff_satisfaction"),
    ]
    upkeep = lin.figure("upkeep")
    assert (upkeep.actual, upkeep.n, upkeep.zh) == (Decimal("0.5"), 2, "客户关系维护")
    sales = [(one.currency, one.actual) for one in lin.figures if one.measure == "sales"]
    assert sales == [("CNY", Decimal(900)), ("USD", Decimal(80))]
    assert lin.figure("revenue", "CNY").actual == Decimal(250)
    assert (lin.figure("satisfaction").actual, lin.figure("satisfaction").n) == (Decimal(9), 2)
    assert lin.figure("reports").actual == Decimal("0.6667")  # name, owner, salutation, language
    assert (lin.figure("teamwork").actual, lin.figure("workload").actual) == (0, 1)
    firms = figures(quarter, None)
    assert firms.figure("sales", "CNY").actual == Decimal(1000)
    assert firms.figure("satisfaction").actual == Decimal(7)
    north = figures(quarter, "north", team=True)
    assert north.figure("sales", "CNY").actual == Decimal(1000)
    assert figures(quarter, "north").figure("sales").actual is None
    assert Performance.from_dict(lin.to_dict()) == lin


SALES = st.lists(
    st.tuples(st.sampled_from([*PEOPLE, "gone"]), st.integers(0, 10**6), st.integers(0, 10)),
    max_size=8,
)


@settings(max_examples=20)
@given(SALES)
def test_a_departments_figures_are_its_peoples(sales: list[tuple[str, int, int]]):
    """What adds up adds up, for any sales: people to their department, everybody to the firm."""
    with firm(now=START, people={**PEOPLE, "gone": {"reports_to": "eng"}}) as shop:
        for number, (owner, amount, rating) in enumerate(sales):
            shop.save(f"c{number}", owner=owner)
            shop.note(f"c{number}", "opinion", rating=rating)
            win(shop, f"c{number}", owner, amount)
        for head, below in (("north", ("north", "lin", "wang")), (None, (*PEOPLE, "gone"))):
            whole = figures(shop, head, team=True)
            each = [figures(shop, who) for who in below]
            for measure in ("sales", "teamwork"):
                parts = [one.figure(measure).actual or Decimal(0) for one in each]
                assert sum(parts) == (whole.figure(measure).actual or Decimal(0))
            rated = sum(one.figure("satisfaction").n for one in each)
            assert whole.figure("satisfaction").n == rated


def test_what_cannot_be_computed_says_why(shop: Firm):
    """None, with a reason in both languages: never a zero that means "unknown"."""
    told = figures(shop, "lin")
    reasons = {one.measure: one.why.code for one in told.figures if one.why is not None}
    assert reasons == {
        "upkeep": "no_tiers",
        "sales": "no_currency",
        "satisfaction": "no_ratings",
        "reports": "no_customers",
        "revenue": "no_currency",
        "workload": "no_tiers",
        "attitude": "not_entered",
        "staff_satisfaction": "not_entered",
    }
    assert all((one.actual is None) == (one.why is not None) for one in told.figures)
    assert told.mix is None
    later = figures(shop, "lin", "2027")
    assert {one.why.code for one in later.figures if one.why} == {"not_begun", "not_entered"}
    assert later.elapsed == 0


@pytest.mark.row("R267")
def test_a_running_period_is_compared_with_the_part_that_is_due(shop: Firm):
    """A quarter of the year has passed: a quarter of the quota is due, and a shortfall is told."""
    shop.save("ann", owner="lin")
    targets = shop.crm.targets
    targets.set("lin", "2026", "sales", 3650, currency="CNY")
    targets.set("wang", "2026", "sales", 3650, currency="CNY")
    targets.set("wang", "2026", "satisfaction", 8)
    shop.now = datetime(2026, 3, 15, tzinfo=UTC)  # day 73: a fifth of the year
    win(shop, "ann", "lin", 730)
    lin = figures(shop, "lin", "2026").figure("sales")
    assert (lin.expected, lin.attainment, lin.deviation) == (Decimal("730.00"), 1.0, Decimal(0))
    assert not lin.alert
    (alert,) = targets.alerts("2026")
    assert (alert.person, alert.measure, alert.attainment) == ("wang", "sales", 0.0)
    assert alert.deviation == Decimal(-730)
    shop.now = datetime(2026, 3, 24, tzinfo=UTC)  # nine days on, 1 in 10 is forgiven
    assert [one.person for one in targets.alerts("2026")] == ["wang", "lin"]
    shop.now = datetime(2027, 2, 1, tzinfo=UTC)
    past = figures(shop, "lin", "2026")
    assert (past.elapsed, past.at, past.figure("sales").expected) == (1.0, past.until, 3650)


@pytest.mark.row("R267")
def test_the_threshold_of_the_alert_is_a_setting():
    """A firm that forgives more is told less."""
    with firm(now=START, people=PEOPLE, targets={"alert": 0.5}) as shop:
        shop.save("ann", owner="lin")
        shop.crm.targets.set("lin", "2026-01", "sales", 100, currency="CNY")
        win(shop, "ann", "lin", 60)
        shop.wait(40)
        assert shop.crm.targets.alerts("2026-01") == ()
        shop.crm.targets.set("lin", "2026-01", "sales", 121, currency="CNY")
        assert len(shop.crm.targets.alerts("2026-01")) == 1


@pytest.mark.row("R268")
def test_the_evaluation_weighs_sales_satisfaction_and_attitude(quarter: Firm):
    """Weights as data; what is missing hands its weight on, and is named."""
    targets = quarter.crm.targets
    before = figures(quarter, "lin")
    assert (before.mix, before.missing) == (pytest.approx(0.9), ("sales", "attitude"))
    targets.set("lin", "2026-Q1", "sales", 1800, currency="CNY")
    quarter.now = APRIL
    targets.rate("lin", "2026-Q1", "attitude", 6, by="north", reason="late twice")
    told = figures(quarter, "lin")
    assert told.missing == ()
    assert told.mix == pytest.approx(0.5 * 0.5 + 0.3 * 0.9 + 0.2 * 0.6)
    targets.set("lin", "2026-Q1", "sales", 1, currency="CNY")  # 900 times as much counts 1.5
    assert figures(quarter, "lin").mix == pytest.approx(0.5 * 1.5 + 0.3 * 0.9 + 0.2 * 0.6)
    targets.rate("lin", "2026-Q1", "attitude", 9)
    assert figures(quarter, "lin").figure("attitude").actual == Decimal(9)


@pytest.mark.row("R272", "R271")
def test_joint_work_is_counted_for_both(shop: Firm):
    """A contact handed to technical support and done, and a shared sale, are teamwork."""
    shop.buyer("ann", 200, owner="lin")
    shop.buyer("bob", 200, owner="lin")
    shop.lifecycle.advance()
    for name in ("ann", "bob"):
        shop.care.reassign(shop.item(name), "eng", by="lin")
    assert shop.item("ann").owner == "eng"
    shop.care.done(shop.item("ann"), outcome="showed him how", by="eng")
    for owner in ("lin", "wang"):
        shop.crm.funnel.open(
            "ann",
            name="tea",
            amount=5,
            currency="CNY",
            owner=owner,
            shared=owner == "wang",
            reason="wang knows the machine",
        )
    found = {who: figures(shop, who).figure("teamwork") for who in ("lin", "eng", "wang")}
    assert {who: (int(one.actual or 0), one.n) for who, one in found.items()} == {
        "lin": (1, 2),
        "eng": (1, 2),
        "wang": (1, 1),
    }
    seen = shop.crm.as_actor("eng").funnel.of("ann")
    assert [one.owner for one in seen] == ["lin", "wang"]


@pytest.mark.row("R85")
def test_everybody_is_seen_beside_each_other(quarter: Firm):
    """The firm, each department and each person, in the order of the configuration."""
    found = quarter.crm.targets.everybody("2026-Q1")
    assert [(one.person, one.team) for one in found] == [
        (None, True),
        ("chief", True),
        ("chief", False),
        ("north", True),
        ("north", False),
        ("lin", False),
        ("wang", False),
        ("eng", False),
    ]
    assert (found[5].name, found[5].role) == ("林", "sales")
    quarter.save("eve", owner="lin")
    assert figures(quarter, "wang") == found[6]


@pytest.mark.row("R270")
def test_which_products_sell(shop: Firm):
    """Purchases, buyers, pieces and money of each product, less what came back."""
    shop.wait(20)
    for name, owner in (("ann", "lin"), ("bob", "wang")):
        shop.save(name, owner=owner)
        shop.note(name, "purchase", 9, amount="10", currency="CNY", item="tea", quantity=3)
    shop.note("ann", "purchase", 5, amount="70", currency="USD", item="pot")
    shop.note("ann", "return", 2, amount="-10", currency="CNY", item="tea", quantity=3, of="r1")
    tea, pot = shop.crm.targets.products("2026-01")
    assert (tea.item, tea.purchases, tea.buyers, tea.quantity) == ("tea", 2, 2, 3)
    assert pot.quantity is None
    assert (dict(tea.amounts), dict(pot.amounts)) == (
        {"CNY": Decimal(10)},
        {"USD": Decimal(70)},
    )
    assert [one.item for one in shop.crm.targets.products("2026-01", "wang")] == ["tea"]
    assert shop.crm.targets.products("2025") == ()
    shop.note("ann", "purchase", -0.5, amount="10", currency="CNY", item="tea", quantity=3)
    assert shop.crm.targets.products("2026-01")[0].purchases == 2  # the third is yet to come


@pytest.mark.row("R220")
def test_the_workload_is_how_many_one_person_keeps_alive():
    """Against the figures of the configuration; who has too many is told, alive or not."""
    limits = {"fewest_alive": 2, "most_alive": 3}
    with firm(now=START, people=PEOPLE, targets=limits) as shop:
        for number in range(10):
            owner = "lin" if number < 4 else "wang" if number < 6 else "eng" if number < 7 else None
            shop.buyer(f"c{number}", 20, owner=owner)
            if number not in (0, 6):
                shop.note(f"c{number}", "call", 3)
        shop.lifecycle.advance()
        told = {one.person: (one.customers, one.alive, one.verdict) for one in _workload(shop)}
        assert told == {
            "chief": (0, 0, "few"),
            "eng": (1, 0, "few"),
            "lin": (4, 3, "many"),
            "north": (0, 0, "few"),
            "wang": (2, 2, "right"),
            None: (3, 3, "right"),
        }
        shop.wait(3000)
        assert {one.alive for one in _workload(shop)} == {0}


def _workload(shop: Firm) -> tuple[Any, ...]:
    return shop.crm.targets.workload()


def test_ended_relationships_and_members_of_an_organisation_weigh_nothing(shop: Firm):
    """Nobody is to contact the one; the others are contacted with their organisation."""
    shop.save("org", owner="lin", kind="organisation")
    shop.buyer("ann", 20, parent="org")
    shop.buyer("bob", 20, owner="lin")
    shop.note("ann", "call", 1)
    ending = shop.lifecycle.end("bob", reason="market_exit", by="lin")
    shop.lifecycle.approve(ending.id, by="chief")
    shop.lifecycle.advance()
    lin = next(one for one in _workload(shop) if one.person == "lin")
    assert (lin.customers, lin.alive) == (1, 1)
    assert figures(shop, "lin", "2026").figure("upkeep").actual == Decimal(1)


@pytest.mark.row("R275")
def test_staff_and_customers_are_satisfied_together(shop: Firm):
    """Entered beside measured, over people and periods, with the correlation where it can be."""
    shop.wait(89)
    for who, staff, customers in (("lin", 9, 9), ("wang", 4, 3), ("eng", 6, 7)):
        shop.save(f"of-{who}", owner=who)
        shop.note(f"of-{who}", "survey_answered", 1, rating=customers)
        shop.crm.targets.rate(who, "2026-Q1", "staff_satisfaction", staff, by="chief")
    told = shop.crm.targets.climate("2026-Q1")
    assert told.pairs == 3
    assert told.correlation is not None
    assert 0.9 < told.correlation < 1
    lin = next(one for one in told.moods if one.person == "lin")
    assert (lin.staff, lin.customers, lin.n) == (Decimal(9), Decimal(9), 1)
    both = shop.crm.targets.climate(["2026-Q1", "2025-Q4"])
    assert (both.pairs, len(both.moods)) == (3, 10)
    assert shop.crm.targets.climate(["2025"]).correlation is None
    with pytest.raises(InvalidValueError, match="measure"):
        shop.crm.targets.rate("lin", "2026", "sales", 5)


def test_merged_customers_and_retracted_records_count_once(quarter: Firm):
    """Whose a merged one is, his keeper's manager; what was taken back counts no more."""
    quarter.crm.customers.merge("ann", "cid", reason="the same")
    assert figures(quarter, "lin").figure("revenue", "CNY").actual == Decimal(320)
    assert figures(quarter, "wang").figure("revenue").actual is None
    quarter.crm.touchpoints.retract("shop", "r7", reason="a test")
    assert figures(quarter, "lin").figure("satisfaction").n == 2


@pytest.mark.parametrize(
    "section",
    [
        {"alert": 1},
        {"mix": {"charm": 1}},
        {"mix": {"sales": -1}},
        {"mix": {}},
        {"most": 0.5},
        {"fields": ["nonsense"]},
        {"fields": []},
        {"fewest_alive": 5, "most_alive": 4},
        {"nonsense": 1},
    ],
)
def test_a_wrong_setting_is_told(section: dict[str, Any]):
    """The key is named before anything is reckoned with it."""
    with firm(targets=section) as shop, pytest.raises(ConfigError, match="targets"):
        _ = shop.crm.targets


def test_every_measure_has_words():
    """What a list shows is there in Chinese too."""
    assert all(one.zh and name == one.name for name, one in MEASURES.items())
    assert Figure(person=None, team=True, period="2026", measure="x", zh="x", unit="count").n == 0


def test_without_people_configured_owners_are_whoever_they_are():
    """A firm that names nobody under [people] has targets for the owners of its customers."""
    with crmkit.connect("memory://", plugins=[], clock=lambda: APRIL) as crm:
        crm.customers.save(crmkit.Customer(id="ann", name="Ann", owner="zoe"))
        crm.targets.set(None, "2026", "teamwork", 5)
        crm.targets.break_down(None, "2026", "teamwork", {"zoe": 5})
        rows = crm.targets.tree("2026", "teamwork")
        assert [(row.person, row.gap) for row in rows] == [(None, 0), ("zoe", None)]
        assert [one.person for one in crm.targets.everybody("2026")] == [None, "zoe"]
