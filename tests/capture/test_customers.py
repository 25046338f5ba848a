"""Customers saved, found, searched, handed out and erased."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.capture import searching
from crmkit.capture.customers import Customers
from crmkit.capture.tombstones import key_from
from crmkit.contracts.specs import ReferenceSpec
from crmkit.contracts.tables import CUSTOMER, STANDING, TABLES
from crmkit.errors import (
    ConfigError,
    CrmkitError,
    CustomerMerged,
    CustomerNotFound,
    InvalidValueError,
)
from crmkit.model.customer import Address, Contact, Customer, Identity
from crmkit.model.touchpoint import Rejection
from crmkit.value.basis import Defaults
from tests.capture.kit import LAYOUT, purchase
from tests.capture.test_amending import WHY, Desk, assert_states_are_right, family, giving_back
from tests.odd import ODD

WANG = Customer(
    kind="organisation",
    name="王小明茶行",
    number="K-1",
    identities=(Identity("email", "Wang@Example.com"), Identity("shop", "17")),
    owner="lin",
    contacts=(Contact(name="李华", title="经理", primary=True),),
    addresses=(Address(lines=("长安街 1",), city="北京", country="CN"),),
    profile={"size": 12, "lines": ["tea", {"deep": 1.5}]},
    birthday=date(1999, 2, 28),
    needs=("quiet",),
    custom={"big": 2**70, "text": "'; DROP TABLE customer; --"},
    research="potential",
)


def test_a_customer_comes_back_as_saved() -> None:
    """Every field is kept; keys are normalised; the id is made where it is empty."""
    desk = Desk()
    saved = desk.customers.save(WANG)
    assert saved.id
    assert saved.created_at is not None
    assert saved.identities == (Identity("email", "wang@example.com"), Identity("shop", "17"))
    kept = attrs.evolve(saved, id="", created_at=None, identities=WANG.identities)
    assert kept == WANG
    assert desk.customers.get(saved.id) == saved
    assert Customer.from_dict(json.loads(json.dumps(saved.to_dict()))) == saved


def test_saving_again_changes_nothing() -> None:
    """The same customer, with or without an id, writes nothing the second time."""
    desk = Desk()
    saved = desk.customers.save(WANG)
    before = desk.rows(CUSTOMER)
    assert desk.customers.save(WANG) == saved
    assert desk.customers.save(saved) == saved
    assert desk.rows(CUSTOMER) == before
    report = desk.customers.save_all([WANG, saved])
    assert (report.new, report.changed, report.unchanged) == (0, 0, 2)


def test_without_an_id_what_is_left_out_stays() -> None:
    """A record found by its key adds; one with an id replaces."""
    desk = Desk()
    saved = desk.customers.save(WANG)
    more = desk.customers.save(
        Customer(identities=(Identity("shop", "17"), Identity("crm", "9")), custom={"new": 1})
    )
    assert (more.id, more.name, more.owner) == (saved.id, WANG.name, "lin")
    assert more.custom == {**WANG.custom, "new": 1}
    assert Identity("crm", "9") in more.identities
    less = desk.customers.save(attrs.evolve(more, owner=None, identities=()))
    assert less.owner is None
    assert less.identities == more.identities


def test_an_id_of_the_hosts_own_is_kept() -> None:
    """A host may give ids itself."""
    desk = Desk()
    assert desk.customers.save(Customer(id="host-1", name="Ann")).id == "host-1"
    assert desk.capture(purchase(1, customer="host-1")).new == 1


@pytest.mark.parametrize(
    ("customer", "field"),
    [
        (Customer(), "customer"),
        (Customer(id="x" * 201), "id"),
        (Customer(name="a\0"), "name"),
        (Customer(name="\ud800"), "name"),
        (Customer(name="A", custom={"a": float("nan")}), "customer.custom.a"),
        (Customer(name="A", custom={"a": {1: 2}}), "customer.custom.a"),
        (Customer(name="A", identities=(Identity("phone", "12"),)), "identities"),
        (Customer(name="A", identities=(Identity("email", "n/a"),)), "identities"),
        (Customer(name="A", number="K-1", id="new"), "number"),
        (Customer(name="A", parent="nobody"), "parent"),
        (Customer(name=5), "name"),  # type: ignore[arg-type]
        (Customer(name="A", time_zone="Mars/X"), "time_zone"),
        (Customer(name="A", time_zone="Europe"), "time_zone"),
        (Customer(name="A", time_zone=""), "time_zone"),
        (Customer(name="A", time_zone=8), "time_zone"),  # type: ignore[arg-type]
        (Customer(name="A", language="Chinese"), "language"),
        (Customer(name="A", language="zh_CN"), "language"),
        (Customer(name="A", language=""), "language"),
        (Customer(name="A", language=["zh"]), "language"),  # type: ignore[arg-type]
    ],
    ids=[*map(str, range(19))],
)
def test_what_cannot_be_kept_is_named(customer: Customer, field: str) -> None:
    """A field that cannot be stored is an error that names it, and nothing is written."""
    desk = Desk()
    desk.customers.save(WANG)
    before = desk.rows(CUSTOMER)
    with pytest.raises(InvalidValueError) as error:
        desk.customers.save(customer)
    assert error.value.field == field  # type: ignore[attr-defined]
    assert desk.rows(CUSTOMER) == before


@pytest.mark.parametrize(
    ("field", "odd", "told"),
    [
        ("identities", {"email": "a@x.org"}, "must be a list of crmkit.Identity, got {"),
        ("identities", [("email", "a@x.org")], "list of crmkit.Identity, number 1 is ('email'"),
        ("contacts", [{"name": "A"}], "list of crmkit.Contact, number 1 is {'name'"),
        ("contacts", [Contact(name=5)], "number 1: name must be text, got 5"),  # type: ignore[arg-type]
        ("addresses", [Address(lines="Main St")], "number 1: lines must be a list of texts"),  # type: ignore[arg-type]
        ("needs", "tea", "must be a list of texts, got 'tea'"),
        ("birthday", "1999-01-01", "must be a datetime.date, got '1999-01-01'"),
        ("internal", "yes", "must be True or False, got 'yes'"),
        ("profile", ["a"], "must be a mapping, got ['a']"),
        ("salutation", 5, "must be text, got 5"),
    ],
)
def test_a_field_of_another_type_is_told_by_name(field: str, odd: object, told: str) -> None:
    """A text is no list of its letters, and nothing is kept as what nobody expects there."""
    desk = Desk()
    customer = attrs.evolve(Customer(name="A", number="1"), **{field: odd})
    with pytest.raises(InvalidValueError) as error:
        desk.customers.save(customer)
    assert error.value.field == field  # type: ignore[attr-defined]
    assert told in str(error.value)
    report = desk.customers.save_all([customer, Customer(name="B", number="2")])
    assert (report.new, [one.field for one in report.rejected]) == (1, [field])


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "UTC"])
@pytest.mark.parametrize("tag", ["zh-CN", "de", "zh-Hant-TW", "yue", "de-1996", None])
def test_zones_and_languages_are_kept(zone: str, tag: str | None) -> None:
    """What clocks know, and what is written like a language."""
    saved = Desk().customers.save(Customer(name="A", time_zone=zone, language=tag))
    assert (saved.time_zone, saved.language) == (zone, tag)


def test_a_zone_that_is_none_is_told_how_one_looks() -> None:
    """In one call an error, in an import a rejection of that customer alone."""
    mars = Customer(name="A", number="1", time_zone="Mars/X")
    with pytest.raises(InvalidValueError, match="such as Europe/Berlin, got 'Mars/X'"):
        Desk().customers.save(mars)
    report = Desk().customers.save_all(
        [mars, attrs.evolve(mars, number="2", time_zone="Asia/Shanghai")]
    )
    assert (report.new, [one.field for one in report.rejected]) == (1, ["time_zone"])


def test_of_many_each_must_be_known_again() -> None:
    """Else whoever came twice would be two; one alone, typed by hand, may have a name only."""
    desk = Desk()
    nobody = Customer(name="王芳", identities=(Identity("phone", "n/a"),))
    for _ in range(2):
        report = desk.customers.save_all([nobody, Customer(name="李雷", number="7")])
        (refused,) = report.rejected
        assert refused.reason.startswith("has no usable key and no number, by which he would be")
    assert [one.name for one in desk.customers.search(limit=9).items] == ["李雷"]
    assert desk.customers.save(Customer(name="王芳")).id
    desk.customers.save_all([desk.customers.get(one.id) for one in desk.customers.search().items])
    assert len(desk.customers.search(limit=9).items) == 2


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(Customer)])
def test_odd_fields_of_a_customer_are_refused_or_kept(field: str) -> None:
    """Whatever stands in a field: an error of crmkit's own, or a customer who can be read again."""
    desk = Desk()
    for odd in ODD:
        before = desk.rows(CUSTOMER)
        try:
            saved = desk.customers.save(attrs.evolve(Customer(name="A"), **{field: odd}))
        except CrmkitError:
            assert desk.rows(CUSTOMER) == before
        else:
            assert desk.customers.get(saved.id) == saved
            json.dumps(saved.to_dict())


