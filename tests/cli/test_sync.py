"""Sync on the command line: a plan that a person approves, the run, and what is left to people."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import attrs
import click
import pytest
from click.testing import CliRunner

import crmkit
from crmkit import SyncPlan, SyncReport
from crmkit.cli import main
from crmkit.cli.sync import sync
from crmkit.cli.sync_words import lasting, report_lines, value, written
from crmkit.sync.leases import Lease
from tests.cli.kit import END, HOSTILE, Shop

CONFIG = """\
[connectors.office]
type = "csv"
folder = "office"

[[connectors.office.mapping]]
concept = "customers"
object = "customers"
match = "email"
fields.name = { field = "full name" }
fields.email = { field = "mail" }
fields.language = { field = "language", owner = "ask" }
"""
HEAD = ("id", "mail", "full name", "language")
ROWS = (
    ("1", "c1@example.com", "Ann Able", "en"),
    ("2", "wang@example.com", "王芳", "zh-CN"),
    ("3", "eve@example.com", HOSTILE.replace("\x07", ""), ""),
)
FILE = Path("office/customers.csv")


@pytest.fixture
def firm(shop: Shop) -> Shop:
    """Give a shop of ten customers, and a folder of three rows, of whom one is a customer."""
    Path("crmkit.toml").write_text(CONFIG, "utf-8")
    FILE.parent.mkdir()
    write(ROWS)
    return shop


def write(rows: Any) -> None:
    with FILE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])


def rows() -> dict[str, dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["mail"]: row for row in csv.DictReader(file)}


def edit(mail: str, **values: str) -> None:
    """Edit a row as a person in a spreadsheet does."""
    found = rows()
    found[mail] |= values
    write([row.values() for row in found.values()])


def clash(firm: Shop) -> str:
    """Have both sides change a field that nobody owns; give the conflict's id."""
    firm.run("sync", "run", "office")
    edit("c1@example.com", language="fr")
    with firm.open(clock=lambda: END) as crm:
        ann = crm.customers.get(firm.id(1))
        crm.customers.save(attrs.evolve(ann, language="de"))
    firm.run("sync", "run", "office")
    (found,) = firm.json("sync", "conflicts", "office", "--open")
    id_: str = found["id"]
    return id_


@pytest.mark.row("R35", "R55", "R271")
def test_from_the_plan_to_the_history(firm: Shop):
    """A plan touches nothing, a run does what it said, and the second finds nothing to do."""
    before = FILE.read_bytes()
    plan = firm.json("sync", "plan", "office")
    assert (FILE.read_bytes(), len(plan["creates"]), len(plan["updates"])) == (before, 11, 1)
    assert {one["side"] for one in plan["creates"]} == {"ours", "theirs"}
    assert firm.json("sync", "history", "office") == []

    done = firm.run("sync", "run", "office").stdout
    assert "12 written (11 new, 1 changed, 0 gone)" in done
    assert len(rows()) == 12
    assert rows()["c0@example.com"]["full name"] == "王小明"
    assert firm.json("sync", "run", "office")["written"] == 0
    said = firm.run("sync", "plan", "office").stdout
    assert said == "Both sides are in step: a run would write nothing.\n"
    runs = firm.json("sync", "history", "office")
    assert [one["written"] for one in runs] == [0, 12]
    assert len(firm.json("sync", "history", "office", "--limit", "1")) == 1
    assert "12" in firm.run("sync", "history", "office").stdout


