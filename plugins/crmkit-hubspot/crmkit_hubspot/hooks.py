"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ConnectorSpec
from crmkit_hubspot.settings import HubSpotConfig


@hookimpl
def crmkit_connectors() -> Iterator[ConnectorSpec]:
    """Offer HubSpot; its search shows a write late, and pages never shift: they go by instants."""
    yield ConnectorSpec(
        name="hubspot",
        open="crmkit_hubspot.connector:HubSpot",
        config=HubSpotConfig,
        capabilities=("upsert", "delete", "deleted_feed", "fetch", "merge", "receive", "eventual"),
        thread_safe=True,
        summary="HubSpot CRM: contacts, companies, deals, tickets and activities, both ways.",
    )
