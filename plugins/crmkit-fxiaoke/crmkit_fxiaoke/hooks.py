"""What the plugin offers to crmkit."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit import hookimpl
from crmkit.contracts.specs import ConnectorSpec
from crmkit_fxiaoke.settings import FxiaokeConfig


@hookimpl
def crmkit_connectors() -> Iterator[ConnectorSpec]:
    """Offer the connector; the platform has neither an upsert nor a feed of what was deleted."""
    yield ConnectorSpec(
        name="fxiaoke",
        open="crmkit_fxiaoke.connector:Fxiaoke",
        config=FxiaokeConfig,
        capabilities=("delete", "sweep", "fetch", "receive"),
        summary="纷享销客 (Fxiaoke, ShareCRM); experimental.",
    )
