"""Who was erased stands in nobody else's documents either: plans, cases and the log of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit.capture.tombstones import VARIABLE
from crmkit.contracts.decisions import decisions
from crmkit.contracts.documents import restore
from crmkit.contracts.tables import DOCUMENT, TABLES
from crmkit.model.customer import Contact, Customer, Identity
from tests.lifecycle.firm import PEOPLE, Firm

NAME, MAIL, SAID = "Zappelphilipp Junior", "zapp@firm.example", "SECRETTEXT about the fees"
SHORT = "茶凉"


@pytest.fixture(params=["memory", "sqlite"])
def shop(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Firm]:
    monkeypatch.setenv(VARIABLE, "k" * 32)
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'crm.db'}"
    opened = Firm(url, people=PEOPLE)
    yield opened
    opened.crm.close()


def zapp(shop: Firm, **fields: Any) -> str:
    """Save whom all of this is about."""
    shop.save("zapp-0001", identities=(Identity("email", MAIL),), **fields)
    found = shop.crm.customers.get("zapp-0001")
    shop.crm.customers.save(attrs.evolve(found, name=NAME))
    return "zapp-0001"


def rows(shop: Firm) -> str:
    with shop.crm.session.store.read() as reader:
        return repr([list(reader.scan(table)) for table in TABLES])


def assert_nothing_is_left(shop: Firm, *secrets: str) -> None:
    """Neither in any table nor, where there is a file, in any of its pages."""
    held = rows(shop)
    assert [one for one in secrets if one.lower() in held.lower()] == []
    file = shop.crm.session.store.file
    if file is not None:
        pages = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
        assert [one for one in secrets if one.encode() in pages] == []
    with shop.crm.session.store.write() as writer:
        before = list(writer.scan(DOCUMENT))
        restore(writer)
        assert list(writer.scan(DOCUMENT)) == before


@pytest.mark.parametrize("way", ["contact", "linked contact", "member"])
def test_a_firms_plan_forgets_him(shop: Firm, way: str) -> None:
    """In the plan as it stands, in each decision about it, and by whichever way he came in."""
    contact = Contact(name=NAME, title="buyer", email=MAIL)
    if way == "member":
        shop.save("firm-0001", kind="organisation")
        him = zapp(shop, parent="firm-0001")
    else:
        him = zapp(shop)
        known = attrs.evolve(contact, customer_id=him if way == "linked contact" else None)
        kim = Contact(name="Kim", email="kim@firm.example")
        shop.save("firm-0001", kind="organisation", contacts=(known, kim))
    shop.note(him, "complaint", 3, text=SAID, rating=1)
    shop.note("firm-0001", "complaint", 2, text="the lift is slow")
    plan = shop.care.draft("firm-0001", owner="lin", lang="en")
    shop.care.submit(plan.id, by="lin")
    shop.care.reject(plan.id, reason=f"{NAME} is not in it", by="boss")
    assert NAME in rows(shop)
    kept = shop.care.plan(plan.id)

    shop.crm.customers.erase(him, reason="he asked")
    assert_nothing_is_left(shop, NAME, MAIL, SAID)
    left = shop.care.plan(plan.id)
    assert (left.state, left.on, left.customer_name) == (kept.state, kept.on, kept.customer_name)
    assert "the lift is slow" in left.situation.events
    (gone, *others) = left.action_plan.relations
    assert gone.supporter == "(erased)"
    assert (gone.approach, gone.satisfaction, gone.complaints) == ("", "", "")
    assert [one.supporter for one in others] == ([] if way == "member" else ["Kim"])


def test_a_plan_of_those_who_were_merged_forgets_him(shop: Firm) -> None:
    """Drawn up from both sides, and kept by the one that stays."""
    him = zapp(shop)
    shop.buyer("keeper-01", 5)
    shop.note(him, "complaint", 3, text=SAID)
    merge = shop.crm.customers.merge("keeper-01", him, reason="one person")
    plan = shop.care.draft("keeper-01", owner="lin", lang="en")
    shop.crm.customers.unmerge(merge.id)
    assert SAID in repr(shop.care.plan(plan.id))

    shop.crm.customers.erase(him, reason="he asked")
    assert_nothing_is_left(shop, NAME, MAIL, SAID)
    assert "(erased)" in shop.care.plan(plan.id).situation.introduction


def test_a_name_that_a_merge_lent_goes_too(shop: Firm) -> None:
    """In the head of a plan stands who the merged customer was called after, and his number."""
    him = zapp(shop, number="C-777777")
    shop.crm.customers.save(Customer(id="keeper-01", identities=(Identity("shop", "k1"),)))
    merge = shop.crm.customers.merge("keeper-01", him, reason="one person")
    plan = shop.care.draft("keeper-01", owner="lin", lang="en")
    assert (plan.customer_name, plan.customer_number) == (NAME, "C-777777")
    shop.crm.customers.unmerge(merge.id)
    shop.crm.customers.erase(him, reason="he asked")
    assert shop.care.plan(plan.id).customer_name == "(erased)"
    assert_nothing_is_left(shop, NAME, MAIL, "C-777777")


def test_a_key_that_a_merge_lent_goes_too(shop: Firm) -> None:
    """Who has no name is known by a key, which may be the other's."""
    for name, key in (
        ("nobody-01", Identity("email", MAIL)),
        ("keeper-01", Identity("shop", "k1")),
    ):
        shop.crm.customers.save(Customer(id=name, identities=(key,)))
    merge = shop.crm.customers.merge("keeper-01", "nobody-01", reason="one person")
    shop.care.draft("keeper-01", owner="lin", lang="en")
    shop.crm.customers.unmerge(merge.id)
    shop.crm.customers.erase("nobody-01", reason="he asked")
    assert_nothing_is_left(shop, MAIL)


