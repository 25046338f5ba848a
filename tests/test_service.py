"""Calls of a service: what is made again, what is given up, and by which token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Barrier, Thread
from typing import Any

import pytest

from crmkit.contracts import exchange
from crmkit.contracts.connector import Meter, RetryLater, SyncAborted, Token, WriteLost
from crmkit.contracts.exchange import Request, said_of
from crmkit.contracts.limits import CallLimits
from crmkit.contracts.service import ATTEMPTS, OwnTokens, Service, identified
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Answer, Call, Fault, Simulator, busy

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HTML = b"<html><head><title>\n Down for\n maintenance </title></head></html>"
UNWELL = Fault(answer=Answer({"error": "oh dear"}, 503))
CUT, REFUSED = Fault(cut=True), Fault(refuse=True)
GARBLED = Fault(answer=Answer(b'{"data": [', 200))


class Remote(Simulator):
    """A service that knows one token at a time, and counts what it carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.valid: str | None = None
        self.done = 0

    def answer(self, call: Call) -> Answer:
        if self.valid is not None and call.headers.get("authorization") != self.valid:
            return Answer({"code": "INVALID_TOKEN", "message": "it ended"}, 401)
        self.done += 1
        return Answer({"done": self.done})


@pytest.fixture
def remote() -> Iterator[Remote]:
    with Remote() as running:
        yield running


class Desk:
    """A service on a remote, with what it slept and how often it logged in."""

    def __init__(self, remote: Remote, **more: Any) -> None:
        self.remote, self.slept, self.logins = remote, [], 0
        self.slept: list[float]
        limits = more.pop("limits", CallLimits(wait=2.0))
        more = {"login": self.login, "clock": lambda: NOW} | more
        self.service = Service("Remote", limits, sleep=self.slept.append, **more)

    def login(self) -> Token:
        self.logins += 1
        if self.remote.valid is not None:
            self.remote.valid = f"token-{self.logins}"
        return Token(value=Secret(f"token-{self.logins}"), expires=NOW + timedelta(hours=1))

    def request(self, token: Token) -> Request:
        headers = {"Authorization": token.value.reveal()}
        return Request(url=self.remote.url + "/things", json={"a": 1}, headers=headers)

    def call(self, **how: Any) -> Any:
        return self.service.call(self.request, **how).data


def after(seconds: Any, status: int = 429) -> Fault:
    return Fault(answer=Answer({"error": "too many"}, status, {"Retry-After": str(seconds)}))


# -- made again ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [busy(), UNWELL, CUT, REFUSED, GARBLED])
def test_what_does_no_harm_twice_is_made_again(remote: Remote, fault: Fault):
    """Throttled, unwell, cut off or garbled: the call comes through in the end."""
    desk = Desk(remote)
    remote.fail(fault, fault)
    assert desk.call()["done"] >= 1
    assert len(remote.calls) == 3
    assert len(desk.slept) == 2


def test_waits_grow_from_what_the_limits_say(remote: Remote):
    """After a 429 without a word: `wait`, then twice that, and so on."""
    desk = Desk(remote)
    remote.fail(busy(), busy(), busy())
    desk.call()
    assert desk.slept == [2.0, 4.0, 8.0]


def test_what_the_service_asks_for_is_waited(remote: Remote):
    """So many seconds, with no further guess."""
    desk = Desk(remote)
    remote.fail(after(7), after(0.5), after(0))
    desk.call()
    assert desk.slept == [7, 0.5, 0]


def test_an_instant_to_wait_for_is_by_the_services_clock(remote: Remote):
    """Which need not be ours."""
    desk = Desk(remote)
    far = datetime.now(UTC) + timedelta(seconds=100)  # as the server tells the time
    remote.fail(after(format_datetime(far, usegmt=True)))
    desk.call()
    assert 30 < desk.slept[0] <= 100


@pytest.mark.parametrize("said", ["soon", "nan", "inf", "-5", "", "Fri, 99 May 2026"])
def test_an_absurd_wait_is_none(remote: Remote, said: str):
    """Nobody sleeps for ever, or backwards, because a header says so."""
    desk = Desk(remote)
    remote.fail(after(said))
    desk.call()
    assert desk.slept in ([2.0], [0.0])


