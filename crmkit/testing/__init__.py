"""Test kits for plugin authors: suites of laws to subclass, fixtures, and helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmkit.testing.channel_suite import ChannelSuite
    from crmkit.testing.kit import Incoming
    from crmkit.testing.store_suite import StoreSuite

__all__ = ["ChannelSuite", "Incoming", "StoreSuite"]


def __getattr__(name: str) -> object:
    """Import a suite when it is asked for: it needs pytest, the other helpers do not."""
    if name == "ChannelSuite":
        from crmkit.testing.channel_suite import ChannelSuite  # noqa: PLC0415 - see above

        return ChannelSuite
    if name == "Incoming":
        from crmkit.testing.kit import Incoming  # noqa: PLC0415 - see above

        return Incoming
    if name == "StoreSuite":
        from crmkit.testing.store_suite import StoreSuite  # noqa: PLC0415 - see above

        return StoreSuite
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
