"""A line for each contact: all of them stay, and the same file once more changes nothing."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.capture import bulk
from crmkit.capture.files import read_customers
from crmkit.capture.gathering import Gathering, Some
from crmkit.capture.normalise import Normaliser
from crmkit.capture.saving import SaveReport
from crmkit.model.customer import Contact, Customer, Identity
from tests.capture.kit import stories
from tests.capture.test_amending import Desk

MAPPING = """
[fields]
name = "{Firm}"
kind = "organisation"
[identities]
crm = "{Account}"
[[contacts]]
name = "{Name}"
title = "{Title}"
email = "{Mail}"
phone = "{Tel}"
primary = "{First}"
"""
HEAD = "Account,Firm,Name,Title,Mail,Tel,First\n"
ANN = "A1,Tea Ltd,Ann,Buyer,ann@tea.example,138 0013 8001,yes\n"
BOB = "A1,Tea Ltd,Bob,,bob@tea.example,138 0013 8001,\n"
CARL = "A1,Tea Ltd,Carl,,,,\n"
DORA = "B2,Wang & Co,Dora,,dora@wang.example,,yes\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "people.toml").write_text(MAPPING, "utf-8")
    return Desk()


def take(desk: Desk, folder: Path, *lines: str) -> SaveReport:
    """Import a file of these lines."""
    file = folder / "people.csv"
    file.write_text(HEAD + "".join(lines), "utf-8")
    return desk.customers.save_all(read_customers(file, folder / "people.toml"))


def contacts(desk: Desk, account: str = "A1") -> dict[str, Contact]:
    """Give an organisation's contacts by name; no two of them are called the same."""
    firm = desk.customers.find(crm=account)
    assert firm is not None
    found = {one.name: one for one in firm.contacts}
    assert len(found) == len(firm.contacts)
    return found


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_every_line_is_kept_and_comes_again_unchanged(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Whatever stands between the lines of one organisation, and however many are taken at once."""
    monkeypatch.setattr(bulk, "_BATCH", batch)
    lines = (ANN, DORA, BOB, CARL)
    first = take(desk, tmp_path, *lines)
    assert (first.new, first.changed, first.unchanged, first.rejections) == (2, 2, 0, 0)
    assert list(contacts(desk)) == ["Ann", "Bob", "Carl"]
    assert contacts(desk)["Ann"].title == "Buyer"
    assert list(contacts(desk, "B2")) == ["Dora"]
    again = take(desk, tmp_path, *lines)
    assert (again.run, again.unchanged) == ("", 4)
    shuffled = take(desk, tmp_path, *reversed(lines))
    assert (shuffled.run, shuffled.unchanged) == ("", 4)


def test_a_part_of_the_whole_takes_nobody_away(desk: Desk, tmp_path: Path) -> None:
    """Who is left out stays; what a line leaves empty stays; an empty line names nobody."""
    take(desk, tmp_path, ANN, BOB)
    take(desk, tmp_path, CARL)
    assert list(contacts(desk)) == ["Ann", "Bob", "Carl"]
    nobody = "A1,Tea and Coffee Ltd,,,,,\n"
    assert take(desk, tmp_path, "A1,Tea Ltd,Ann,,,,\n", nobody).changed == 1
    assert contacts(desk)["Ann"].title == "Buyer"
    assert len(contacts(desk)) == 3


def test_somebody_is_known_again(desk: Desk, tmp_path: Path) -> None:
    """By the name with a key in common, or with none that says otherwise; else it is another."""
    take(desk, tmp_path, ANN, CARL)
    take(desk, tmp_path, "A1,Tea Ltd,ann,Director,ANN@tea.example,139 0013 9001,\n")
    take(desk, tmp_path, "A1,Tea Ltd,Carl,,carl@tea.example,,\n")
    assert list(contacts(desk)) == ["ann", "Carl"]
    ann = contacts(desk)["ann"]
    assert (ann.title, ann.phone, ann.primary) == ("Director", "139 0013 9001", True)
    assert contacts(desk)["Carl"].email == "carl@tea.example"
    take(desk, tmp_path, "A1,Tea Ltd,Carl,,other@tea.example,,\n")
    firm = desk.customers.find(crm="A1")
    assert firm is not None
    assert [one.email for one in firm.contacts[1:]] == ["carl@tea.example", "other@tea.example"]


def test_one_of_them_is_the_first_to_talk_to(desk: Desk, tmp_path: Path) -> None:
    """A later file may say who; of two whom one file names so it is the first."""
    take(desk, tmp_path, ANN, BOB)
    bob = BOB.replace(",\n", ",yes\n")
    take(desk, tmp_path, bob)
    assert [one.primary for one in contacts(desk).values()] == [False, True]
    for _ in range(2):
        both = take(desk, tmp_path, ANN, bob)
        assert [one.primary for one in contacts(desk).values()] == [True, False]
    assert both.unchanged == 2


def test_a_list_takes_the_place_of_the_one_before(desk: Desk, tmp_path: Path) -> None:
    """A line that holds several, an object of JSON, and a program say who all of them are."""
    take(desk, tmp_path, ANN, BOB)
    two = MAPPING + '[[contacts]]\nname = "{Other}"\n'
    (tmp_path / "two.toml").write_text(two, "utf-8")
    data = f"{HEAD.strip()},Other\nA1,Tea Ltd,Carl,,,,,Eve\n"
    (tmp_path / "two.csv").write_text(data, "utf-8")
    desk.customers.save_all(read_customers(tmp_path / "two.csv", tmp_path / "two.toml"))
    assert list(contacts(desk)) == ["Carl", "Eve"]
    line = '{"identities": {"crm": "A1"}, "contacts": [{"name": "Fay"}]}'
    (tmp_path / "in.jsonl").write_text(line, "utf-8")
    desk.customers.save_all(read_customers(tmp_path / "in.jsonl"))
    assert list(contacts(desk)) == ["Fay"]
    key = Identity("crm", "A1")
    desk.customers.save(Customer(identities=(key,), contacts=(Contact(name="Gus"),)))
    assert list(contacts(desk)) == ["Gus"]


def test_an_id_finds_the_organisation_as_well(desk: Desk, tmp_path: Path) -> None:
    """With an id a line replaces what was known, but for the contacts whom it does not name."""
    (tmp_path / "people.toml").write_text(
        MAPPING.replace("[fields]", '[fields]\nid = "{Account}"'), "utf-8"
    )
    for changed in (1, 0):
        assert take(desk, tmp_path, ANN, BOB).changed == changed
        assert list(contacts(desk)) == ["Ann", "Bob"]
    assert take(desk, tmp_path, "A1,Tea Ltd,,,,,\n").unchanged == 1


def test_an_import_of_contacts_is_taken_back(desk: Desk, tmp_path: Path) -> None:
    """Who was known before the file stands there alone again."""
    take(desk, tmp_path, ANN)
    run = take(desk, tmp_path, BOB, CARL).run
    desk.customers.undo(run, reason="the wrong file")
    assert list(contacts(desk)) == ["Ann"]


PEOPLE = st.builds(
    Contact,
    name=st.sampled_from(["Ann", "ann", "Bob"]),
    title=st.sampled_from([None, "Buyer", "Director"]),
    email=st.sampled_from([None, "a@x.example", "A@x.example", "b@x.example", "n/a"]),
    phone=st.sampled_from([None, "13800138001", "138 0013 8001", "13900139001"]),
    primary=st.booleans(),
    customer_id=st.sampled_from([None, "c1", "c2"]),
)


@settings(max_examples=stories(400))
@given(st.lists(PEOPLE, max_size=3), st.lists(PEOPLE, max_size=8))
def test_what_one_line_says_no_other_takes_back(known: list[Contact], lines: list[Contact]) -> None:
    """All of it is said at the end, one is the first to talk to, and once more changes nothing."""

    def imported(people: tuple[Contact, ...]) -> tuple[Contact, ...]:
        gathering = Gathering(Normaliser("CN"))
        for line in lines:
            people = gathering.add("firm", people, Some((line,)))
        return people

    once = imported(tuple(attrs.evolve(one, primary=False) for one in known))
    assert imported(once) == once
    assert sum(one.primary for one in once) == any(line.primary for line in lines)
    for line in lines:
        plain = {name: said for name, said in attrs.asdict(line).items() if said}
        plain.pop("primary", None)
        assert any(plain.items() <= attrs.asdict(one).items() for one in once)
