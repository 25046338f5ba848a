"""Who was erased stands in no message either; who is merged keeps what he was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit.capture.tombstones import VARIABLE
from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.tables import TABLES
from crmkit.errors import ConfigError
from crmkit.model.customer import Customer, Identity
from crmkit.model.outreach import Counts
from crmkit.outreach.suppression import Suppressions
from tests.outreach.sink import Sink, enter, fill, opened, taken
from tests.postgres import database

NAME, MAIL = "Zappelphilipp Junior", "zapp@firm.example"
OWN, ALONE, BRIEF, SAID = "OWNVARIABLE tea", "ALONETEXT tea", "BRIEFNOTE of his wife", "REPLYTEXT"


@pytest.fixture(params=["memory", "sqlite"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[crmkit.CRM]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'crm.db'}"
    with opened(url, tmp_path / "sink") as made:
        fill(made, 2)
        identities = (Identity("email", MAIL),)
        made.customers.save(Customer(id="zapp-0001", name=NAME, identities=identities))
        yield made


def hear(crm: crmkit.CRM, *told: dict[str, Any]) -> None:
    crm.outreach.receive("sink", {}, json.dumps(told))


def held(crm: crmkit.CRM) -> str:
    """Give every row of every table."""
    with crm.session.store.read() as reader:
        return repr([list(reader.scan(table)) for table in TABLES])


def assert_nothing_is_left(crm: crmkit.CRM, *secrets: str) -> None:
    """Neither in any table nor, where there is a file, in any of its pages."""
    whole = held(crm)
    assert [one for one in secrets if one.lower() in whole.lower()] == []
    file = crm.session.store.file
    if file is not None:
        pages = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
        assert [one for one in secrets if one.encode() in pages] == []


def write(crm: crmkit.CRM) -> None:
    """Write to him among others, and to him alone; hear from him, and that his mailbox is gone."""
    both = ["zapp-0001", "c0"]
    words = {"subject": "Tea", "text": "{{ words }}"}
    told = {"words": "COMMONTEXT"}
    enter(crm, both, "common", template=words, variables=told, each={both[0]: {"words": OWN}})
    alone = {"template": {"text": ALONE}, "variables": {"more": ALONE}, "brief": {"about": [BRIEF]}}
    enter(crm, "zapp-0001", "alone", **alone)
    crm.outreach.dispatch()
    enter(crm, ["zapp-0001"], "waiting", each={"zapp-0001": {"words": OWN}}, template=words)
    crm.consents.withdraw("zapp-0001", "marketing", source=f"{SAID} on the phone")
    rows = crm.outreach.ledger("zapp-0001")
    why = f"550 5.1.1 <{MAIL}>: no such user"
    hear(
        crm,
        {"what": "replied", "address": MAIL, "text": SAID, "event_id": "reply-1"},
        {"what": "bounced", "message_id": rows[0].id, "permanent": True, "reason": why},
    )


def test_his_messages_are_exported(crm: crmkit.CRM) -> None:
    """With what was filled in for him, what became of each, and the mailing that was his alone."""
    write(crm)
    told = crm.customers.export("zapp-0001")
    assert [one["occasion"] for one in told["messages"]] == ["common", "alone", "waiting"]
    assert [one["state"] for one in told["messages"]] == ["bounced", "accepted", "planned"]
    assert OWN in told["messages"][0]["variables"]
    assert [one["kind"] for one in told["decisions"]] == ["mailing", "mailing", "consent"]
    assert all(one in json.dumps(told) for one in (ALONE, BRIEF, SAID))
    assert [one["occasion"] for one in crm.customers.export("c0")["messages"]] == ["common"]


def test_he_is_erased_with_his_messages(crm: crmkit.CRM) -> None:
    """His rows go, and the mailing that was his alone; what was said to all stays.

    So does what holds his address back: whoever gets it next is not written to either.
    """
    write(crm)
    crm.customers.erase("zapp-0001", reason="he asked")
    assert_nothing_is_left(crm, NAME, MAIL, OWN, ALONE, BRIEF, SAID)
    assert "COMMONTEXT" in held(crm)
    assert [row.customer_id for row in crm.outreach.ledger()] == ["c0"]
    assert crm.outreach.dispatch() == Counts()
    with crm.session.store.read() as reader:
        suppressed = Suppressions(reader, crm.outreach.setup.key)
        held_back = suppressed.among([("email", MAIL), ("email", "c0@example.com")])
    assert held_back == {("email", MAIL): "it bounced: no such address"}


def test_a_mailing_to_one_who_was_merged_goes_with_him(crm: crmkit.CRM) -> None:
    """Asked for by both his ids, it is still for one customer alone."""
    crm.customers.merge("zapp-0001", "c1", reason="one person")
    enter(crm, ["c1", "zapp-0001"], template={"text": ALONE})
    crm.outreach.dispatch()
    crm.customers.erase("zapp-0001", reason="he asked")
    assert_nothing_is_left(crm, NAME, MAIL, ALONE)


def test_nothing_is_kept_of_somebody_who_is_not_known(crm: crmkit.CRM) -> None:
    """Who writes to one who was erased keeps no words for him, which could not be erased again."""
    crm.customers.erase("zapp-0001", reason="he asked")
    rows = enter(crm, ["zapp-0001", "c0"], each={"zapp-0001": {"words": OWN}})
    assert [row.reason for row in rows] == ["address", None]
    assert_nothing_is_left(crm, OWN)


def test_who_is_erased_while_his_message_goes(
    crm: crmkit.CRM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went, and nothing is written of it; the others' are as ever."""
    send = Sink.send

    def erasing(sink: Sink, messages: Sequence[Message]) -> Sequence[Receipt]:
        if any(one.customer_id == "zapp-0001" for one in messages):
            crm.customers.erase("zapp-0001", reason="he asked")
        return send(sink, messages)

    monkeypatch.setattr(Sink, "send", erasing)
    enter(crm, ["c0", "zapp-0001", "c1"], each={"zapp-0001": {"words": OWN}})
    assert crm.outreach.dispatch() == Counts({"accepted": 2})
    assert [one.kind for one in crm.touchpoints.of("c0")] == ["message_out"]
    assert_nothing_is_left(crm, NAME, MAIL, OWN)


