"""Channels that each break one law, and the suite run on them: see test_channel_suite_bites.

Each class says what is wrong with it and which test must notice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import attrs
import pytest

from crmkit.contracts.channel import (
    Channel,
    Delivery,
    Message,
    Poll,
    Receipt,
    Response,
    Template,
    Work,
)
from crmkit.contracts.http import NotSent, Reply, Unclear
from crmkit.contracts.signatures import fresh, header, refuse, same
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite, Incoming
from crmkit.testing.simulators.base import Answer
from tests.testing.post_office import (
    BAD,
    LINK,
    WORDS,
    PostOffice,
    Settings,
    Sound,
    offered,
    running,
)


class Forgetful(Sound):
    """Refused messages have no receipt."""

    notices = "test_one_bad_recipient_fails_alone"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        return [receipt for receipt in super().send(messages) if receipt.outcome != "refused"]


class Stammering(Sound):
    """The last message of a batch has two receipts."""

    notices = "test_one_receipt_a_message"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        receipts = list(super().send(messages))
        return [*receipts, *receipts[-1:]]


class NeverEmpty(Sound):
    """It looks at the first message before it knows that there is one."""

    notices = "test_one_receipt_a_message"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        assert messages[0].id
        return super().send(messages)


class FirstPage(Sound):
    """Only the first twenty messages of a batch are sent."""

    notices = "test_one_receipt_a_message"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        return super().send(messages[:20])


class ByAddress(Sound):
    """Receipts are sorted out by address, which two messages may share."""

    notices = "test_two_messages_to_one_address"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        return super().send(list({message.to: message for message in messages}.values()))


class AllOrNothing(Sound):
    """One bad recipient costs the whole batch."""

    notices = "test_one_bad_recipient_fails_alone"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        receipts = super().send(messages)
        if all(receipt.outcome == "accepted" for receipt in receipts):
            return receipts
        return [Receipt.refused(message, "one of the batch is bad") for message in messages]


class Raising(Sound):
    """A missing address is an exception."""

    notices = "test_no_address_is_refused"

    def objection(self, message: Message) -> str:
        assert message.to, "there is no address"
        return super().objection(message)


class ShortSighted(Sound):
    """An address that is very long is an exception."""

    notices = "test_an_odd_address_raises_nothing"

    def objection(self, message: Message) -> str:
        assert len(message.to) < 255, "that is no address"
        return super().objection(message)


class BreaksInAddresses(Sound):
    """An address is cut at its line break and taken."""

    notices = "test_a_line_break_in_an_address"

    def objection(self, message: Message) -> str:
        return "" if message.to else "there is no address"


class BreaksInNames(Sound):
    """A line break in a name goes to the provider."""

    notices = "test_a_line_break_in_a_name"

    def objection(self, message: Message) -> str:
        return super().objection(attrs.evolve(message, name=""))


class BreaksInSubjects(Sound):
    """A subject goes out with its line breaks."""

    notices = "test_a_line_break_in_a_subject"

    def subject(self, message: Message) -> str:
        return message.subject or ""


class AsciiOnly(Sound):
    """Text that is not ASCII is an exception."""

    notices = "test_any_text"

    def letter(self, message: Message) -> dict[str, Any]:
        message.text.encode("ascii")
        return super().letter(message)


class StrictUtf8(Sound):
    """Half a surrogate pair is an exception."""

    notices = "test_any_text"

    def letter(self, message: Message) -> dict[str, Any]:
        message.text.encode()
        return super().letter(message)


class CutShort(Sound):
    """A long text is cut, and nobody is told."""

    notices = "test_a_text_is_never_cut_unsaid"

    def letter(self, message: Message) -> dict[str, Any]:
        return {**super().letter(message), "text": message.text[:1600]}


class CutAndTold(Sound):
    """A customer's text is cut, which is told, as if a colleague were to read it."""

    notices = "test_a_text_is_never_cut_unsaid"

    def judge(self, message: Message, verdicts: Mapping[str, str]) -> Receipt:
        receipt = super().judge(message, verdicts)
        return attrs.evolve(receipt, reason=receipt.reason or "cut: 1,600 characters were sent")

    def letter(self, message: Message) -> dict[str, Any]:
        return {**super().letter(message), "text": message.text[:1600]}