class Sulking(str):
    """A text that raises when it is looked at."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


@pytest.mark.parametrize("field", ["id", "name", "number", "owner", "parent", "language"])
def test_a_text_of_a_class_is_its_characters(field: str) -> None:
    """A host's own text may raise: it costs nobody else, and is kept as what it says."""
    desk = Desk()
    desk.customers.save(Customer(id="lin", name="Lin"))
    odd = Customer(**{"id": "a", field: Sulking("lin" if field != "language" else "zh-CN")})
    report = desk.customers.save_all([Customer(number="K-1", name="One"), odd])
    assert report.rejections == 0
    kept = getattr(desk.customers.get("lin" if field == "id" else "a"), field)
    assert (type(kept), kept) == (str, str.__str__(getattr(odd, field)))


@pytest.mark.parametrize("key", ["email", "number"])
def test_a_key_of_somebody_merged_changes_the_keeper(key: str) -> None:
    """What an import says by it is laid over what the keeper's record holds, and the rest stays."""
    desk = Desk()
    wang = desk.customers.save(WANG)
    two = Customer(name="王", number="K-2", identities=(Identity("email", "w2@example.com"),))
    desk.customers.merge(wang.id, desk.customers.save(two).id, reason=WHY)
    before = desk.customers.get(wang.id)
    named = {"number": "K-2"} if key == "number" else {"identities": two.identities}
    report = desk.customers.save_all([Customer(**named, language="zh-CN")])
    assert (report.new, report.changed) == (0, 1)
    number = "K-2" if key == "number" else "K-1"
    assert desk.customers.get(wang.id) == attrs.evolve(before, language="zh-CN", number=number)