def test_a_namesake_keeps_his_own_name(shop: Firm) -> None:
    """The head of his plan says what he is called himself."""
    him = zapp(shop)
    shop.save("other-001")
    shop.crm.customers.save(attrs.evolve(shop.crm.customers.get("other-001"), name=NAME))
    plan = shop.care.draft("other-001", owner="lin", lang="en")
    shop.crm.customers.erase(him, reason="he asked")
    assert shop.care.plan(plan.id).customer_name == NAME


@pytest.mark.parametrize("said", [SAID, SHORT, "ok"])
def test_what_was_his_all_along_goes_from_the_wrong_customer(shop: Firm, said: str) -> None:
    """A complaint under the wrong customer opened a case there, and left a voided touchpoint."""
    him = zapp(shop)
    shop.buyer("wrong-001", 5)
    shop.note("wrong-001", "complaint", 3, text=said + "!")
    shop.crm.touchpoints.correct("shop", "r2", {"text": said}, reason="misread")
    (case,) = shop.crm.feedback.take()
    shop.crm.touchpoints.correct("shop", "r2", {"customer": him}, reason="it was his")

    shop.crm.customers.erase(him, reason="he asked")
    assert shop.crm.feedback.case(case.id).text == "(erased)"
    assert [one.id for one in shop.crm.touchpoints.of("wrong-001")] == ["r1"]
    assert_nothing_is_left(shop, NAME, MAIL, f"{said}!", *([] if said == "ok" else [said]))
    with shop.crm.session.store.read() as reader:
        assert decisions(reader, "correct") == []


def test_what_was_never_his_stays(shop: Firm) -> None:
    """A record that was corrected away from him is another's, and so are that one's words."""
    him = zapp(shop)
    shop.buyer("right-001", 5)
    shop.note(him, "complaint", 3, text="the parcel was wet")
    shop.crm.touchpoints.correct("shop", "r2", {"customer": "right-001"}, reason="hers")
    (case,) = shop.crm.feedback.take()
    shop.crm.customers.erase(him, reason="he asked")
    assert shop.crm.feedback.case(case.id).text == "the parcel was wet"
    assert {one.id for one in shop.crm.touchpoints.of("right-001")} == {"r1", "r2"}
    assert_nothing_is_left(shop, NAME, MAIL)


def test_the_same_words_of_somebody_else_stay(shop: Firm) -> None:
    """Two who complain alike made two cases, and one of them is nobody's who was erased."""
    him = zapp(shop)
    shop.buyer("other-001", 5)
    shop.note(him, "complaint", 3, text="arrived wet")
    same = shop.crm.feedback.open("other-001", "complaint", "arrived wet")
    shop.crm.feedback.take()
    shop.crm.customers.erase(him, reason="he asked")
    assert shop.crm.feedback.case(same.id) == same


def test_short_names_and_keys_harm_no_other_words(shop: Firm) -> None:
    """Ann goes, planning and the years stay; days, sums and states remain readable."""
    shop.save("2026", identities=(Identity("shop", "17"),))
    shop.crm.customers.save(attrs.evolve(shop.crm.customers.get("2026"), name="Ann"))
    shop.buyer("other-001", 17)
    said = "Planning 17 Annual visits with Ann in 2026, 请Ann喝茶"
    case = shop.crm.feedback.open("other-001", "opinion", said)
    shop.crm.customers.erase("2026", reason="she asked")
    after = shop.crm.feedback.case(case.id)
    assert after.text == "Planning 17 Annual visits with (erased) in 2026, 请(erased)喝茶"
    assert attrs.evolve(after, text=said) == case
