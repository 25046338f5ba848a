"""Real distributions for the plugin tests: a module and its metadata on ``sys.path``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

Install = Callable[..., None]

HEALTHY = """
    from crmkit.contracts.specs import ChannelSpec
    from crmkit.plugins import hookimpl

    @hookimpl
    def crmkit_channels():
        yield ChannelSpec(name="{name}", open=dict)
"""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the developer's settings out, and what a test imports out of the next."""
    for name in ("CRMKIT_PLUGINS", "CRMKIT_TRACE_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("crmkit_"):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Give a function that installs a distribution of one module and one entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(
        distribution: str, code: str | None = None, *, version: str = "1.0", entry: str = ""
    ) -> None:
        module = distribution.replace("-", "_")
        text = HEALTHY.format(name=module.removeprefix("crmkit_")) if code is None else code
        (tmp_path / f"{module}.py").write_text(dedent(text), encoding="utf-8")
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        points = f"[crmkit]\n{module.removeprefix('crmkit_')} = {entry or module}\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")

    return install
