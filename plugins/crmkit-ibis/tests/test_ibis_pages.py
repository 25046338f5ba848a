"""What the pages say can be run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ibis
import pytest
from ibis_kit import MODEL, told
from test_ibis_scores import STORY

import crmkit

HERE = Path(__file__).parents[1]
PAGES = [HERE / "README.md", HERE.parents[1] / "docs" / "whole-log.md"]


# With pandas 3 Ibis sets an option that is on the way out.
@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_s_programs_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Its blocks of Python, one after the other, but for those that want a server."""
    if not page.exists():
        pytest.skip("the distribution stands by itself")
    monkeypatch.chdir(tmp_path)
    Path("model.toml").write_text(crmkit.dump_model(MODEL), "utf-8")
    with told(STORY) as firm:
        firm.crm.touchpoints.export_log("log")
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    for block in blocks:
        if "postgresql://" not in block:
            exec(compile(block, str(page), "exec"), names)
    assert ibis.read_parquet("scores.parquet").count().execute() == 3
    capsys.readouterr()
