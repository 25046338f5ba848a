"""Test kits for plugin authors: suites of laws to subclass, fixtures, and helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmkit.testing.channel_suite import ChannelSuite
    from crmkit.testing.connector_suite import ConnectorSuite
    from crmkit.testing.kit import Incoming
    from crmkit.testing.people import BookPeople, People
    from crmkit.testing.runner_suite import RunnerSuite
    from crmkit.testing.store_suite import StoreSuite

__all__ = [
    "BookPeople",
    "ChannelSuite",
    "ConnectorSuite",
    "Incoming",
    "People",
    "RunnerSuite",
    "StoreSuite",
]


def __getattr__(name: str) -> object:
    """Import a suite when it is asked for: it needs pytest, the other helpers do not."""
    from importlib import import_module  # noqa: PLC0415 - see above

    homes = {
        "BookPeople": "people",
        "ChannelSuite": "channel_suite",
        "ConnectorSuite": "connector_suite",
        "Incoming": "kit",
        "People": "people",
        "RunnerSuite": "runner_suite",
        "StoreSuite": "store_suite",
    }
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"crmkit.testing.{homes[name]}"), name)
