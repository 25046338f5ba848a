"""The embedded runner: the laws of all runners, on every store of the core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from crmkit.contracts.specs import RunnerSpec
from crmkit.contracts.store import Store
from crmkit.runners.offered import BUILT_IN
from crmkit.stores import open_store
from crmkit.testing import RunnerSuite


class TestEmbedded(RunnerSuite):
    @pytest.fixture
    def spec(self) -> RunnerSpec:
        (one,) = BUILT_IN
        return one

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return {"interval": 0.01}


class TestOnSqlite(TestEmbedded):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        made = open_store(f"sqlite:///{tmp_path}/queue.db")
        yield made
        made.close()
