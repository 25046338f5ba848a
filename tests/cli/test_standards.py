"""``crmkit standards``: what is promised, what was measured, and what was done to do better."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.kit import END, Shop

AT = ("--at", END.isoformat())
QUICK = (
    *("standards", "set", "hotline", "--area", "customer_support"),
    *("--figure", "response_time", "--target", "0.9", "--hours", "8"),
)


@pytest.fixture
def serving(shop: Shop) -> Shop:
    """Give a shop that answered one of two complaints, and was rated once."""
    with shop.open(clock=lambda: END) as crm:
        for number in range(2):
            said = END - timedelta(days=3)
            case = crm.feedback.open(shop.id(number), "complaint", "it is cold", at=said)
        rated = {"id": "q", "kind": "survey_answered", "at": END - timedelta(days=2), "rating": 8}
        crm.capture([rated | {"customer": shop.id(0)}], "survey")
    with shop.open(clock=lambda: END - timedelta(days=3) + timedelta(hours=2)) as crm:
        crm.feedback.respond(case.id, "sorry")
    return shop


def test_standards_are_set_and_listed(serving: Shop):
    """Target and measured value side by side, in two languages and for a program."""
    assert "version 1" in serving.run(*QUICK, *AT).stderr
    assert "version 1" in serving.run(*QUICK, *AT).stderr
    assert "version 2" in serving.run(*QUICK, "--kind", "complaint", *AT).stderr
    serving.run(
        *("standards", "set", "happy", "--area", "product_quality"),
        *("--figure", "satisfaction", "--target", "8", *AT),
    )
    serving.run(
        *("standards", "set", "repairs", "--area", "technical_maintenance", "--category", "price"),
        *("--figure", "solved_first_time", "--target", "0.5", *AT),
    )
    rows = serving.json("standards", *AT)
    measured = [(row["measured"]["value"], row["measured"]["count"]) for row in rows]
    assert [
        (row["standard"]["name"], *pair, row["attained"])
        for row, pair in zip(rows, measured, strict=True)
    ] == [("happy", 8.0, 1, True), ("hotline", 0.5, 2, False), ("repairs", None, 0, None)]
    assert serving.json("standards", "--since", "1d", *AT)[1]["measured"]["count"] == 0
    _, *lines = serving.run("standards", *AT).stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "product quality",
        "customer support",
        "technical maintenance",
    ]
    assert all(said in lines[1] for said in ("answered in time, 8 hours", "≥90.0%", "50.0%", "no"))
    assert "not measured" in lines[2]
    chinese = serving.run("standards", "--lang", "zh", *AT).stdout
    for said in ("产品品质标准", "客户满意度", "服务响应及时率(8小时内)", "未达标", "未测量"):
        assert said in chinese
    told = serving.json(*QUICK, "--kind", "praise", *AT)
    assert (told["name"], told["version"], told["kinds"]) == ("hotline", 3, ["praise"])
    told = serving.json("standards", "drop", "hotline", "--reason", "no hotline", *AT)
    assert (told["name"], told["state"]) == ("hotline", "dropped")
    assert len(serving.json("standards", *AT)) == 2


def test_improvements_show_before_and_after(serving: Shop):
    """Begun, assessed once something was measured since, and listed."""
    serving.run(*QUICK, *AT)
    said = serving.run("standards", "improve", "hotline", "--text", "two people", *AT).stderr
    number = said.split()[1]
    assert "by 2026-07-31" in said
    later = END + timedelta(days=10)
    none = serving.run("standards", "assess", number, "--at", later.isoformat(), code=3)
    assert "assess it later" in none.stderr
    with serving.open(clock=lambda: later) as crm:
        crm.feedback.respond(crm.feedback.open(serving.id(3), "opinion", "dear").id, "sorry")
    shown = serving.run("standards", "assess", number, "--at", later.isoformat()).stderr
    assert "50.0% before, 100.0% since (better)" in shown
    (row,) = serving.json("standards", "improvements", "--standard", "hotline")
    assert (row["id"], row["state"], row["before"]["value"], row["after"]["value"]) == (
        number,
        "assessed",
        0.5,
        1.0,
    )
    assert row["better"] is True
    begun = serving.json("standards", "improve", "hotline", "--text", "a third one", *AT)
    assert (begun["standard"]["name"], begun["text"]) == ("hotline", "a third one")
    told = serving.json("standards", "assess", begun["id"], "--at", later.isoformat())
    assert (told["id"], told["state"], told["better"]) == (begun["id"], "assessed", True)
    assert "two people" in serving.run("standards", "improvements").stdout


def test_the_report_tells_of_the_service(serving: Shop):
    """Satisfaction, complaint rate and response time, of the span that is asked about."""
    service = serving.json("report", *AT)["service"]
    assert (service["satisfaction"], service["complaints"], service["purchases"]) == (8.0, 2, 50)
    assert (service["cases"], service["answered"], service["response_time"]) == (2, 1, 7200.0)
    shown = serving.run("report", *AT).stdout
    assert "satisfaction 8.0 of 10 (1 rating), complaints 2, 4.0% a purchase" in shown
    assert "feedback 2 cases, answered 1, in 2.0 hours (median), closed 0" in shown
    assert "not rated" in serving.run("report", "--since", "1d", *AT).stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("set", "x", "--area", "weather", "--figure", "satisfaction", "--target", "5"), "weather"),
        ((*QUICK[1:-2],), "within"),
        ((*QUICK[1:-1], "1e999"), "within"),
        ((*QUICK[1:-1], "nan"), "within"),
        ((*QUICK[1:], "--category", "weather"), "categories"),
        (("drop", "nothing", "--reason", "x"), "nothing"),
        (("improve", "nothing", "--text", "x"), "nothing"),
        (("assess", "99"), "99"),
        (("--since", "tomorrow"), "tomorrow"),
    ],
)
def test_what_makes_no_sense_is_2(sold: Shop, words: tuple[str, ...], named: str):
    """A word, a time or a name that nobody knows is wrong use, told in one line."""
    done = sold.run("standards", *words, code=2)
    assert named in done.stderr
    assert done.stdout == ""
