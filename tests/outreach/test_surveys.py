"""Surveys: asked by a message, answered by its link or by a number, and added up (R34, R228)."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.contracts.signatures import token
from crmkit.errors import InvalidValueError, RefusedError, SignatureInvalid
from tests.outreach.kit import BOTH, DAY, HOUR, NOW, Firm

SECRET = "0123456789abcdef-secret"
PAGE = "https://shop.example/survey"
SURVEYS: dict[str, Any] = {
    "url": PAGE,
    "secret": SECRET,
    "open": "30d",
    "again": {"scale": "nps", "question": {"en": "Recommend us?", "zh": "推荐我们吗？"}},
    "service": {"scale": "csat", "question": "How satisfied <are> you?"},
}
ASK = {"subject": "One question", "text": "{{ question }} {{ survey_url }}"}


@pytest.fixture
def firm(found: Callable[..., Firm]) -> Firm:
    return found(outreach={"surveys": SURVEYS})


def ask(firm: Firm, *names: str, survey: str = "again", **how: Any) -> list[str]:
    """Ask customers; give the tokens of their links, in their order."""
    given_ = {"occasion": "spring", "template": ASK, "channel": "mail"} | how
    firm.outreach.surveys.send(survey, names, **given_)
    before = len(firm.mail.sent)
    firm.dispatch()
    by = {one.customer_id: one.text.rpartition(" ")[2] for one in firm.mail.sent[before:]}
    return [parse_qs(urlsplit(by[name]).query)["s"][0] for name in names if name in by]


def post(firm: Firm, link: str, body: str, method: str = "POST") -> Any:
    return firm.outreach.surveys.receive({}, body, method=method, url=f"{PAGE}?s={quote(link)}")


def answers(firm: Firm, name: str) -> list[tuple[Any, ...]]:
    return [
        (one.attributes["score"], one.rating, one.text)
        for one in firm.crm.touchpoints.of(name)
        if one.kind == "survey_answered"
    ]


@BOTH
@pytest.mark.row("R34", "R228")
def test_a_link_shows_the_question_and_takes_the_answer(firm: Firm):
    """GET shows it and changes nothing; POST makes a touchpoint with score, rating and text."""
    firm.save("ann")
    (link,) = ask(firm, "ann")
    assert sorted(firm.notes("ann")) == ["survey_sent"]
    before = firm.dump()
    page = post(firm, link, "", "GET")
    assert page.response.status == 200
    assert "Recommend us?" in page.response.body.decode()
    assert post(firm, link, "", "HEAD").response.body == b""
    assert firm.dump() == before
    assert post(firm, link, "score=9&text=lovely+%E8%8C%B6").response.status == 200
    assert answers(firm, "ann") == [(9, 9.0, "lovely 茶")]


def test_the_page_needs_no_other_file_and_is_kept_nowhere(firm: Firm):
    """Its question is escaped, and no cache nor referrer gets the link."""
    firm.save("ann")
    (link,) = ask(firm, "ann", survey="service")
    response = post(firm, link, "", "GET").response
    body = response.body.decode()
    assert "&lt;are&gt;" in body
    assert "<are>" not in body
    assert "src=" not in body
    assert "href=" not in body
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("url", ["https://[/survey?s=a", "https://shop:99999/survey?s=a"])
def test_a_url_that_is_none_is_said(firm: Firm, url: str):
    """Whoever calls writes the host's name, so it may be anything."""
    with pytest.raises(InvalidValueError, match="url"):
        firm.outreach.surveys.receive({}, b"", method="GET", url=url)
    with pytest.raises(InvalidValueError, match="url"):
        firm.outreach.receive("mail", {}, b"", method="GET", url=url)


@BOTH
def test_the_first_answer_counts(firm: Firm):
    """Whoever answers twice is counted once."""
    firm.save("ann")
    (link,) = ask(firm, "ann")
    post(firm, link, "score=9")
    post(firm, link, "score=0")
    firm.outreach.surveys.answer(link, 3)
    assert [score for score, _, _ in answers(firm, "ann")] == [9]
    assert firm.outreach.surveys.results("again").answered == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "score=",
        "score=11",
        "score=-1",
        "score=x",
        "score=9.5",
        "text=a",
        "score=²",
        "score=" + "9" * 10_000,
        "x" * 100_000,
    ],
)
def test_what_is_out_of_scale_is_asked_again(body: str, firm: Firm):
    """The page says what is allowed; nothing is recorded."""
    firm.save("ann")
    (link,) = ask(firm, "ann")
    said = post(firm, link, body)
    assert said.response.status == 400
    assert "0 - 10" in said.response.body.decode()
    assert answers(firm, "ann") == []