def test_no_key_is_taken_from_another() -> None:
    """A key that somebody holds makes a collision and stays where it is."""
    desk = Desk()
    first = desk.customers.save(WANG)
    second = desk.customers.save(Customer(id="b", name="B", identities=(Identity("shop", "17"),)))
    assert second.identities == ()
    (collision,) = desk.customers.collisions()
    assert collision.customers == (first.id, "b")


def test_many_are_saved_each_for_itself() -> None:
    """A bad customer costs only himself; unusable keys are left out."""
    desk = Desk()
    heard: list[Rejection] = []
    many = [
        *(Customer(name=f"N{n}", identities=(Identity("shop", str(n)),)) for n in range(1100)),
        Customer(),
        Rejection("line 7", "record", "no text"),
        Customer(name="Kim", identities=(Identity("phone", "n/a"), Identity("shop", "k"))),
    ]
    report = desk.customers.save_all(many, on_reject=heard.append)
    assert (report.new, report.rejections, len(heard), report.rejected) == (1101, 2, 2, ())
    assert desk.customers.save_all(many).unchanged == 1101
    assert len(desk.customers.save_all(many).rejected) == 2


def test_keys_find_strongest_first() -> None:
    """`find` normalises like capture and gives None where nobody has the key."""
    desk = Desk()
    saved = desk.customers.save(WANG)
    assert desk.customers.find(email=" WANG@example.com") == saved
    assert desk.customers.find(shop=17, email="other@example.com") == saved
    assert desk.customers.find(number="K-1") == saved
    assert desk.customers.find(email="nobody@example.com") is None
    assert desk.customers.find(email="n/a") is None
    assert desk.customers.find() is None


# -- search --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["小明", "茶行 王小", "K-1", "k-1", "李华", "wang@EXAMPLE", "１７", "ｗａｎｇ@"],
)
def test_search_finds_by_any_part(text: str) -> None:
    """Part of a name in any script, number, contact or key finds the customer."""
    desk = Desk()
    saved = desk.customers.save(WANG)
    desk.customers.save(Customer(name="José Ünal", identities=(Identity("shop", "99"),)))
    assert desk.customers.search(text).items == (saved,)