def test_a_plan_reads_like_one_that_a_person_approves(firm: Shop, monkeypatch: pytest.MonkeyPatch):
    """Each record on a line, or on one for each of its fields; what is called how obeys nobody."""
    monkeypatch.setenv("COLUMNS", "120")
    said = firm.run("sync", "plan", "office").stdout
    assert said.startswith("What a run of office would do; nothing is changed yet\n\nCreate there")
    assert (
        "Create here, in customers: 2\n  + 王芳 (2)  email: wang@example.com, language: zh-CN\n"
        in said
    )
    assert "  ~ Ann Able (1)  language: empty -> en\n" in said
    assert said.endswith("Writing calls: 1\nTo do so: crmkit sync run office\n")
    assert "\\x1b[31mEve" in said
    monkeypatch.setenv("COLUMNS", "53")
    said = firm.run("sync", "plan", "office").stdout
    assert "  + 王芳 (2)\n      email: wang@example.com\n      language: zh-CN\n" in said
    assert max(map(len, said.splitlines())) <= 53
    for lang, width in (("en", "20"), ("zh", "60"), ("zh", "120")):
        monkeypatch.setenv("COLUMNS", width)
        said = firm.run("sync", "plan", "office", "--lang", lang).stdout
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(said)
        assert "[bold]x[/bold]" in said.replace("\n", " ").replace("  ", "")


def test_a_plan_in_chinese(firm: Shop):
    """Whoever reads Chinese approves in Chinese."""
    said = firm.run("sync", "plan", "office", "--lang", "zh").stdout
    assert "在我方新建(customers):2" in said
    assert "language: 空 -> en" in said
    done = firm.run("sync", "run", "office", "--lang", "zh").stdout
    assert "新建 11" in done
    assert "无需同步" in firm.run("sync", "plan", "office", "--lang", "zh").stdout


def test_a_long_plan_is_cut(firm: Shop):
    """The first ten of each kind, unless everybody is asked for."""
    with firm.open(clock=lambda: END) as crm:
        crm.customers.save_all(crmkit.Customer(id=f"v{n}", name=f"V{n}") for n in range(12))
    said = firm.run("sync", "plan", "office").stdout
    assert "... and 11 more (--all shows them)" in said
    everybody = firm.run("sync", "plan", "office", "--all").stdout
    assert "more" not in everybody
    assert everybody.count("\n  + ") == 23


