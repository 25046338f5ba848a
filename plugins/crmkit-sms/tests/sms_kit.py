"""What the tests of text messages share."""

from collections.abc import Callable, Sequence
from typing import Any

from crmkit.contracts.channel import Channel, Delivery, Message
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Simulator

TOKEN = "a-token-that-nobody-guesses"
CALLBACK = "https://crm.example/hooks/sms"
URL = f"{CALLBACK}?token={TOKEN}"

KEYS: dict[str, dict[str, Any]] = {
    "aliyun": {
        "access_key_id": "LTAI-simulated",
        "access_key_secret": Secret("simulated-secret"),
    },
    "tencent": {
        "secret_id": "AKID-simulated",
        "secret_key": Secret("simulated-secret"),
        "sms_sdk_app_id": "1400006666",
    },
    "twilio": {
        "account_sid": "AC00000000000000000000000000000000",
        "auth_token": Secret("simulated-token"),
        "sender": "+15005550006",
    },
}
"""What each channel must be told, as its simulator knows it."""

Write = Callable[..., Message]
Open = Callable[..., Channel]
Both = tuple[Simulator, Channel]


def heard(channel: Channel, body: bytes, url: str = URL) -> Sequence[Delivery]:
    """Give what a push tells that Aliyun or Tencent makes to the secret address."""
    deliveries, response = channel.receive({}, body, url=url)
    assert response.status == 200
    return deliveries
