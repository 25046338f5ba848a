"""A DingTalk robot: posts to its group, and hears what colleagues write to it.

Wire: https://open.dingtalk.com/document/robots/custom-robot-access (posts) and
https://open.dingtalk.com/document/orgapp/receive-message (what is heard).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crmkit.contracts.answers import Codes, Meaning
from crmkit.contracts.bots import StaffBot
from crmkit.contracts.channel import Delivery, Message, Response
from crmkit.contracts.http import Reply
from crmkit.contracts.reading import instant, mapping, posted, text
from crmkit.contracts.signatures import base64_digest, fresh, header, refuse, same
from crmkit_dingtalk.settings import DingTalkConfig

BAN = 600
"""Seconds for which a robot that went too fast takes nothing."""
HOUR = 3600
"""Seconds that a signature holds."""
_TITLE = 60  # characters of a markdown post's title, which only notifications show
_STOPPED = "see to the robot in the group's settings"


class _Signed(NamedTuple):
    timestamp: str
    sign: str


def sign(milliseconds: int | str, secret: str) -> str:
    """Sign an instant; not encoded for a URL, since whoever makes the URL encodes it once."""
    return base64_digest(secret, f"{milliseconds}\n{secret}")


class DingTalkBot(StaffBot):
    """The robot of a DingTalk group."""

    codes = Codes(
        {
            "-1": Meaning("retry", "the provider is busy"),
            "88": Meaning("misconfigured", "access_token is not valid"),
            "130101": Meaning("retry", "more than 20 posts in a minute", after=BAN),
            "300001": Meaning("misconfigured", "access_token is not that of a robot"),
            "300005": Meaning("misconfigured", "access_token is not that of a robot"),
            "310000": Meaning(
                "misconfigured", "the robot's signature, keyword or IP addresses do not fit"
            ),
            "400013": Meaning("misconfigured", f"the group is no more: {_STOPPED}"),
            "400101": Meaning("misconfigured", "access_token is not that of a robot"),
            "400102": Meaning("misconfigured", f"the robot is switched off: {_STOPPED}"),
            "400106": Meaning("misconfigured", f"the robot is no more: {_STOPPED}"),
            "410100": Meaning("retry", "too many posts", after=BAN),
        },
        field=("errcode",),
        words=("errmsg",),
    )
    longest = 20_000

    def __init__(self, config: DingTalkConfig) -> None:
        """Keep the settings."""
        super().__init__(config)
        self._config = config

    def post(self, text: str, message: Message) -> Reply:
        """Post a text, signed where a secret is set."""
        query = {"access_token": self._config.access_token.reveal()}
        if self._config.secret:
            stamp = str(int(self.clock().timestamp() * 1000))
            signed = _Signed(stamp, sign(stamp, self._config.secret.reveal()))
            query |= signed._asdict()
        url = self._config.endpoint.rstrip("/") + "/robot/send"
        return self.http.call("POST", url, params=query, json_body=self._body(text, message))

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Hear what a colleague wrote to the robot.

        DingTalk signs the instant alone, not what was written.

        Raises:
            SignatureInvalid: the signature is missing, wrong or more than an hour old, or no
                ``app_secret`` is set.
            InvalidValueError: the body is no JSON.
        """
        del url  # the signature stands in the headers
        if not self._config.app_secret:
            refuse("no app_secret is set to check it with")
        stamp = header(headers, "timestamp")
        if not (stamp.isascii() and stamp.isdigit()):
            refuse("its timestamp is no number")
        if not same(header(headers, "sign"), sign(stamp, self._config.app_secret.reveal())):
            refuse("its sign is missing or wrong")
        fresh(float(stamp) / 1000, self.clock(), HOUR)
        if method.upper() != "POST":
            return (), Response(405)
        return _heard(body), Response()

    def _body(self, text: str, message: Message) -> dict[str, Any]:
        mobiles = list(self._config.at_mobiles)
        # A mention rings only where its number stands in the text, too.
        text = " ".join([text, *(f"@{mobile}" for mobile in mobiles)])
        if self._config.format == "markdown":
            title = (message.subject or text.strip()).splitlines()[0][:_TITLE]
            content = {"title": title, "text": text}
        else:
            content = {"content": text}
        at = {"atMobiles": mobiles, "isAtAll": self._config.at_all}
        return {"msgtype": self._config.format, self._config.format: content, "at": at}


def _heard(body: bytes) -> tuple[Delivery, ...]:
    """Read a message to the robot; nothing where it is no text."""
    told = mapping(posted(body))
    words = text(mapping(told, "text").get("content"))
    if words is None:
        return ()
    at, number = told.get("createAt"), text(told.get("msgId"))
    return (
        Delivery(
            what="replied",
            provider_id=number,
            event_id=number,
            at=instant(at / 1000) if isinstance(at, (int, float)) else None,
            address=text(told.get("senderStaffId")) or text(told.get("senderId")),
            text=words.strip(),
        ),
    )