def test_what_both_changed_waits_for_somebody(firm: Shop):
    """A conflict says whose value is which and how it is decided; then it goes out."""
    id_ = clash(firm)
    assert rows()["c1@example.com"]["language"] == "fr"
    shown = firm.run("sync", "conflicts", "office").stdout
    assert "Ann Able" in shown
    assert id_ in shown
    assert "编号" in firm.run("sync", "conflicts", "office", "--lang", "zh").stdout
    said = firm.run("sync", "resolve", "office", id_, "--take", "ours").stderr
    assert "language of Ann Able is de from the next run on" in said
    firm.run("sync", "run", "office")
    assert rows()["c1@example.com"]["language"] == "de"
    assert firm.json("sync", "conflicts", "office", "--open") == []
    assert (
        "waits for somebody"
        in firm.run("sync", "resolve", "office", id_, "--take", "ours", code=2).stderr
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_plan_says_what_waits_for_an_answer(firm: Shop, lang: str):
    """The command that decides stands below the conflict."""
    firm.run("sync", "run", "office")
    edit("c1@example.com", language="fr", **{"full name": "Ann B"})
    with firm.open(clock=lambda: END) as crm:
        ann = crm.customers.get(firm.id(1))
        crm.customers.save(attrs.evolve(ann, language="de", name="Ann C"))
    found = firm.json("sync", "plan", "office")["conflicts"]
    asked = next(one for one in found if one["took"] is None)
    said = firm.run("sync", "plan", "office", "--lang", lang).stdout
    assert f"crmkit sync resolve office {asked['id']} --take ours" in said
    assert ("theirs holds (newest)" in said) or ("采用对方的值(newest)" in said)


def test_an_id_is_never_cut(firm: Shop, monkeypatch: pytest.MonkeyPatch):
    """Somebody copies it into the next command, where the terminal is narrow too."""
    id_ = clash(firm)
    monkeypatch.setenv("COLUMNS", "60")
    said = firm.run("sync", "conflicts", "office").stdout
    assert f"\n{id_}  Ann Able" in said
    assert "    customers: ours de, theirs fr\n" in said
    assert f"    crmkit sync resolve office {id_} --take ours\n" in said


def test_what_a_side_refuses_is_held_back(firm: Shop):
    """It ends with 1, and says why in words; mended or tried again, it goes."""
    schema = Path("office/customers.schema.toml")
    schema.write_text('[fields."full name"]\nlength = 40\n', "utf-8")
    done = firm.run("sync", "run", "office", code=1).stdout
    assert "Records held back: 1; crmkit sync quarantine office" in done
    (one,) = firm.json("sync", "quarantine", "office")
    assert (one["field"], one["side"], one["key"]) == ("name", "theirs", firm.id(3))
    shown = firm.run("sync", "quarantine", "office").stdout
    assert "60 characters" in shown
    assert "隔离" not in shown
    assert "拒绝方" in firm.run("sync", "quarantine", "office", "--lang", "zh").stdout
    assert firm.json("sync", "plan", "office")["quarantined"] == [one]
    report = json.loads(firm.run("sync", "run", "office", "--json", code=1).stdout)
    assert (report["written"], report["quarantined"]) == (0, 1)
    schema.unlink()
    assert firm.json("sync", "run", "office", "--retry")["quarantined"] == 0
    assert len(rows()) == 12


def test_a_run_that_is_under_way_is_not_joined(firm: Shop):
    """The second ends with 3 and says where the first is at work."""
    with firm.open() as crm:
        lease = Lease(crm.session.store, "office")
        lease.take()
        said = firm.run("sync", "run", "office", code=3).stderr
        assert f"in process {os.getpid()}" in said
        lease.give_back()
    firm.run("sync", "run", "office")


def test_what_stops_everything(firm: Shop):
    """Half a file ends with 3, and nothing was lost on either side; the history says why."""
    firm.run("sync", "run", "office")
    whole = FILE.read_bytes()
    FILE.write_bytes(whole[:-9])
    assert "customers.csv" in firm.run("sync", "run", "office", code=3).stderr
    assert "customers.csv" in firm.json("sync", "history", "office")[0]["stopped"]
    FILE.write_bytes(whole)
    assert firm.json("sync", "run", "office")["written"] == 0


def test_the_doctor_of_a_connector(firm: Shop):
    """All is well; or a column that is not there ends with 1, and so do plan and run, with 3."""
    assert "everything is in order" in firm.run("sync", "doctor", "office").stderr
    assert firm.json("sync", "doctor", "office") == []
    Path("crmkit.toml").write_text(CONFIG.replace('"full name"', '"ful name"'), "utf-8")
    found = firm.run("sync", "doctor", "office", code=1).stdout
    assert "does not exist there; did you mean 'full name'?" in found
    assert json.loads(firm.run("sync", "doctor", "office", "--json", code=1).stdout)[0]["fatal"]
    for name in ("plan", "run"):
        assert "full name" in firm.run("sync", name, "office", code=3).stderr


def test_crmkit_s_doctor_looks_at_connectors_too(firm: Shop, monkeypatch: pytest.MonkeyPatch):
    """Settings and what waits for somebody, without a call: the folder is not even there."""
    assert "office was never run" in firm.run("doctor").stdout
    id_ = clash(firm)
    Path("office/customers.schema.toml").write_text('[fields."full name"]\nlength = 8\n', "utf-8")
    with firm.open(clock=lambda: END) as crm:
        crm.customers.save(attrs.evolve(crm.customers.get(firm.id(1)), name="Ann Able-Baker"))
    firm.run("sync", "run", "office", code=1)
    FILE.parent.rename("elsewhere")
    found = firm.run("doctor").stdout
    assert "1 field changed on both sides of office" in found
    assert "crmkit sync quarantine office says why" in found
    assert "office; crmkit sync doctor asks the CRM itself" in found
    firm.run("sync", "run", "office", code=3)
    assert "the last run of office ended early" in firm.run("doctor").stdout
    assert id_ not in found

    for wrong, told in (
        (CONFIG.replace('"csv"', '"cvs"'), "cvs"),
        (CONFIG.replace("folder", "foldr"), "connectors.office.foldr"),
        (CONFIG.replace("match", "mach"), "mapping[0]"),
        (CONFIG.replace('"office"', '"${OFFICE_FOLDER}"'), "OFFICE_FOLDER"),
        (f'{CONFIG}fields.owner = "name"\nfields.id = "name"\n', "two rules for one field"),
    ):
        Path("crmkit.toml").write_text(wrong, "utf-8")
        rows = json.loads(firm.run("doctor", "--json", code=1).stdout)
        (bad,) = [one for one in rows if one["state"] == "problem"]
        assert told in bad["found"], bad
        assert bad["check"] == "connectors"
    monkeypatch.setenv("OFFICE_FOLDER", "elsewhere")
    Path("crmkit.toml").write_text(CONFIG.replace('"office"', '"${OFFICE_FOLDER}"'), "utf-8")
    firm.run("doctor")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "ofice"), "did you mean 'office'"),
        (("run", "\x1b[31m"), "there is no connector"),
        (("plan",), "NAME"),
        (("resolve", "office", "x", "--take", "ours"), "waits for somebody"),
        (("resolve", "office", "x"), "--take"),
        (("resolve", "office", "x", "--take", "mine"), "ours"),
        (("history", "office", "--limit", "0"), "limit"),
    ],
)
def test_mistakes_are_one_line(firm: Shop, words: tuple[str, ...], told: str):
    """Wrong use ends with 2."""
    said = firm.run("sync", *words, code=2).stderr
    assert told in said
    assert "\x1b" not in said


