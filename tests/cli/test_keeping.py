"""Commands that keep things in order: erase, migrate, plugins, doctor."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

import crmkit
from crmkit import hookimpl
from crmkit.contracts.specs import ReferenceSpec
from crmkit.plugins import PluginManager
from tests.cli.kit import END, Shop, process, run

BROKEN = """
raise RuntimeError("no feathers")
"""
GREETING = """
import click
from crmkit import hookimpl
from crmkit.contracts.specs import CommandSpec

@click.command()
def greet():
    click.echo("coo")

@click.command()
def stumble():
    raise ZeroDivisionError("no wind")

@hookimpl
def crmkit_commands():
    yield CommandSpec(name="greet", command=greet, summary="Says something.")
    yield CommandSpec(name="stumble", command=stumble, summary="Falls.")
    yield CommandSpec(name="gone", command="crmkit_no_such_module:gone", summary="Is not there.")
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Give a folder in which two plugins are installed: one greets, one is broken."""
    for name, text in (("crmkit_greeting", GREETING), ("crmkit_broken", BROKEN)):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        distribution = name.replace("_", "-")
        (facts / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        (facts / "entry_points.txt").write_text(f"[crmkit]\n{name[7:]} = {name}\n")
    return tmp_path


def test_commands_of_plugins_stand_beside_ours(installed: Path):
    """A plugin's command is listed and runs, though another plugin is broken."""
    page = process("--help", cwd=installed)
    assert page.returncode == 0
    assert re.search(r"^  greet +Says something\.$", page.stdout, re.MULTILINE)
    done = process("greet", cwd=installed)
    assert (done.stdout, done.returncode) == ("coo\n", 0)


def test_a_broken_command_costs_only_itself(installed: Path):
    """A command that fails or cannot be imported ends with 3 and a line on it and its plugin."""
    for name, cause in (
        ("stumble", "ZeroDivisionError: no wind"),
        ("gone", "crmkit_no_such_module"),
    ):
        done = process(name, cwd=installed)
        assert done.returncode == 3
        assert f"{name!r} of plugin 'greeting' of crmkit-greeting 1.0" in done.stderr
        assert cause in done.stderr
        assert "Traceback" not in done.stderr


def test_a_broken_plugin_is_named(installed: Path):
    """``plugins`` and ``doctor`` say which distribution is broken, and why."""
    done = process("plugins", cwd=installed)
    assert done.returncode == 0
    assert "crmkit-broken" in done.stdout
    assert "RuntimeError: no feathers" in done.stdout
    done = process("--url", "memory://", "doctor", cwd=installed)
    assert done.returncode == 1
    assert "no feathers" in done.stdout


def test_no_plugins_means_none(installed: Path):
    """With ``--no-plugins`` nothing that is installed loads: no command, and no complaint."""
    done = process("--no-plugins", "greet", cwd=installed)
    assert done.returncode == 2
    done = process("--no-plugins", "--help", cwd=installed)
    assert (done.returncode, done.stderr) == (0, "")
    assert "greet" not in done.stdout


def test_erase_forgets(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """After an erasure neither id nor key finds anybody."""
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", "a key that stands outside the database")
    one = shop.id(1)
    done = shop.run("erase", one, "--reason", "asked for it", "--yes")
    assert f"Ann Able ({one}) is forgotten." in done.stderr
    shop.run("score", one, code=2)
    shop.run("score", "--email", "c1@example.com", code=2)
    assert len(shop.json("customers")) == 9


def test_erase_never_forgets_unasked(shop: Shop):
    """Where nobody can be asked and nobody said yes, nobody is forgotten."""
    one = shop.id(1)
    done = shop.run("erase", one, "--reason", "asked for it", code=2)
    assert "add --yes" in done.stderr
    assert "Ann Able" in done.stderr
    assert shop.id(1) == one


def test_keys_of_two_customers_name_nobody(shop: Shop):
    """Whoever names two people at once is told so: neither is forgotten in the other's place."""
    both = ("--email", "c1@example.com", "--identity", "shop=2", "--reason", "asked for it")
    told = shop.run("erase", *both, "--yes", code=2).stderr
    assert f"email 'c1@example.com' is Ann Able's ({shop.id(1)}), shop '2' is " in told
    assert shop.id(2) in told
    same = shop.run("score", "--email", "c1@example.com", "--identity", "shop=1", "--json")
    assert json.loads(same.stdout)["customer_id"] == shop.id(1)


def test_migrate_makes_a_schema():
    """A database that was never used is made ready, and again without harm."""
    for _ in range(2):
        assert "sqlite:///new.db" in run("--url", "sqlite:///new.db", "migrate").stderr
    assert Path("new.db").exists()


def test_doctor_finds_an_old_schema(shop: Shop):
    """The doctor changes nothing: it says that the schema is not this crmkit's, and the remedy."""
    with sqlite3.connect(shop.folder / "shop.db") as database:
        database.execute("UPDATE crmkit_fact SET value = 99 WHERE name = 'schema'")
    database.close()
    shop.run("doctor", code=1)
    assert "99" in shop.run("doctor", code=1).stdout


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("[feedback]\nhourz = 3", "feedback.hourz"),
        ("[funnel]\nfoo = 1", "funnel.foo"),
        ("[targets]\nalert = 7", "targets.alert"),
        ("[key_accounts]\nleast = 0", "key_accounts"),
        ("[care]\nplays = 'nope.toml'", "nope.toml"),
        ("[lifecycle]\nfile = 'nope.toml'", "nope.toml"),
        ("[agenda.cadence]\nkey = { ideal = 9, worst = 2 }", "agenda.cadence.key"),
    ],
)
def test_doctor_reads_what_others_read_when_they_need_it(shop: Shop, section: str, told: str):
    """A section that makes no sense is one finding beside all others, though nothing used it."""
    Path("crmkit.toml").write_text(f"{section}\n", "utf-8")
    found = json.loads(shop.run("doctor", "--json", code=1).stdout)
    problem, *more = [one for one in found if one["state"] == "problem"]
    assert [one["check"] for one in more] in ([], ["outreach"])  # which goes by the agenda's zone
    assert (problem["check"], problem["remedy"]) == ("configuration", "mend the setting")
    assert told in problem["found"]
    assert {"schema", "currencies", "indicators"} <= {one["check"] for one in found}