def test_a_long_wait_puts_the_whole_call_off(remote: Remote):
    """Beyond two minutes the engine decides; never for more than a day."""
    desk = Desk(remote)
    for asked, told in ((600, 600), (10**9, 86_400)):
        remote.fail(after(asked))
        with pytest.raises(RetryLater, match="asks to wait") as error:
            desk.call()
        assert (facts(error)["after"], facts(error)["kind"]) == (told, "burst")
    assert desk.slept == []


def test_too_many_for_too_long_is_put_off(remote: Remote):
    """A service that is throttled each time has not been called in vain for ever."""
    desk = Desk(remote)
    remote.fail(*[busy()] * 99)
    with pytest.raises(RetryLater, match=f"429 .*after {ATTEMPTS} tries"):
        desk.call()
    assert len(remote.calls) == ATTEMPTS


@pytest.mark.parametrize("fault", [UNWELL, CUT, GARBLED])
def test_trouble_that_stays_ends_the_run(remote: Remote, fault: Fault):
    """It says what the trouble was, and how often it was tried."""
    desk = Desk(remote)
    remote.fail(*[fault] * 99)
    with pytest.raises(SyncAborted, match=f"Remote: .*after {ATTEMPTS} tries"):
        desk.call()
    assert len(remote.calls) == ATTEMPTS


# -- what may have been taken --------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [CUT, REFUSED, GARBLED, UNWELL, after(1, 502), Fault(answer=Answer(HTML, 200))],
)
def test_a_write_of_unknown_fate_is_lost_not_repeated(remote: Remote, fault: Fault):
    """The engine reads before it writes again: here nothing is sent twice."""
    desk = Desk(remote)
    remote.fail(fault)
    with pytest.raises(WriteLost, match="Remote: "):
        desk.call(repeatable=False)
    assert len(remote.calls) == 1
    assert desk.slept == []


@pytest.mark.parametrize("fault", [busy(), after(3), after(1, 503)])
def test_a_write_that_was_surely_not_taken_is_repeated(remote: Remote, fault: Fault):
    """Throttled, or asked to come back: nothing was done."""
    desk = Desk(remote)
    remote.fail(fault)
    assert desk.call(repeatable=False) == {"done": 1}


def test_a_write_to_nobody_is_tried_again_and_given_up(remote: Remote):
    """What never left is no lost write."""
    desk = Desk(remote)
    nobody = Request(url="http://127.0.0.1:1/", json={})
    with pytest.raises(SyncAborted, match="cannot be reached: ConnectionRefusedError"):
        desk.service.call(nobody, repeatable=False)
    assert len(desk.slept) == ATTEMPTS - 1


@pytest.mark.parametrize("value", ["王", "a\r\nb: c"])
def test_a_header_that_cannot_be_sent_was_not_sent(remote: Remote, value: str):
    """An odd token is no lost write, and stands in no message."""
    desk = Desk(remote)
    odd = Request(url=remote.url, headers={"Authorization": value})
    with pytest.raises(SyncAborted) as error:
        desk.service.call(odd, repeatable=False)
    assert value not in str(error.value)
    assert remote.calls == []


# -- answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (HTML, "a page 'Down for maintenance' where JSON is due"),
        (b"<p>hello", "an HTML page where JSON is due"),
        (b'{"data": [', "half a JSON, or none where JSON is due (10 bytes)"),
        (b"[" * 100_000, "half a JSON, or none"),
        (b'{"a": "\xff"}', "half a JSON"),
    ],
)
def test_garbled_answers_are_described(remote: Remote, body: bytes, said: str):
    """A person reads what came instead of JSON."""
    desk = Desk(remote)
    remote.fail(*[Fault(answer=Answer(body))] * 99)
    with pytest.raises(SyncAborted) as error:
        desk.call()
    assert said in str(error.value)


