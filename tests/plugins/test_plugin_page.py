"""The plugin on the author's page is a real one: it is installed, and its own tests pass."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from crmkit.config import Config
from tests.pages import ROOT, blocks

PAGE = ROOT / "docs" / "plugins.md"


def test_the_plugin_of_the_page_works(tmp_path: Path) -> None:
    """Its files, written out and installed, pass the tests that the page shows."""
    for block in blocks(PAGE):
        if block.file:
            (tmp_path / block.file).write_text(block.text, "utf-8")
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / f"crmkit_pigeon-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, "utf-8")
    points = "".join(f"{k} = {v}\n" for k, v in project["entry-points"]["crmkit"].items())
    (info / "entry_points.txt").write_text(f"[crmkit]\n{points}", "utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_configuration_of_the_page_is_right(tmp_path: Path) -> None:
    """The section that the page shows is read as it stands."""
    (block,) = (block for block in blocks(PAGE) if block.file == "crmkit.toml")
    (tmp_path / block.file).write_text(block.text, "utf-8")

    found = Config.load(tmp_path / block.file).channels["pigeon"]
    assert set(found) == {"type", "loft", "whistle"}
