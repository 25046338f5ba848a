"""Print the requirements that no test names by ``@pytest.mark.row("R164")``.

The rows stand in tests/requirements.csv; what is asked for are those of kind C (core) and R
(report) within the ranges below: what `crmkit.care`, `crmkit.outreach` and their neighbours must
carry; and those of kind P (plugins) that `crmkit.sync` and the connectors carry.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RANGES = (
    (16, 16), (18, 20), (28, 43), (65, 65), (73, 74), (80, 91), (94, 94), (99, 99), (101, 101),
    (147, 152), (156, 279), (286, 287), (293, 293),
)  # fmt: skip
_KINDS = {"C", "R"}
IN_STEP = ("R35", "R55", "R59", "R280", "R281", "R282")
_MARK = re.compile(r"\bmark\.row\(([^)]*)\)")


class Named:
    """Collects the rows that tests name."""

    def __init__(self) -> None:
        """Know of none."""
        self.rows: dict[str, int] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Count the tests of each row."""
        for item in items:
            for mark in item.iter_markers("row"):
                for row in mark.args:
                    self.rows[row] = self.rows.get(row, 0) + 1

    def read(self, folder: Path) -> None:
        """Count the marks in the tests of distributions, whose own needs may not be installed."""
        for file in sorted(folder.glob("*/tests/**/*.py")):
            for words in _MARK.findall(file.read_text("utf-8")):
                for row in re.findall(r"R\d+", words):
                    self.rows[row] = self.rows.get(row, 0) + 1


def main() -> int:
    """Print what has no test; 1 where there is any."""
    named = Named()
    pytest.main(["--collect-only", "-qq", "-m", "", str(ROOT / "tests")], plugins=[named])
    named.read(ROOT / "plugins")
    with (ROOT / "tests" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["row"]: row for row in csv.DictReader(file)}
    unknown = sorted(named.rows.keys() - rows.keys())
    asked = [f"R{number}" for first, last in RANGES for number in range(first, last + 1)]
    asked = [row for row in asked if rows[row]["kind"] in _KINDS]
    missing = [row for row in (*asked, *IN_STEP) if row not in named.rows]
    for row in missing:
        print(f"{row}: {rows[row]['requirement']} ({rows[row]['original']})")
    for row in unknown:
        print(f"{row}: there is no such row")
    print(f"{len(missing)} rows without a test, {len(named.rows)} with one")
    return 1 if missing or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
