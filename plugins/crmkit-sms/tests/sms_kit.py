"""What the tests of text messages share."""

from collections.abc import Callable

from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.base import Simulator

TOKEN = "a-token-that-nobody-guesses"
CALLBACK = "https://crm.example/hooks/sms"

Write = Callable[..., Message]
Open = Callable[..., Channel]
Both = tuple[Simulator, Channel]
