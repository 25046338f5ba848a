"""Feedback: answered, analysed, acted on and followed up until it is solved, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import crmkit
from crmkit.contracts.documents import Documents
from crmkit.errors import (
    ConfigError,
    CustomerMerged,
    DecisionNotFound,
    InvalidValueError,
    RefusedError,
    TouchpointNotFound,
)
from crmkit.model.feedback import FEEDBACK_KINDS, LEVELS, FeedbackCase
from tests.lifecycle.firm import Firm, firm

HOUR = timedelta(hours=1)


def opened(shop: Firm, kind: str = "complaint", text: str = "茶凉了", **more: Any) -> FeedbackCase:
    """Open a case of Ann's, who is Lin's customer."""
    if not shop.crm.customers.search("Ann").items:
        shop.save("ann", owner="lin")
    return shop.crm.feedback.open("ann", kind, text, **more)


def acted(shop: Firm, case: FeedbackCase, **more: Any) -> FeedbackCase:
    """Take a case to its follow-up, an hour a step."""
    feedback = shop.crm.feedback
    if case.state == "open":
        shop.now += HOUR
        feedback.respond(case.id, "we are sorry")
    shop.now += HOUR
    feedback.analyse(case.id, "process", cause="poured too early")
    shop.now += HOUR
    return feedback.act(case.id, "staff_training", **more)


@pytest.mark.row("R221", "R223", "R224", "R225", "R226", "R227", "R230")
def test_a_complaint_goes_from_the_answer_to_the_effect() -> None:
    """Each step is made once, in order, by somebody, and stands on the case."""
    with firm() as shop:
        feedback = shop.crm.as_actor("wang").feedback
        case = opened(shop)
        assert (case.state, case.next_step, case.owner) == ("open", "respond", "lin")
        shop.now += HOUR
        assert feedback.respond(case.id, "we are sorry").next_step == "analyse"
        feedback.analyse(case.id, "service_quality", cause="cups not warmed")
        feedback.act(case.id, "staff_training", text="warm the cups", department="tea room")
        shop.now += 24 * HOUR
        done = feedback.follow_up(case.id, solved=True, text="hot now")
        assert (done.state, done.next_step, done.due) == ("closed", None, None)
        (only,) = done.rounds
        assert (only.category, only.cause) == ("service_quality", "cups not warmed")
        assert (only.measure, only.text, only.department, only.level) == (
            "staff_training",
            "warm the cups",
            "tea room",
            "staff",
        )
        assert (only.solved, only.effect, only.followed_at) == (True, "hot now", shop.now)
        assert [step.what for step in done.steps] == [
            "opened",
            "responded",
            "analysed",
            "acted",
            "closed",
        ]
        assert {step.by for step in done.steps[1:]} == {"wang"}
        assert feedback.case(case.id) == done == FeedbackCase.from_dict(done.to_dict())
        assert feedback.of("ann") == (done,)


@pytest.mark.row("R226", "R227")
def test_what_is_not_solved_is_analysed_again_and_acted_on_harder() -> None:
    """Each further measure stands on a higher level, the last on the highest; nothing is lost."""
    with firm() as shop:
        feedback = shop.crm.feedback
        case = opened(shop)
        levels = (*LEVELS, LEVELS[-1])
        for number, level in enumerate(levels):
            if number:
                feedback.analyse(case.id, "staff")
                if level != levels[number - 1]:
                    with pytest.raises(RefusedError, match="must be harder") as caught:
                        feedback.act(case.id, "repair", level=levels[number - 1])
                    assert vars(caught.value)["least_level"] == level
                case = feedback.act(case.id, "research")
            else:
                case = acted(shop, case)
            shop.now += HOUR
            case = feedback.follow_up(case.id, solved=False, text=f"still cold {number}")
            assert (case.state, case.next_step) == ("reopened", "analyse")
            assert (case.due, case.expected) == (shop.now + 24 * HOUR, shop.now + 96 * HOUR)
        assert [one.level for one in case.rounds] == [*levels]
        assert [one.effect for one in case.rounds] == [f"still cold {n}" for n in range(5)]
        assert {one.solved for one in case.rounds} == {False}


def test_a_closed_case_comes_back() -> None:
    """Who finds out later that nothing was solved need not open a second case; praise stays."""
    with firm() as shop:
        feedback = shop.crm.feedback
        case = acted(shop, opened(shop))
        feedback.follow_up(case.id, solved=True)
        with pytest.raises(RefusedError, match="is closed"):
            feedback.follow_up(case.id, solved=True)
        back = feedback.follow_up(case.id, solved=False, text="cold again")
        assert (back.state, back.rounds[0].solved, back.least_level) == ("reopened", False, "team")
        praise = feedback.respond(opened(shop, "praise", "好茶").id, "thank you")
        with pytest.raises(RefusedError):
            feedback.follow_up(praise.id, solved=False)


def test_praise_is_closed_by_the_answer() -> None:
    """Nothing is to be mended about it."""
    with firm() as shop:
        case = opened(shop, "praise", "好茶")
        assert shop.crm.feedback.respond(case.id, "thank you").state == "closed"


@pytest.mark.row("R221")
def test_a_suggestion_says_how_it_was_used() -> None:
    """It is not closed before."""
    with firm() as shop:
        feedback = shop.crm.feedback
        case = acted(shop, opened(shop, "suggestion", "sell jasmine tea"))
        with pytest.raises(InvalidValueError) as caught:
            feedback.follow_up(case.id, solved=True)
        assert vars(caught.value)["field"] == "used"
        used = feedback.follow_up(case.id, solved=True, used="jasmine tea is sold since May")
        assert used.used == "jasmine tea is sold since May"


@pytest.mark.row("R229")
def test_a_process_that_takes_too_long_is_shortened() -> None:
    """An opinion about the process leads to a change of the process."""
    with firm() as shop:
        feedback = shop.crm.feedback
        case = opened(shop, "opinion", "退货手续太繁琐")
        feedback.respond(case.id, "we look into it")
        feedback.analyse(case.id, "process", cause="three signatures")
        case = feedback.act(case.id, "process_change", text="one signature", department="returns")
        assert case.rounds[-1].measure == "process_change"


@pytest.mark.row("R40", "R223")
def test_each_step_has_its_time() -> None:
    """By severity; the case says by when it is handled and by which way we reply."""
    with firm() as shop:
        feedback = shop.crm.feedback
        case = opened(shop, severity="critical", channel="phone", at=shop.now - HOUR)
        assert case.due == shop.now + HOUR
        assert case.expected == shop.now - HOUR + 34 * HOUR
        assert (case.route, case.channel) == ("phone", "phone")
        assert not case.overdue(shop.now + HOUR)
        assert case.overdue(shop.now + 2 * HOUR)
        assert feedback.respond(case.id, "sorry").due == shop.now + 8 * HOUR
        assert feedback.analyse(case.id, "price").due == shop.now + 24 * HOUR
        assert feedback.act(case.id, "compensation").due == shop.now + 72 * HOUR
        assert opened(shop, severity="low").due == shop.now + 72 * HOUR
        defaults = {kind: opened(shop, kind).severity for kind in FEEDBACK_KINDS}
        assert defaults == {
            "opinion": "normal",
            "suggestion": "low",
            "complaint": "high",
            "praise": "low",
        }


def test_times_and_words_are_the_firms_own() -> None:
    """The configuration goes before the defaults, and adds words to them."""
    hours = {"high": {"respond": 1, "analyse": 2, "act": 3, "follow_up": 4}}
    section = {"hours": hours, "severity": {"praise": "high"}, "categories": ["packaging"]}
    with firm(feedback=section | {"measures": ["new box"]}) as shop:
        case = opened(shop, "praise")
        assert case.due == shop.now + HOUR
        case = opened(shop)
        shop.crm.feedback.respond(case.id, "sorry")
        assert shop.crm.feedback.analyse(case.id, "packaging").due == shop.now + 3 * HOUR
        shop.crm.feedback.act(case.id, "new box")
        assert case.expected == shop.now + 6 * HOUR


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"hours": {"urgent": {"respond": 1, "analyse": 1, "act": 1, "follow_up": 1}}}, "urgent"),
        ({"hours": {"high": {"respond": 1}}}, "analyse"),
        ({"hours": {"high": {"respond": 0, "analyse": 1, "act": 1, "follow_up": 1}}}, "respond"),
        (
            {"hours": {"high": {"respond": float("nan"), "analyse": 1, "act": 1, "follow_up": 1}}},
            "respond",
        ),
        ({"severity": {"complaint": "urgent"}}, "feedback.severity.complaint"),
        ({"severity": {"rant": "high"}}, "feedback.severity.rant"),
        ({"clock": 5}, "feedback.clock"),
    ],
)
def test_settings_that_make_no_sense_are_named(section: dict[str, Any], key: str) -> None:
    """The key is told, when feedback is first asked for."""
    with firm(feedback=section) as shop, pytest.raises(ConfigError) as caught:
        _ = shop.crm.feedback
    assert vars(caught.value)["key"].endswith(key)


@pytest.mark.row("R222")
@pytest.mark.parametrize(
    ("record", "channel", "collected"),
    [
        ({"kind": "call"}, "phone", "talk"),
        ({"kind": "meeting"}, "meeting", "talk"),
        ({"kind": "message_in", "channel": "email"}, "email", "talk"),
        ({"kind": "survey_answered", "rating": 3}, "survey", "asked"),
        ({"kind": "note", "channel": "review"}, "review", "asked"),
        ({"kind": "note", "channel": "social"}, "social", "asked"),
        ({"kind": "note"}, None, None),
    ],
)
def test_what_was_said_anywhere_becomes_a_case(
    record: dict[str, Any], channel: str | None, collected: str | None
) -> None:
    """A case is opened for any touchpoint, and says how it was gathered; the log gets no second."""
    with firm() as shop:
        shop.save("ann")
        shop.note("ann", record.pop("kind"), 2, source="desk", text="cold tea", **record)
        (said,) = shop.crm.touchpoints.of("ann")
        case = shop.crm.feedback.open("ann", "complaint", "", touchpoint=said)
        assert (case.channel, case.collected) == (channel, collected)
        assert (case.text, case.at, case.touchpoint) == ("cold tea", said.at, ("desk", said.id))
        assert len(shop.crm.touchpoints.of("ann")) == 1
        with pytest.raises(RefusedError, match="has its case already") as caught:
            shop.crm.feedback.open("ann", "opinion", "again", touchpoint=("desk", said.id))
        assert vars(caught.value)["case_id"] == case.id


@pytest.mark.row("R221")
def test_what_is_typed_stands_in_the_log_and_counts() -> None:
    """A case by hand is a touchpoint of its kind, and our answers are contacts."""
    with firm() as shop:
        feedback = shop.crm.feedback
        case = opened(shop, channel="phone")
        said = shop.crm.touchpoints.of("ann", kinds="complaint")
        assert [(one.source, one.id) for one in said] == [case.touchpoint]
        assert (said[0].origin, said[0].direction, said[0].text) == ("typed", "in", "茶凉了")
        acted(shop, case)
        shop.now += HOUR
        feedback.follow_up(case.id, solved=True, text="hot now", channel="email")
        newest, first = shop.crm.touchpoints.of("ann", kinds=("call", "message_out"))
        assert (first.kind, first.text, first.direction) == ("call", "we are sorry", "out")
        assert (newest.kind, newest.text, newest.at) == ("message_out", "hot now", shop.now)
        assert {one.attributes["case"] for one in (newest, first)} == {case.id}
        assert {one.source for one in (newest, first)} == {"crmkit"}


def test_an_answered_matter_leaves_the_agenda() -> None:
    """Whoever works on the case need not tell the agenda too."""
    with firm() as shop:
        shop.buyer("ann", 400, 300, owner="lin")
        shop.note("ann", "complaint", 5, text="cold tea")
        shop.lifecycle.advance()
        assert "open_complaint" in [reason.code for reason in shop.item("ann").why]
        (case,) = shop.crm.feedback.take()
        shop.crm.feedback.respond(case.id, "sorry")
        assert shop.listed() == []


def test_the_log_is_taken_once() -> None:
    """Every complaint, opinion, suggestion and praise gets one case; what was taken back none."""
    with firm() as shop:
        feedback = shop.crm.feedback
        for name in ("ann", "bob"):
            shop.save(name, owner="lin", preferred_channel="email")
            for days, kind in enumerate((*FEEDBACK_KINDS, "call"), 1):
                shop.note(name, kind, 10 * days, source="shop", text=f"{kind} of {name}")
        shop.note("ann", "complaint", 90, source="shop", text="a mistake")
        shop.crm.touchpoints.retract("shop", f"r{shop.count}", reason="a mistake")
        before = len(shop.crm.changes(limit=10_000))
        taken = feedback.take(shop.at(35))
        assert sorted((case.kind, str(case.customer_id)) for case in taken) == sorted(
            (kind, name) for kind in FEEDBACK_KINDS[:3] for name in ("ann", "bob")
        )
        assert {(case.owner, case.route) for case in taken} == {("lin", "email")}
        assert {case.text for case in taken} >= {"complaint of ann", "opinion of bob"}
        assert len(feedback.take()) == 2
        assert feedback.take() == ()
        assert len(shop.crm.changes(limit=10_000)) == before + 8
        assert len(feedback.list()) == 8


def test_how_severe_it_is_may_stand_in_the_record() -> None:
    """A source that tells it in our words is believed; any other word is its own affair."""
    with firm() as shop:
        shop.save("ann")
        for said in ("critical", "P1", ["critical"], None):
            shop.note("ann", "complaint", 1, attributes={"severity": said})
        severities = [case.severity for case in shop.crm.feedback.take()]
        assert sorted(severities) == ["critical", "high", "high", "high"]


def test_taking_goes_on_over_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is a transaction; a run that was cut short is gone on with."""
    monkeypatch.setattr("crmkit.care.feedback.taking.PAGE", 3)
    with firm() as shop:
        shop.save("ann")
        for days in range(10):
            shop.note("ann", "complaint", days % 2, source="shop")
        assert len(shop.crm.feedback.take()) == 10
        assert shop.crm.feedback.take() == ()


