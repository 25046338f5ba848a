"""One message as the Cloud API wants it, or the reason why it cannot go.

Format: ``POST /{version}/{phone_number_id}/messages``, as Meta's reference of the Cloud API has it.
"""

from __future__ import annotations

from typing import Any

from crmkit.contracts.channel import Message, Template
from crmkit.contracts.numbers import e164
from crmkit_whatsapp.settings import LONGEST

WINDOW = "131047"
"""Code of free text outside the 24 hours after the customer wrote."""


class Unsendable(Exception):  # noqa: N818 - says what the message is
    """The message cannot go; `code` is the one WhatsApp would give, where he has one."""

    def __init__(self, reason: str, code: str | None = None) -> None:
        """Keep the reason and the code."""
        super().__init__(reason)
        self.code = code


def compose(message: Message, language: str) -> dict[str, Any]:
    """Make the body of the call.

    Args:
        message: What to send: its text inside the session window, else its template.
        language: Of the template, where the message names none.

    Raises:
        Unsendable: the address is no phone number, or nothing in the message may go now.
    """
    if not e164(message.to):
        raise Unsendable("address: no phone number in international form (+86...)")
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to.removeprefix("+"),
        "biz_opaque_callback_data": message.id,
    }
    if message.session and message.text.strip():
        if len(message.text) > LONGEST:
            raise Unsendable(f"content: longer than {LONGEST} characters")
        text = {"body": message.text, "preview_url": False}
        return {**body, "type": "text", "text": text}
    if message.template is None:
        raise Unsendable(
            "content: a template is needed where the customer has not written for 24 hours", WINDOW
        )
    return {**body, "type": "template", "template": _template(message.template, message, language)}


def _template(template: Template, message: Message, language: str) -> dict[str, Any]:
    code = locale(message.language or language)
    made: dict[str, Any] = {"name": template.code, "language": {"code": code}}
    values = {name: " ".join(str(value).split()) for name, value in template.values.items()}
    for name, value in values.items():  # he refuses line breaks, and parameters without text
        if not value:
            raise Unsendable(f"content: the template's parameter {name} is empty")
    if values:
        filled = [{"type": "text", "text": value} for value in values.values()]
        made["components"] = [{"type": "body", "parameters": filled}]
    return made


def locale(tag: str) -> str:
    """Give a BCP 47 tag as WhatsApp spells languages.

    Example:
        >>> locale("zh-Hans"), locale("pt-BR"), locale("de")
        ('zh_CN', 'pt_BR', 'de')
    """
    spelled = tag.replace("-", "_")
    parts = set(spelled.split("_"))
    if not spelled.startswith("zh"):
        return spelled
    if "HK" in parts:
        return "zh_HK"
    return "zh_TW" if parts & {"TW", "MO", "Hant"} else "zh_CN"
