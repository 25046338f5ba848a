"""``crmkit export --log``: both logs into a folder of Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmkit.contracts.parquet import open_log
from tests.cli.kit import Shop, process

pytest.importorskip("pyarrow")


def test_the_log_is_exported(sold: Shop, tmp_path: Path):
    """What it came to is one line, or JSON; the second run finds nothing new."""
    folder = tmp_path / "log"
    made = sold.json("export", "--log", folder)
    manifest = open_log(folder)
    assert made["rows"] == manifest.rows("touchpoints") + manifest.rows("decisions") > 50
    assert made["files"] == len(manifest.files)
    assert sold.run("export", "--log", folder, "--verify").stdout == (
        f"0 new rows: {folder} has {made['files']} files\n"
    )


def test_wrong_use_is_told(sold: Shop, tmp_path: Path):
    """A customer and everybody at once; a check of nothing."""
    sold.run("export", "--log", tmp_path, "--email", "c1@example.com", code=2)
    sold.run("export", "--verify", "--email", "c1@example.com", code=2)


def test_a_folder_of_others_ends_the_command(sold: Shop, tmp_path: Path):
    """With the code of what failed, in one line, and nothing on standard output."""
    (tmp_path / "mine.txt").write_text("mine")
    done = process("--url", sold.url, "export", "--log", tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert "name an empty folder" in done.stderr


def test_a_customer_is_exported_as_before(sold: Shop):
    """JSON, asked for or not."""
    plain = sold.run("export", "--email", "c1@example.com").stdout
    assert json.loads(plain) == sold.json("export", "--email", "c1@example.com")
