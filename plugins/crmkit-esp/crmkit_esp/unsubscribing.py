"""One-click unsubscribing (RFC 8058): a signed link of our own, and the answers to its calls.

The link is called back at the same `receive` as the provider's webhook; ``unsubscribe=`` in its
query tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.signatures import read_token, refuse, token
from crmkit.contracts.unsubscribing import answered
from crmkit_esp.settings import EspConfig

_FIELD = "unsubscribe"


def link(config: EspConfig, message_id: str) -> str | None:
    """Give the link of one message; None where the channel has no page for it."""
    if not config.unsubscribe_url:
        return None
    glue = "&" if "?" in config.unsubscribe_url else "?"
    return f"{config.unsubscribe_url}{glue}{_FIELD}={token(_key(config), message_id)}"


def called(
    config: EspConfig, method: str, url: str, now: datetime
) -> tuple[Sequence[Delivery], Response] | None:
    """Answer a call of a link; None where the call is none, but the provider's.

    Raises:
        SignatureInvalid: its token was not made here.
    """
    given = dict(parse_qsl(urlsplit(url).query)).get(_FIELD)
    if given is None:
        return None
    if not config.unsubscribe_url:
        refuse("this channel has no unsubscribe_url")
    message_id = read_token(_key(config), given)[0]
    return answered(method, message_id, now, field=_FIELD, token=given)


def _key(config: EspConfig) -> str:
    # A token made for another use is a forgery here.
    return f"{config.secret.reveal() if config.secret else ''}\0unsubscribe"