def test_search_folds_latin_accents_only() -> None:
    """An accent left out still finds a Latin name; kana stay what they are."""
    desk = Desk()
    jose = desk.customers.save(Customer(name="José Ünal"))
    desk.customers.save(Customer(name="がく"))
    assert desk.customers.search("jose unal").items == (jose,)
    assert desk.customers.search("JOSÉ").items == (jose,)
    assert desk.customers.search("かく").items == ()
    assert desk.customers.search("%").items == ()
    assert desk.customers.search("_").items == ()


def test_chinese_names_are_found_by_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """With pypinyin at hand, full pinyin and initials find a Chinese name."""
    sound = {"王": "wang", "小": "xiao", "明": "ming"}
    monkeypatch.setattr(searching, "_pinyin", lambda: lambda name: [sound[c] for c in name])
    searching._read.cache_clear()
    desk = Desk()
    desk.capture(purchase(1, customer={"shop": "1", "name": "王小明"}))
    saved = desk.customers.save(Customer(name="王小明", identities=(Identity("shop", "1"),)))
    for text in ("wangxiaoming", "wxm", "xiao"):
        assert desk.customers.search(text).items == (saved,)
    searching._read.cache_clear()


def test_pages_follow_one_another() -> None:
    """Pages are complete and without repetition; a wrong place is refused."""
    desk = Desk()
    desk.capture(*(purchase(n, customer={"shop": str(n)}) for n in range(25)))
    seen: list[str] = []
    after = None
    while True:
        page = desk.customers.search(limit=7, after=after)
        seen += [one.id for one in page.items]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 25
    for wrong in ("x", "W10=", ""):
        with pytest.raises(InvalidValueError):
            desk.customers.search(after=wrong)
    with pytest.raises(InvalidValueError):
        desk.customers.search(limit=0)


def test_filters_go_by_what_was_recorded() -> None:
    """Tier comes by rank; stage, kind and owner filter."""
    desk = Desk()
    ids = [
        desk.customers.save(Customer(name=f"N{n}", owner="lin" if n < 4 else "mei", kind=kind)).id
        for n, kind in enumerate(["person", "organisation"] * 3)
    ]
    empty = dict.fromkeys(STANDING.names) | {
        column.name: 0 for column in STANDING.columns if not column.null
    }
    standing = [
        tuple(
            (
                empty
                | {"customer": one, "rank": 9 - at, "kind": "value"}
                | {"tier": "key" if at < 3 else "base", "stage": "new" if at % 2 else "deep"}
            ).values()
        )
        for at, one in enumerate(ids)
    ]
    with desk.store.write() as writer:
        writer.put(STANDING, standing)

    def found(**query: Any) -> list[str]:
        names: list[str] = []
        after = None
        while True:
            page = desk.customers.search(limit=1, after=after, **query)
            names += [one.id for one in page.items]
            after = page.next
            if after is None:
                return names

    assert found(tier="key") == [ids[2], ids[1], ids[0]]
    assert found(stage="deep") == sorted([ids[0], ids[2], ids[4]])
    assert found(kind="organisation") == sorted(ids[1::2])
    assert found(kind="value", owner="mei") == sorted(ids[4:])
    assert found(owner="lin", kind="person") == sorted([ids[0], ids[2]])
    assert found(tier="base", stage="deep", text="n4") == [ids[4]]


def test_a_merged_customer_is_one() -> None:
    """What the keeper lacks the dropped one fills, search finds both names, and both come back."""
    desk = Desk()
    first = desk.customers.save(Customer(name="Ann", identities=(Identity("shop", "1"),)))
    second = desk.customers.save(
        Customer(name="Anna", owner="lin", identities=(Identity("shop", "2"),))
    )
    merge = desk.customers.merge(first.id, second.id, reason=WHY)
    whole = desk.customers.get(first.id)
    assert (whole.name, whole.owner, len(whole.identities)) == ("Ann", "lin", 2)
    assert desk.customers.search("anna").items == desk.customers.search().items == (whole,)
    assert desk.customers.find(shop="2") == whole
    with pytest.raises(CustomerMerged):
        desk.customers.save(attrs.evolve(second, name="Other"))
    desk.customers.unmerge(merge.id)
    assert desk.customers.get(first.id) == first
    assert desk.customers.get(second.id) == second
    assert desk.customers.search("anna").items == (second,)


# -- out and away --------------------------------------------------------------------------


