"""crmkit and a real Tryton kept in step by the engine, and what others then see there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import tryton_of
from tryton_proxy import Proxy
from tryton_server import DATABASE, PASSWORD, USER, People, Server

import crmkit
from crmkit import CRM, Customer, Identity
from crmkit.testing.simulators.base import Answer, Call

HERE = Path(__file__).parent
MANY = 1000
SCORES = """
[[connectors.erp.mapping]]
concept = "scores"
object = "party.party"
fields.score = "crmkit_score"
fields.tier = "crmkit_tier"
"""


def configured(folder: Path, url: str, more: str = "", settings: str = "") -> Path:
    """Write a configuration, as a user would."""
    file = folder / "crm.toml"
    file.write_text(
        f"""
url = "sqlite:///{folder}/crm.db"

[connectors.erp]
type = "tryton"
base_url = "{url}"
database = "{DATABASE}"
username = "{USER}"
password = "{PASSWORD}"
{settings}

[[connectors.erp.mapping]]
concept = "customers"
object = "party.party"
match = "id"

[connectors.erp.mapping.fields]
id = "identifier"
name = {{ field = "name", owner = "newest" }}
email = {{ field = "email", owner = "newest" }}
phone = {{ field = "phone", owner = "newest" }}
{more}
""",
        "utf-8",
    )
    return file


@pytest.fixture
def crm(tmp_path: Path, server: Server) -> Iterator[CRM]:
    with crmkit.connect(config=configured(tmp_path, server.url)) as opened:
        yield opened


def customer(key: str, name: str, email: str, phone: str = "") -> Customer:
    keys = [Identity("email", email), *([Identity("phone", phone)] if phone else [])]
    return Customer(id=key, name=name, identities=tuple(keys))


def customers(count: int) -> list[Customer]:
    return [
        customer(f"c{i:04}", f"客户 {i}", f"c{i}@example.com", f"+86138{i:08}")
        for i in range(count)
    ]


def quiet(crm: CRM) -> None:
    """See that both sides are in step: another run writes nothing."""
    report = crm.sync.run("erp")
    assert (report.written, report.conflicts) == (0, 0)


def parties(people: People) -> dict[str, dict[str, Any]]:
    """Give the active parties by our id."""
    rows = people.parties("name", "email", "phone", "active", "identifiers.code")
    return {
        row["identifiers."][0]["code"].removeprefix("crmkit:"): row for row in rows if row["active"]
    }


def seen_by_proteus(server: Server) -> dict[str, dict[str, Any]]:
    url = server.url.replace("://", f"://{USER}:{PASSWORD}@") + f"/{DATABASE}/rpc/"
    command = [sys.executable, str(HERE / "tryton_client.py"), url]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.row("R35")
def test_others_see_the_same(crm: CRM, people: People, server: Server):
    """Whoever works in Tryton, with its own client, finds each customer as he stands here."""
    crm.customers.save_all(customers(3))
    assert [one.side for one in crm.sync.plan("erp").creates] == ["theirs"] * 3
    assert people.parties("name") == []
    assert crm.sync.run("erp").created == 3
    phone = parties(people)["c0002"]["phone"]
    assert seen_by_proteus(server)["crmkit:c0002"] == {
        "name": "客户 2",
        "contacts": {"email": "c2@example.com", "phone": phone},
    }
    quiet(crm)


@pytest.mark.row("R271")
def test_edits_on_both_sides(crm: CRM, people: People):
    """What was changed on one side goes to the other; what on both is a conflict, once."""
    crm.customers.save_all(customers(5))
    crm.sync.run("erp")
    there = parties(people)
    people.write(there["c0000"]["id"], name="Theirs")
    row = people.read(there["c0001"]["id"], "contact_mechanisms")["contact_mechanisms"][0]
    people.write(row, "party.contact_mechanism", value="theirs@example.com")
    crm.customers.save(customer("c0002", "Ours", "c2@example.com"))
    people.write(there["c0003"]["id"], name="Theirs first")
    crm.customers.save(customer("c0003", "Ours last", "c3@example.com"))
    report = crm.sync.run("erp")
    assert report.conflicts == 1
    assert crm.customers.get("c0000").name == "Theirs"
    assert "theirs@example.com" in str(crm.customers.get("c0001"))
    after = parties(people)
    assert (after["c0002"]["name"], after["c0003"]["name"]) == ("Ours", "Ours last")
    (conflict,) = crm.sync.conflicts("erp")
    assert (conflict.ours, conflict.theirs, conflict.took) == ("Ours last", "Theirs first", "ours")
    quiet(crm)


def test_who_goes_is_gone(crm: CRM, people: People):
    """Deleted there, archived there, erased here: nobody comes back, nobody is made again."""
    crm.customers.save_all(customers(4))
    crm.sync.run("erp")
    there = parties(people)
    people.delete(there["c0000"]["id"])
    people.write(there["c0001"]["id"], active=False)
    crm.customers.erase("c0002", reason="asked")
    crm.sync.run("erp")
    crm.customers.save(customer("c0001", "Still here", "c1@example.com"))
    crm.sync.run("erp")
    assert list(parties(people)) == ["c0003"]
    archived = people.read(there["c0001"]["id"], "name", "active")
    assert (archived["name"], bool(archived["active"])) == ("客户 1", False)
    assert "客户 2" not in {row["name"] for row in people.parties("name")}
    quiet(crm)


def test_new_people_come_here(crm: CRM, people: People):
    """A party that somebody enters there is a customer here, and stands there once."""
    people.party("王二", email="wang@example.com", phone="+8613800138000")
    crm.sync.run("erp")
    found = crm.customers.find(email="wang@example.com")
    assert found is not None
    assert found.name == "王二"
    quiet(crm)
    assert len(people.parties("name")) == 1


def test_a_code_is_an_id(tmp_path: Path, people: People, server: Server):
    """A party's own code can be our id: given when it is made, and found again by it."""
    people.create(name="Known there", code="c0001")
    file = configured(tmp_path, server.url)
    file.write_text(file.read_text("utf-8").replace('"identifier"', '"code"'), "utf-8")
    with crmkit.connect(config=file) as crm:
        assert [one for one in crm.sync.doctor("erp") if one.fatal] == []
        crm.customers.save_all(customers(3))
        assert crm.sync.run("erp").created == 2
        quiet(crm)
    assert {row["code"] for row in people.parties("code")} == {"c0000", "c0001", "c0002"}


