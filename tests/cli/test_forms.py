"""Forms on the command line: rendered into a file or a pipe, and read back."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from crmkit.care.forms.stored import PLANS
from crmkit.contracts.decisions import Deciding
from tests.care.plans import PLAN
from tests.cli.kit import Shop

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture
def plan(shop: Shop) -> str:
    with shop.open() as crm, crm.session.store.write() as writer:
        deciding = Deciding(now=crm.session.now(), by="lin")
        return PLANS.open(writer, deciding, PLAN, "drafted").id


def test_a_plans_form_is_written_and_read_back(shop: Shop, plan: str):
    shop.run("form", "all", plan, "--format", "xlsx", "-o", "form.xlsx")
    again = shop.json("read-form", "form.xlsx")
    assert again["situation"] == PLAN.to_dict()["situation"]
    assert again["id"] == plan
    told = shop.run("read-form", "form.xlsx")
    assert "relations" in told.stdout
    assert PLAN.customer_name in told.stderr


def test_html_goes_down_a_pipe(shop: Shop, plan: str):
    assert "采购部迁至上海" in shop.run("form", "087", plan).stdout
    assert "采购部迁至上海" not in shop.run("form", "087", plan, "--blank").stdout
    assert "Customer situation" in shop.run("form", "087", "--lang", "en").stdout
    book = shop.run("form", "090", plan, "--format", "xlsx", "--action", "a1").stdout_bytes
    assert openpyxl.load_workbook(io.BytesIO(book)).sheetnames == ["090-1"]


def test_every_mistake_is_printed(shop: Shop, plan: str):
    shop.run("form", "087", plan, "--format", "xlsx", "-o", "form.xlsx")
    book = openpyxl.load_workbook("form.xlsx")
    book["087"]["Q2"], book["087"]["Q3"] = "soon", "C-9"
    book.save("form.xlsx")
    told = shop.run("read-form", "form.xlsx", code=2).stderr
    assert "087!Q2" in told
    assert "087!Q3" in told


def test_what_is_no_form_is_told(shop: Shop):
    Path("form.xlsx").write_text(json.dumps({}), "utf-8")
    assert "no XLSX" in shop.run("read-form", "form.xlsx", code=2).stderr
    shop.run("form", "087", "99", code=2)
    shop.run("form", "087", "-o", "no/such/folder/form.html", code=3)


def test_the_files_ending_says_the_format(shop: Shop, plan: str):
    """Nobody finds HTML in a workbook; two words that disagree are refused."""
    shop.run("form", "087", plan, "-o", "form.XLSX")
    assert Path("form.XLSX").read_bytes().startswith(b"PK")
    for name in ("form.html", "form.htm", "form"):
        shop.run("form", "087", plan, "-o", name)
        assert Path(name).read_bytes().lstrip().lower().startswith(b"<!doctype html")
    shop.run("form", "087", plan, "--format", "xlsx", "-o", "book")
    assert Path("book").read_bytes().startswith(b"PK")
    for kind, name in (("html", "a.xlsx"), ("xlsx", "a.html"), ("xlsx", "a.htm")):
        said = shop.run("form", "087", plan, "--format", kind, "-o", name, code=2)
        assert f"--format is {kind}" in said.stderr
        assert not Path(name).exists()


def test_one_action_is_a_choice_of_form_090_alone(shop: Shop, plan: str):
    """The other forms would leave it out without a word."""
    for form in ("087", "088", "089", "all"):
        said = shop.run("form", form, plan, "--action", "a1", code=2).stderr
        assert f"not with {form}" in said
    shop.run("form", "090", plan, "--action", "a1")
