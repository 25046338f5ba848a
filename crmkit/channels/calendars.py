"""A task as an entry of a calendar (RFC 5545), made with the library icalendar.

An entry is an appointment (``VEVENT``), which every calendar program shows in its day, or an item
of a to-do list (``VTODO``). The library folds long lines, escapes what customers wrote and knows
the rules of time zones.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import attrs

from crmkit.channels.briefs import WORDS, heading_of, lines_of
from crmkit.channels.visible import one_line, visible
from crmkit.contracts.channel import Message
from crmkit.errors import ConfigError

if TYPE_CHECKING:
    import icalendar

PRODUCT = "-//crmkit//task//EN"
_CLIPPED = 100_000  # characters of a description; calendar programs give up on far fewer
_TITLE = 500  # characters of a heading


@attrs.frozen(kw_only=True)
class Look:
    """How tasks appear in a calendar.

    Attributes:
        start: Minutes after midnight, local time, at which a task begins on its day.
        minutes: How long it takes, 1 or more.
        zone: Where the colleagues are.
        lang: ``en`` or ``zh``.
        todo: Whether a task is an item of a to-do list instead of an appointment.
    """

    start: int = 540
    minutes: int = 30
    zone: ZoneInfo
    lang: str = "en"
    todo: bool = False


def library() -> Any:
    """Import icalendar, or say how to get it.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import icalendar  # noqa: PLC0415 - an extra, and 100 ms
    except ImportError as error:
        message = (
            "folder: tasks in a calendar need icalendar: install it with  "
            "pip install 'crmkit[calendar]'"
        )
        raise ConfigError(message, key="folder") from error
    return icalendar


def heading(name: str, lang: str) -> bytes:
    """Give the head of a feed that calendar programs subscribe to, up to its first entry.

    Args:
        name: Whose it is; empty: those of nobody in particular.
        lang: ``en`` or ``zh``.
    """
    words = WORDS[lang]
    calendar = _calendar()
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", visible(words["of"].format(owner=name) if name else words["team"]))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    head: bytes = calendar.to_ical().partition(b"END:VCALENDAR")[0]
    return head


def document(part: icalendar.Component, method: str = "PUBLISH") -> bytes:
    """Give an entry as a calendar of its own, with the rules of its time zone."""
    calendar = _calendar()
    calendar.add("method", method)
    name = part["dtstart"].params.get("TZID")
    if name:  # else it is in UTC
        calendar.add_component(_zone(name))
    calendar.add_component(part)
    content: bytes = calendar.to_ical()
    return content


def read(content: bytes) -> icalendar.Component:
    """Give the entry of a `document`.

    Raises:
        ValueError: there is none.
    """
    kinds = ("VEVENT", "VTODO")
    found = [part for part in library().Calendar.from_ical(content).walk() if part.name in kinds]
    if len(found) != 1:
        raise ValueError("the file holds no task, or several")
    entry: icalendar.Component = found[0]
    return entry


def entry(message: Message, look: Look, now: datetime, sequence: int = 0) -> icalendar.Component:
    """Make the entry of a task.

    Args:
        message: The task.
        look: How it appears.
        now: The present instant.
        sequence: How often it was changed since it was made, 0 or more.
    """
    part: icalendar.Component = library().Todo() if look.todo else library().Event()
    part.add("uid", uid(message.id))
    part.add("dtstamp", now.astimezone(UTC))
    part.add("last-modified", now.astimezone(UTC))
    part.add("sequence", sequence)
    begin = _begin(message.due or now, look)
    part.add("dtstart", begin)
    part.add("due" if look.todo else "dtend", _later(begin, look))
    part.add("summary", one_line(heading_of(message, look.lang))[:_TITLE])
    part.add("description", visible("\n".join(lines_of(message, look.lang, look.zone)))[:_CLIPPED])
    part.add("status", "NEEDS-ACTION" if look.todo else "CONFIRMED")
    if not look.todo:
        part.add("transp", "TRANSPARENT")  # it does not block the day
    if message.occasion:
        part.add("categories", [one_line(message.occasion)[:_TITLE]])
    part.add("x-crmkit-owner", one_line(message.owner or ""))
    return part


def ended(part: icalendar.Component, outcome: str, now: datetime, *, done: bool) -> None:
    """Write into an entry that its task is over: done, or not to be done any more."""
    sequence = int(part.get("sequence", 0)) + 1
    todo = part.name == "VTODO"
    for name in ("sequence", "status", "dtstamp", "last-modified"):
        part.pop(name, None)
    part.add("sequence", sequence)
    part.add("dtstamp", now.astimezone(UTC))
    part.add("last-modified", now.astimezone(UTC))
    part.add("status", "COMPLETED" if todo and done else "CANCELLED")
    if todo and done:
        part.add("completed", now.astimezone(UTC))
    if outcome:
        part.add("comment", visible(outcome))


def over(part: icalendar.Component) -> bool:
    """Tell whether the task of an entry is over."""
    return str(part.get("status", "")) in ("COMPLETED", "CANCELLED")


def same(part: icalendar.Component, other: icalendar.Component) -> bool:
    """Tell whether two entries differ in nothing but when they were written."""
    return _lasting(part) == _lasting(other)


def _lasting(part: icalendar.Component) -> list[bytes]:
    return [
        line
        for line in part.to_ical().split(b"\r\n")
        if not line.startswith((b"DTSTAMP", b"LAST-MODIFIED"))
    ]


def uid(message_id: str) -> str:
    """Give the id of a task in calendars, the same at every change."""
    return f"{quote(message_id)}@crmkit"


def _calendar() -> Any:
    calendar = library().Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


@cache
def _zone(name: str) -> icalendar.Component:
    """Give the rules of a time zone; they cost 25 ms."""
    rules: icalendar.Component = library().Timezone.from_tzid(name)
    return rules


def _begin(due: datetime, look: Look) -> datetime:
    day = due.astimezone(look.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = day.replace(hour=look.start // 60, minute=look.start % 60, fold=0)
    # there and back: an hour that a change of the clocks leaves out becomes the next that exists
    return begin.astimezone(UTC).astimezone(look.zone)


def _later(begin: datetime, look: Look) -> datetime:
    return (begin.astimezone(UTC) + timedelta(minutes=look.minutes)).astimezone(look.zone)
