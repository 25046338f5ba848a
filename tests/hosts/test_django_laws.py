"""The laws of a store hold inside Django's atomic blocks: values come back exactly, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.db import transaction

from crmkit.contracts.store import Reader, Store, Writer
from crmkit.stores import open_store
from crmkit.testing.store_values import ValueLaws
from crmkit.testing.store_writes import WriteLaws
from tests.hosts.djangos import KINDS, SHOP, django
from tests.postgres import database

_numbers = count()


class Atomic(Store):
    """A store whose every read and write is an atomic block of Django's."""

    name = "django"

    def __init__(self, store: Any, connection: Any) -> None:
        self.workspace = store.workspace
        self._store, self._joined = store, store.using(connection)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        with transaction.atomic(SHOP), self._joined.read() as reader:
            yield reader

    @contextmanager
    def write(self) -> Iterator[Writer]:
        with transaction.atomic(SHOP), self._joined.write() as writer:
            yield writer

    def workspaces(self) -> list[str]:
        return list(self._joined.workspaces())

    def close(self) -> None:
        self._joined.close()
        self._store.close()


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all: each test has a workspace of its own, which is faster made."""
    folder = tmp_path_factory.mktemp("laws")
    return database() if request.param == "postgresql" else f"sqlite:///{folder}/laws.db"


class TestDjango(ValueLaws, WriteLaws):
    """Whatever Django sets on its connections, and however its cursors send values."""

    @pytest.fixture
    def store_factory(self, url: str) -> Iterator[Any]:
        number = next(_numbers)

        def open_one(workspace: str = "default") -> Store:
            return Atomic(open_store(url, workspace=f"{workspace} {number}"), connection)

        with django(url) as connection:
            yield open_one