def whole_story() -> tuple[Desk, str]:
    """Give Ann, with something of everything about her."""
    desk = Desk()
    run = {"email": "ann@secret.example", "shop": "17", "name": "Ann Secret"}
    desk.capture(
        purchase(1, customer=run, text="secret wish"),
        purchase(2, customer=run | {"phone": "+8613800138001"}),
        purchase(3, customer={"shop": "18", "phone": "+8613800138001"}),
        giving_back(4, "nothing") | {"customer": run},
    )
    ann = str(desk.who("shop", "17"))
    other = desk.customers.save(Customer(name="Secret Twin", custom={"secret": "secret"}))
    desk.customers.merge(ann, other.id, reason="secret reason")
    desk.touchpoints.correct("shop", "o-1", {"text": "secret dream"}, reason="secret")
    return desk, ann


def test_an_export_holds_everything() -> None:
    """All that is kept of a customer is in his export, and it is plain JSON."""
    desk, ann = whole_story()
    held = json.loads(json.dumps(desk.customers.export(ann)))
    assert len(held["ids"]) == 2
    assert [(one["id"], one["taken_back"]) for one in held["touchpoints"]] == [
        ("o-1", True), ("o-2", False), ("o-4", False), ("o-1", False)
    ]  # fmt: skip
    assert [one["kind"] for one in held["decisions"]] == ["merge", "correct"]
    assert held["collisions"]
    with pytest.raises(CustomerNotFound):
        desk.customers.export("nobody")


def test_the_erased_leave_no_trace_but_hashes() -> None:
    """Nothing of the customer is left in any table, and neither keys nor records come in again."""
    desk, ann = whole_story()
    (twin,) = (one for one in desk.customers.export(ann)["ids"] if one != ann)
    with pytest.raises(CustomerMerged):
        desk.customers.erase(twin, reason=WHY)
    decision = desk.customers.erase(ann, reason="asked for it")
    assert (decision.kind, decision.customer_id) == ("erase", ann)
    everything = repr([desk.rows(table) for table in TABLES]).lower()
    assert "secret" not in everything
    assert "o-2'" not in everything
    assert not desk.rows(CUSTOMER)[1:]
    assert {row[0] for row in desk.rows(STANDING)} == set()
    with pytest.raises(CustomerNotFound):
        desk.customers.get(ann)
    desk.settings = attrs.evolve(desk.settings, key=lambda: b"k" * 32)
    desk.capture_ = None
    report = desk.capture(
        purchase(50, customer={"email": "Ann@Secret.example"}),
        purchase(51, customer={"shop": "99", "email": "ann@secret.example"}),
        purchase(2, customer={"shop": "18"}),
        purchase(52, customer={"shop": "18"}),
    )
    assert [one.reason.split(" on ")[0] for one in report.rejected] == ["was erased"] * 3
    assert report.new == 1
    with pytest.raises(InvalidValueError, match="erased"):
        desk.customers.save(Customer(name="X", identities=(Identity("shop", "17"),)))
    assert_states_are_right(desk)


def test_others_forget_the_erased_too() -> None:
    """Referrals that name him, and firms he stands for or owns, keep nothing of him."""
    desk = Desk()
    desk.capture(
        purchase(1, customer={"email": "ann@secret.example"}),
        purchase(2, kind="referral", amount=None, currency=None, customer={"shop": "1"})
        | {"friend": {"email": "ANN@secret.example", "name": "Ann Secret"}},
    )
    ann = str(desk.who("email", "ann@secret.example"))
    other = Contact(name="Kim")
    firm = desk.customers.save(
        Customer(name="Firm", contacts=(Contact(name="Ann Secret", customer_id=ann), other))
    )
    child = desk.customers.save(Customer(name="Child", parent=ann))
    desk.customers.erase(ann, reason=WHY)
    assert "secret" not in repr([desk.rows(table) for table in TABLES]).lower()
    assert desk.customers.get(firm.id).contacts == (other,)
    assert desk.customers.get(child.id).parent is None
    assert desk.customers.search("kim").items == (desk.customers.get(firm.id),)


def test_without_the_key_nothing_comes_in() -> None:
    """Where somebody was erased, capture fails rather than go on without the right key."""
    desk, ann = whole_story()
    desk.customers.erase(ann, reason=WHY)
    desk.capture_ = None
    with pytest.raises(ConfigError):
        desk.capture(purchase(60))
    desk.settings = attrs.evolve(desk.settings, key=lambda: b"another" * 5)
    desk.capture_ = None
    with pytest.raises(ConfigError, match="not the one"):
        desk.capture(purchase(60))