class BasicLatin(Sound):
    """Letters that are not ASCII are left out."""

    notices = "test_every_script_goes_out"

    def letter(self, message: Message) -> dict[str, Any]:
        return {**super().letter(message), "text": message.text.encode("ascii", "ignore").decode()}


class OneForAll(Sound):
    """All of a batch get what the first one should."""

    notices = "test_each_gets_his_own"

    def post(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        return super().post([attrs.evolve(one, text=messages[0].text) for one in messages])


class OneGetsAll(Sound):
    """The first of a batch gets what all of it should."""

    notices = "test_each_gets_his_own"

    def post(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        return super().post([attrs.evolve(one, to=messages[0].to) for one in messages])


class PlainOnly(Sound):
    """The HTML that it says it sends is left behind."""

    notices = "test_each_gets_his_own"

    def letter(self, message: Message) -> dict[str, Any]:
        return {**super().letter(message), "html": None}


class NoWayOut(Sound):
    """The link by which somebody wants no more is left behind."""

    notices = "test_each_gets_his_own"

    def letter(self, message: Message) -> dict[str, Any]:
        return {**super().letter(message), "unsubscribe": None}


class Scribbling(Sound):
    """It writes into the message it was given."""

    notices = "test_a_message_stays_as_it_is"

    def letter(self, message: Message) -> dict[str, Any]:
        message.headers["X-Id"] = message.id  # type: ignore[index]
        return super().letter(message)


class BlankTemplates(Sound):
    """The values of a template are left behind."""

    notices = "test_a_provider_s_template"

    def letter(self, message: Message) -> dict[str, Any]:
        return {**super().letter(message), "values": {}}


class Shared(Sound):
    """Two threads write into one list of receipts."""

    notices = "test_threads_get_their_own_receipts"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        self.receipts: list[Receipt] = []
        for message in messages:
            self.receipts.extend(super().send([message]))
        return self.receipts


class Impatient(Sound):
    """It drops what Retry-After said."""

    notices = "test_a_busy_provider_is_asked_later"

    def busy(self, message: Message, reply: Reply) -> Receipt:
        return Receipt.retry(message, f"HTTP {reply.status}")


class Offended(Sound):
    """Throttling is taken for a refusal for good."""

    notices = "test_a_busy_provider_need_not_say_for_how_long"

    def busy(self, message: Message, reply: Reply) -> Receipt:
        return Receipt.refused(message, f"HTTP {reply.status}")


class TriesCutAgain(Sound):
    """A message that may have been taken is offered again."""

    notices = "test_a_cut_connection_is_unknown"

    def unclear(self, message: Message, error: Exception) -> Receipt:
        return Receipt.retry(message, str(error))


class SendsAgainItself(Sound):
    """It sends a second time by itself where the connection broke."""

    notices = "test_a_cut_connection_is_unknown"

    def call(self, method: str, path: str = "/letters", **how: Any) -> Reply:
        try:
            return super().call(method, path, **how)
        except Unclear:
            return super().call(method, path, **how)


class TriesSilenceAgain(Sound):
    """A timeout is taken for a call that never arrived."""

    notices = "test_silence_is_unknown"

    def unclear(self, message: Message, error: Exception) -> Receipt:
        late = "Timeout" in str(error)
        return Receipt.retry(message, "timeout") if late else super().unclear(message, error)


class DownIsRaised(Sound):
    """A provider who is down is an exception."""

    notices = "test_a_provider_who_is_down"

    def not_sent(self, message: Message, error: Exception) -> Receipt:  # noqa: ARG002
        raise error


class AnyAnswer(Sound):
    """Whatever the provider answers is success."""

    notices = "test_an_error_is_never_accepted"

    def failed(self, message: Message, reply: Reply) -> Receipt:
        return Receipt.accepted(message, str(reply.status))


class StatusOnly(Sound):
    """An HTTP 200 is success, whatever stands in it."""

    notices = "test_the_provider_s_own_errors"

    def judge(self, message: Message, verdicts: Mapping[str, str]) -> Receipt:
        return Receipt.accepted(message, verdicts.get(message.id))


class NoNews(Sound):
    """An empty HTTP 200 is success."""

    notices = "test_an_answer_that_says_nothing_is_no_success"

    def verdicts(self, reply: Reply) -> dict[str, str]:
        return super().verdicts(reply) or {f"m{number}": "ok" for number in range(9)}


class Blabbing(Sound):
    """The reason of a failure quotes the key."""

    notices = "test_trouble_shows_no_secret"

    def failed(self, message: Message, reply: Reply) -> Receipt:
        key = self.config.key.reveal()
        return Receipt.misconfigured(message, f"HTTP {reply.status} with the key {key}")


class GivesUp(Sound):
    """After a cut it never recovers."""

    notices = "test_trouble_passes"
    down = False

    def post(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        if self.down:
            return [Receipt.retry(message, "down") for message in messages]
        return super().post(messages)

    def unclear(self, message: Message, error: Exception) -> Receipt:
        self.down = True
        return super().unclear(message, error)


class Twice(Sound):
    """It sends everything a second time, to be sure."""

    notices = "test_each_message_arrives_once"

    def post(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        super().post(messages)
        return super().post(messages)

    def key(self, message: Message) -> str:  # noqa: ARG002
        return str(uuid4())


class Stubborn(Sound):
    """It tries again by itself, and calls it one try."""

    notices = "test_trouble_doubles_nothing"

    def unclear(self, message: Message, error: Exception) -> Receipt:  # noqa: ARG002
        return self.post([message])[0]

    def key(self, message: Message) -> str:  # noqa: ARG002
        return str(uuid4())


class NewNumbers(Sound):
    """Each try has a number of its own, so the provider cannot know the second for what it is."""

    notices = "test_what_is_sent_again_arrives_once"

    def key(self, message: Message) -> str:  # noqa: ARG002
        return str(uuid4())


class FindsAll(Sound):
    """It finds whatever it is asked for."""

    notices = "test_finding_what_was_sent"

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        return {one: Receipt(message_id=one, outcome="accepted") for one in message_ids}


class SameAgain(Sound):
    """The cursor stands still: everything comes again."""

    notices = "test_polling_goes_on"

    def poll(self, cursor: str | None) -> Poll:
        return attrs.evolve(super().poll(None), cursor=cursor)


class ShortMemory(Sound):
    """Where to go on is known to this channel only, not to its cursor."""

    notices = "test_polling_goes_on"
    place: str | None = None

    def poll(self, cursor: str | None) -> Poll:  # noqa: ARG002
        found = super().poll(self.place)
        self.place = found.cursor
        return attrs.evolve(found, cursor="on")


class Trusting(Sound):
    """A call is believed as long as it is signed by anybody."""

    notices = "test_a_forged_call_is_refused"

    def check(self, headers: Mapping[str, str], body: bytes) -> None:  # noqa: ARG002
        if not header(headers, "X-Signature"):
            refuse("its signature is missing")
        fresh(header(headers, "X-Stamp"), self.clock())


class Optional(Sound):
    """The signature is checked where there is one."""

    notices = "test_an_unsigned_call_is_refused"

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        if header(headers, "X-Signature"):
            super().check(headers, body)


class CaseSensitive(Sound):
    """Headers are looked up as the provider's page spells them."""

    notices = "test_header_names_come_in_any_case"

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        given = headers.get("X-Signature", "")
        if not same(given, self.signature(headers.get("X-Stamp", ""), body)):
            refuse("its signature is missing or wrong")


class Replayed(Sound):
    """Old calls count, and their events cannot be told from new ones."""

    notices = "test_a_replayed_call_does_no_harm"

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        stamp = header(headers, "X-Stamp")
        if not same(header(headers, "X-Signature"), self.signature(stamp, body)):
            refuse("its signature is missing or wrong")

    def events(self, body: bytes) -> list[Delivery]:
        events = super().events(body)
        return [attrs.evolve(one, message_id=None, address="a@example.com") for one in events]


class FollowsLinks(Sound):
    """A GET counts as much as a POST."""

    notices = "test_following_a_link_changes_nothing"

    def unless_looked_at(self, deliveries: list[Delivery], method: str) -> list[Delivery]:  # noqa: ARG002
        return deliveries


class GuessableLinks(Sound):
    """The link to unsubscribe by holds the message's id as it is."""

    notices = "test_a_link_to_unsubscribe"

    def unsubscribe_url(self, message_id: str) -> str | None:
        return f"{LINK}{message_id:_>20}"

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        if not url.startswith(LINK):
            return super().receive(headers, body, method=method, url=url)
        gone = Delivery(what="unsubscribed", message_id=url[len(LINK) :].lstrip("_"))
        return self.unless_looked_at([gone], method), Response()


class Insatiable(Sound):
    """It asks for work once more after there was none."""

    notices = "test_work_is_done_meanwhile"

    def send_meanwhile(self, messages: Sequence[Message], work: Work) -> Sequence[Receipt]:
        receipts = super().send_meanwhile(messages, work)
        work()
        return receipts


class Elsewhere(Sound):
    """It has the engine's work done by a thread of its own."""

    notices = "test_work_is_done_meanwhile"

    def send_meanwhile(self, messages: Sequence[Message], work: Work) -> Sequence[Receipt]:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return self.send(messages)


class Believing(Sound):
    """What it cannot read is an exception of Python's own."""

    notices = "test_a_strange_body"

    def events(self, body: bytes) -> list[Delivery]:
        told = json.loads(body)
        return [Delivery(what=one["what"], message_id=one["id"]) for one in told["events"]]


class Boasting(Sound):
    """It declares that it can poll, and cannot."""

    notices = "test_capabilities_are_what_it_can_do"
    poll = Channel.poll


class Modest(Sound):
    """It can find messages, and does not say so."""

    notices = "test_capabilities_are_what_it_can_do"
    words = WORDS - {"find"}


class Bare(Sound):
    """Its password is a plain text, which every repr shows."""

    notices = "test_a_secret_is_a_secret"

    @attrs.frozen(kw_only=True)
    class config_class(Settings):  # noqa: N801 - an attribute of the channel
        password: str = ""


class Unveiled(Sound):
    """It keeps the key as a plain text."""

    notices = "test_a_secret_is_never_shown"

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self.key = config.key.reveal()


class Eager(Sound):
    """It connects when it is opened."""

    notices = "test_opening_connects_to_nothing"

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        with suppress(NotSent):
            self.call("GET", params={"ids": "none"})


class OneClose(Sound):
    """Closing it a second time is an exception."""

    notices = "test_closing_twice"

    def close(self) -> None:
        self.http.close()
        del self.http


class CommonGround(Sound):
    """All channels of the kind share what the first to be closed gives back."""

    notices = "test_two_of_one_kind"
    closed = threading.Event()

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self.closed.clear()

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        assert not self.closed.is_set(), "the channel is closed"
        return super().send(messages)

    def close(self) -> None:
        self.closed.set()


BROKEN = [
    channel
    for channel in vars().copy().values()
    if isinstance(channel, type) and issubclass(channel, Sound) and channel is not Sound
]


def suite(cls: type[Sound]) -> type[ChannelSuite]:
    class Suite(ChannelSuite):
        bad_address = BAD
        template = Template(code="T1", values={"dish": "wontons", "table": "7"})
        failures = (
            (Answer({"letters": [{"id": "m0", "code": "address"}]}), "refused"),
            (Answer({"letters": [{"id": "m0", "code": "?"}]}), "unknown"),
        )

        @pytest.fixture
        def simulator(self) -> Iterator[PostOffice]:
            yield from running()

        @pytest.fixture
        def spec(self) -> ChannelSpec:
            return offered(cls)

        @pytest.fixture
        def settings(self, simulator: PostOffice) -> dict[str, Any]:
            return {
                "endpoint": simulator.url,
                "allow_private": True,
                "key": "hunter2-key",
                "webhook_secret": "whsec",
            }

        def arrived(self, simulator: PostOffice) -> list[str]:
            return simulator.taken

        def signed_call(
            self,
            channel: Channel,
            simulator: PostOffice,  # noqa: ARG002
            body: bytes | None = None,
        ) -> Incoming:
            assert isinstance(channel, Sound)
            body = body or b'{"events": [{"what": "delivered", "id": "m0"}]}'
            stamp = f"{channel.clock().timestamp():.0f}"
            signed = {"X-Stamp": stamp, "X-Signature": channel.signature(stamp, body)}
            return Incoming(headers={"Content-Type": "application/json", **signed}, body=body)

    return Suite


TestSound = suite(Sound)
for _channel in BROKEN:
    globals()[f"Test{_channel.__name__}"] = suite(_channel)
