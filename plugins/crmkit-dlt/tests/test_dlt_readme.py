"""What the README shows works."""

import re
import sys
from pathlib import Path
from typing import Any

import crmkit_dlt
import pytest
from dlt_kit import said

import crmkit

pytestmark = pytest.mark.row("R55", "R59")
README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its files, as they stand there; run twice, it brings everything once."""
    for name, text in re.findall(r"```\w+ (\S+)\n(.*?)```", README, re.DOTALL):
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    brought = []
    for _ in range(2):
        found: dict[str, Any] = {}
        exec((tmp_path / "load.py").read_text("utf-8"), found)
        report = found["into"].intake.report
        brought.append(sorted(name for name, one in report.items() if one.new or one.changed))
    monkeypatch.delitem(sys.modules, "shop")
    assert brought == [["clients", "orders"], []]
    (order,) = said("sqlite:///shop.db")
    assert (order.id, order.item, order.currency) == ("7001", "T1", "EUR")
    with crmkit.connect("sqlite:///shop.db") as crm:
        ann = crm.customers.find(phone="+4915112345678")
        assert ann is not None
        assert ann.name == "Ann Lee"


def test_every_setting_is_told():
    """What a destination and its tables can be told stands in the README."""
    code = crmkit_dlt.destination.__code__
    names = [*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], "on_delete", "source"]
    told = [name for name in names if f"`{name}`" in README or f"{name}=" in README]
    assert told == names