def test_rebuild_works_values_out_anew(shop: Shop):
    """States of another model are noticed by the doctor, who names the command that mends them."""
    before = shop.json("score", shop.id(1), "--at", END.isoformat())
    with sqlite3.connect(shop.folder / "shop.db") as database:
        database.execute("UPDATE crmkit_state SET layout = layout + 1, sums = x''")
    database.close()
    (told,) = (one for one in shop.json("doctor") if one["check"] == "states")
    assert (told["state"], told["remedy"].split(" does")[0]) == ("notice", "crmkit rebuild")
    assert shop.json("rebuild") == {"customers": 10}
    assert "10 customers" in shop.run("rebuild").stdout
    assert not [one for one in shop.json("doctor") if one["check"] == "states"]
    assert shop.json("score", shop.id(1), "--at", END.isoformat()) == before


def test_doctor_names_what_does_not_count(shop: Shop):
    """Money without a rate, and settings of nothing that is installed, are problems."""
    with shop.open(clock=lambda: END) as crm:
        crm.capture(
            [
                {
                    "id": "x",
                    "kind": "purchase",
                    "at": END.isoformat(),
                    "customer": {"email": "c1@example.com"},
                    "amount": "5",
                    "currency": "EUR",
                }
            ],
            "abroad",
        )
    Path("crmkit.toml").write_text('[plugins.pigoen]\nloft = "north"\n', "utf-8")
    done = shop.run("doctor", code=1)
    assert 'currency = "EUR" in crmkit.toml' in done.stdout
    assert "plugins.pigoen" in done.stdout
    assert "events_attended" in done.stdout


def test_a_plugin_that_was_removed_for_good_can_be_forgotten(shop: Shop):
    """The doctor names it and the command, which records who and why; then nothing waits for it."""
    nest = PluginManager(discover=False)
    kept = ReferenceSpec(name="feathers", repoint=print, export=print, erase=print)
    nest.register(SimpleNamespace(crmkit_references=hookimpl(lambda: [kept])), "crmkit-nest")
    with crmkit.connect(shop.url, plugins=nest) as crm:
        crm.customers.save(crmkit.Customer(name="Ann"))
    (found,) = (
        one
        for one in json.loads(shop.run("doctor", "--json", code=1).stdout)
        if "crmkit-nest" in one["found"]
    )
    assert found["found"] == "crmkit-nest is missing, which declared references feathers"
    assert "crmkit plugins --forget crmkit-nest --reason WHY" in found["remedy"]
    assert "crmkit plugins --forget crmkit-nest" in shop.run("export", shop.id(1), code=3).output
    shop.run("plugins", "--forget", "crmkit-nest", code=2)
    shop.run("plugins", "--reason", "gone", code=2)

    told = shop.json("--actor", "lin", "plugins", "--forget", "crmkit-nest", "--reason", "gone")

    assert (told["kind"], told["by"], told["reason"]) == ("forget_plugin", "lin", "gone")
    shop.run("export", shop.id(1))
    assert "crmkit-nest" not in shop.run("doctor", "--json").stdout
    shop.run("plugins", "--forget", "crmkit-nest", "--reason", "again", code=2)


def test_doctor_names_kinds_that_nothing_is_captured_of(shop: Shop):
    """A misspelt kind of the model in force measures nothing, and would never be noticed."""
    with shop.open(clock=lambda: END) as crm:
        model = crm.value.model()
        first = attrs.evolve(model.indicators[0], kinds=("purchse", "visit"))
        crm.value.use(attrs.evolve(model, version="2", indicators=(first, *model.indicators[1:])))
    told = json.loads(shop.run("doctor", "--json", code=1).stdout)
    (found,) = (one for one in told if "purchse" in one["found"])
    assert (found["check"], found["state"]) == ("indicators", "problem")
    assert found["found"].endswith("did you mean 'purchase'?")