def test_refusals_are_the_connectors_to_read(remote: Remote):
    """Whatever the status, and whether it is JSON; nothing is made again."""
    desk = Desk(remote)
    remote.fail(
        Fault(answer=Answer({"code": "INVALID_DATA"}, 400)), Fault(answer=Answer(HTML, 404))
    )
    first, second = desk.service.call(desk.request), desk.service.call(desk.request)
    assert (first.status, first.data) == (400, {"code": "INVALID_DATA"})
    assert (second.status, second.data, second.body) == (404, None, HTML)
    assert desk.service.call(desk.request).data == {"done": 1}


def test_an_empty_answer_is_no_fault(remote: Remote):
    """Such as 204."""
    remote.fail(Fault(answer=Answer(b"", 204)))
    assert Desk(remote).call() is None


def test_an_answer_that_leads_elsewhere_ends_the_run(remote: Remote):
    """Nothing is followed, and a login page is taken for no success."""
    remote.fail(Fault(answer=Answer(b"", 302, {"Location": "http://127.0.0.1:1/login"})))
    with pytest.raises(SyncAborted, match="302 and leads elsewhere"):
        Desk(remote).call(repeatable=False)


def test_a_service_that_hides_errors_has_its_own_judge(remote: Remote):
    """HTTP 200 with a code for too many is throttling."""
    limit = Fault(answer=Answer({"errorCode": 20}))

    def judge(answer: Any) -> str:
        return "throttled" if answer.data.get("errorCode") == 20 else "ok"

    desk = Desk(remote, judge=judge)
    remote.fail(limit)
    assert desk.call(repeatable=False) == {"done": 1}
    assert desk.slept == [2.0]


def test_the_services_own_clock_is_known(remote: Remote):
    """The header Date, aware whatever it says of zones; None where it is none."""
    service = Desk(remote).service
    for said, hour in (("+0200", 5), ("-0000", 7), ("GMT", 7)):
        date = {"Date": f"Fri, 01 May 2026 07:00:00 {said}"}
        assert answered(200, date).now == NOW + timedelta(hours=hour)
    for said in ("", "yesterday", "Fri, 01 May 2026 07:00:00 +99999999"):
        assert answered(200, {"Date": said}).now is None
    assert service.call(Request(url=remote.url)).now is not None


def test_long_words_of_a_service_are_cut():
    """A message that is a book makes no reason that is one."""
    said = said_of(answered(400, {}, {"code": 7, "message": "x" * 10_000, "error": {"a": 1}}))
    assert said == f" (7, {'x' * 500})"
    assert said_of(answered(400, {}, [{"errorCode": "GONE"}])) == " (GONE)"
    assert said_of(answered(400, {}, "no object")) == ""


# -- tokens --------------------------------------------------------------------------------


def test_a_token_that_ended_is_renewed_once(remote: Remote):
    """The call goes on with the new one; nobody waits, and no try is spent."""
    desk = Desk(remote)
    remote.valid = "token-1"
    desk.call()
    remote.valid = "revoked"
    assert desk.call(repeatable=False) == {"done": 2}
    assert desk.logins == 2
    assert desk.slept == []


def test_a_token_that_is_refused_again_ends_the_run(remote: Remote):
    """No endless renewing: the service's words, and what to look at."""
    desk = Desk(remote, login=lambda: Token(value=Secret("wrong")))
    remote.valid = "right"
    with pytest.raises(SyncAborted, match=r"refuses the credentials \(INVALID_TOKEN, it ended\)"):
        desk.call()
    assert len(remote.calls) == 2


