"""Files that are no forms are refused before anything parses them; forms of a workspace."""

from __future__ import annotations

import builtins
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

import crmkit
from crmkit.care.forms import package, read_form, render_form
from crmkit.care.forms.stored import PLANS
from crmkit.contracts.decisions import Deciding
from crmkit.errors import CrmkitError, DecisionNotFound, InvalidValueError
from crmkit.model.plan import Action, ActionPlan, CarePlan, Goals
from tests.care.plans import PLAN
from tests.lifecycle.firm import firm

openpyxl = pytest.importorskip("openpyxl")
FORM = render_form(PLAN, "087", format="xlsx")
assert isinstance(FORM, bytes)


def changed(**parts: Callable[[bytes], bytes] | bytes) -> bytes:
    """Give the form with parts of its file changed, or added."""
    assert isinstance(FORM, bytes)
    file = io.BytesIO()
    named = {name.replace("__", "/").replace("_DOT_", "."): part for name, part in parts.items()}
    with zipfile.ZipFile(io.BytesIO(FORM)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for name in old.namelist():
            part = named.pop(name, old.read(name))
            new.writestr(name, part(old.read(name)) if callable(part) else part)
        for name, part in named.items():
            assert isinstance(part, bytes)
            new.writestr(name, part)
    return file.getvalue()


def sheet(old: bytes, new: bytes) -> bytes:
    return changed(xl__worksheets__sheet1_DOT_xml=lambda part: part.replace(old, new, 1))


def encrypted() -> bytes:
    assert isinstance(FORM, bytes)
    data = bytearray(FORM)
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def another_archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "x")
    return file.getvalue()


def plain() -> bytes:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    return file.getvalue()


