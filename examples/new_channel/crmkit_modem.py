"""A whole plugin: text messages by the modem in the office, which listens to HTTP."""

from collections.abc import Iterator, Sequence

import attrs

from crmkit import hookimpl
from crmkit.contracts.answers import failed
from crmkit.contracts.channel import Channel, Message, Receipt
from crmkit.contracts.http import Http, NotSent, Unclear
from crmkit.contracts.numbers import e164
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import ChannelSpec


@attrs.frozen(kw_only=True)
class ModemConfig:
    """The settings, under ``[channels.NAME]`` with ``type = "modem"``."""

    endpoint: str
    password: Secret


class Modem(Channel):
    """Hands the modem one text message after the other."""

    def __init__(self, config: ModemConfig) -> None:
        self.config = config
        self.http = Http(allow_private=True)  # it stands in the office; connects when used

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Send each message by itself: one bad recipient costs only his own."""
        return [self._send(message) for message in messages]

    def _send(self, message: Message) -> Receipt:
        if not e164(message.to):
            return Receipt.refused(message, "that is no telephone number")
        call = {"password": self.config.password.reveal(), "to": message.to, "text": message.text}
        try:
            reply = self.http.call("POST", f"{self.config.endpoint}/sms", json_body=call)
        except (NotSent, Unclear) as error:  # tried again only if it surely did not go
            return failed(message, error)
        match reply.status, reply.json():  # it says 200 to what it did not take, too
            case 429 | 503, _:
                return Receipt.retry(message, "the modem is busy", after=reply.after(self.clock))
            case 200, {"status": "queued", "id": sent}:
                return Receipt.accepted(message, provider_id=str(sent))
            case 200, {"status": "bad number"}:
                return Receipt.refused(message, "the modem knows no such number")
            case 401, _:
                return Receipt.misconfigured(message, "the modem knows another password")
        return Receipt.unknown(message, f"HTTP {reply.status} tells nothing of it")


@hookimpl
def crmkit_channels() -> Iterator[ChannelSpec]:
    """Offer the channel."""
    yield ChannelSpec(name="modem", identity="phone", open=Modem, config=ModemConfig)
