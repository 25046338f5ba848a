"""A database of every released schema is opened by this crmkit, counts right, and goes on."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

import crmkit
from crmkit.capture.tombstones import VARIABLE
from crmkit.clock import micros
from crmkit.contracts.tables import STATE
from crmkit.errors import SchemaError
from crmkit.stores import open_store
from crmkit.stores.sql import schema
from crmkit.value.basis import read_basis
from crmkit.value.former import FORMER, taken_over
from crmkit.value.rebuild import rebuild_all
from crmkit.value.seen import newest_seen
from crmkit.value.state import unpack
from tests.many.picture import picture
from tests.stores.migrating.databases import KINDS, Database
from tests.stores.migrating.released import FOLDER, load, versions
from tests.stores.migrating.story import (
    CHAPTERS,
    ERASURE_KEY,
    TOLD,
    happened,
    known,
    opened,
    paid,
    touchpoint,
)

RECORD = "python -m tests.stores.migrating.released"
LATER = [
    touchpoint("ann", 1, **paid("33.30")),
    touchpoint("eve", 4000, "visit"),
    touchpoint("bob", 5, "return", **paid("-0.10"), of="purchase-bob-6"),
]
"""What is captured after the upgrade, of other years than those that are there too."""


@pytest.fixture
def fresh(empty: Database, tmp_path: Path) -> Database:
    """Give a database that this crmkit made."""
    (tmp_path / "fresh").mkdir()
    made = Database.new(empty.kind, tmp_path / "fresh")
    open_store(made.url).close()
    return made


@pytest.fixture(autouse=True)
def erasure_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, ERASURE_KEY)


# -- how the tables lie --------------------------------------------------------------------


def test_every_schema_is_recorded():
    """There is a database of every version of the schema, of either kind."""
    names = [f"{version}.{kind}.sql" for version in versions() for kind in KINDS]
    assert versions() == list(range(1, schema.VERSION + 1)), (
        f"raise VERSION by one, and record the new schema: {RECORD}"
    )
    assert sorted(names) == sorted(path.name for path in FOLDER.iterdir())


def test_every_table_holds_data(empty: Database):
    """What is recorded of the newest schema leaves no table empty, lest an upgrade find nothing."""
    load(schema.VERSION, empty)
    assert [table for table, rows in empty.rows().items() if not rows] == []


def test_tables_do_not_change_without_their_version(empty: Database, fresh: Database):
    """A new database has the tables, columns and indexes that were recorded for its version."""
    load(schema.VERSION, empty)
    assert empty.layout() == fresh.layout(), (
        "the tables changed: raise VERSION (unless no release has it yet), say in STEPS what "
        f"upgrades them, and record the new schema: {RECORD}"
    )


@pytest.mark.parametrize("version", versions())
def test_upgraded_tables_are_those_of_new_ones(empty: Database, fresh: Database, version: int):
    """Whatever a database has come through, its tables lie as if this crmkit had made them."""
    load(version, empty)
    if version < schema.VERSION:
        with pytest.raises(SchemaError, match="run `crmkit migrate`"):
            open_store(empty.url, migrate="check")
    open_store(empty.url).close()
    open_store(empty.url, migrate="check").close()
    assert empty.layout() == fresh.layout()


CHANGES = (
    "CREATE TABLE crmkit_one_more (id INTEGER PRIMARY KEY)",
    "ALTER TABLE crmkit_meta ADD COLUMN more TEXT",
    "ALTER TABLE crmkit_meta ADD COLUMN most TEXT NOT NULL DEFAULT 'x'",
    "ALTER TABLE crmkit_meta RENAME COLUMN more TO other",
    "ALTER TABLE crmkit_touchpoint DROP COLUMN channel",
    "DROP INDEX crmkit_touchpoint_at",
    "DROP TABLE crmkit_document",
    "CREATE UNIQUE INDEX crmkit_more ON crmkit_meta (value)",
    "CREATE INDEX crmkit_other ON crmkit_meta (value DESC)",
)


def test_a_change_is_noticed(fresh: Database):
    """The comparison above does not merely hold: it sees every kind of change."""
    for change in CHANGES:
        before = fresh.layout()
        fresh.execute(change)
        assert fresh.layout() != before, change


# -- the data ------------------------------------------------------------------------------


@contextmanager
def both(empty: Database, version: int, workspace: str) -> Iterator[tuple[crmkit.CRM, crmkit.CRM]]:
    """Open a database of a version, and a new one to which this crmkit was told the same."""
    load(version, empty)
    with opened(empty.url, workspace=workspace) as crm, opened("memory://") as told:
        for chapter in CHAPTERS[workspace][:version]:
            chapter(told)
        yield crm, told


def are_alike(crm: crmkit.CRM, told: crmkit.CRM) -> None:
    """Compare all that is known of everybody, his score to the last indicator, and what is due."""
    (found, figures), (wanted, right) = picture(crm), picture(told)
    for what, part in wanted.items():
        assert found[what] == part, what
    assert figures == pytest.approx(right, rel=1e-9, abs=1e-9)
    assert ahead(crm) == ahead(told)


def ahead(crm: crmkit.CRM) -> list[Any]:
    """Give the agenda, the sales hoped for, the letters and what was agreed to, without ids."""
    items = [(item.name, item.due, item.why, item.about) for item in crm.care.agenda(TOLD.date())]
    people = crm.customers.search(limit=100).items
    sales = [
        attrs.evolve(one, id="", customer_id="") for who in people for one in crm.funnel.of(who.id)
    ]
    agreed = [
        (who.name, attrs.evolve(one, customer_id=""))
        for who in people
        for one in crm.consents.of(who.id)
    ]
    # Words that tell why may be better ones by now.
    told = {"id": "", "customer_id": "", "provider_id": None, "detail": ""}
    letters = [attrs.evolve(row, **told) for row in crm.outreach.ledger()]
    return [items, sorted(sales, key=repr), sorted(agreed, key=repr), letters]


@pytest.mark.parametrize("workspace", CHAPTERS)
@pytest.mark.parametrize("version", versions())
def test_data_of_a_released_schema(empty: Database, version: int, workspace: str):
    """They come to what the same comes to today, before and after more is captured and decided."""
    with both(empty, version, workspace) as pair:
        are_alike(*pair)
        for crm in pair:
            for chapter in CHAPTERS[workspace][version:]:
                chapter(crm)
            report = crm.capture([*happened(), *LATER], source="till")
            reasons = [rejection.reason for rejection in report.rejected]
            assert ["erased" in reason for reason in reasons] == [True] * (workspace == "default")
            assert report.duplicate == (len(happened()) - 1 if reasons else 4)
            crm.touchpoints.correct("till", "return-bob-5", {"amount": "-0.05"}, reason="misread")
            crm.customers.merge(known(crm, "ann"), known(crm, "eve"), reason="one person")
            crm.lifecycle.advance()
        are_alike(*pair)
        for crm in pair:
            crm.value.rebuild()
        are_alike(*pair)


@pytest.mark.parametrize("workspace", CHAPTERS)
@pytest.mark.parametrize("version", versions()[:5])  # the sixth was recorded with today's format
def test_states_are_taken_over_without_the_log(empty: Database, version: int, workspace: str):
    """What was packed in an older format comes to what is folded anew."""
    load(version, empty)
    with opened(empty.url, workspace=workspace) as crm:
        store = crm.session.store
        with store.read() as reader:
            layout = read_basis(reader, crm.value.defaults).layout
            was = [row for row in reader.scan(STATE) if row[1] == layout.id_of(FORMER)]
            kept = list(taken_over(was, layout))
        assert was
        rebuild_all(store, layout, micros(TOLD), everything=True)
        with store.read() as reader:
            anew = list(reader.fetch(STATE, [row[:1] for row in was]))
    assert sorted(map(known_as, kept)) == sorted(map(known_as, anew))


def known_as(row: tuple[Any, ...]) -> list[Any]:
    """Give what a state row says, as far as the order in which it was learnt is none of it."""
    state = attrs.asdict(unpack(row), recurse=False)
    state["sums"] = [round(one, 6) for one in state["sums"]]
    state["seen"] = newest_seen(state["seen"])
    state["bought"] = sorted(set(array("q", state["bought"])))
    return [*row[:2], *map(str, state.values())]


@pytest.mark.parametrize("version", versions()[2:])
def test_a_complaint_about_a_letter_of_before(empty: Database, version: int):
    """Without an address it is the customer's that is suppressed; new letters keep theirs."""
    load(version, empty)
    with opened(empty.url) as crm:
        ann = known(crm, "ann")
        letter, *_ = crm.outreach.ledger(ann)
        said = {"what": "complained", "provider_id": letter.provider_id}
        crm.outreach.receive("post", {}, json.dumps([said]))
        tea = {"purpose": "care", "channel": "post", "template": {"subject": "Tea", "text": "Tea"}}
        (refused,) = crm.outreach.enqueue(ann, occasion="more tea", **tea)
        assert refused.reason == "suppressed"
        crm.consents.grant(known(crm, "wang"), "care", source="a card")
        crm.outreach.enqueue(known(crm, "wang"), occasion="more tea", **tea)
        assert crm.outreach.dispatch()["accepted"] == 1
    went = "SELECT system, address FROM crmkit_message WHERE occasion = 'more tea'"
    assert sorted(map(str, empty.execute(went))) == [
        "('email', 'wang@example.com')",
        "(None, None)",
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_a_zone_by_its_former_name(empty: Database, version: int):
    """A customer whose zone was saved as `timezone` has it as `time_zone`, saved again or not."""
    load(version, empty)
    old = '{"timezone": "Asia/Shanghai", "language": "zh-CN"}'
    empty.execute(f"UPDATE crmkit_customer SET body = '{old}' WHERE name = 'Bob Berg'")
    with opened(empty.url) as crm:
        bob = crm.customers.get(known(crm, "bob"))
        assert (bob.time_zone, bob.language) == ("Asia/Shanghai", "zh-CN")
        assert crm.customers.export(bob.id)["customer"]["time_zone"] == "Asia/Shanghai"
        crm.customers.save(attrs.evolve(bob, language="de"))
        assert crm.customers.get(bob.id).time_zone == "Asia/Shanghai"
    (row,) = empty.execute("SELECT body FROM crmkit_customer WHERE name = 'Bob Berg'")
    assert "timezone" not in row[0]