def test_a_wrong_setting_is_named(firm: Shop):
    """A mapping that makes no sense ends with 2 before anything is opened."""
    Path("crmkit.toml").write_text(CONFIG.replace("match", "mach"), "utf-8")
    said = firm.run("sync", "plan", "office", code=2).stderr
    assert "connectors.office.mapping[0]" in said
    assert "match" in said


def test_the_configuration_may_stand_elsewhere(firm: Shop, tmp_path: Path):
    """``--config FILE`` names it."""
    other = tmp_path / "elsewhere.toml"
    Path("crmkit.toml").rename(other)
    assert firm.run("sync", "plan", "office", code=2).stderr
    assert "Create there" in firm.run("--config", other, "sync", "plan", "office").stdout


def test_no_argument_is_a_mistake_in_crmkit(firm: Shop):
    """Whatever stands for a value, the program ends with 0 to 3 and says what is wrong."""
    for name, command in sync.commands.items():
        given = ["office", "x", "--take", "ours"] if name == "resolve" else ["office"]
        options = [one for one in command.params if isinstance(one, click.Option)]
        for absurd in (str(2**70), "\udcff\x1b[31m", ""):
            tried = [[*given[:0], absurd, *given[1:]]]
            tried += [[*given, one.opts[0], absurd] for one in options if not one.is_flag]
            for words in tried:
                done = CliRunner().invoke(main, ["--url", firm.url, "sync", name, *words])
                told = f"{words}\n{done.output[-2_000:]}\n{done.exception!r}"
                assert isinstance(done.exception, SystemExit | None), told
                assert 0 <= done.exit_code <= 3, told
                assert "mistake in crmkit" not in done.output, told
                assert "\x1b" not in done.output, told


def test_times_and_values_are_written_for_people():
    """The time that a CRM's limits leave is said as people say it, and long values are cut."""
    assert [lasting(one) for one in (20, 1440, 90_000)] == ["20 s", "24 min", "25.0 h"]
    assert (value(None), value(["a", "b"]), len(value("x" * 99))) == ("-", "a, b", 60)
    report = SyncReport(connector="office", conflicts=2, quarantined=1, stopped="the day is over")
    for lang in ("en", "zh"):
        assert len(list(report_lines(report, lang))) == 4
        assert len(list(written(SyncPlan(connector="office"), lang, None))) == 1
