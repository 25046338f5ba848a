"""What an answer of a provider means for a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus

from crmkit.contracts.answers import by_status, failed, plain
from crmkit.contracts.channel import REFUSED, Message, Receipt
from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit_esp.mail import Unsendable


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
        except (NotSent, Unclear) as error:
            receipts.append(failed(message, error))
    return receipts


def failure(message: Message, reply: Reply, clock: Callable[[], datetime]) -> Receipt:
    """Read an answer that is none of success, by its HTTP status alone.

    What the provider says in words is left out: he may quote credentials or the message.
    """
    code = str(reply.status)
    if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Receipt.refused(message, "content: too long", code=code)
    if by_status(reply, clock).outcome == REFUSED:  # what is wrong with the address is told apart
        return Receipt.misconfigured(message, "credentials, domain, sender or template", code=code)
    return plain(message, reply, clock)


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
