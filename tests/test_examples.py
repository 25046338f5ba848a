"""The programs in examples/ are what a user starts from, so they run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example(example: Path, tmp_path: Path) -> None:
    """Each example runs in an empty folder, to its end and without a warning, and once more."""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", str(example)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (done.stderr, done.returncode) == ("", 0), done.stdout
        assert "lost on the way" not in done.stdout or "lost on the way: none" in done.stdout
