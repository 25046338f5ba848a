"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ConnectorSpec
from crmkit_tryton.settings import TrytonConfig


@hookimpl
def crmkit_connectors() -> Iterator[ConnectorSpec]:
    """Offer Tryton."""
    yield ConnectorSpec(
        name="tryton",
        open="crmkit_tryton.connector:Tryton",
        config=TrytonConfig,
        capabilities=("upsert", "delete", "sweep", "fetch", "merge", "if_unchanged"),
        thread_safe=True,
        summary="Tryton, the free ERP, over JSON-RPC.",
    )
