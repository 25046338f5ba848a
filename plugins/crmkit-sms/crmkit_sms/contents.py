"""What is sent: a provider's template with its values, or a text; refused before it can do harm."""

from __future__ import annotations

import attrs

from crmkit.contracts.channel import Message, Receipt, Template
from crmkit.contracts.lines import written
from crmkit_sms.numbers import Number, read

LONGEST = 1600
"""Characters of a text, and of one value of a template: no provider takes more."""


@attrs.frozen
class Ready:
    """A message that can be given to a provider.

    Attributes:
        message: The message.
        number: Whom it goes to.
        template: The provider's template; None: its text goes.
        signature: Name it is signed with; empty: none.
    """

    message: Message
    number: Number
    template: Template | None
    signature: str = ""


def addressed(message: Message) -> Ready | Receipt:
    """Check address and content; a receipt says why it cannot go."""
    number = read(message.to)
    if number is None:
        return Receipt.refused(message, "its address is no telephone number of any country")
    template = message.template
    parts = [message.text] if template is None else _parts(template)
    if any(len(part) > LONGEST for part in parts):
        return Receipt.refused(message, f"longer than {LONGEST} characters")
    if any(written(part) != part for part in parts):
        return Receipt.refused(message, "it holds half a character (a lone surrogate)")
    if template is None and not message.text.strip():
        return Receipt.refused(message, "it is empty")
    return Ready(message, number, template)


def approved(message: Message, sign_name: str) -> Ready | Receipt:
    """Check a message for a provider that sends approved templates only.

    Args:
        message: The message.
        sign_name: Signature where its template names none.
    """
    template = message.template
    if template is None:
        return Receipt.misconfigured(
            message, "this provider sends approved templates only: give provider_template"
        )
    ready = addressed(message)
    if isinstance(ready, Receipt):
        return ready
    return attrs.evolve(ready, signature=template.signature or sign_name)


def _parts(template: Template) -> list[str]:
    return [template.code, template.signature or "", *template.values, *template.values.values()]