def test_many_threads_make_one_login(remote: Remote):
    """At the first call, and again where all find the token ended at the same time."""
    desk = Desk(remote)
    remote.valid = "token-1"
    for logins in (1, 2):
        start, failures = Barrier(8), []

        def work(start: Barrier = start, failures: list[BaseException] = failures) -> None:
            start.wait()
            try:
                desk.call()
            except BaseException as error:  # noqa: BLE001 - told below
                failures.append(error)

        threads = [Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert desk.logins == logins
        remote.valid = "revoked"


@pytest.mark.parametrize(
    ("life", "kept", "renewed"), [(3600, 3539, 3541), (120, 59, 61), (60, 29, 31), (2, 0, 2)]
)
def test_a_token_is_renewed_before_it_ends(life: int, kept: int, renewed: int):
    """A minute before; one that lives no longer than that, in the middle of its life."""
    now, numbers = [NOW], iter("12345")

    def login() -> Token:
        return Token(value=Secret(next(numbers)), expires=now[0] + timedelta(seconds=life))

    service = Service("Remote", CallLimits(), login=login, clock=lambda: now[0])
    told = []
    for seconds in (0, kept, renewed):
        now[0] = NOW + timedelta(seconds=seconds)
        told.append(service.token().value.reveal())
    assert told == ["1", "1", "2"]


def test_a_login_that_fails_keeps_the_others_from_nothing():
    """The next caller tries again; no lock is left held."""
    tokens = OwnTokens(lambda: NOW)

    def fails() -> Token:
        raise SyncAborted("wrong password")

    for _ in range(2):
        with pytest.raises(SyncAborted):
            tokens.get(fails)
    assert tokens.get(lambda: Token(value=Secret("x"))).value.reveal() == "x"


def test_a_login_is_made_outside_the_limits(remote: Remote):
    """By a bare call, which counts in no window and on no meter, and waits as it is asked to."""
    desk = Desk(remote, limits=CallLimits(per_second=0.001))
    desk.service.meter = Count(0)
    remote.fail(after(3), UNWELL, CUT)
    assert desk.service.bare(Request(url=remote.url)).data == {"done": 2}
    assert desk.slept == [3.0, 1.0, 2.0]
    remote.fail(Fault(answer=Answer({"error": "invalid_code"}, 401)))
    assert desk.service.bare(Request(url=remote.url)).status == 401


def test_a_login_that_is_throttled_is_put_off(remote: Remote):
    """It is no wrong password."""
    desk = Desk(remote)
    remote.fail(*[busy()] * ATTEMPTS)
    with pytest.raises(RetryLater):
        desk.service.bare(Request(url=remote.url))
    remote.fail(after(900))
    with pytest.raises(RetryLater):
        desk.service.bare(Request(url=remote.url))


# -- the day's calls -----------------------------------------------------------------------


class Count(Meter):
    """Allows so many calls."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, calls: int = 1) -> None:
        if self.left < calls:
            raise RetryLater("the day's calls are spent", after=3600.0, kind="daily")
        self.left -= calls


def test_what_the_engine_gave_is_kept_and_nothing_else_is_lost(remote: Remote):
    """Without tokens it goes on with its own; a meter that was taken away counts no more."""
    service = Desk(remote).service
    own, given, meter = service.tokens, OwnTokens(lambda: NOW), Count(3)
    service.keep(None, meter)
    assert (service.tokens, service.meter) == (own, meter)
    service.keep(given, None)
    assert (service.tokens, service.meter) == (given, None)


def test_every_try_counts_on_the_meter(remote: Remote):
    """What is made again is a call more; what is not left is not made."""
    desk = Desk(remote)
    desk.service.meter = meter = Count(3)
    remote.fail(UNWELL)
    desk.call()
    assert meter.left == 1
    desk.call()
    with pytest.raises(RetryLater, match="the day's calls are spent") as error:
        desk.call()
    assert facts(error)["kind"] == "daily"
    assert len(remote.calls) == 3


def answered(status: int, headers: dict[str, str], data: Any = None) -> exchange.Answer:
    return exchange.Answer(status=status, headers=headers, data=data, body=b"")


def facts(error: pytest.ExceptionInfo[BaseException]) -> dict[str, Any]:
    return vars(error.value)


@pytest.mark.parametrize("id_", [None, "", 101.0, True, {"v": "1"}, ["1"]])
def test_a_record_whose_id_is_none_is_named(id_: object) -> None:
    """Nobody knows which it is, and to go on behind it would lose what it says."""
    assert identified([{"id": "1"}, {"id": 2}], "id", "The desk") == [{"id": "1"}, {"id": 2}]
    with pytest.raises(SyncAborted, match=r"The desk gives a record that has .*, under 'id'"):
        identified([{"id": "1"}, {"id": id_}], "id", "The desk")