@pytest.mark.parametrize("score", [-1, 11, 10**9, 2.5, "9", None, True])
def test_a_host_s_own_page_is_told(score: Any, firm: Firm):
    """An answer outside the scale is an InvalidValueError that names the score."""
    firm.save("ann")
    (link,) = ask(firm, "ann")
    with pytest.raises(InvalidValueError, match="score"):
        firm.outreach.surveys.answer(link, score)
    assert answers(firm, "ann") == []


@BOTH
def test_a_forged_link_is_refused(firm: Firm):
    """Made elsewhere, changed, of another kind, or none: nothing is shown, nothing written."""
    firm.save("ann")
    (link,) = ask(firm, "ann")
    before = firm.dump()
    id_ = firm.row().id
    forged = [
        "",
        "x",
        link[:-1],
        link + "A",
        ("a" if link[0] != "a" else "b") + link[1:],
        link[:20] + ("a" if link[20] != "a" else "b") + link[21:],
        token("another-secret-of-others", "survey", id_, "again"),
        token(SECRET, "unsubscribe", id_, "again"),
        token(SECRET, "survey", id_),
    ]
    for one in forged:
        for method in ("GET", "POST"):
            with pytest.raises(SignatureInvalid):
                post(firm, one, "score=9", method)
        with pytest.raises(SignatureInvalid):
            firm.outreach.surveys.answer(one, 9)
    assert firm.dump() == before


def test_a_link_of_a_survey_that_is_gone(firm: Firm):
    """It was made here, but leads nowhere any more."""
    firm.save("ann")
    (link,) = ask(firm, "ann")
    for number, survey in (("99999", "again"), (firm.row().id, "gone"), ("²", "again")):
        with pytest.raises(RefusedError):
            firm.outreach.surveys.answer(token(SECRET, "survey", number, survey), 9)
    firm.crm.customers.erase("ann", reason="asked")
    with pytest.raises(RefusedError):
        firm.outreach.surveys.answer(link, 9)


@BOTH
def test_after_its_end_a_survey_is_closed(firm: Firm):
    """To the second: 30 days after it was sent an answer is taken, and none after that."""
    firm.save("ann")
    firm.save("bob")
    ann, bob = ask(firm, "ann", "bob")
    firm.now = NOW + 30 * DAY
    firm.outreach.surveys.answer(ann, 7)
    firm.now += timedelta(seconds=1)
    with pytest.raises(RefusedError, match="closed"):
        firm.outreach.surveys.answer(bob, 7)
    assert post(firm, bob, "score=7").response.status == 410
    assert answers(firm, "bob") == []


@pytest.mark.row("R34")
@pytest.mark.parametrize(
    ("text", "score", "rest"),
    [
        ("9", 9, ""),
        (" 10 ", 10, ""),
        ("８", 8, ""),
        ("7, a bit slow", 7, "a bit slow"),
        ("6分，还行", 6, "分，还行"),
        ("0!", 0, ""),
    ],
)
def test_a_number_that_is_written_back_answers(text: str, score: int, rest: str, firm: Firm):
    """What else he writes is kept with it."""
    firm.save("ann")
    firm.outreach.surveys.send(
        "again", "ann", occasion="s", template={"text": "{{ question }}"}, channel="sms"
    )
    firm.dispatch()
    firm.now += HOUR
    firm.hear("sms", {"what": "replied", "address": firm.phone("ann"), "text": text})
    assert answers(firm, "ann") == [(score, float(score), rest)]


@pytest.mark.parametrize(
    "text", ["11", "99 problems", "10:30", "5%", "2026-06-01", "the 9", "-3", "3.5", "3,5", "9/10"]
)
def test_other_numbers_are_ordinary_answers(text: str, firm: Firm):
    """A time, a date, a share and what is out of scale answer nothing; they are messages."""
    firm.save("ann")
    firm.outreach.surveys.send(
        "again", "ann", occasion="s", template={"text": "{{ question }}"}, channel="sms"
    )
    firm.dispatch()
    firm.hear("sms", {"what": "replied", "address": firm.phone("ann"), "text": text})
    assert answers(firm, "ann") == []
    assert "message_in" in firm.notes("ann")