def test_what_was_answered_since_is_known() -> None:
    """A contact of ours that comes in by itself is the answer: nobody types it again."""
    with firm() as shop:
        feedback = shop.crm.feedback
        shop.save("ann")
        shop.note("ann", "complaint", 10, text="cold tea")
        shop.note("ann", "call", 12, direction="out")
        shop.note("ann", "message_in", 9)
        shop.note("ann", "message_out", 8, attributes={"automatic": True})
        (case,) = feedback.take()
        assert case.state == "open"
        shop.note("ann", "call", 7, text="we called", direction="out")
        shop.note("ann", "complaint", 5, text="cold again")
        (second,) = feedback.take()
        first = feedback.case(case.id)
        assert (first.state, first.response, first.steps[-1].at) == (
            "responded",
            "we called",
            shop.at(7),
        )
        assert first.due == shop.at(7) + 24 * HOUR
        assert second.state == "open"
        shop.note("ann", "praise", 4)
        shop.note("ann", "visit", 3)
        (praise,) = feedback.take()
        assert praise.state == "closed"
        assert feedback.case(second.id).state == "responded"


def test_a_merge_takes_the_cases_along() -> None:
    """They are found under the id that stays, go on there, and go back with an unmerge."""
    with firm() as shop:
        feedback = shop.crm.feedback
        for name in ("ann", "bob"):
            shop.save(name)
        shop.note("bob", "complaint", 2, source="shop")
        (case,) = feedback.take()
        merge = shop.crm.customers.merge("ann", "bob", reason="the same")
        assert feedback.of("ann") == (case,)
        with pytest.raises(CustomerMerged):
            feedback.of("bob")
        with pytest.raises(CustomerMerged):
            feedback.open("bob", "praise", "good")
        assert feedback.take() == ()
        feedback.respond(case.id, "sorry")
        assert [one.text for one in shop.crm.touchpoints.of("ann", kinds="message_out")] == [
            "sorry"
        ]
        shop.crm.customers.unmerge(merge.id)
        assert [one.id for one in feedback.of("bob")] == [case.id]
        assert feedback.of("ann") == feedback.take() == ()


