"""Messages to customers: crmkit enters them, and a colleague confirms them in WeCom.

Wire: https://developer.work.weixin.qq.com/document/path/92135 (add_msg_template)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmkit.contracts.answers import failed, one_by_one
from crmkit.contracts.channel import (
    ACCEPTED,
    Channel,
    Delivery,
    Message,
    Poll,
    Receipt,
    Response,
)
from crmkit.contracts.http import NotSent, Unclear
from crmkit.contracts.signatures import refuse
from crmkit_wecom.api import Api
from crmkit_wecom.callbacks import Callbacks
from crmkit_wecom.codes import CODES
from crmkit_wecom.results import Results
from crmkit_wecom.settings import WeComConfig

LONGEST = 4000
"""Bytes of a text."""


class WeCom(Channel):
    """Customers who added a colleague in WeCom; the identity is their ``external_userid``."""

    def __init__(self, config: WeComConfig) -> None:
        """Keep the settings; nothing is called before the first message."""
        self._config = config
        self._api = Api(config)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Enter each message for the colleague to confirm; accepted is not yet sent.

        Once WeCom says that calls come too often, the rest of the batch waits as long.
        """
        return one_by_one(messages, self._send)

    def poll(self, cursor: str | None) -> Poll:
        """Ask which messages a colleague confirmed, and what became of them.

        Raises:
            NotSent: WeCom cannot be reached, or says why it tells nothing.
        """
        return Results(self._api, self.clock().timestamp(), self._config.days).poll(cursor)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read an encrypted callback: a customer who deletes a colleague wants no more.

        Raises:
            SignatureInvalid: it is not WeCom's, or too old, or no ``token`` and
                ``encoding_aes_key`` are set.
        """
        del headers  # everything stands in the address and the body
        token, key = self._config.token, self._config.encoding_aes_key
        if not token or not key:
            refuse("no token and encoding_aes_key are set to check it with")
        callbacks = Callbacks(token.reveal(), key.reveal(), self._config.corpid)
        return callbacks.receive(url, body, method, self.clock())

    def close(self) -> None:
        """Give the connections back."""
        self._api.close()

    def _send(self, message: Message) -> Receipt:
        wrong = _unfit(message)
        if wrong:
            return Receipt.refused(message, wrong)
        now = self.clock().timestamp()
        try:
            reply = self._api.call("externalcontact/add_msg_template", self._body(message), now)
        except (NotSent, Unclear) as error:
            return failed(message, error)
        receipt = CODES.receipt(message, reply, self.clock)
        if receipt.outcome != ACCEPTED:
            return receipt
        told = reply.json()
        if message.to in (told.get("fail_list") or ()):
            return Receipt.refused(message, "WeCom cannot reach this external_userid")
        return Receipt.accepted(message, told.get("msgid"))

    def _body(self, message: Message) -> dict[str, Any]:
        body: dict[str, Any] = {
            "chat_type": "single",
            "external_userid": [message.to],
            "text": {"content": message.text},
        }
        sender = self._config.employees.get(message.owner or "", self._config.sender)
        return {**body, "sender": sender} if sender else body


def _unfit(message: Message) -> str:
    """Tell why a message cannot be entered; empty where it can."""
    if not message.to.isprintable() or not message.to.strip():
        return "that is no external_userid"
    if not message.text.strip():
        return "there is no text"
    try:
        size = len(message.text.encode())
    except UnicodeEncodeError:
        return "the text holds half a character"
    return "" if size <= LONGEST else f"the text has {size:,} bytes; WeCom takes {LONGEST:,}"
