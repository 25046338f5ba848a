"""What a restore does not take back: nobody hears from us who asked for peace, nor twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit import Identity
from crmkit.contracts.tables import MESSAGE, SUPPRESSION
from crmkit.outreach.ledger import entry
from crmkit.outreach.suppression import Suppressed, suppress
from tests.backup.kit import KEY
from tests.outreach.kit import DAY, HOUR, MINUTE, Firm, taken


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", KEY)


@contextmanager
def firm(folder: Path, name: str = "shop") -> Iterator[Firm]:
    """Found a firm on a file."""
    made = Firm(f"sqlite:///{folder / name}.db")
    try:
        yield made
    finally:
        made.crm.close()


def states(one: Firm) -> dict[tuple[str, str], str]:
    return {(row.customer_id, row.occasion): row.state for row in one.rows()}


def test_who_unsubscribed_since_gets_nothing(tmp_path: Path) -> None:
    """Withdrawn since, suppressed since, ended since: none of it is taken back."""
    with firm(tmp_path) as one:
        for name in ("ann", "bob", "cy", "dee"):
            one.save(name)
        crmkit.backup(one.crm, tmp_path / "b")
        one.now += HOUR
        one.crm.consents.withdraw("ann", "care", source="link")
        one.crm.consents.withdraw("bob", None, "mail", source="link")
        one.crm.consents.grant("dee", "care", source="form")
        one.save("late")
        one.crm.consents.withdraw("late", None, source="a call")
        done = crmkit.restore(one.crm, tmp_path / "b", replace=True)
        assert done.kept["consents"] >= 8
        assert done.kept["customers"] == 1
        rows = one.send("ann", "bob", "cy", "dee", "late", occasion="p")
        assert {row.customer_id: (row.state, row.reason) for row in rows} == {
            "ann": ("refused", "consent"),
            "bob": ("refused", "consent"),
            "late": ("refused", "consent"),
            "cy": ("accepted", None),
            "dee": ("accepted", None),
        }
        assert one.crm.customers.find(email="late@example.com")


def test_a_suppression_outlives_it(tmp_path: Path) -> None:
    """An address that bounced for good since the backup is written to no more."""
    with firm(tmp_path) as one:
        one.save("ann")
        crmkit.backup(one.crm, tmp_path / "b")
        with one.crm.session.store.write() as writer:
            pair = ("email", "ann@example.com")
            entries = [Suppressed(pair=pair, reason="bounced 5.1.1", source="mail")]
            suppress(writer, one.crm.customers.key, entries, now=one.crm.session.now())
        done = crmkit.restore(one.crm, tmp_path / "b")
        assert done.kept["suppressions"] == 1
        assert [(row.state, row.reason) for row in one.send("ann")] == [("refused", "suppressed")]
        # The backup has none of it; the next one does.
        crmkit.backup(one.crm, tmp_path / "c")
        with firm(tmp_path, "other") as other:
            crmkit.restore(other.crm, tmp_path / "c")
            with other.crm.session.store.read() as reader:
                assert reader.count(SUPPRESSION) == 1


def test_nothing_is_sent_twice(tmp_path: Path) -> None:
    """What waited in the backup and went since stays as it went; what is new stays known."""
    with firm(tmp_path) as one:
        for name in ("ann", "bob", "cy"):
            one.save(name)
        one.enqueue("ann", "bob")
        crmkit.backup(one.crm, tmp_path / "b")
        one.now += MINUTE
        one.dispatch()
        one.send("cy", occasion="p")
        one.save("late")
        one.send("late", occasion="p")
        assert sorted(one.mail.to) == ["ann", "bob", "cy", "late"]
        before = states(one)
        done = crmkit.restore(one.crm, tmp_path / "b", replace=True)
        assert done.kept["messages"] == 4
        assert done.kept["customers"] == 1
        assert done.waiting == 0
        assert states(one) == before
        one.dispatch()
        one.enqueue("ann", "bob", "cy", "late", occasion="p")
        one.dispatch()
        # On "o" nothing goes again, on "p" only to those who had nothing then.
        assert sorted(one.mail.to) == ["ann", "ann", "bob", "bob", "cy", "late"]


@pytest.mark.parametrize("hold", [False, True])
def test_where_the_database_is_lost(tmp_path: Path, *, hold: bool) -> None:
    """Who restores into an empty database says whether what waits may have gone."""
    with firm(tmp_path) as one:
        for name in ("ann", "bob"):
            one.save(name)
        one.enqueue("ann", "bob")
        crmkit.backup(one.crm, tmp_path / "b")
    with firm(tmp_path, "new") as other:
        done = crmkit.restore(other.crm, tmp_path / "b", hold=hold)
        assert (done.waiting, done.held) == ((0, 2) if hold else (2, 0))
        other.dispatch()
        assert sorted(other.mail.to) == ([] if hold else ["ann", "bob"])
        if hold:
            assert set(states(other).values()) == {"unknown"}
            other.now += DAY
            other.dispatch()
            assert other.mail.to == []


def test_what_was_claimed_is_not_sent_again(tmp_path: Path) -> None:
    """A message that was on its way when the backup was taken is unknown once its lease is over."""
    with firm(tmp_path) as one:
        one.save("ann")

        def take(message: Any) -> Any:
            crmkit.backup(one.crm, tmp_path / "b")
            return taken(message)

        one.mail.answer = take
        one.enqueue("ann")
        one.dispatch()
    with firm(tmp_path, "new") as other:
        crmkit.restore(other.crm, tmp_path / "b")
        with other.crm.session.store.read() as reader:
            assert [entry(row).state for row in reader.scan(MESSAGE)] == ["claimed"]
        other.dispatch()
        assert other.mail.to == []
        other.now += DAY
        other.dispatch()
        assert other.mail.to == []
        assert list(states(other).values()) == ["unknown"]


def test_an_ended_relationship_stays_ended(tmp_path: Path) -> None:
    """Who was told that it is over hears nothing more, though the backup knows of no end."""
    people = {"wu": {"name": "Wu", "senior": True}, "lin": {"name": "Lin"}}
    one = Firm(f"sqlite:///{tmp_path}/shop.db", people=people)
    one.save("ann")
    crmkit.backup(one.crm, tmp_path / "b")
    ending = one.crm.lifecycle.end("ann", reason="broke_rules")
    one.crm.lifecycle.approve(ending.id, by="wu")
    done = crmkit.restore(one.crm, tmp_path / "b", replace=True)
    assert done.kept["endings"] == 2
    assert [(row.state, row.reason) for row in one.send("ann")] == [("refused", "ended")]
    one.crm.close()


def test_a_message_of_somebody_erased_is_gone(tmp_path: Path) -> None:
    """The ledger goes on, but not for whoever was erased."""
    with firm(tmp_path) as one:
        for name in ("ann", "bob"):
            one.save(name)
        one.enqueue("ann", "bob")
        crmkit.backup(one.crm, tmp_path / "b")
        one.dispatch()
        one.crm.customers.erase("ann", reason="asked for it")
        crmkit.restore(one.crm, tmp_path / "b", replace=True)
        assert states(one) == {("bob", "o"): "accepted"}
        one.dispatch()
        assert sorted(one.mail.to) == ["ann", "bob"]


def test_an_erased_address_comes_back_in_no_message(tmp_path: Path) -> None:
    """Neither of whom another was taken for, nor of a telephone that others shared with him."""
    with firm(tmp_path) as one:
        for name in ("ann", "bob", "cy", "dee"):
            one.save(name)
        merge = one.crm.customers.merge("bob", "ann", reason="one person")
        shared = one.phone("cy")
        one.send("bob")
        one.send("cy", channel="sms")
        one.crm.customers.unmerge(merge.id)
        who = {"email": "dee@example.com", "phone": shared}
        one.crm.capture([{"id": "1", "kind": "visit", "at": one.now, "customer": who}], "till")
        (collision,) = one.crm.customers.collisions()
        one.crm.customers.resolve(collision.id, "apart", reason="one household")
        crmkit.backup(one.crm, tmp_path / "b")
        addresses = [row.address for row in map(entry, one.dump()["message"])]
        assert addresses == ["ann@example.com", shared]
    with firm(tmp_path, "new") as new:
        new.save("eve", identities=(Identity("email", "ann@example.com"),))
        new.save("fay", identities=(Identity("phone", shared),))
        for name in ("eve", "fay"):
            new.crm.customers.erase(name, reason="asked for it")
        assert crmkit.restore(new.crm, tmp_path / "b", replace=True).erased == 1
        rows = [entry(row) for row in new.dump()["message"]]
        assert [(row.customer, row.address) for row in rows] == [
            ("bob", "(erased)"),
            ("cy", "(erased)"),
        ]