def test_merged_and_parted(crm: crmkit.CRM, tmp_path: Path) -> None:
    """A merged customer has what each was sent, and gets no second; parted, each has his own."""
    (first,) = enter(crm, ["c0"])
    crm.outreach.dispatch()
    merge = crm.customers.merge("zapp-0001", "c0", reason="one person")
    (again,) = enter(crm, ["zapp-0001"])
    assert (again.id, again.state) == (first.id, "accepted")
    assert [row.id for row in crm.outreach.ledger("zapp-0001")] == [first.id]
    assert crm.outreach.dispatch() == Counts()
    crm.customers.unmerge(merge.id)
    assert crm.outreach.ledger("zapp-0001") == ()
    enter(crm, ["zapp-0001", "c0"])
    assert crm.outreach.dispatch() == Counts({"accepted": 1})
    assert set(taken(tmp_path / "sink").values()) == {1}


def test_states_made_anew_leave_the_ledger(crm: crmkit.CRM) -> None:
    """`crm.value.rebuild` derives what is derived; messages are not."""
    write(crm)
    before = crm.outreach.ledger()
    crm.value.rebuild()
    assert crm.outreach.ledger() == before


# -- without a key -------------------------------------------------------------------------


def test_a_receipt_that_needs_the_key_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no erasure key is set, a call that suppresses fails and changes nothing.

    So the provider hears no 200 and comes again; once the key is there, all of it is taken in.
    """
    monkeypatch.delenv(VARIABLE, raising=False)
    with opened(database(), tmp_path / "sink") as crm:
        fill(crm, 2)
        first, second = enter(crm, ["c0", "c1"])
        crm.outreach.dispatch()
        call = [
            {"what": "delivered", "message_id": second.id},
            {"what": "bounced", "message_id": first.id, "permanent": True, "code": "5.1.1"},
        ]
        before = crm.outreach.ledger()
        with pytest.raises(ConfigError, match=VARIABLE) as caught:
            hear(crm, *call)
        assert caught.value.key == VARIABLE
        assert crm.outreach.ledger() == before
        assert len(crm.touchpoints.of("c1")) == 1
        hear(crm, call[0])  # what needs no key is heard without one
        assert [row.state for row in crm.outreach.ledger()] == ["accepted", "delivered"]

        monkeypatch.setenv(VARIABLE, "outside of every database")
        hear(crm, *call)
        assert [row.state for row in crm.outreach.ledger()] == ["bounced", "delivered"]
        (row,) = enter(crm, ["c0"], "later")
        assert (row.reason, row.state) == ("suppressed", "refused")
        monkeypatch.delenv(VARIABLE)
        with pytest.raises(ConfigError, match=VARIABLE):
            enter(crm, ["c1"], "later")
