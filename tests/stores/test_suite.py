"""The stores of the core keep every law."""

from functools import partial
from pathlib import Path

import pytest

from crmkit.stores import open_store
from crmkit.stores.memory import Database, MemoryStore
from crmkit.testing import StoreSuite
from tests import mariadb, postgres


class TestMemory(StoreSuite):
    @pytest.fixture
    def store_factory(self):
        return partial(MemoryStore, Database())


class TestSqlite(StoreSuite):
    @pytest.fixture
    def store_factory(self, tmp_path: Path):
        return partial(open_store, f"sqlite:///{tmp_path}/crm.db")


class TestPostgres(StoreSuite):
    @pytest.fixture
    def store_factory(self):
        return partial(open_store, postgres.database())


class TestMariadb(StoreSuite):
    @pytest.fixture
    def store_factory(self):
        return partial(open_store, mariadb.emptied())
