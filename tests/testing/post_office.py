"""A provider that can do all a provider may, and a channel to it that keeps every law."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from crmkit.contracts.channel import (
    Channel,
    Delivery,
    Message,
    Poll,
    Receipt,
    Response,
)
from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import (
    base64_digest,
    fresh,
    header,
    read_token,
    refuse,
    same,
    token,
)
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit.errors import InvalidValueError
from crmkit.testing.simulators.base import Answer, Call, Simulator

BAD = "nobody@example.com"
LINK = "https://shop.example.com/stop?t="
WORDS = {"receive", "poll", "find", "unsubscribe", "meanwhile"}
WORDS |= {"subject", "html", "template", "resend"}


class PostOffice(Simulator):
    """Takes letters, one or many a call, and tells what became of them."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: dict[str, dict[str, Any]] = {}
        self.events: list[str] = []
        self.taken: list[str] = []
        self.keys: set[str] = set()

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != "Bearer hunter2-key":
            return Answer({"code": "key"}, 401)
        if call.method == "GET" and call.path == "/letters":
            asked = call.query["ids"].split(",")
            return Answer({"found": [one for one in asked if one in self.letters]})
        if call.method == "GET":
            first = int(call.query["after"])
            return Answer({"events": self.events[first : first + 2]})
        return Answer({"letters": [self.take_in(letter) for letter in call.json()]})

    def take_in(self, letter: dict[str, Any]) -> dict[str, Any]:
        if letter["to"] == BAD:
            return {"id": letter["id"], "code": "address"}
        if letter["key"] not in self.keys:
            self.keys.add(letter["key"])
            self.taken.append(letter["id"])
            self.letters[letter["id"]] = letter
            self.events.append(letter["id"])
        return {"id": letter["id"], "code": "ok"}


@attrs.frozen(kw_only=True)
class Settings:
    endpoint: str
    key: Secret
    webhook_secret: Secret
    allow_private: bool = False


class Sound(Channel):
    """Keeps every law; what the broken ones change stands in methods of its own."""

    notices: ClassVar[str] = ""
    thread_safe: ClassVar[bool] = True
    words: ClassVar[set[str]] = WORDS
    config_class: ClassVar[Any] = Settings

    def __init__(self, config: Settings) -> None:
        self.config = config
        self.http = Http(allow_private=config.allow_private)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        receipts = [Receipt.refused(m, why) for m in messages if (why := self.objection(m))]
        objected = {receipt.message_id for receipt in receipts}
        good = [message for message in messages if message.id not in objected]
        return [*receipts, *self.post(good)] if good else receipts

    def send_meanwhile(
        self, messages: Sequence[Message], work: Callable[[], bool]
    ) -> Sequence[Receipt]:
        while work():
            pass
        return self.send(messages)

    def objection(self, message: Message) -> str:
        if not message.to:
            return "there is no address"
        if {"\r", "\n"} & {*message.to, *message.name}:
            return "a line break in an address or a name"
        return ""

    def post(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        try:
            reply = self.call("POST", json_body=[self.letter(message) for message in messages])
        except NotSent as error:
            return [self.not_sent(message, error) for message in messages]
        except Unclear as error:
            return [self.unclear(message, error) for message in messages]
        if reply.status in (429, 503):
            return [self.busy(message, reply) for message in messages]
        if reply.status != 200:
            return [self.failed(message, reply) for message in messages]
        return [self.judge(message, self.verdicts(reply)) for message in messages]

    def call(self, method: str, path: str = "/letters", **how: Any) -> Reply:
        key = {"Authorization": f"Bearer {self.config.key.reveal()}"}
        return self.http.call(method, f"{self.config.endpoint}{path}", headers=key, **how)

    def letter(self, message: Message) -> dict[str, Any]:
        return {
            "id": message.id,
            "key": self.key(message),
            "to": message.to,
            "name": message.name,
            "subject": self.subject(message),
            "text": message.text,
            "html": message.html,
            "unsubscribe": message.unsubscribe,
            "template": message.template and message.template.code,
            "values": dict(message.template.values) if message.template else {},
        }

    def key(self, message: Message) -> str:
        return message.id

    def subject(self, message: Message) -> str:
        return " ".join((message.subject or "").splitlines())

    def not_sent(self, message: Message, error: Exception) -> Receipt:
        return Receipt.retry(message, str(error))

    def unclear(self, message: Message, error: Exception) -> Receipt:
        return Receipt.unknown(message, str(error))

    def busy(self, message: Message, reply: Reply) -> Receipt:
        return Receipt.retry(message, "busy", after=reply.after(self.clock))

    def failed(self, message: Message, reply: Reply) -> Receipt:
        return Receipt.misconfigured(message, f"HTTP {reply.status}", code=str(reply.status))

    def verdicts(self, reply: Reply) -> dict[str, str]:
        told = reply.json()
        letters = told.get("letters") if isinstance(told, dict) else None
        return {letter["id"]: letter["code"] for letter in letters or []}

    def judge(self, message: Message, verdicts: Mapping[str, str]) -> Receipt:
        code = verdicts.get(message.id)
        if code == "ok":
            return Receipt.accepted(message, provider_id=f"p-{message.id}")
        if code == "address":
            return Receipt.refused(message, "no such address", code=code)
        return Receipt.unknown(message, "the answer does not tell", code=code)

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        ids = ",".join(message_ids)
        found = self.call("GET", params={"ids": ids}).json()["found"] if ids else []
        return {one: Receipt(message_id=one, outcome="accepted") for one in found}

    def poll(self, cursor: str | None) -> Poll:
        first = int(cursor or 0)
        events = self.call("GET", "/events", params={"after": str(first)}).json()["events"]
        deliveries = [Delivery(what="delivered", message_id=one) for one in events]
        return Poll(deliveries, str(first + len(events)))

    def unsubscribe_url(self, message_id: str) -> str | None:
        return LINK + token(self.config.webhook_secret.reveal(), message_id)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        if url.startswith(LINK):
            (message_id,) = read_token(self.config.webhook_secret.reveal(), url[len(LINK) :])
            gone = [Delivery(what="unsubscribed", message_id=message_id)]
            return self.unless_looked_at(gone, method), Response()
        self.check(headers, body)
        return self.unless_looked_at(self.events(body), method), Response()

    def unless_looked_at(self, deliveries: list[Delivery], method: str) -> list[Delivery]:
        return deliveries if method == "POST" else []

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        stamp, given = header(headers, "X-Stamp"), header(headers, "X-Signature")
        if not given or not same(given, self.signature(stamp, body)):
            refuse("its signature is missing or wrong")
        fresh(stamp, self.clock())

    def signature(self, stamp: str, body: bytes) -> str:
        return base64_digest(self.config.webhook_secret.reveal(), stamp.encode() + body)

    def events(self, body: bytes) -> list[Delivery]:
        try:
            told = json.loads(body)
            return [Delivery(what=one["what"], message_id=one["id"]) for one in told["events"]]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidValueError("the call tells no events", field="body") from error


def offered(cls: type[Sound]) -> ChannelSpec:
    return ChannelSpec(
        name="post",
        identity="email",
        open=cls,
        config=cls.config_class,
        capabilities=cls.words,
        thread_safe=cls.thread_safe,
        limits=Limits(batch=50),
    )


def running() -> Iterator[PostOffice]:
    with PostOffice() as office:
        yield office
