"""Documents: derived from the log, found by state, owner, customer and due date; erased whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

import crmkit
from crmkit.capture.tombstones import VARIABLE
from crmkit.clock import micros
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.documents import Documents, restore
from crmkit.contracts.tables import DOCUMENT
from crmkit.errors import DecisionNotFound
from crmkit.model.document import Document

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DECIDING = Deciding(now=micros(NOW), by="lin", reason="because")


@attrs.frozen(kw_only=True)
class Note(Document):
    text: str = ""
    wait: datetime | None = None

    @property
    def due(self) -> datetime | None:
        return self.wait if self.state == "open" else None


NOTES = Documents("note", Note)
OTHERS = Documents("other", Note)


@pytest.fixture(params=["memory://", "sqlite://"])
def crm(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[crmkit.CRM]:
    monkeypatch.setenv(VARIABLE, "0" * 64)
    with crmkit.connect(request.param, clock=lambda: NOW, actor="lin", plugins=[]) as crm:
        yield crm


def opened(crm: crmkit.CRM, **fields: Any) -> Note:
    with crm.session.store.write() as writer:
        return NOTES.open(writer, DECIDING, Note(state="open", **fields))


def customers(crm: crmkit.CRM, *names: str) -> list[str]:
    return [crm.customers.save(crmkit.Customer(name=name)).id for name in names]


def test_a_document_is_what_its_last_decision_left(crm: crmkit.CRM):
    note = opened(crm, text="王芳")
    with crm.session.store.write() as writer:
        NOTES.move(writer, DECIDING, attrs.evolve(note, text="她", state="closed"), "closed")
    with crm.session.store.read() as reader:
        assert NOTES.get(reader, note.id) == attrs.evolve(note, text="她", state="closed")
        assert [one.body["what"] for one in NOTES.history(reader, note)] == ["opened", "closed"]
        assert [one.reason for one in NOTES.history(reader, note)] == ["because"] * 2


@pytest.mark.parametrize("id_", ["0", "-1", "x", "", "9" * 30, "00"])
def test_an_id_of_nothing_is_told(crm: crmkit.CRM, id_: str):
    opened(crm)
    with crm.session.store.read() as reader, pytest.raises(DecisionNotFound, match="no note has"):
        NOTES.get(reader, id_)


def test_one_kind_is_not_taken_for_another(crm: crmkit.CRM):
    note = opened(crm)
    with crm.session.store.read() as reader, pytest.raises(DecisionNotFound):
        OTHERS.get(reader, note.id)


def test_lists_by_state_and_owner_come_in_the_order_of_opening(crm: crmkit.CRM):
    first = opened(crm, owner="lin")
    second = opened(crm, owner="wu")
    third = opened(crm, owner="lin")
    with crm.session.store.write() as writer:
        first = NOTES.move(writer, DECIDING, attrs.evolve(first, state="closed"), "closed")
    with crm.session.store.read() as reader:
        assert NOTES.all(reader) == [first, second, third]
        assert NOTES.all(reader, states=("open",)) == [second, third]
        assert NOTES.all(reader, states=("open", "closed"), owner="lin") == [first, third]
        assert OTHERS.all(reader) == []


def test_what_waits_comes_most_pressing_first(crm: crmkit.CRM):
    late = opened(crm, wait=datetime(2026, 3, 9, tzinfo=UTC))
    soon = opened(crm, wait=datetime(2026, 3, 2, tzinfo=UTC))
    opened(crm)
    opened(crm, wait=datetime(2026, 4, 1, tzinfo=UTC))
    with crm.session.store.read() as reader:
        assert list(NOTES.due(reader, micros(datetime(2026, 3, 9, tzinfo=UTC)))) == [soon, late]


def test_a_customers_are_found_after_a_merge_and_gone_after_an_erasure(crm: crmkit.CRM):
    keep, drop = customers(crm, "王芳", "王方")
    notes = [opened(crm, customer_id=drop), opened(crm, customer_id=keep)]
    crm.customers.merge(keep, drop, reason="the same")
    with crm.session.store.read() as reader:
        assert NOTES.of(reader, keep) == notes
        assert NOTES.history(reader, notes[0])[0].customer_id == drop
    held = crm.customers.export(keep)["documents"]
    assert [(one["kind"], one["id"]) for one in held] == [("note", note.id) for note in notes]
    crm.customers.erase(keep, reason="asked for it")
    with crm.session.store.read() as reader:
        assert NOTES.all(reader) == []


def test_rows_that_were_lost_come_back_from_the_log(crm: crmkit.CRM):
    (customer,) = customers(crm, "王芳")
    note = opened(crm, customer_id=customer, wait=NOW)
    with crm.session.store.write() as writer:
        note = NOTES.move(writer, DECIDING, attrs.evolve(note, text="moved"), "moved")
        before = list(writer.scan(DOCUMENT))
        writer.delete(DOCUMENT, [(int(note.id),)])
        writer.put(DOCUMENT, [(10**9, "note", None, None, "open", None, "{}")])
        assert restore(writer) == 1
        assert list(writer.scan(DOCUMENT)) == before
    crm.value.rebuild()
    with crm.session.store.read() as reader:
        assert NOTES.get(reader, note.id) == note
