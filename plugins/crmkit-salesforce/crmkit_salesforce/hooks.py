"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ConnectorSpec
from crmkit_salesforce.settings import SalesforceConfig


@hookimpl
def crmkit_connectors() -> Iterator[ConnectorSpec]:
    """Offer the connector type ``salesforce``; its REST API merges nothing."""
    yield ConnectorSpec(
        name="salesforce",
        open="crmkit_salesforce.connector:SalesforceConnector",
        config=SalesforceConfig,
        capabilities=("upsert", "delete", "deleted_feed", "sweep", "fetch", "receive"),
        thread_safe=True,
        summary="Salesforce, by its REST API and sObject Collections.",
    )
