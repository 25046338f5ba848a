"""What an answer of a provider means for a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit_esp.mail import Unsendable

_TOO_LONG = 413
_LATER = (429, 503)
_TIMEOUT = 408
_SERVER = 500


def send_each(
    messages: Sequence[Message],
    call: Callable[[Message], Reply],
    read: Callable[[Message, Reply], Receipt],
) -> list[Receipt]:
    """Send messages one by one, so that one that cannot go costs nothing else.

    Args:
        messages: What to send.
        call: Makes the call for one of them; may raise what `Http.call` and `envelope` raise.
        read: Reads the answer.
    """
    receipts = []
    for message in messages:
        try:
            receipts.append(read(message, call(message)))
        except Unsendable as error:
            receipts.append(Receipt.refused(message, str(error)))
        except NotSent as error:
            receipts.append(Receipt.retry(message, str(error)))
        except Unclear as error:
            receipts.append(Receipt.unknown(message, str(error)))
    return receipts


def failure(message: Message, reply: Reply, clock: Callable[[], datetime]) -> Receipt:
    """Read an answer that is none of success, by its HTTP status alone.

    What the provider says in words is left out: he may quote credentials or the message.
    """
    status, code = reply.status, str(reply.status)
    if status in _LATER:
        return Receipt.retry(message, "too much for now", after=reply.after(clock), code=code)
    if status == _TOO_LONG:
        return Receipt.refused(message, "content: too long", code=code)
    if status >= _SERVER or status == _TIMEOUT:
        return Receipt.unknown(message, "the provider failed, and says no more", code=code)
    return Receipt.misconfigured(message, "credentials, domain, sender or template", code=code)


def ok(reply: Reply) -> bool:
    """Tell whether the provider took it, by the HTTP status."""
    return 200 <= reply.status < 300  # noqa: PLR2004 - HTTP's range of success


def quiet(http: Http, url: str, headers: dict[str, str]) -> Reply | None:
    """Look something up; None where that fails."""
    try:
        reply = http.call("GET", url, headers=headers)
    except (NotSent, Unclear):
        return None
    return reply if ok(reply) else None
