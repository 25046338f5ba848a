"""``crmkit feedback``: the cases that wait, and every step of one from a terminal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.kit import END, Shop

AT = ("--at", END.isoformat())


@pytest.fixture
def complained(shop: Shop) -> Shop:
    """Give a shop in which two customers complained, and a third praised it."""
    with shop.open(clock=lambda: END) as crm:
        for number, (kind, hours) in enumerate((("complaint", 30), ("opinion", 2), ("praise", 1))):
            said = {
                "id": f"said-{number}",
                "kind": kind,
                "at": END - timedelta(hours=hours),
                "customer": {"email": f"c{number}@example.com"},
                "text": f"it is {kind}",
                "channel": "email",
            }
            assert crm.capture([said], "desk").new == 1
    return shop


def test_what_waits_is_listed_overdue_first(complained: Shop):
    """Taken from the log, with who said it; a program reads the same."""
    assert "3 cases opened" in complained.run("feedback", "take", *AT).stderr
    rows = complained.json("feedback", *AT)
    assert [(row["kind"], row["overdue"], row["next_step"]) for row in rows] == [
        ("complaint", True, "respond"),
        ("opinion", False, "respond"),
        ("praise", False, "respond"),
    ]
    shown = complained.run("feedback", *AT).stdout.splitlines()
    assert "王小明" in shown[1]
    assert "overdue" in shown[1]
    assert [row["id"] for row in complained.json("feedback", "--overdue", *AT)] == [rows[0]["id"]]
    assert len(complained.json("feedback", "--kind", "praise", "--severity", "low", *AT)) == 1
    assert (
        "no owner 'nobody'" in complained.run("feedback", "--owner", "nobody", *AT, code=2).stderr
    )
    chinese = complained.run("feedback", "--lang", "zh", *AT).stdout
    assert all(said in chinese for said in ("逾期", "投诉", "及时响应", "表扬"))
    assert complained.json("feedback", "take", *AT) == []


def test_the_doctor_tells_what_is_late(complained: Shop):
    """Nobody has to remember to look."""
    assert "past due" not in complained.run("doctor").stdout
    complained.run("feedback", "take", *AT)
    assert "3 cases are past due" in complained.run("doctor").stdout


def test_a_case_goes_through_its_steps(complained: Shop):
    """Opened, answered, analysed, acted on twice, and followed up until it is solved."""
    opened = complained.run(
        "feedback", "open", complained.id(4), "--kind", "suggestion", "--text", "sell jasmine", *AT
    )
    case = opened.stderr.split()[1]
    for words, state in (
        (("respond", case, "--text", "thank you"), "responded"),
        (("analyse", case, "--category", "other", "--cause", "no jasmine"), "analysed"),
        (("act", case, "--measure", "research", "--department", "R&D"), "acted"),
        (("follow-up", case, "--unsolved", "--text", "not yet"), "reopened"),
        (("analyse", case, "--category", "other"), "analysed"),
        (("act", case, "--measure", "process_change", "--level", "management"), "acted"),
        (("follow-up", case, "--solved", "--used", "it is sold"), "closed"),
    ):
        assert f"Case {case} is {state}" in complained.run("feedback", *words, *AT).stderr
    assert complained.json("feedback", *AT) == []
    (closed,) = complained.json("feedback", "--state", "closed", *AT)
    assert [one["level"] for one in closed["rounds"]] == ["staff", "management"]
    assert closed["used"] == "it is sold"
    assert complained.json("feedback", "show", case)["rounds"] == closed["rounds"]
    shown = complained.run("feedback", "show", case).stdout
    for said in ("sell jasmine", "it is sold", "research and development", "R&D", "not yet"):
        assert said in shown
    chinese = complained.run("feedback", "show", case, "--lang", "zh").stdout
    for said in ("建议", "反馈给研发部门", "改进流程", "经办人", "管理层", "未解决", "已解决"):
        assert said in chinese


def test_every_step_is_given_to_a_program(complained: Shop):
    """The case as the listing has it, with what comes next."""
    id_ = complained.id(5)
    case = complained.json("feedback", "open", id_, "--kind", "complaint", "--text", "cold", *AT)
    assert (case["customer_id"], case["text"], case["next_step"]) == (id_, "cold", "respond")
    for words, state, after in (
        (("respond", "--text", "sorry"), "responded", "analyse"),
        (("analyse", "--category", "process"), "analysed", "act"),
        (("act", "--measure", "process_change"), "acted", "follow_up"),
        (("follow-up", "--solved"), "closed", None),
    ):
        told = complained.json("feedback", words[0], case["id"], *words[1:], *AT)
        assert (told["id"], told["state"], told["next_step"]) == (case["id"], state, after)
        assert told["overdue"] is False


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("respond", "999", "--text", "sorry"), 2, "999"),
        (("respond", "CASE", "--text", ""), 2, "text"),
        (("analyse", "CASE", "--category", "price"), 3, "waits for 'respond'"),
        (("analyse", "CASE", "--category", "weather"), 2, "category"),
        (("act", "CASE", "--measure", "repair"), 3, "waits for 'respond'"),
        (("follow-up", "CASE", "--solved"), 3, "waits for 'respond'"),
        (("follow-up", "CASE"), 2, "solved"),
        (("open", "--kind", "praise", "--text", "good"), 2, "name one customer"),
        (("open", "nobody", "--kind", "praise", "--text", "good"), 2, "nobody"),
        (("show", "999"), 2, "999"),
        (("--state", "lost"), 2, "lost"),
    ],
)
def test_what_cannot_be_done_is_told(
    complained: Shop, words: tuple[str, ...], code: int, named: str
):
    """A step out of order, a word or an id that nobody knows is told in one line."""
    complained.run("feedback", "take", *AT)
    case = complained.json("feedback", *AT)[0]["id"]
    done = complained.run(
        "feedback", *(case if word == "CASE" else word for word in words), code=code
    )
    assert named in done.stderr
    assert done.stdout == ""
