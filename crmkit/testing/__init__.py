"""Test kits for plugin authors: suites of laws to subclass, fixtures, and helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmkit.testing.store_suite import StoreSuite

__all__ = ["StoreSuite"]


def __getattr__(name: str) -> object:
    """Import a suite when it is asked for: it needs pytest, the other helpers do not."""
    if name == "StoreSuite":
        from crmkit.testing.store_suite import StoreSuite  # noqa: PLC0415 - see above

        return StoreSuite
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