def test_lists_come_overdue_first() -> None:
    """By the deadline of the next step, closed ones only where they are asked for."""
    with firm() as shop:
        feedback = shop.crm.feedback
        late = opened(shop, "suggestion")
        soon = opened(shop, severity="critical", owner="wang")
        done = opened(shop, "praise", severity="critical")
        feedback.respond(done.id, "thanks")
        assert [one.id for one in feedback.list()] == [soon.id, late.id]
        assert [one.id for one in feedback.list(state="closed")] == [done.id]
        assert [one.id for one in feedback.list(owner="wang")] == [soon.id]
        assert [one.id for one in feedback.list(kind="suggestion")] == [late.id]
        assert [one.id for one in feedback.list(severity="critical")] == [soon.id]
        assert feedback.list(overdue=True) == ()
        shop.now += 3 * HOUR
        assert [one.id for one in feedback.list(overdue=True)] == [soon.id]


def test_nothing_happens_where_a_step_is_refused() -> None:
    """A wrong move, word or id is told, and neither the case nor the log has changed."""
    with firm() as shop:
        feedback = shop.crm.feedback
        shop.save("bob")
        case = opened(shop)
        shop.note("bob", "complaint", 1, source="shop")
        before = shop.crm.changes(limit=10_000)

        def bad(kind: str = "praise", text: str = "x", **more: Any) -> Callable[[], object]:
            return lambda: feedback.open("ann", kind, text, **more)

        mine = ("shop", f"r{shop.count}")
        for call, error in (
            (lambda: feedback.analyse(case.id, "price"), RefusedError),
            (lambda: feedback.act(case.id, "repair"), RefusedError),
            (lambda: feedback.follow_up(case.id, solved=True), RefusedError),
            (lambda: feedback.respond("999", "sorry"), DecisionNotFound),
            (lambda: feedback.respond(case.id, " "), InvalidValueError),
            (lambda: feedback.respond(case.id, "x", channel="\udfff"), InvalidValueError),
            (lambda: feedback.follow_up(case.id, solved=None), InvalidValueError),  # type: ignore[arg-type]
            (bad("rant"), InvalidValueError),
            (bad(text=""), InvalidValueError),
            (bad(severity="urgent"), InvalidValueError),
            (bad(owner="nobody"), InvalidValueError),
            (bad(at=shop.now + HOUR), InvalidValueError),
            (bad(touchpoint=("a", "b")), TouchpointNotFound),
            (bad(touchpoint=("a",)), InvalidValueError),
            (bad(touchpoint=mine), RefusedError),
        ):
            with pytest.raises(error):
                call()
        assert shop.crm.changes(limit=10_000) == before
        assert feedback.case(case.id) == case


