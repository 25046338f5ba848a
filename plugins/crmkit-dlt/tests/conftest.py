"""Pipelines of real dlt, each in a folder of its own."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest

import crmkit

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database with nothing in it; to copy it is quicker than to make one."""
    made = tmp_path_factory.mktemp("empty") / "shop.db"
    crmkit.connect(f"sqlite:///{made}").close()
    return made


@pytest.fixture
def url(tmp_path: Path, empty: Path) -> str:
    shutil.copy(empty, tmp_path / "shop.db")
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a function that runs a source into a destination, by a pipeline that remembers."""

    def make(source: Any, into: Any, name: str = "shop") -> Any:
        pipeline = dlt.pipeline(name, destination=into, pipelines_dir=str(tmp_path / "dlt"))
        with warnings.catch_warnings():  # dlt's own, where a load of before is pending
            warnings.filterwarnings("ignore", "The 'warn' method", DeprecationWarning)
            pipeline.run(source)
        return pipeline

    yield make
    for handler in logging.getLogger("dlt").handlers:  # or the next test's output is closed
        handler.flush()
