"""What every part of sync works with: the session, the connectors, and the core's own doors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import attrs

from crmkit.arguments import show, text
from crmkit.capture.normalise import Normaliser
from crmkit.clock import system_clock
from crmkit.contracts.connector import Connector, Schema, Synced
from crmkit.contracts.session import Session
from crmkit.contracts.settings import nearest
from crmkit.contracts.specs import ConnectorSpec
from crmkit.errors import InvalidValueError, StoreError
from crmkit.model.value import Score
from crmkit.plugins import PluginManager
from crmkit.sync.concepts.base import Concept
from crmkit.sync.remembered import StoredMeter, StoredTokens
from crmkit.sync.settings import Link, MappingRule, read_link


@attrs.frozen(kw_only=True)
class Setup:
    """What every part of sync works with.

    Attributes:
        session: The store, the clock, who is acting.
        plugins: Who offers the connectors.
        sections: The sections ``[connectors.NAME]``, by name.
        settings: Gives one of them with its secrets filled in.
        normaliser: Spells e-mail addresses and phone numbers.
        concept: Makes what serves a mapping; given the mapping and the connector's name.
        scores: Gives customers' scores by id.
        zone: Where the days of those who work here begin.
        told: Tells the plugins what a run did.
    """

    session: Session
    plugins: PluginManager
    sections: Mapping[str, Mapping[str, Any]]
    settings: Callable[[str], Mapping[str, Any]]
    normaliser: Normaliser
    concept: Callable[[MappingRule, str], Concept]
    scores: Callable[[Sequence[str]], Mapping[str, Score]]
    zone: tzinfo
    told: Callable[[Synced], object]

    def names(self) -> tuple[str, ...]:
        """Name the connectors that are configured."""
        return tuple(self.sections)

    def link(self, name: str) -> Link:
        """Read a connector's section.

        Raises:
            InvalidValueError: there is none of that name.
            ConfigError: a setting is wrong; `key` names it.
        """
        if text("name", name) not in self.sections:
            there = nearest(name, self.sections) or (
                f"; there are {', '.join(self.sections) or 'none'}"
            )
            message = f"there is no connector {show(name)}{there}: [connectors.NAME] makes one"
            raise InvalidValueError(message, field="name")
        return read_link(name, self.settings(name))

    def open(self, link: Link) -> Opened:
        """Open a connector; it connects to nothing yet.

        Raises:
            PluginError: nobody offers its type.
            ConfigError: a setting is wrong; `key` names it.
            StoreError: it would work inside the host's own transaction.
        """
        if self.session.store.hosted:
            message = (
                "a sync cannot be undone with a host's transaction: call it on the connection that "
                "crmkit.connect gave, not on the one of crm.using(...)"
            )
            raise StoreError(message)
        spec = self.plugins.connector(link.type)
        where = f"connectors.{link.name}"
        connector = spec.open(spec.configure(link.settings, where))
        store, clock = self.session.store, self.session.clock
        # a connector reckons the end of its token by the machine's clock, whatever ours says
        connector.tokens = StoredTokens(store, link.name, link.settings, system_clock)
        limits = link.settings.get("limits")
        per_day = limits.get("per_day") if isinstance(limits, Mapping) else None
        meter = StoredMeter(store, link.name, int(per_day), clock) if per_day else None
        connector.meter = meter
        return Opened(link, spec, connector, meter, self.plugins)


@attrs.define
class Opened:
    """A connector that is open, until it is closed.

    Attributes:
        link: Its section.
        spec: Its type.
        connector: It.
        meter: Counts its calls of the day; None: there is no limit.
        plugins: Who offered the type.
    """

    link: Link
    spec: ConnectorSpec
    connector: Connector
    meter: StoredMeter | None
    plugins: PluginManager
    _schemas: dict[str, Schema] = attrs.field(factory=dict)

    def schema(self, object_: str) -> Schema:
        """Describe one of the CRM's objects, asked for once; raises as `Connector.schema`."""
        if object_ not in self._schemas:
            self._schemas[object_] = self.connector.schema(object_)
        return self._schemas[object_]

    def close(self) -> None:
        """Give everything back."""
        if self.meter is not None:
            self.meter.flush()
        self.plugins.give_back("crmkit_connectors", self.spec.name, self.connector.close)