def test_what_is_said_and_its_touchpoint_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are recorded or neither; a plugin hears of it as of any touchpoint, after the commit."""
    heard: list[str] = []

    class Listener:
        @crmkit.hookimpl
        def crmkit_touchpoints_recorded(self, touchpoints: Any, workspace: str) -> None:
            assert workspace
            heard.extend(one.kind for one in touchpoints)

    with firm() as shop:
        shop.crm.plugins.register(Listener(), "listener")
        case = opened(shop)
        assert heard == ["complaint"]
        before = shop.crm.changes(limit=10_000)
        with monkeypatch.context() as patched:
            patched.setattr(Documents, "move", lambda *_: {}["killed"])
            with pytest.raises(KeyError):
                shop.crm.feedback.respond(case.id, "sorry")
        assert (heard, shop.crm.changes(limit=10_000)) == (["complaint"], before)
        shop.crm.feedback.respond(case.id, "sorry")
        assert heard == ["complaint", "message_out"]


@pytest.mark.row("R65")
def test_a_quarterly_survey_writes_back_to_the_record() -> None:
    """The answers are touchpoints: the customer's satisfaction moves with them, nobody types it."""
    with firm() as shop:
        shop.save("ann")
        seen = []
        for quarter, rating in enumerate((9, 6, 2)):
            sent = {"id": f"sent-{quarter}", "kind": "survey_sent", "at": shop.now}
            answer = {"id": f"q{quarter}", "kind": "survey_answered", "at": shop.now}
            shop.crm.capture(
                [sent | {"customer": "ann"}, answer | {"customer": "ann", "rating": rating}],
                "survey",
            )
            parts = {part.indicator: part for part in shop.crm.value.score("ann").parts}
            seen.append(parts["satisfaction"].points)
            assert parts["surveys_answered"].state == "observed"
            shop.wait(91)
        assert seen == sorted(seen, reverse=True)
        assert len(shop.crm.customers.export("ann")["touchpoints"]) == 6
        (low,) = [one for one in shop.crm.touchpoints.of("ann") if one.rating == 2]
        case = shop.crm.feedback.open("ann", "opinion", "unhappy", touchpoint=low)
        assert case.collected == "asked"


