"""The distributions under plugins/: each is whole, and the page on plugins names it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT

FOLDERS = sorted(found.parent for found in ROOT.glob("plugins/*/pyproject.toml"))
PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_distribution_is_whole(folder: Path):
    """Name, licence, README, types, entry point, and what it needs with a lowest version."""
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    told = project["project"]
    package = folder / told["name"].replace("-", "_")
    assert told["name"] == folder.name
    assert (told["license"], told["readme"], told["requires-python"]) == (
        "MIT",
        "README.md",
        ">=3.11",
    )
    assert told["description"].endswith(".")
    groups = project.get("dependency-groups", {})
    needed = [*told["dependencies"], *(one for group in groups.values() for one in group)]
    assert [one for one in needed if ">=" not in one] == []
    assert any(one.startswith("crmkit>=") for one in told["dependencies"])
    if any("@hookimpl" in file.read_text("utf-8") for file in package.rglob("*.py")):
        assert list(told["entry-points"]) == ["crmkit"]
    assert (package / "py.typed").exists()
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [package.name]
    assert f"pip install {folder.name}" in (folder / "README.md").read_text("utf-8")


def test_the_page_names_every_distribution():
    """A row each in its table, and no row of one that is not there."""
    rows = re.findall(r"^\| \[(crmkit-\w+)\]\(\.\./plugins/(crmkit-\w+)/", PAGE, re.MULTILINE)
    assert sorted(rows) == [(folder.name, folder.name) for folder in FOLDERS]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_plugin_keeps_to_what_is_public(folder: Path):
    """What it imports of crmkit is crmkit itself, the contracts and the kit for tests."""
    found = {
        name
        for file in folder.rglob("*.py")
        for name in re.findall(
            r"^\s*(?:from|import) (crmkit\.\w+)", file.read_text("utf-8"), re.MULTILINE
        )
    }
    allowed = {"crmkit.contracts", "crmkit.testing"}
    assert found <= allowed
