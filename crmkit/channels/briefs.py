"""A task in words: whom it concerns, why, and what not to mention, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from crmkit.contracts.channel import Message

_KINDS = ("call", "visit", "gift", "meeting")
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "call": "Call {who}",
        "visit": "Visit {who}",
        "gift": "Gift for {who}",
        "meeting": "Meet {who}",
        "": "{kind}: {who}",
        "phone": "Phone",
        "why": "Why",
        "about": "About",
        "touches": "Last contacts",
        "avoid": "Do not mention",
        "due": "To be done by",
        "of": "{owner}'s customers",
        "team": "Customers of the team",
        "else": "Contact",
    },
    "zh": {
        "call": "致电{who}",
        "visit": "拜访{who}",
        "gift": "为{who}准备礼物",
        "meeting": "与{who}会面",
        "": "{kind}:{who}",
        "phone": "电话",
        "why": "缘由",
        "about": "关于",
        "touches": "最近联系",
        "avoid": "勿提",
        "due": "完成期限",
        "of": "{owner}的客户",
        "team": "团队的客户",
        "else": "联系",
    },
}
"""What stands around the names, by language."""


def heading_of(message: Message, lang: str) -> str:
    """Say in a few words what is to be done; a kind of the host's own stands as it is."""
    words = WORDS[lang]
    kind = str(message.brief.get("kind") or words["else"])
    who = message.name or message.customer_id
    return words[kind if kind in _KINDS else ""].format(kind=kind, who=who)


def lines_of(message: Message, lang: str, zone: tzinfo) -> Iterator[str]:
    """Give what a colleague must know, a line each, and the text he may use last.

    Args:
        message: The task.
        lang: ``en`` or ``zh``.
        zone: Where he is.
    """
    words, brief = WORDS[lang], message.brief
    if message.due is not None:
        yield f"{words['due']}: {message.due.astimezone(zone):%Y-%m-%d %H:%M}"
    for key in ("phone", "why", "about", "touches", "avoid"):
        value = brief.get(key)
        if isinstance(value, Sequence) and not isinstance(value, str):
            if value:
                yield f"{words[key]}:"
                yield from (f"- {item}" for item in value)
        elif value:
            yield f"{words[key]}: {value}"
    if message.text:
        yield ""
        yield message.text
