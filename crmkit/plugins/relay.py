"""The one way a hook is called: ask for records, tell a batch, open what is offered."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from crmkit.contracts.specs import OpenedSpec
from crmkit.errors import CrmkitError, PluginError
from crmkit.plugins import builtin
from crmkit.plugins.calls import Calls, done, run
from crmkit.plugins.discovery import Restriction
from crmkit.plugins.offers import Offers, check, merge
from crmkit.plugins.records import Failure, Plugin, cause_of
from crmkit.plugins.registry import Registry, own_version
from crmkit.plugins.sections import HOOK as SETTINGS
from crmkit.plugins.sections import Sections

if TYPE_CHECKING:
    from crmkit.config import Config

R = TypeVar("R")
S = TypeVar("S", bound=OpenedSpec[Any])


class Relay:
    """Calls hooks by name; `PluginManager` gives them types."""

    def __init__(self, only: Iterable[str] | None, *, discover: bool, strict: bool) -> None:
        """Know crmkit's own plugin; the others are loaded at the first question."""
        self.calls = Calls(strict=strict)
        self.registry = Registry(Restriction.of(only), self.calls)
        own = Plugin(
            name="builtin",
            distribution="crmkit",
            version=own_version(),
            target=builtin,
            builtin=True,
        )
        self.registry.add(own)
        self._lock = RLock()
        self.sections = Sections(self.calls, self._declaring, self._lock)
        self._undiscovered = discover
        self._offers: dict[str, Offers[Any]] = {}

    def register(self, plugin: Plugin) -> None:
        """Add a plugin, and ask everybody anew."""
        with self._lock:
            self.registry.add(plugin)
            self._offers.clear()

    def configure(self, config: Config) -> None:
        """Tell plugins their sections of a configuration, and check those of who is there.

        Raises:
            ConfigError: a setting is wrong, or plugins were told others before.
        """
        with self._lock:
            if self.sections.take(config):
                self._offers.clear()
        if config.plugins:
            for plugin in self.plugins():
                if plugin.name in config.plugins:
                    with suppress(PluginError):  # it is broken, which is noted
                        self.sections.of(plugin)

    def plugins(self) -> list[Plugin]:
        """Give the plugins that are loaded, loading what is installed first."""
        self._load()
        return self.registry.loaded()

    def _declaring(self, plugin: Plugin) -> Any:
        """Give a plugin's implementation of the hook that declares its settings, or None."""
        declaring = self.implementations(SETTINGS)
        return next((found for one, found in declaring if one.key == plugin.key), None)

    def _load(self) -> None:
        with self._lock:
            if self._undiscovered:
                self._undiscovered = False
                self.registry.discover()

    def implementations(self, hook: str) -> list[tuple[Plugin, Any]]:
        """Give who implements a hook, loading what is installed first."""
        self._load()
        return self.registry.implementations(hook)

    def ask(
        self, hook: str, kind: type[R], arguments: dict[str, Any]
    ) -> Iterable[tuple[Plugin, list[R] | Failure]]:
        """Give each plugin's records, or how it failed; one that fails costs only its own."""
        for plugin, implementation in self.implementations(hook):
            # the answer may be a generator: it is run inside the call, where it is isolated
            do = partial(self._answer, plugin, implementation, arguments, kind)
            yield plugin, self.calls.call(plugin, hook, do)

    def tell(self, hook: str, **arguments: Any) -> None:
        """Tell every plugin; what one raises is nobody else's business."""
        for plugin, implementation in self.implementations(hook):
            self.calls.call(plugin, hook, partial(self._heard, plugin, implementation, arguments))

    def offered(self, hook: str, kind: type[R]) -> Offers[R]:
        """Give what all plugins offer at a hook, asking once."""
        with self._lock:
            if hook not in self._offers:
                answers = [
                    (plugin, answer)
                    for plugin, answer in self.ask(hook, kind, {})
                    if not isinstance(answer, Failure)
                ]
                self._offers[hook] = merge(hook, answers, self.calls, builtin.own_names(kind))
            return self._offers[hook]

    def spec(self, hook: str, kind: type[S], name: str) -> S:
        """Give one record; where its plugin breaks while opening, the error names the plugin.

        Raises:
            PluginError: nobody offers it, or several do.
        """
        offered = self.offered(hook, kind)
        found, plugin = offered.get(name, self.calls), offered.owners[name]
        if plugin.builtin:  # crmkit's own raise what they raise: there is no plugin to name
            return found
        return attrs.evolve(found, open=partial(self._opened, hook, plugin, found))

    def _opened(self, hook: str, plugin: Plugin, spec: OpenedSpec[Any], config: Any) -> Any:
        try:
            return spec.open(config)
        except (CrmkitError, KeyboardInterrupt):
            raise
        except BaseException as error:  # as at every call: a plugin ends no host
            raise self.calls.failed(plugin, hook, cause_of(error), error).error() from error

    def _heard(self, plugin: Plugin, implementation: Any, arguments: dict[str, Any]) -> None:
        done(run(implementation, self.sections.arguments(plugin, implementation, arguments)))

    def _answer(
        self, plugin: Plugin, implementation: Any, arguments: dict[str, Any], kind: type[R]
    ) -> list[R]:
        given = self.sections.arguments(plugin, implementation, arguments)
        return check(run(implementation, given), kind)
