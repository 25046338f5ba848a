"""What a plugin is told of the configuration: its section ``[plugins.NAME]``, as its own class."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.contracts.settings import refuse, structure
from crmkit.plugins.calls import Calls, run
from crmkit.plugins.records import Plugin

if TYPE_CHECKING:
    from crmkit.config import Config

HOOK = "crmkit_settings"
ARGUMENT = "settings"
"""What a hook calls the argument that its plugin's settings are handed over in."""


class Sections:
    """The sections of one configuration, each checked once by the plugin that it is for."""

    def __init__(
        self, calls: Calls, declaring: Callable[[Plugin], Any], lock: AbstractContextManager[object]
    ) -> None:
        """Know no configuration yet: every section is empty.

        Args:
            calls: How plugins are called.
            declaring: Gives a plugin's implementation of `HOOK`; None: it has none.
            lock: The one that `declaring` takes: two would be waited for crosswise.
        """
        self._calls, self._declaring = calls, declaring
        self._config: Config | None = None
        self._made: dict[str, Any] = {}
        self._lock = lock

    def take(self, config: Config) -> bool:
        """Go by a configuration; tell whether that changed anything.

        One that has no section of a plugin's leaves those that were told before.

        Raises:
            ConfigError: plugins were told another one already; `key` is ``plugins``.
        """
        with self._lock:
            before = {} if self._config is None else self._config.plugins
            if before and config.plugins and before != config.plugins:
                refuse("plugins", "the plugin manager was given others before: make another one")
            if before or not config.plugins:
                return False
            self._config = config
            self._made.clear()
            return True

    def of(self, plugin: Plugin) -> Any:
        """Give a plugin's settings, an object of its class; None where it declares none.

        Raises:
            ConfigError: a setting is wrong, or there are some where it takes none.
            PluginError: it cannot say what its settings are.
        """
        with self._lock:
            if plugin.key not in self._made:
                self._made[plugin.key] = self._read(plugin)
            return self._made[plugin.key]

    def arguments(
        self, plugin: Plugin, implementation: Any, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Give the arguments of a call, with the plugin's settings where it asks for them."""
        if ARGUMENT not in implementation.argnames:
            return arguments
        return {**arguments, ARGUMENT: self.of(plugin)}

    def _read(self, plugin: Plugin) -> Any:
        where = f"plugins.{plugin.name}"
        section = {} if self._config is None else self._config.settings_of(plugin.name)
        declared = self._declaring(plugin)
        if declared is not None:
            named = self._calls.demand(
                plugin, HOOK, lambda: _class(run(declared, {})), "nobody knows its settings"
            )
            return structure(named, section, where)
        if section:
            why = "takes no settings: a channel has [channels.NAME], a connector [connectors.NAME]"
            refuse(where, f"{why}, a runner [runner]")
        return None


def _class(answer: Any) -> type:
    if isinstance(answer, type) and attrs.has(answer):
        return answer
    message = f"must give the attrs class of the settings, gave {answer!r:.80}"
    raise TypeError(message)
