"""Databases to upgrade, and a newer crmkit that wants to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crmkit.stores.sql import schema
from tests.stores.migrating.databases import KINDS, Database
from tests.stores.migrating.released import load
from tests.stores.migrating.steps import NOW, Step


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Give an empty database of either kind."""
    return Database.new(request.param, tmp_path)


@pytest.fixture
def base(empty: Database) -> Database:
    """Give a database with data, as this crmkit left it."""
    load(NOW, empty)
    return empty


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make this crmkit a newer one, whose schemas are made by these steps."""

    def newer(*steps: Step) -> None:
        monkeypatch.setattr(schema, "VERSION", NOW + len(steps))
        more = dict(enumerate(steps, NOW))
        monkeypatch.setattr(schema, "STEPS", {**schema.STEPS, **more})

    return newer
