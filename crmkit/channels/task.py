"""``task``: a call, a visit or a gift, carried out by a colleague.

It needs no settings: tasks stand in the ledger and on the agenda. With a ``folder`` they are also
in the calendars of the colleagues (`crmkit.channels.feeds`): put the folder behind a web server
that asks who is there, or on a shared drive, and subscribe to ``OWNER.ics``. The files tell about
customers: they are for the owner of the process and his group.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from crmkit.channels.calendars import (
    Look,
    document,
    ended,
    entry,
    heading,
    library,
    over,
    read,
    same,
    uid,
)
from crmkit.channels.durable import failed
from crmkit.channels.feeds import Folder, blocks
from crmkit.clock import zone
from crmkit.contracts.channel import ACCEPTED, RETRY, Channel, Message, Receipt
from crmkit.contracts.durable import replace

if TYPE_CHECKING:
    import icalendar

_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY_MINUTES = 24 * 60


@attrs.frozen(kw_only=True)
class TaskSettings:
    """Settings of a ``task`` channel; each has a default.

    Attributes:
        folder: Where the calendars are written; None: nowhere, and icalendar is not needed.
        entry: ``event``: an appointment; ``todo``: an item of a to-do list.
        start: Local time at which a task begins on its day, ``HH:MM``.
        minutes: How long it takes, 1 to 1440.
        zone: IANA name of the colleagues' time zone.
        lang: Language of the calendars: ``en`` or ``zh``.
    """

    folder: str | None = None
    entry: Literal["event", "todo"] = "event"
    start: str = "09:00"
    minutes: int = attrs.field(
        default=30, validator=[attrs.validators.ge(1), attrs.validators.le(_DAY_MINUTES)]
    )
    zone: str = "UTC"
    lang: Literal["en", "zh"] = "en"

    def __attrs_post_init__(self) -> None:
        if not _HOUR.fullmatch(self.start):
            raise ValueError(f"'start' must be HH:MM, 00:00 to 23:59: {self.start!r}")
        if zone(self.zone) is None:
            raise ValueError(f"'zone' must be an IANA name such as Asia/Shanghai: {self.zone!r}")

    def look(self) -> Look:
        """Give how tasks appear in a calendar."""
        hours, minutes = map(int, self.start.split(":"))
        found = zone(self.zone)
        assert found is not None  # noqa: S101 - checked when it was made
        return Look(
            start=hours * 60 + minutes,
            minutes=self.minutes,
            zone=found,
            lang=self.lang,
            todo=self.entry == "todo",
        )


class TaskChannel(Channel):
    """Gives tasks to colleagues, in their calendars where a folder is set."""

    def __init__(self, config: TaskSettings | None = None) -> None:
        """Take the settings; the folder is made with the first task.

        Raises:
            ConfigError: a folder is set and icalendar is not installed.
        """
        config = config or TaskSettings()
        self._folder = None if config.folder is None else Folder(Path(config.folder).expanduser())
        self._look = config.look()
        self._given: set[str] = set()  # without a folder nothing else knows
        if self._folder is not None:
            library()

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Write the tasks into the calendars; one that is there already is brought up to date."""
        folder = self._folder
        if folder is None:
            self._given.update(message.id for message in messages)
            return [Receipt.accepted(message) for message in messages]
        try:
            with folder.exclusive():
                return self._write(folder, messages)
        except OSError as error:
            return [failed(message, error, folder.path) for message in messages]

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Look tasks up in the folder; one that is not there may go again without harm.

        Without a folder, those are found that were given to this channel since it was opened.
        """
        return {name: self._found(name) for name in message_ids}

    def finished(self, message_id: str, outcome: str = "", *, done: bool = True) -> bool:
        """Take a task out of the calendars, because it is over; its file says so, too.

        An item of a to-do list is then ``COMPLETED``, or ``CANCELLED``; an appointment knows only
        ``CANCELLED``, by which a calendar program takes it off the day.

        Args:
            message_id: Which task; one that is not there changes nothing.
            outcome: What came of it, in words; kept in the file.
            done: Whether it was carried out; False: it need not be any more.

        Returns:
            Whether the task was there and open.

        Raises:
            OSError: the folder may not be written to.
        """
        folder = self._folder
        if folder is None:
            return False
        with folder.exclusive():
            part = _read(folder.task(message_id))
            if part is None or over(part):
                return False
            ended(part, outcome, self.clock(), done=done)
            method = "CANCEL" if str(part["status"]) == "CANCELLED" else "PUBLISH"
            self._exchange(folder, _owner(part), {uid(message_id).encode(): None})
            replace(folder.task(message_id), document(part, method))
        return True

    def _found(self, message_id: str) -> Receipt:
        folder = self._folder
        if message_id in self._given or (folder and folder.task(message_id).exists()):
            return Receipt(message_id=message_id, outcome=ACCEPTED)
        return Receipt(message_id=message_id, outcome=RETRY, reason="nobody was given this task")

    def _write(self, folder: Folder, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Write feeds, then files; whoever finds a task's file has it in the feed."""
        feeds: dict[str, dict[bytes, bytes | None]] = defaultdict(dict)
        files: dict[Path, bytes] = {}
        receipts = []
        for message in messages:
            path = folder.task(message.id)
            try:
                part, old = self._entry(message, path)
                content = document(part)
            except (ValueError, TypeError, OverflowError) as error:
                receipts.append(Receipt.refused(message, f"it cannot be written: {error}"))
                continue
            receipts.append(Receipt.accepted(message, uid(message.id)))
            if over(part):
                continue
            if old is not None and _owner(old) != _owner(part):
                feeds[_owner(old)][uid(message.id).encode()] = None
            feeds[_owner(part)] |= blocks(content)
            files[path] = content
        for owner, changed in feeds.items():
            self._exchange(folder, owner, changed)
        for path, content in files.items():
            replace(path, content)
        return receipts

    def _entry(
        self, message: Message, path: Path
    ) -> tuple[icalendar.Component, icalendar.Component | None]:
        """Give a task's entry, and the one it takes the place of; one that is over stays so."""
        old = _read(path)
        now = self.clock()
        if old is None:
            return entry(message, self._look, now), None
        if over(old):
            return old, old
        sequence = int(old.get("sequence", 0))
        part = entry(message, self._look, now, sequence)
        if not same(part, old):
            part = entry(message, self._look, now, sequence + 1)
        return part, old

    def _exchange(self, folder: Folder, owner: str, changed: Mapping[bytes, bytes | None]) -> None:
        folder.exchange(owner, heading(owner, self._look.lang), changed, self.clock())


def _owner(part: icalendar.Component) -> str:
    return str(part.get("x-crmkit-owner", ""))


def _read(path: Path) -> icalendar.Component | None:
    """Give the entry of a task's file; None where there is none that can be read."""
    try:
        return read(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