def test_a_shared_key_outlives_only_its_last_customer() -> None:
    """A phone of two stays known to be shared until both are erased."""
    desk, first, second = family()
    (collision,) = desk.customers.collisions()
    desk.customers.resolve(collision.id, "apart", reason=WHY)
    desk.customers.erase(second, reason=WHY)
    assert [key.system for key in desk.customers.get(first).identities] == ["phone", "shop"]
    assert "+8613800138001" in repr([desk.rows(table) for table in TABLES])
    desk.customers.erase(first, reason=WHY)
    assert "+8613800138001" not in repr([desk.rows(table) for table in TABLES])


def test_plugins_hear_of_merge_export_and_erase() -> None:
    """What plugins keep about customers is repointed, exported and erased too."""
    desk = Desk()
    desk.capture(purchase(1), purchase(2, customer={"shop": "17"}))
    ann, bob = str(desk.who("email", "ann@example.com")), str(desk.who("shop", "17"))
    heard: list[Any] = []
    reference = ReferenceSpec(
        name="feathers",
        repoint=lambda keep, drop, workspace: heard.append((keep, drop, workspace)),
        export=lambda customer, workspace: [customer, workspace],
        erase=lambda customer, workspace: heard.append((customer, workspace)),
    )
    customers = Customers(
        desk.session, Defaults(LAYOUT.model), "CN", lambda: b"k" * 32, lambda: [reference]
    )
    workspace = desk.session.store.workspace
    customers.merge(ann, bob, reason=WHY)
    assert customers.export(ann)["plugins"]["feathers"][bob] == [bob, workspace]
    customers.erase(ann, reason=WHY)
    assert heard[0] == (ann, bob, workspace)
    assert sorted(heard[1:]) == sorted([(ann, workspace), (bob, workspace)])


def test_the_erasure_key_stands_beside_the_database(tmp_path: Any) -> None:
    """The environment's key goes first; else a file is made once, for its owner only."""
    assert key_from({"CRMKIT_ERASURE_KEY": "x" * 20})() == b"x" * 20
    with pytest.raises(ConfigError):
        key_from({"CRMKIT_ERASURE_KEY": "short"})()
    with pytest.raises(ConfigError):
        key_from({})()
    path = tmp_path / "shop.key"
    key = key_from({}, path)()
    assert len(key) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert key_from({}, path)() == key
    path.write_text("torn")
    with pytest.raises(ConfigError):
        key_from({}, path)()


@given(st.text(), st.text(min_size=1))
def test_folding_keeps_parts(before: str, part: str) -> None:
    """A word of a name, as it is written there, finds the name."""
    name = f"{before} {part}"
    assert all(word in searching.fold(name) for word in searching.fold(part).split())


@given(
    st.lists(st.sampled_from([None, "lin", "mei"]), min_size=2, max_size=7),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4),
    st.integers(1, 3),
)
def test_a_search_by_owner_goes_by_what_a_customer_shows(
    owners: list[str | None], merges: list[tuple[int, int]], limit: int
) -> None:
    """A merged record names the owner where the kept one names none; the same page by page."""
    desk = Desk()
    ids = [
        desk.customers.save(Customer(id=f"c{n}", name="N", owner=o)).id
        for n, o in enumerate(owners)
    ]
    for keep, drop in merges:
        with suppress(CrmkitError, IndexError):
            desk.customers.merge(ids[keep], ids[drop], reason=WHY)
    with desk.store.write() as writer:
        roots = {row[0] for row in writer.scan(CUSTOMER) if row[0] == row[2]}
        blank = (*(None for _ in STANDING.names),)
        place = {name: at for at, name in enumerate(STANDING.names)}
        for root in roots:
            row = list(blank)
            for name in ("at", "rank", "total", "delta", "unexpected", "weight"):
                row[place[name]] = 1
            row[0], row[place["stage"]] = root, "maintenance"
            writer.put(STANDING, [tuple(row)])
    everybody = [desk.customers.get(one) for one in sorted(roots)]
    for owner in ("lin", "mei"):
        for stage in (None, "maintenance"):
            found, after = [], None
            while True:
                page = desk.customers.search(owner=owner, stage=stage, limit=limit, after=after)
                found += [one.id for one in page.items]
                if (after := page.next) is None:
                    break
            assert found == [one.id for one in everybody if one.owner == owner]