def test_a_number_answers_the_newest_open_question(firm: Firm):
    """Of this channel; and where none is open it is a message."""
    firm.save("ann")
    ask(firm, "ann", survey="service")
    firm.now += DAY
    for survey in ("service", "again"):
        firm.outreach.surveys.send(
            survey, "ann", occasion=survey, template={"text": "?"}, channel="sms"
        )
        firm.dispatch()
        firm.now += HOUR
    reply = {"what": "replied", "address": firm.phone("ann")}
    firm.hear("sms", {**reply, "text": "8", "event_id": "a"})
    assert firm.outreach.surveys.results("again").scores == {"8": 1}
    firm.now += 31 * DAY
    firm.hear("sms", {**reply, "text": "9", "event_id": "b"})
    assert firm.outreach.surveys.results("service").answered == 0
    assert firm.notes("ann").count("message_in") == 1


def test_a_survey_is_a_message_like_any_other(firm: Firm):
    """Without consent nobody is asked, and nobody twice."""
    firm.save("ann", agrees=False)
    firm.save("bob")
    ask(firm, "ann", "bob")
    ask(firm, "ann", "bob")
    assert firm.mail.to == ["bob"]
    assert firm.outreach.surveys.results("again").sent == 1
    with pytest.raises(InvalidValueError, match="survey"):
        firm.outreach.surveys.send("agian", "bob", occasion="x", template=ASK)
    with pytest.raises(InvalidValueError, match="survey"):
        firm.outreach.surveys.results("gone")


# -- what they add up to ---------------------------------------------------------------


@pytest.mark.row("R228")
@settings(max_examples=25)
@given(st.lists(st.integers(0, 10), max_size=12), st.integers(0, 3))
def test_the_net_promoter_score_is_the_oracle_s(scores: list[int], silent: int):
    """9 and 10 less 0 to 6, in points of a hundred; silence counts for the rate alone."""
    firm = Firm(outreach={"surveys": SURVEYS})
    names = [firm.save(f"c{number}") for number in range(len(scores) + silent)]
    links = ask(firm, *names)
    for link, score in zip(links, scores, strict=False):
        firm.outreach.surveys.answer(link, score)
    found = firm.outreach.surveys.results("again")
    firm.crm.close()
    assert (found.sent, found.answered) == (len(names), len(scores))
    assert found.scores == {str(one): scores.count(one) for one in sorted(set(scores))}
    assert found.csat is None
    if not scores:
        assert (found.nps, found.mean) == (None, None)
        return
    points = sum(100 if one >= 9 else -100 if one <= 6 else 0 for one in scores)
    assert found.nps is not None
    assert math.isclose(found.nps, points / len(scores), abs_tol=1e-9)
    assert math.isclose(found.mean or 0.0, sum(scores) / len(scores))
    assert math.isclose(found.response_rate or 0.0, len(scores) / len(names))


@pytest.mark.row("R228")
def test_satisfaction_is_the_share_of_the_top_two(firm: Firm):
    """Of five: 4 and 5. And each answer is a rating from 0 to 10 in the log."""
    names = [firm.save(f"c{number}") for number in range(5)]
    for score, link in enumerate(ask(firm, *names, survey="service"), 1):
        firm.outreach.surveys.answer(link, score)
    found = firm.outreach.surveys.results("service")
    assert (found.csat, found.nps, found.mean) == (0.4, None, 3.0)
    assert [answers(firm, name)[0][1] for name in names] == [0.0, 2.5, 5.0, 7.5, 10.0]


def test_results_of_a_time(firm: Firm):
    """From `since` on, before `until`; an end before the beginning is refused."""
    firm.save("ann")
    firm.save("bob")
    (ann,) = ask(firm, "ann", occasion="a")
    firm.outreach.surveys.answer(ann, 10)
    firm.now += 10 * DAY
    (bob,) = ask(firm, "bob", occasion="b")
    firm.outreach.surveys.answer(bob, 0)
    results = firm.outreach.surveys.results
    assert results("again").nps == 0.0
    assert results("again", since=NOW + DAY).nps == -100.0
    assert results("again", until=NOW + DAY).nps == 100.0
    with pytest.raises(InvalidValueError, match="until"):
        results("again", since=NOW, until=NOW - DAY)


@pytest.mark.row("R34", "R38")
def test_each_is_asked_in_his_own_language(firm: Firm):
    """The question is the one in the customer's language, or in the language there is."""
    for name, language in (("ann", "en-GB"), ("mei", "zh-CN"), ("eva", "de")):
        firm.save(name, language=language)
    ask(firm, "ann", "mei", "eva")
    said = {one.customer_id: one.text.split(" http")[0] for one in firm.mail.sent}
    assert said == {"ann": "Recommend us?", "mei": "推荐我们吗？", "eva": "Recommend us?"}
