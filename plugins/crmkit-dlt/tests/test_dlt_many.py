"""Loads of any size: they stream."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.row("R55"), pytest.mark.slow("300,000 rows through a real pipeline")]
PROGRAM = """
import resource, sys
sys.path[:0] = {path!r}
import crmkit_dlt, dlt
from dlt_kit import TABLES, order

@dlt.resource(name="orders", primary_key="No", write_disposition="merge")
def orders():
    for number in range(300_000):
        yield order(number, Mail=f"c{{number % 5_000}}@example.com")

into = crmkit_dlt.destination(sys.argv[1], tables=TABLES)
dlt.pipeline("many", destination=into, pipelines_dir=sys.argv[2]).run(orders())
print(into.intake.report["orders"].new, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_stays_flat(url: str, tmp_path: Path):
    """A load keeps a batch in memory, not the table: under 300 MB, dlt and Python among them."""
    code = PROGRAM.format(path=[p for p in sys.path if p])
    done = subprocess.run(
        [sys.executable, "-c", code, url, str(tmp_path / "dlt")],
        capture_output=True,
        text=True,
        check=True,
    )
    new, megabytes = map(int, done.stdout.split()[-2:])
    assert new == 300_000
    assert megabytes < 300