def test_a_bad_record_waits_with_its_reason(crm: CRM, people: People):
    """Tryton refuses a batch for one record: the others go, and that one says why."""
    crm.customers.save_all([*customers(5), customer("bad", "two\tparts", "b@x.example")])
    crm.sync.run("erp")
    assert len(parties(people)) == 5
    (held,) = crm.sync.quarantine("erp")
    assert held.key == "bad"
    assert "invalid chars" in held.reason
    crm.customers.save(customer("bad", "two parts", "b@x.example"))
    crm.sync.run("erp")
    assert len(parties(people)) == 6
    assert crm.sync.quarantine("erp") == ()


def test_merged_on_either_side(crm: CRM, people: People):
    """Two customers who become one here are one party there, and the other way about."""
    crm.customers.save_all(customers(4))
    crm.sync.run("erp")
    there = parties(people)
    crm.customers.merge("c0000", "c0001", reason="the same person")
    with closing(tryton_of(people.server)) as tryton:
        tryton.merge("party.party", str(there["c0002"]["id"]), str(there["c0003"]["id"]))
    crm.sync.run("erp")
    assert set(parties(people)) == {"c0000", "c0002"}
    assert people.read(there["c0001"]["id"], "replaced_by")["replaced_by"] == there["c0000"]["id"]
    merged = crm.customers.find(email="c3@example.com")
    assert merged is not None
    assert merged.id == "c0002"
    quiet(crm)


@pytest.mark.row("R282")
def test_scores_stand_where_people_look(tmp_path: Path, people: People, server: Server):
    """Score and tier are on the party's form, without a module for Tryton."""
    with crmkit.connect(config=configured(tmp_path, server.url, SCORES)) as crm:
        assert crm.sync.doctor("erp") == ()
        crm.customers.save_all(customers(1))
        crm.sync.run("erp")
        quiet(crm)
        tier = crm.value.score("c0000").tier
    party = parties(people)["c0000"]["id"]
    rows = people.read(party, "contact_mechanisms.name", "contact_mechanisms.value")
    named = {row["name"]: row["value"] for row in rows["contact_mechanisms."]}
    assert named["crmkit tier"] == tier
    assert float(named["crmkit score"]) >= 0


@pytest.mark.parametrize(
    "count",
    [210, pytest.param(MANY, marks=pytest.mark.slow(reason="a thousand parties on a real server"))],
)
def test_a_killed_run_is_gone_on_with(tmp_path: Path, people: People, server: Server, count: int):
    """Killed in the first batch, and again in the second: the next run makes nobody twice."""
    everyone = customers(count)
    with Killing(server) as proxy:
        alone = "limits = { concurrent = 1 }"  # one batch is under way when the run is killed
        file = configured(tmp_path, proxy.url, settings=alone)
        with crmkit.connect(config=file) as crm:
            crm.customers.save_all(everyone)
        for _ in range(2):
            proxy.kill(tmp_path)
            assert 0 < len(people.parties("name")) < count
        with crmkit.connect(config=file) as crm:
            crm.sync.run("erp")
            assert crm.sync.quarantine("erp") == ()
            quiet(crm)
    assert len(people.parties("name")) == count
    assert set(parties(people)) == {one.id for one in everyone}


class Killing(Proxy):
    """Kills a run when Tryton is about to make a batch for it, which Tryton then does."""

    victim: subprocess.Popen[bytes] | None = None

    def answer(self, call: Call) -> Answer:
        if self.victim is not None and call.target.endswith("party.create"):
            self.victim.kill()
            self.victim.wait()
            self.victim = None
        return super().answer(call)

    def kill(self, folder: Path) -> None:
        """Start a run, and give back control when it is dead and its batch is made."""
        command = [sys.executable, str(HERE / "tryton_run.py"), str(folder)]
        with self.lock:
            run = self.victim = subprocess.Popen(command)
        assert run.wait() == -signal.SIGKILL
        with self.lock:
            assert self.victim is None