@pytest.mark.parametrize("url", ["memory://", "sqlite:///FOLDER/shop.db"])
def test_two_at_once_take_a_step_once(url: str, tmp_path: Path) -> None:
    """Of two who answer at the same time one is refused, while captures go on beside them."""
    with firm(url=url.replace("FOLDER", str(tmp_path))) as shop:
        case = opened(shop)
        ready = Barrier(3)

        def respond(words: str) -> bool:
            ready.wait()
            try:
                shop.crm.feedback.respond(case.id, words)
            except RefusedError:
                return False
            return True

        def capture() -> bool:
            ready.wait()
            for _ in range(10):
                shop.note("ann", "visit")
            return False

        with ThreadPoolExecutor(3) as pool:
            done = [pool.submit(respond, "sorry"), pool.submit(respond, "no")]
            done.append(pool.submit(capture))
            assert sorted(one.result(timeout=60) for one in done) == [False, False, True]
        assert len(shop.crm.touchpoints.of("ann", kinds="message_out")) == 1
        assert len(shop.crm.touchpoints.of("ann", kinds="visit")) == 10


def test_who_is_erased_leaves_no_case() -> None:
    """His cases go with what he said, and are not opened again."""
    with firm() as shop:
        case = acted(shop, opened(shop))
        shop.crm.customers.erase("ann", reason="asked for it")
        assert shop.crm.feedback.list() == shop.crm.feedback.take() == ()
        with pytest.raises(DecisionNotFound):
            shop.crm.feedback.follow_up(case.id, solved=True)


def test_an_end_does_not_silence_a_complaint() -> None:
    """What he said is answered and followed up all the same: he must know, and it sells nothing."""
    with firm() as shop:
        case = opened(shop)
        ending = shop.lifecycle.end("ann", reason="market_exit", by="lin")
        shop.lifecycle.approve(ending.id, by="boss")
        acted(shop, case)
        assert shop.crm.feedback.follow_up(case.id, solved=True).state == "closed"
