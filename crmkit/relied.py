"""What the data rely on of plugins: kinds, indicators and references, noted where the data are.

A plugin that is missing or broken is told by this note: whatever rests on it stops and names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property

import attrs

from crmkit.arguments import show, text
from crmkit.config import Config
from crmkit.contracts.channel import Message
from crmkit.contracts.decisions import decide, decided
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.session import Session
from crmkit.contracts.settings import nearest, refuse
from crmkit.contracts.specs import ReferenceSpec
from crmkit.contracts.store import Reader
from crmkit.errors import InvalidValueError
from crmkit.model.log import Decision
from crmkit.model.value import ValueModel
from crmkit.plugins import PluginManager
from crmkit.plugins.declarations import gone, remember
from crmkit.plugins.records import MISSING, MissingPlugin
from crmkit.value.layout import Kinds
from crmkit.value.models import default_model, load_model

_DECLARED = "declared"
FORGET = "forget_plugin"
"""Kind of the decision that a plugin is gone for good."""
_Declared = dict[str, dict[str, str]]


@attrs.frozen(slots=False)
class Relied:
    """What plugins declare, now and before, in one workspace."""

    session: Session
    plugins: PluginManager

    @cached_property
    def declared(self) -> _Declared:
        """What plugins declare now: what -> name -> distribution."""
        return self.plugins.declared()

    def references(self) -> Iterable[ReferenceSpec]:
        """Give what plugins keep about customers, or stop where one cannot be asked."""
        with self.session.store.read() as reader:
            return self.plugins.all_references(_remembered(reader))

    def refusals(self, messages: Sequence[Message], workspace: str) -> dict[str, str]:
        """Ask the plugins that may refuse messages: why which of them, by id, must not go.

        Raises:
            PluginError: one that ever could is missing, or raises: nothing may be sent.
        """
        self.remember()
        with self.session.store.read() as reader:
            remembered = _remembered(reader)
        refused = self.plugins.refuse_send(messages, workspace, remembered)
        return {id_: _words(one.reason for one in why) for id_, why in refused.items()}

    def guard(self, reader: Reader) -> None:
        """Stop where a plugin that the data rely on is missing or broken."""
        remembered = _remembered(reader)
        if remembered:
            self.plugins.require_kinds(remembered.get("kinds", ()), remembered)
            self.plugins.require_indicators(remembered.get("indicators", ()), remembered)

    def missing_kinds(self, reader: Reader) -> dict[str, str]:
        """Say why records of kinds that are declared no more are rejected."""
        remembered = _remembered(reader)
        return self.plugins.missing_kinds(remembered) if remembered else {}

    def missing(self) -> tuple[MissingPlugin, ...]:
        """Give what distributions declared that are not installed."""
        with self.session.store.read() as reader:
            return tuple(gone(_remembered(reader), self.declared, self._installed))

    def forget(self, name: str, *, reason: str, by: str | None) -> Decision:
        """Rely no more on what a distribution declared that is gone for good; see `CRM`."""
        named, deciding = text("name", name), self.session.deciding(reason, by)
        text("reason", reason, least=1)
        if named in (installed := self._installed):
            message = f"{named} is installed, and would be relied on again: uninstall it first"
            raise InvalidValueError(message, field="name")
        with self.session.store.write() as writer:
            remembered = _remembered(writer)
            lost = {one.distribution: one for one in gone(remembered, self.declared, installed)}
            if named not in lost:
                known = nearest(named, lost) or f"; there are {', '.join(lost) or 'none'}"
                message = f"nothing that is missing was declared by {show(named)}{known}"
                raise InvalidValueError(message, field="name")
            kept = {
                what: {one: owner for one, owner in names.items() if owner != named}
                for what, names in remembered.items()
            }
            write_fact(writer, _DECLARED, json.dumps(kept, sort_keys=True))
            body = lost[named].to_dict()
            seq = decide(writer, FORGET, None, deciding, body)
        return decided(seq, FORGET, None, deciding, body)

    @property
    def _installed(self) -> set[str]:
        """Name the distributions that are there: broken or kept out, too."""
        return {row.distribution for row in self.plugins.report() if row.status != MISSING}

    def remember(self) -> None:
        """Note in the database what plugins declare, before anything relies on it."""
        if not any(self.declared.values()):
            return
        with self.session.store.read() as reader:
            if remember(known := _remembered(reader), self.declared) == known:
                return
        with self.session.store.write() as writer:  # another process may have noted its own
            merged = remember(_remembered(writer), self.declared)
            write_fact(writer, _DECLARED, json.dumps(merged, sort_keys=True))


def _words(reasons: Iterable[str | None]) -> str:
    """Give why a message is refused; a refusal without a reason is one all the same."""
    return "; ".join(filter(None, reasons)) or "a plugin refuses it and does not say why"


def _remembered(reader: Reader) -> _Declared:
    """Give what plugins declared so far in this workspace: what -> name -> distribution."""
    found: _Declared = json.loads(read_fact(reader, _DECLARED) or "{}")
    return found


def model_of(config: Config, plugins: PluginManager) -> ValueModel:
    """Give the model that holds until one is used: the file's or the default, with plugins' own.

    Raises:
        ConfigError: `currency` is another than the file's, in which its rates are.
        ModelError: the file makes no sense.
    """
    model = default_model() if config.model_file is None else load_model(config.model_file)
    if config.currency is not None and config.currency != model.currency:
        if model.rates:
            why = f"must be {model.currency!r}, which the rates of {config.model_file} are in"
            refuse("currency", why, config.currency)
        model = attrs.evolve(model, currency=config.currency)
    offered = plugins.indicators()
    known = {indicator.name for indicator in model.indicators}
    added = [offered[name] for name in sorted(offered) if name not in known]
    return attrs.evolve(model, indicators=(*model.indicators, *added)) if added else model


def kinds_of(plugins: PluginManager) -> Kinds:
    """Give the touchpoint kinds in force, the core's and the plugins'."""
    own = Kinds()
    specs = plugins.touchpoint_kinds()
    return Kinds(
        outbound=own.outbound | {name for name, spec in specs.items() if spec.outbound},
        two_way=own.two_way | {name for name, spec in specs.items() if spec.two_way},
        negative=own.negative | {name for name, spec in specs.items() if spec.negative},
    )
