"""The channel ``tencent-sms``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmkit.contracts.answers import failed
from crmkit.contracts.channel import Channel, Delivery, Message, Poll, Receipt, Response
from crmkit.contracts.http import Http, NotSent, Unclear
from crmkit.contracts.lines import joined
from crmkit_sms.contents import Ready, approved
from crmkit_sms.entries import listed
from crmkit_sms.lanes import Lanes
from crmkit_sms.pushes import NOT_POSTED, check_token, entries
from crmkit_sms.settings import TencentSettings
from crmkit_sms.tencent.interface import Interface, said
from crmkit_sms.tencent.receipts import fetched_reply, fetched_report, pushed
from crmkit_sms.tencent.sending import calls, parameters, receipts

_AT_ONCE = 100
_ROUNDS = 20
_HEARD = Response(200, b'{"result":0,"errmsg":"OK"}', {"Content-Type": "application/json"})


class TencentSms(Channel):
    """Sends approved templates; equal ones share a call."""

    def __init__(self, settings: TencentSettings) -> None:
        """Take the settings; nothing is called before it is used."""
        self._settings = settings
        self._http = Http(allow_private=settings.allow_private)
        self._interface = Interface(settings, self._http)
        self._lanes = Lanes(settings.connections)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Hand messages over; those that say the same go together."""
        checked = [approved(message, self._settings.sign_name) for message in messages]
        refused = [one for one in checked if isinstance(one, Receipt)]
        shared = calls(one for one in checked if isinstance(one, Ready))
        return refused + [one for some in self._lanes.each(self._send, shared) for one in some]

    def poll(self, cursor: str | None) -> Poll:
        """Fetch receipts and replies; Tencent gives each of them once, and keeps no cursor.

        Raises:
            NotSent: Tencent refuses; the message says why.
            Unclear: the connection broke.
        """
        found: list[Delivery] = []
        failure: NotSent | Unclear | None = None
        for action, read in (
            ("PullSmsSendStatus", fetched_report),
            ("PullSmsReplyStatus", fetched_reply),
        ):
            try:
                found += map(read, self._pull(action))
            except (NotSent, Unclear) as error:
                failure = failure or error
        # What was given beside a fault is given once only, and would be lost with the error; the
        # next poll meets the fault again.
        if failure and not found:
            raise failure
        return Poll(found, cursor)

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - the contract's; Tencent says nothing in them
        body: bytes,
        *,
        method: str = "POST",
        url: str = "",
    ) -> tuple[Sequence[Delivery], Response]:
        """Read a callback: receipts, or a reply.

        Raises:
            SignatureInvalid: the address lacks the token.
            InvalidValueError: the body is no JSON.
        """
        check_token(self._settings.receipt_token, url)
        if method.upper() != "POST":
            return (), NOT_POSTED
        return pushed(entries(body)), _HEARD

    def close(self) -> None:
        """Give all connections back."""
        self._lanes.close()
        self._http.close()

    def _send(self, call: Mapping[str, Ready]) -> list[Receipt]:
        written = parameters(call, self._settings.sms_sdk_app_id)
        try:
            reply = self._interface.call("SendSms", written, self.clock())
        except (NotSent, Unclear) as error:
            return [failed(ready.message, error) for ready in call.values()]
        return receipts(call, reply, self.clock)

    def _pull(self, action: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for _ in range(_ROUNDS):
            try:
                some = self._page(action)
            except (NotSent, Unclear):
                if found:
                    break
                raise
            found += some
            if len(some) < _AT_ONCE:
                break
        return found

    def _page(self, action: str) -> list[Mapping[str, Any]]:
        asked = {"Limit": _AT_ONCE, "SmsSdkAppId": self._settings.sms_sdk_app_id}
        reply = self._interface.call(action, asked, self.clock())
        response, code, why = said(reply)
        found = listed(response.get(f"{action}Set"))
        if code or found is None:
            raise NotSent(joined(f"{action}: {code or reply.status} {why}"))
        return found
