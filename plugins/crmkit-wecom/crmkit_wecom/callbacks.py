"""WeCom's callbacks: the check of the address, and customers who delete a colleague.

Wire: https://developer.work.weixin.qq.com/document/path/92130
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import attrs

from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.sealed import opened, signature
from crmkit.contracts.signatures import fresh, refuse, same

_LATEST = 253_402_300_799  # the last second of the year 9999


class _Signed(NamedTuple):
    stamp: str
    nonce: str
    sign: str
    echo: str


@attrs.frozen
class Callbacks:
    """Reads callbacks for one company.

    Attributes:
        token: What their signature is made with.
        aes_key: What they are sealed with, as WeCom shows it.
        corpid: Whom they must be for.
    """

    token: str = attrs.field(repr=False)
    aes_key: str = attrs.field(repr=False)
    corpid: str

    def receive(
        self, url: str, body: bytes, method: str, now: datetime
    ) -> tuple[tuple[Delivery, ...], Response]:
        """Read one; a GET is WeCom's check of the address, and gets back what it sealed.

        Raises:
            SignatureInvalid: it is not WeCom's, or too old.
        """
        signed = _query(url)
        posted = method.upper() == "POST"
        sealed = field(body.decode("utf-8", "replace"), "Encrypt") if posted else signed.echo
        if not sealed:
            refuse("it carries no sealed message")
        if not same(signed.sign, signature(self.token, signed.stamp, signed.nonce, sealed)):
            refuse("its msg_signature is missing or wrong")
        fresh(signed.stamp, now)
        message = opened(sealed, self.aes_key, self.corpid)
        if not posted:
            return (), Response(body=message)
        return _deliveries(message.decode("utf-8", "replace")), Response(body=b"success")


def field(xml: str, name: str) -> str:
    """Give the text of an element that stands once; empty where it is missing.

    WeCom's callbacks are flat, so no parser is needed that could be led astray.
    """
    _, found, rest = xml.partition(f"<{name}>")
    text, closed, _ = rest.partition(f"</{name}>")
    if not found or not closed:
        return ""
    return text.strip().removeprefix("<![CDATA[").removesuffix("]]>")


def _query(url: str) -> _Signed:
    found = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    # Base64 knows no blank: one is a plus that nobody had encoded.
    echo = found.get("echostr", "").replace(" ", "+")
    get = found.get
    return _Signed(get("timestamp", ""), get("nonce", ""), get("msg_signature", ""), echo)


def _deliveries(xml: str) -> tuple[Delivery, ...]:
    """Give the withdrawal of a customer who deleted a colleague; nothing for other events."""
    event = field(xml, "Event"), field(xml, "ChangeType")
    customer = field(xml, "ExternalUserID")
    if event != ("change_external_contact", "del_follow_user") or not customer:
        return ()
    stamp, colleague = field(xml, "CreateTime"), field(xml, "UserID")
    known = stamp.isascii() and stamp.isdigit() and int(stamp) <= _LATEST
    return (
        Delivery(
            what="unsubscribed",
            address=customer,
            at=datetime.fromtimestamp(int(stamp), UTC) if known else None,
            event_id=f"{stamp}:{colleague}:{customer}",
            reason=f"the customer deleted {colleague} from his contacts",
        ),
    )