RELATION = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r" Type="http://x/%s" Target="file:///c:/x" TargetMode="External"/>'
    b"</Relationships>"
)
FILES: dict[str, tuple[Callable[[], Any], str]] = {
    "empty": (lambda: b"", "no XLSX"),
    "text": (lambda: b"a,b\n1,2\n", "no XLSX"),
    "a picture": (lambda: b"\x89PNG\r\n", "no XLSX"),
    "an old or encrypted workbook": (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "encrypted"),
    "an encrypted archive": (encrypted, "encrypted"),
    "half of a file": (lambda: FORM[: len(FORM) // 2], "damaged"),
    "another archive": (another_archive, "no XLSX"),
    "macros": (lambda: changed(xl__vbaProject_DOT_bin=b"x"), "macros"),
    "a workbook for macros": (
        lambda: changed(
            **{
                "[Content_Types].xml": lambda part: part.replace(
                    b"openxmlformats-officedocument.spreadsheetml.sheet.main",
                    b"ms-excel.sheet.macroEnabled.main",
                )
            }
        ),
        "macros",
    ),
    "links to files": (
        lambda: changed(xl__externalLinks__externalLink1_DOT_xml=b"<x/>"),
        "links to other files",
    ),
    "a picture from elsewhere": (
        lambda: changed(xl__worksheets___rels__sheet1_DOT_xml_DOT_rels=RELATION % b"image"),
        "links to other files",
    ),
    "embedded files": (lambda: changed(xl__embeddings__a_DOT_bin=b"x"), "embedded"),
    "a bomb": (lambda: changed(xl__media__zeros_DOT_bin=b"\0" * 50_000_000), "unpacks to more"),
    "too large": (lambda: b"PK\x03\x04" + b"\0" * package.FILE_LIMIT, "larger than"),
    "entities": (lambda: sheet(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'), "type"),
    "all cells merged": (lambda: sheet(b'ref="A1:X1"', b'ref="A1:XFD1048576"'), "far outside"),
    "many cells merged": (
        lambda: sheet(b"<mergeCell ", b'<mergeCell ref="A1:CR2000"/>' * 9 + b"<mergeCell "),
        "covers more cells",
    ),
    "a cell far away": (lambda: sheet(b'<c r="A1"', b'<c r="A1048576"'), "far outside"),
    "no mark": (plain, "no form made by crmkit"),
    "a path of nothing": (lambda: "no/such/file.xlsx", "cannot be read"),
    "a folder": (lambda: "/", "cannot be read"),
    "a file of text": (lambda: io.StringIO("x"), "opened for bytes"),
    "no file": (lambda: 5, "path, bytes or a file"),
}


@pytest.mark.parametrize("kind", FILES)
def test_files_that_are_no_forms_are_refused(kind: str):
    """Macros, links, bombs, encryption, damage: one clear error, before anything is parsed."""
    make, why = FILES[kind]
    with pytest.raises(InvalidValueError, match=why) as caught:
        read_form(make(), PLAN)
    assert len(vars(caught.value)["faults"]) == 1


def test_an_address_that_became_a_link_does_no_harm():
    """Spreadsheets make a hyperlink of an e-mail address that somebody types."""
    linked = changed(xl__worksheets___rels__sheet1_DOT_xml_DOT_rels=RELATION % b"hyperlink")
    assert read_form(linked, PLAN) == PLAN


def test_another_layout_is_refused():
    def other(part: bytes) -> bytes:
        return part.replace(b"&quot;layout&quot;: 1", b"&quot;layout&quot;: 2").replace(
            b'"layout": 1', b'"layout": 2'
        )

    with pytest.raises(InvalidValueError, match="layout 2"):
        read_form(changed(docProps__custom_DOT_xml=other), PLAN)


def test_without_openpyxl_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """HTML needs no extra."""
    known = builtins.__import__

    def importing(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "openpyxl":
            raise ImportError(name)
        return known(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    monkeypatch.delitem(sys.modules, "openpyxl", raising=False)
    for call in (lambda: render_form(PLAN, "087", format="xlsx"), lambda: read_form(FORM, PLAN)):
        with pytest.raises(CrmkitError, match=r"crmkit\[forms\]"):
            call()
    assert "客户情况介绍" in str(render_form(PLAN, "087"))


# -- forms of a workspace --------------------------------------------------------------


@pytest.fixture
def crm() -> Iterator[crmkit.CRM]:
    people = {"lin": {"name": "林静", "senior": True}, "wu": {"name": "Wu"}}
    config = {"people": people, "agenda": {"timezone": "Asia/Shanghai"}}
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with crmkit.connect("memory://", plugins=[], config=config, clock=lambda: now) as crm:
        yield crm


def kept(crm: crmkit.CRM, **changes: Any) -> CarePlan:
    who = crm.customers.save(crmkit.Customer(name="杭州西湖茶业有限公司"))
    plan = attrs.evolve(PLAN, customer_id=who.id, id="", **changes)
    with crm.session.store.write() as writer:
        return PLANS.open(writer, Deciding(now=crm.session.now(), by="lin"), plan, "drafted")


@pytest.mark.parametrize("form", ["087", "088", "089", "090", "all"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_plan_that_is_kept_comes_back_from_each_form(
    crm: crmkit.CRM, tmp_path: Path, form: str, lang: str
):
    """Path, bytes or open file: what the form shows is read, the rest is as it is kept."""
    plan = kept(crm)
    made = crm.care.render(plan.id, form, lang=lang, format="xlsx")
    assert isinstance(made, bytes)
    path = tmp_path / "form.xlsx"
    path.write_bytes(made)
    assert crm.care.read(made) == crm.care.read(path) == crm.care.read(str(path)) == plan
    with path.open("rb") as file:
        assert crm.care.read(file) == plan


def test_a_form_of_another_customer_is_refused(crm: crmkit.CRM):
    """The plan's id in the file and the customer's number on the form must agree."""
    first, second = kept(crm), kept(crm, customer_number="C-0009")
    made = crm.care.render(first.id, "087", format="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(made))  # type: ignore[arg-type]
    mark = book.custom_doc_props["crmkit-form"]
    mark.value = mark.value.replace(f'"{first.id}"', f'"{second.id}"')
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(InvalidValueError, match="another customer") as caught:
        crm.care.read(file.getvalue())
    assert vars(caught.value)["faults"][0][:2] == ("087", "Q3")
    mark.value = mark.value.replace(f'"{second.id}"', '"999"')
    book.save(file)
    with pytest.raises(DecisionNotFound):
        crm.care.read(file.getvalue())


@pytest.mark.parametrize("numbered", [False, True])
def test_a_form_whose_property_was_edited_is_no_other_customers(crm: crmkit.CRM, numbered: bool):
    """Customers without a number are not one: the customer's id and name must agree as well."""
    number = "C-1" if numbered else None
    first = kept(crm, customer_number=number)
    second = kept(crm, customer_number=number, customer_name="宁波茶行")
    book = openpyxl.load_workbook(
        io.BytesIO(crm.care.render(first.id, "087", format="xlsx"))  # type: ignore[arg-type]
    )
    mark = book.custom_doc_props["crmkit-form"]
    said = json.loads(mark.value)
    for changes, place in (
        ({"plan": second.id}, "Q3"),
        ({"plan": second.id, "customer": second.customer_id}, "E3"),
        ({"customer": second.customer_id}, "Q3"),
        ({"customer": None}, "Q3"),
    ):
        mark.value = json.dumps(said | changes)
        file = io.BytesIO()
        book.save(file)
        with pytest.raises(InvalidValueError, match="another customer") as caught:
            crm.care.read(file.getvalue())
        assert ("087", place) in {one[:2] for one in vars(caught.value)["faults"]}
    for changes in ({"customer": 5}, {"revision": "1"}, {"revision": None}, {"revision": True}):
        mark.value = json.dumps(said | changes)
        file = io.BytesIO()
        book.save(file)
        with pytest.raises(InvalidValueError, match="property was changed"):
            crm.care.read(file.getvalue())


def test_a_form_without_its_plan_at_hand_is_read_by_itself():
    """Nobody can tell then whether the plan has moved."""
    plan = read_form(FORM)
    assert (plan.id, plan.customer_id, plan.customer_name) == ("12", "c1", PLAN.customer_name)
    assert plan.situation == PLAN.situation


@pytest.mark.parametrize("form", ["087", "all"])
def test_a_form_taken_before_the_plan_moved_writes_nothing_over(form: str):
    """What was saved since would be lost without a word."""
    with firm() as shop:
        shop.buyer("ann", 30)
        drafted = shop.care.draft("ann", owner="lin")
        old = shop.care.render(drafted.id, form, format="xlsx")
        assert shop.care.save(shop.care.read(old)).situation == drafted.situation
        saved = shop.care.save(attrs.evolve(drafted, goals=Goals(strategy="call him first")))
        with pytest.raises(InvalidValueError, match="has moved since") as caught:
            shop.care.read(old)
        assert [one[:2] for one in vars(caught.value)["faults"]] == [("087", "")]
        assert shop.care.plan(saved.id) == saved
        fresh = shop.care.render(saved.id, form, format="xlsx")
        assert shop.care.read(fresh) == saved
        shop.care.submit(saved.id, by="lin")
        with pytest.raises(InvalidValueError, match="has moved since"):
            shop.care.read(fresh)


def test_what_becomes_of_one_action_leaves_the_others_forms_readable():
    """Checklists are printed when a plan begins to run, and come back one by one."""
    with firm() as shop:
        shop.buyer("ann", 30)
        drafted = shop.care.draft("ann", owner="lin")
        who = {"on": shop.today, "responsible": "lin"}
        rows = (Action(content="call", **who), Action(content="visit", **who))
        plan = shop.care.save(attrs.evolve(drafted, action_plan=ActionPlan(actions=rows)))
        shop.care.submit(plan.id, by="lin")
        shop.care.approve(plan.id, by="boss")
        printed = shop.care.render(plan.id, "090", format="xlsx")
        shop.care.check(plan.id, "a1", {"at": shop.now, "mode": "phone"})
        assert shop.care.read(printed).id == plan.id


def test_a_running_plan_comes_back_with_whether_its_goal_is_reached():
    """No form shows it; it is told of the plan wherever that is given."""
    with firm() as shop:
        shop.buyer("ann", 30)
        shop.crm.lifecycle.advance()
        drafted = shop.care.draft("ann", owner="lin")
        rows = (Action(content="call", on=shop.today, responsible="lin"),)
        plan = shop.care.save(attrs.evolve(drafted, action_plan=ActionPlan(actions=rows)))
        shop.care.submit(plan.id, by="lin")
        plan = shop.care.approve(plan.id, by="boss")
        assert plan.reached is True
        assert shop.care.read(shop.care.render(plan.id, "088", format="xlsx")) == plan


def test_a_blank_form_begins_a_plan(crm: crmkit.CRM):
    """A form of nobody's, filled in by hand, gives a plan without an id."""
    book = openpyxl.load_workbook(io.BytesIO(crm.care.render(None, "all", format="xlsx")))  # type: ignore[arg-type]
    for name in book.sheetnames:
        book[name]["E2"], book[name]["Q2"] = "林静", "2026年3月1日"
        book[name]["E3"] = "新客户"
    book["087"]["E4"] = "刚刚认识"
    file = io.BytesIO()
    book.save(file)
    plan = crm.care.read(file.getvalue())
    assert (plan.id, plan.customer_id, plan.owner) == ("", None, "lin")
    assert (plan.on.isoformat(), plan.customer_name) == ("2026-03-01", "新客户")
    assert plan.situation.introduction == "刚刚认识"
    assert plan.action_plan.actions == plan.checklists == ()


def test_a_blank_form_of_a_plan_has_its_head(crm: crmkit.CRM):
    plan = kept(crm)
    made = str(crm.care.render(plan.id, "088", blank=True))
    assert "杭州西湖茶业有限公司" in made
    assert "春茶" not in made


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"form": "091"}, "form"),
        ({"form": 87}, "form"),
        ({"form": "087", "lang": "fr"}, "lang"),
        ({"form": "087", "format": "pdf"}, "format"),
        ({"form": "090", "action": "a9"}, "action"),
    ],
)
def test_there_is_no_such_form(crm: crmkit.CRM, arguments: dict[str, Any], field: str):
    plan = kept(crm)
    with pytest.raises(InvalidValueError) as caught:
        crm.care.render(plan.id, **arguments)
    assert vars(caught.value)["field"] == field


def test_one_action_has_a_sheet_of_its_own(crm: crmkit.CRM):
    plan = kept(crm)
    made = crm.care.render(plan.id, "090", format="xlsx", action="a2")
    assert openpyxl.load_workbook(io.BytesIO(made)).sheetnames == ["090-1"]  # type: ignore[arg-type]
    assert crm.care.read(made) == plan
