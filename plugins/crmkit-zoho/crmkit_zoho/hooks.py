"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ConnectorSpec
from crmkit_zoho.settings import ZohoConfig


@hookimpl
def crmkit_connectors() -> Iterator[ConnectorSpec]:
    """Offer Zoho CRM; two records become one there only by hand, so ``merge`` is not offered."""
    yield ConnectorSpec(
        name="zoho",
        open="crmkit_zoho.connector:Zoho",
        config=ZohoConfig,
        capabilities=("upsert", "delete", "deleted_feed", "fetch", "receive", "shifting"),
        thread_safe=True,
        summary="Zoho CRM (REST v8), in every data centre.",
    )
