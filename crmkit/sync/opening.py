"""Putting together what sync works with, out of what a connection has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from crmkit.capture.customers import Customers
from crmkit.capture.intake import Part
from crmkit.capture.normalise import Normaliser
from crmkit.capture.saving import Saver
from crmkit.capture.tombstones import Key, Tombstones
from crmkit.capture.touchpoints import Touchpoints
from crmkit.config import Config
from crmkit.contracts.session import Session
from crmkit.contracts.store import Writer
from crmkit.contracts.tables import CUSTOMER
from crmkit.errors import CustomerNotFound
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.model.value import Score
from crmkit.plugins import PluginManager
from crmkit.sync.concepts.base import Concept
from crmkit.sync.concepts.contacts import ContactsConcept
from crmkit.sync.concepts.customers import CustomersConcept
from crmkit.sync.concepts.opportunities import OpportunitiesConcept
from crmkit.sync.concepts.touchpoints import TouchpointsConcept
from crmkit.sync.fields import CONTACTS, OPPORTUNITIES, TOUCHPOINTS
from crmkit.sync.settings import MappingRule
from crmkit.sync.setup import Setup
from crmkit.value.namespace import Value

_ID, _ROOT = (CUSTOMER.position[name] for name in ("id", "root"))


class Core(Protocol):
    """What a connection lends to sync."""

    session: Session
    config: Config
    plugins: PluginManager

    @property
    def customers(self) -> Customers:
        """Who they are."""

    @property
    def touchpoints(self) -> Touchpoints:
        """What happened."""

    @property
    def value(self) -> Value:
        """What they are worth."""


def open_setup(core: Core, key: Key, part: Callable[[], Part]) -> Setup:
    """Read nothing but the names of the connectors; none is opened yet.

    Args:
        core: The connection.
        key: Gives the erasure key.
        part: Makes what captures within a transaction of the sync's.
    """
    session, config = core.session, core.config
    normaliser = Normaliser(config.region)

    def saver(writer: Writer, *, strict: bool) -> Saver:
        return Saver(writer, normaliser, Tombstones(writer, key), session.now(), strict=strict)

    def concept(rule: MappingRule, name: str) -> Concept:
        if rule.concept == CONTACTS:
            return ContactsConcept(rule, name, normaliser, saver, session)
        if rule.concept == TOUCHPOINTS:
            return TouchpointsConcept(rule, name, core.touchpoints, part())
        if rule.concept == OPPORTUNITIES:
            return OpportunitiesConcept(rule, name, session, core.touchpoints.defaults)
        return CustomersConcept(rule, name, normaliser, saver, core.customers)

    def scores(ids: Sequence[str]) -> Mapping[str, Score]:
        wanted = ids
        while True:
            try:
                return {score.customer_id: score for score in core.value.scores(wanted)}
            except CustomerNotFound:  # erased or merged since they were paired, or only planned
                with session.store.read() as reader:
                    rows = list(reader.fetch(CUSTOMER, [(one,) for one in wanted]))
                wanted = [row[_ID] for row in rows if row[_ID] == row[_ROOT]]

    return Setup(
        session=session,
        plugins=core.plugins,
        sections=config.connectors,
        settings=config.connector,
        normaliser=normaliser,
        concept=concept,
        scores=scores,
        zone=AgendaPolicy.of(session.settings.get("agenda", {})).zone,
        told=lambda synced: core.plugins.synced(synced, session.store.workspace),
    )
