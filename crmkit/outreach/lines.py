"""The channels of this host: what the configuration calls them, opened once when first used."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from threading import RLock, get_ident
from typing import Any

import attrs

from crmkit.clock import Clock
from crmkit.contracts.channel import Channel
from crmkit.contracts.settings import nearest, refuse
from crmkit.contracts.specs import ChannelSpec
from crmkit.errors import InvalidValueError
from crmkit.model.consent import TRANSACTIONAL
from crmkit.outreach.ledger import Entry
from crmkit.plugins import PluginManager

HOLD, RESEND = "hold", "resend"
_ENGINES = ("type", "on_unknown")
"""Settings of a channel that are crmkit's own; the rest is its type's."""


@attrs.frozen
class Line:
    """One channel as the configuration has it.

    Attributes:
        name: What users call it.
        spec: Its type.
        on_unknown: ``hold`` or ``resend``: what becomes of a message nobody knows the fate of.
    """

    name: str
    spec: ChannelSpec
    on_unknown: str = HOLD

    @cached_property  # asked of every message, several times
    def names(self) -> tuple[str, ...]:
        """What consents and templates may call it: its name, and its type's."""
        return tuple(dict.fromkeys((self.name, self.spec.name)))

    def can(self, word: str) -> bool:
        """Tell whether its type has a capability."""
        return word in self.spec.capabilities


class Lines:
    """Every channel that can be used here; safe to use from several threads, and after a fork.

    A channel that is not safe to use from several threads is opened once for each of them. What a
    parent process had open is not used by its children: they would speak on one connection.
    """

    def __init__(
        self,
        plugins: PluginManager,
        configured: Mapping[str, Mapping[str, Any]],
        settings: Callable[[str], Mapping[str, Any]],
        clock: Clock,
    ) -> None:
        """Know where the settings are; nothing is opened yet.

        Args:
            plugins: Who offers the types.
            configured: The sections ``[channels.NAME]``.
            settings: Gives one of them with its secrets filled in.
            clock: What opened channels go by.
        """
        self._plugins, self._configured, self._settings = plugins, configured, settings
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._opened: dict[tuple[int, int, str], Channel] = {}  # by process, thread and name
        self._locks: dict[int, RLock] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    @property
    def _lock(self) -> RLock:
        """Give the lock of this process: a fork may have copied one that nobody gives back."""
        return self._locks.setdefault(os.getpid(), RLock())

    @property
    def configured(self) -> tuple[str, ...]:
        """Name the channels that have a section of their own, in its order."""
        return tuple(self._configured)

    def names(self) -> tuple[str, ...]:
        """Name every channel: the configured ones in their order, then those that need no setting.

        A type that is configured under a name of its own is not offered once more by its type's.
        """
        configured = self.configured
        types = {self._type(name) for name in configured}
        free = (
            name
            for name, spec in self._plugins.channels().items()
            if name not in types and name not in configured and not _needs(spec)
        )
        return (*configured, *free)

    def get(self, name: str) -> Line:
        """Give a channel.

        Raises:
            InvalidValueError: there is none of that name.
            PluginError: nobody offers its type.
            ConfigError: one of its settings that are crmkit's own is wrong.
        """
        found = self._lines.get(name)  # who is there stays: asked of every message, without a lock
        if found is not None:
            return found
        with self._lock:
            if name not in self._lines:
                self._lines[name] = self._found(name)
            return self._lines[name]

    def names_of(self, name: str) -> tuple[str, ...]:
        """Give a channel's name and its type's, as `Line.names`; its name alone if it is gone."""
        found = self._names.get(name)  # asked of every message that went before
        if found is None:
            found = self._names[name] = tuple(dict.fromkeys((name, self._type(name))))
        return found

    def open(self, name: str) -> Channel:
        """Give a channel opened, as it stays until `close`; use it in this thread alone.

        Raises:
            ConfigError: a setting is wrong; `key` names it. Others are those of `get`.
        """
        line = self.get(name)
        thread = 0 if line.spec.thread_safe else get_ident()
        mine = (os.getpid(), thread, name)
        opened = self._opened.get(mine)
        if opened is not None:
            return opened
        with self._lock:
            if mine not in self._opened:
                filled = dict(self._settings(name)) if name in self._configured else {}
                own = {key: value for key, value in filled.items() if key not in _ENGINES}
                where = f"channels.{name}"
                channel = self._plugins.open_channel(line.spec.name, own, where=where)
                with suppress(AttributeError):  # it may keep no attributes of others
                    setattr(channel, "clock", self._clock)  # noqa: B010 - a method, to its class
                self._opened[mine] = channel
            return self._opened[mine]

    def unsubscribe_url(self, line: Line, entry: Entry) -> str | None:
        """Give the link by which whoever gets a message wants no more; None: there is none.

        What somebody must know has none.
        """
        if entry.purpose == TRANSACTIONAL or not line.can("unsubscribe"):
            return None
        return self.open(line.name).unsubscribe_url(entry.id)

    def close(self) -> None:
        """Close what this process opened; it opens again where it is used again."""
        with self._lock:
            mine = [key for key in self._opened if key[0] == os.getpid()]
            opened = [(self._type(key[2]), self._opened.pop(key)) for key in mine]
        for kind, channel in opened:
            self._plugins.give_back("crmkit_channels", kind, channel.close)

    def _found(self, name: str) -> Line:
        known = self.names()
        if name not in known:
            there = nearest(name, known) or f"; there are {', '.join(known) or 'none'}"
            message = f"there is no channel {name!r}{there}: a section [channels.NAME] makes one"
            raise InvalidValueError(message, field="channel")
        section = self._configured.get(name, {})
        on_unknown = _plain(section.get("on_unknown", HOLD))
        if on_unknown not in (HOLD, RESEND):
            refuse(f"channels.{name}.on_unknown", "must be hold or resend", on_unknown)
        return Line(name, self._plugins.channel(self._type(name)), on_unknown)

    def _type(self, name: str) -> str:
        section = self._configured.get(name, {})
        return str(_plain(section.get("type", name)))


def _plain(value: Any) -> Any:
    """Give a text of the section that is no secret."""
    return value.reveal() if hasattr(value, "reveal") else value


def _needs(spec: ChannelSpec) -> bool:
    """Tell whether a type cannot be opened without settings."""
    if spec.config is None:
        return False
    return any(field.default is attrs.NOTHING for field in attrs.fields(spec.config) if field.init)
