"""The plugin manager: a typed method for each hook; nothing else touches pluggy.

A hook call is ``Any`` to a type checker, so a misspelt argument would pass; these methods are what
the rest of crmkit sees.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmkit.contracts.specs import (
    ChannelSpec,
    CommandSpec,
    ConnectorSpec,
    EngineSpec,
    KindSpec,
    ReferenceSpec,
    Refusal,
    RunnerSpec,
    StoreSpec,
)
from crmkit.errors import PluginError
from crmkit.model.lifecycle import StageRule
from crmkit.model.value import Indicator
from crmkit.plugins import builtin, declarations, references, sections
from crmkit.plugins.declarations import Declared
from crmkit.plugins.records import Failure, Plugin, PluginRow, cause_of
from crmkit.plugins.relay import Relay

if TYPE_CHECKING:
    from crmkit.config import Config
    from crmkit.contracts.channel import Channel, Delivery, Message
    from crmkit.contracts.connector import Connector, Synced
    from crmkit.contracts.engine import Engine
    from crmkit.contracts.runner import Runner
    from crmkit.model.lifecycle import Move
    from crmkit.model.touchpoint import Touchpoint

_OFFERED: dict[str, type] = {
    "crmkit_stores": StoreSpec,
    "crmkit_channels": ChannelSpec,
    "crmkit_connectors": ConnectorSpec,
    "crmkit_runners": RunnerSpec,
    "crmkit_engines": EngineSpec,
    "crmkit_indicators": Indicator,
    "crmkit_touchpoint_kinds": KindSpec,
    "crmkit_stage_rules": StageRule,
    "crmkit_commands": CommandSpec,
    "crmkit_references": ReferenceSpec,
}


class PluginManager:
    """Finds plugins, asks them what they offer, and tells them what happened.

    Nothing is imported before the first question. Safe to use from several threads.
    """

    def __init__(
        self, only: Iterable[str] | None = None, *, discover: bool = True, strict: bool = False
    ) -> None:
        """Make a manager with crmkit's own plugins.

        Args:
            only: Entry points or distributions that may load; empty: none; None: all that
                ``CRMKIT_PLUGINS`` allows.
            discover: Whether to look at what is installed at all; False in tests.
            strict: Raise what a plugin does wrong instead of going on without it; in tests.
        """
        self._relay = Relay(only, discover=discover, strict=strict)

    def register(self, plugin: object, name: str | None = None) -> None:
        """Add a plugin that is no installed entry point: a module or an object of the host's.

        Args:
            plugin: Its functions that are marked with ``hookimpl`` are the hooks.
            name: What failures call it; None: the module's or class's name.

        Raises:
            PluginError: it is wrong (misspelt hook, missing mark), and the manager is strict.
        """
        called: str = name or getattr(plugin, "__name__", None) or type(plugin).__name__
        self._relay.register(Plugin(name=called, distribution=called, target=plugin))

    def configure(self, config: Config) -> None:
        """Tell plugins their sections of a configuration; `crmkit.connect` does.

        Raises:
            ConfigError: a setting of a plugin that is there is wrong (`key` names it); or this
                manager was given other sections before.
        """
        self._relay.configure(config)

    def settings_of(self, name: str) -> Any:
        """Give a plugin's settings, an object of the class that its ``crmkit_settings`` names.

        Args:
            name: Its own, as ``crmkit plugins`` lists it, and as its section is called.

        Returns:
            The settings; None where it declares none.

        Raises:
            ConfigError: a setting is wrong; `key` names it.
            PluginError: no such plugin is loaded, or it cannot say what its settings are.
        """
        for plugin in self._relay.plugins():
            if plugin.name == name:
                return self._relay.sections.of(plugin)
        message = f"no plugin called {name!r} is loaded: `crmkit plugins` lists them"
        raise PluginError(message, plugin=name, hook=sections.HOOK, cause="missing")

    # -- what plugins offer, by name -------------------------------------------------------

    def stores(self) -> Mapping[str, StoreSpec]:
        """Ask ``crmkit_stores``."""
        return self._relay.offered("crmkit_stores", StoreSpec).records

    def channels(self) -> Mapping[str, ChannelSpec]:
        """Ask ``crmkit_channels``."""
        return self._relay.offered("crmkit_channels", ChannelSpec).records

    def connectors(self) -> Mapping[str, ConnectorSpec]:
        """Ask ``crmkit_connectors``."""
        return self._relay.offered("crmkit_connectors", ConnectorSpec).records

    def runners(self) -> Mapping[str, RunnerSpec]:
        """Ask ``crmkit_runners``."""
        return self._relay.offered("crmkit_runners", RunnerSpec).records

    def engines(self) -> Mapping[str, EngineSpec]:
        """Ask ``crmkit_engines``."""
        return self._relay.offered("crmkit_engines", EngineSpec).records

    def indicators(self) -> Mapping[str, Indicator]:
        """Ask ``crmkit_indicators``."""
        return self._relay.offered("crmkit_indicators", Indicator).records

    def touchpoint_kinds(self) -> Mapping[str, KindSpec]:
        """Ask ``crmkit_touchpoint_kinds``; those of the core are not among them."""
        return self._relay.offered("crmkit_touchpoint_kinds", KindSpec).records

    def stage_rules(self) -> Mapping[str, StageRule]:
        """Ask ``crmkit_stage_rules``."""
        return self._relay.offered("crmkit_stage_rules", StageRule).records

    def commands(self) -> Mapping[str, CommandSpec]:
        """Ask ``crmkit_commands``."""
        return self._relay.offered("crmkit_commands", CommandSpec).records

    def references(self) -> Mapping[str, ReferenceSpec]:
        """Ask ``crmkit_references``; who relies on them takes `all_references`."""
        return self._relay.offered("crmkit_references", ReferenceSpec).records

    # -- one of them, opened ---------------------------------------------------------------

    def store(self, scheme: str) -> StoreSpec:
        """Give the spec of the store that serves a URL's scheme.

        Raises:
            PluginError: nobody offers it, or several do; opening it raises one too where its
                plugin breaks. Both name the distribution.
        """
        return self._relay.spec("crmkit_stores", StoreSpec, scheme)

    def channel(self, name: str) -> ChannelSpec:
        """Give the spec of a channel's type.

        Raises:
            PluginError: nobody offers it, or several do; opening it raises one too where its
                plugin breaks. Both name the distribution.
        """
        return self._relay.spec("crmkit_channels", ChannelSpec, name)

    def open_channel(
        self, name: str, settings: Mapping[str, Any] | None = None, *, where: str = ""
    ) -> Channel:
        """Open a channel with its settings, as `crmkit.config.Config.channel` gives them.

        Args:
            name: Its type.
            settings: What the configuration says.
            where: Path of the section, for errors.

        Raises:
            PluginError: nobody offers it, several do, or its plugin breaks.
            ConfigError: a setting is wrong; `key` names it.
        """
        spec = self.channel(name)
        return spec.open(spec.configure(settings or {}, where or f"channels.{name}"))

    def connector(self, name: str) -> ConnectorSpec:
        """Give the spec of a connector's type; raises as `channel`."""
        return self._relay.spec("crmkit_connectors", ConnectorSpec, name)

    def open_connector(self, name: str, settings: Mapping[str, Any] | None = None) -> Connector:
        """Open a connector; arguments and errors are those of `open_channel`."""
        spec = self.connector(name)
        return spec.open(spec.configure(settings or {}))

    def runner(self, name: str) -> RunnerSpec:
        """Give the spec of a runner's type; raises as `channel`."""
        return self._relay.spec("crmkit_runners", RunnerSpec, name)

    def open_runner(self, name: str, settings: Mapping[str, Any] | None = None) -> Runner:
        """Open a runner; arguments and errors are those of `open_channel`."""
        spec = self.runner(name)
        return spec.open(spec.configure(settings or {}, "runner"))

    def open_engine(self, name: str, settings: Mapping[str, Any] | None = None) -> Engine:
        """Open an engine; arguments and errors are those of `open_channel`."""
        spec = self._relay.spec("crmkit_engines", EngineSpec, name)
        return spec.open(spec.configure(settings or {}, f"engine {name}"))

    def blame(self, hook: str, name: str, error: Exception) -> PluginError:
        """Give the error for what a record raised in use; it names whoever offered it.

        Args:
            hook: Where it was offered.
            name: The record's.
            error: What was raised.
        """
        plugin = self.owner(hook, name)
        return self._relay.calls.failed(plugin, hook, cause_of(error), error).error()

    def give_back(self, hook: str, name: str, close: Callable[[], object]) -> None:
        """Close what was opened of a record; one that fails is noted, and ends nobody's closing.

        Args:
            hook: Where it was offered.
            name: The record's.
            close: Closes it.

        Raises:
            PluginError: it fails, and the manager is strict.
        """
        self._relay.calls.call(self.owner(hook, name), hook, close)

    def owner(self, hook: str, name: str) -> Plugin:
        """Tell which plugin offers a record at a hook."""
        return self._relay.offered(hook, _OFFERED[hook]).owners[name]

    # -- what must not vanish --------------------------------------------------------------

    def declared(self) -> dict[str, dict[str, str]]:
        """Tell who declares kinds, indicators, references and refusals, to be remembered."""
        now: dict[str, dict[str, str]] = {what: {} for what in declarations.HOOKS}
        for what, hook in declarations.HOOKS.items():
            if what == declarations.REFUSALS:
                named = {p.key: p for p, _ in self._relay.implementations(hook)}
            else:
                named = dict(self._relay.offered(hook, _OFFERED[hook]).owners)
            now[what] = {name: p.distribution for name, p in named.items() if not p.builtin}
        return now

    def require_kinds(self, names: Collection[str], remembered: Declared) -> None:
        """Stop where one of the touchpoint kinds in use is not declared any more.

        Raises:
            PluginError: names the plugin that declared it and is missing or raising.
        """
        self._require(declarations.KINDS, remembered, set(names) - builtin.own_names(KindSpec))

    def missing_kinds(self, remembered: Declared) -> dict[str, str]:
        """Say of each touchpoint kind that is declared no more why no record of it is taken."""
        found = declarations.missing_kinds(remembered, self.declared(), self.failures)
        own = builtin.own_names(KindSpec)
        return {name: why for name, why in found.items() if name not in own}

    def require_indicators(self, names: Collection[str], remembered: Declared) -> None:
        """Stop where a plugin's indicator that the model uses is not offered; raises alike."""
        own = builtin.own_names(Indicator)
        self._require(declarations.INDICATORS, remembered, set(names) - own)

    def require_references(self, remembered: Declared) -> None:
        """Stop where anybody who ever kept data about customers cannot be asked; raises alike."""
        self._require(declarations.REFERENCES, remembered)

    def all_references(self, remembered: Declared) -> tuple[ReferenceSpec, ...]:
        """Give what everybody keeps about customers, to be merged, exported or erased.

        Raises:
            PluginError: somebody who ever kept any cannot be asked; a function of theirs that
                fails raises one too. Both name the plugin.
        """
        self.require_references(remembered)
        offered = self._relay.offered(references.HOOK, ReferenceSpec)
        return tuple(
            references.guarded(spec, offered.owners[name], self._relay.calls)
            for name, spec in offered.records.items()
        )

    def require_refusals(self, remembered: Declared) -> None:
        """Stop where anybody who ever could refuse a send cannot be asked; raises alike."""
        self._require(declarations.REFUSALS, remembered)

    # -- what plugins are asked and told ---------------------------------------------------

    def refuse_send(
        self, messages: Sequence[Message], workspace: str, remembered: Declared
    ) -> dict[str, tuple[Refusal, ...]]:
        """Ask ``crmkit_refuse_send``: the refusals by message id, none where all may go.

        Raises:
            PluginError: one who may refuse is missing or raises: nothing may be sent.
        """
        self.require_refusals(remembered)
        refused: dict[str, tuple[Refusal, ...]] = {message.id: () for message in messages}
        arguments = {"messages": tuple(messages), "workspace": workspace}
        for plugin, answer in self._relay.ask("crmkit_refuse_send", Refusal, arguments):
            consequence = f"nothing is sent while {plugin.name!r} cannot be asked"
            if isinstance(answer, Failure):
                raise answer.error(consequence)
            for refusal in answer:
                id_ = refusal.message_id
                if id_ not in refused:  # it meant one of them, and nobody knows which
                    cause = f"it refuses {id_!r:.80}, which is the id of no message it was asked"
                    failure = self._relay.calls.failed(plugin, "crmkit_refuse_send", cause)
                    raise failure.error(consequence)
                refused[id_] = (*refused[id_], refusal)
        return {id_: why for id_, why in refused.items() if why}

    def touchpoints_recorded(self, touchpoints: Sequence[Touchpoint], workspace: str) -> None:
        """Tell ``crmkit_touchpoints_recorded``; never raises for a plugin."""
        self._relay.tell(
            "crmkit_touchpoints_recorded", touchpoints=tuple(touchpoints), workspace=workspace
        )

    def scores_changed(self, customer_ids: Sequence[str], workspace: str) -> None:
        """Tell ``crmkit_scores_changed``; never raises for a plugin."""
        self._relay.tell(
            "crmkit_scores_changed", customer_ids=tuple(customer_ids), workspace=workspace
        )

    def stages_changed(self, moves: Sequence[Move], workspace: str) -> None:
        """Tell ``crmkit_stages_changed``; never raises for a plugin."""
        self._relay.tell("crmkit_stages_changed", moves=tuple(moves), workspace=workspace)

    def receipts(self, deliveries: Sequence[Delivery], workspace: str) -> None:
        """Tell ``crmkit_receipts``; never raises for a plugin."""
        self._relay.tell("crmkit_receipts", deliveries=tuple(deliveries), workspace=workspace)

    def synced(self, synced: Synced, workspace: str) -> None:
        """Tell ``crmkit_synced``; never raises for a plugin."""
        self._relay.tell("crmkit_synced", synced=synced, workspace=workspace)

    # -- how they are ----------------------------------------------------------------------

    def hears(self, hook: str) -> bool:
        """Tell whether anybody implements a hook, so that nothing is gathered for nobody."""
        return bool(self._relay.implementations(hook))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Everything plugins did wrong so far."""
        return self._relay.calls.failures

    def report(self) -> tuple[PluginRow, ...]:
        """Ask every plugin what it offers, and give the rows of ``crmkit plugins``."""
        for hook, kind in _OFFERED.items():
            self._relay.offered(hook, kind)
        return self._relay.registry.rows()

    def _require(
        self, what: str, remembered: Declared, names: Collection[str] | None = None
    ) -> None:
        error = declarations.missing(what, remembered, self.declared(), self.failures, names)
        if error is not None:
            raise error
