"""What the tests of text messages share."""

from collections.abc import Callable, Sequence

from crmkit.contracts.channel import Channel, Delivery, Message
from crmkit.testing.simulators.base import Simulator

TOKEN = "a-token-that-nobody-guesses"
CALLBACK = "https://crm.example/hooks/sms"
URL = f"{CALLBACK}?token={TOKEN}"

Write = Callable[..., Message]
Open = Callable[..., Channel]
Both = tuple[Simulator, Channel]


def heard(channel: Channel, body: bytes, url: str = URL) -> Sequence[Delivery]:
    """Give what a push tells that Aliyun or Tencent makes to the secret address."""
    deliveries, response = channel.receive({}, body, url=url)
    assert response.status == 200
    return deliveries
