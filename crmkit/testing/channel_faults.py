"""Laws of trouble: what the provider does wrong has its right outcome, and raises nothing."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from crmkit.contracts.channel import ACCEPTED, REFUSED, RETRY, UNKNOWN, Channel
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.channel_base import AFTER, ChannelLaws, Open, one
from crmkit.testing.channel_sends import fits
from crmkit.testing.kit import secrets
from crmkit.testing.simulators.base import Answer, Fault, Simulator

PATIENCE = 0.2
"""Seconds the channel waits for an answer in the law of slow providers."""
STATUSES = (302, 400, 401, 403, 404, 500, 502, 503)


class FaultLaws(ChannelLaws):
    """One law a test; all need a simulator of the provider."""

    @pytest.fixture
    def warm(self, channel: Channel, spec: ChannelSpec, simulator: Any) -> Channel:
        """Give the channel after one good message: connected, and with its tokens fetched."""
        if simulator is None:
            pytest.skip("override the fixture `simulator`: the laws of faults need one")
        assert one(channel, self.message(spec, 99)).outcome == ACCEPTED
        return channel

    @pytest.fixture
    def hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the channel wait `PATIENCE` for an answer; override it where not by requests."""
        import requests  # noqa: PLC0415 - imported where it is used

        send = requests.Session.send

        def hurry(session: Any, request: Any, **how: Any) -> Any:
            return send(session, request, **{**how, "timeout": PATIENCE})

        monkeypatch.setattr(requests.Session, "send", hurry)

    def test_a_busy_provider_is_asked_later(
        self, warm: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """Who is throttled tries again, and not before the provider said."""
        self.fail(simulator, "busy")
        receipt = one(warm, self.message(spec))
        assert receipt.outcome == RETRY, receipt
        assert receipt.after is not None, "`after` does not carry what Retry-After said"
        assert receipt.after == pytest.approx(AFTER, abs=1), receipt

    def test_a_busy_provider_need_not_say_for_how_long(
        self, warm: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """Throttled without a time, the message waits as long as the engine likes."""
        self.fail(simulator, "full")
        receipt = one(warm, self.message(spec))
        assert (receipt.outcome, receipt.after) == (RETRY, None), receipt

    def test_a_cut_connection_is_unknown(
        self, warm: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """What the provider may have taken is neither sent again nor called sent."""
        self.fail(simulator, "cut")
        receipt = one(warm, self.message(spec))
        assert receipt.outcome == UNKNOWN, receipt

    @pytest.mark.usefixtures("hurried")
    def test_silence_is_unknown(self, warm: Channel, spec: ChannelSpec, simulator: Any) -> None:
        """A timeout says nothing: the message is neither sent again nor called sent."""
        self.fail(simulator, "slow")
        receipt = one(warm, self.message(spec))
        assert receipt.outcome == UNKNOWN, receipt

    def test_a_provider_who_is_down(self, spec: ChannelSpec, settings: Mapping[str, Any]) -> None:
        """Where nobody listens, the message surely did not go: it may be tried again."""
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        if "endpoint" in settings:
            away = {**settings, "endpoint": f"http://127.0.0.1:{port}"}
        elif "port" in settings:
            away = {**settings, "port": port}
        else:
            pytest.skip("the settings name neither `endpoint` nor `port`")
        channel = spec.open(spec.configure(away))
        receipt = one(channel, self.message(spec))
        channel.close()
        assert receipt.outcome == RETRY, receipt

    @pytest.mark.parametrize("status", STATUSES)
    def test_an_error_is_never_accepted(
        self, warm: Channel, spec: ChannelSpec, simulator: Any, status: int
    ) -> None:
        """A redirect or an error of HTTP is no success, and not the customer's fault alone."""
        headers = {"Location": "/elsewhere"} if status < 400 else {}  # noqa: PLR2004 - 3xx
        self._say(simulator, Answer(b"<h1>Sorry</h1>", status, headers))
        message = self.message(spec)
        receipts = warm.send([message])
        fits([message], receipts)
        assert receipts[0].outcome != ACCEPTED, receipts
        if status >= 500 or status == 401:  # noqa: PLR2004 - 5xx and unauthorized
            assert receipts[0].outcome != REFUSED, receipts

    @pytest.mark.parametrize("body", [b"", b"<h1>Welcome</h1>", b"{}", b"[]", b"null", b"\xff"])
    def test_an_answer_that_says_nothing_is_no_success(
        self, warm: Channel, spec: ChannelSpec, simulator: Any, body: bytes
    ) -> None:
        """An HTTP 200 whose body is not the provider's own word is never called accepted."""
        if self.any_answer_is_success:
            pytest.skip("`any_answer_is_success`: the body of a 2xx means nothing here")
        self._say(simulator, Answer(body))
        receipt = one(warm, self.message(spec))
        assert receipt.outcome != ACCEPTED, receipt

    def test_the_provider_s_own_errors(
        self, warm: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """Each error the author names has its outcome, most of all one inside an HTTP 200."""
        if not self.failures:
            pytest.skip("set `failures`: what the provider says when he fails")
        for answer, outcome in self.failures:
            self._say(simulator, answer)
            receipt = one(warm, self.message(spec))
            assert receipt.outcome == outcome, (answer, receipt)

    def test_a_batch_in_trouble(self, warm: Channel, spec: ChannelSpec, simulator: Any) -> None:
        """A fault in the midst of a batch costs no message its receipt."""
        self.fail(simulator, "cut")
        messages = self.messages(spec, min(3, spec.limits.batch))
        receipts = warm.send(messages)
        fits(messages, receipts)
        assert UNKNOWN in {receipt.outcome for receipt in receipts}

    def test_trouble_passes(self, warm: Channel, spec: ChannelSpec, simulator: Any) -> None:
        """After a fault the channel works as before."""
        self.fail(simulator, "cut")
        one(warm, self.message(spec))
        receipt = one(warm, self.message(spec, 1))
        assert receipt.outcome == ACCEPTED, receipt

    def test_trouble_shows_no_secret(
        self, opened: Open, spec: ChannelSpec, settings: Mapping[str, Any], simulator: Any
    ) -> None:
        """The reasons that are recorded and shown never hold what is secret."""
        hidden = secrets(spec.configure(settings))
        if not hidden:
            pytest.skip("the settings hold no secret")
        channel = opened()
        for _ in self._troubles(simulator):
            receipt = one(channel, self.message(spec))
            assert not [text for text in hidden if text in repr(receipt)], "a secret is shown"

    def _troubles(self, simulator: Any) -> Iterator[str]:
        for trouble in ("busy", "full", "cut"):
            with suppress(pytest.skip.Exception):  # the others can be tried all the same
                self.fail(simulator, trouble)
                yield trouble
        if isinstance(simulator, Simulator):
            for status in (401, 404, 500):
                self._say(simulator, Answer({"error": "no"}, status))
                yield str(status)

    def _say(self, simulator: Any, answer: Answer) -> None:
        if not isinstance(simulator, Simulator):
            pytest.skip("the provider does not speak HTTP")
        simulator.fail(Fault(answer=answer))
