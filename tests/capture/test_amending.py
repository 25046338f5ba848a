"""Merges, corrections, retractions and undos: every one dated, and every one reversible."""

from __future__ import annotations

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmkit
from crmkit.capture.customers import Customers
from crmkit.capture.engine import Settings
from crmkit.capture.touchpoints import Touchpoints
from crmkit.clock import micros
from crmkit.contracts.session import Session
from crmkit.contracts.store import Store
from crmkit.contracts.tables import (
    COLLISION,
    CUSTOMER,
    DECISION,
    FED,
    IDENTITY,
    META,
    STATE,
    TOUCHPOINT,
    VOID,
)
from crmkit.errors import (
    CustomerMerged,
    CustomerNotFound,
    DecisionNotFound,
    InvalidValueError,
    TouchpointNotFound,
)
from crmkit.model.customer import Customer, Identity
from crmkit.value.basis import Defaults
from crmkit.value.rebuild import rebuild
from tests.capture.kit import LAYOUT, NOW, NOW_US, Shop, purchase, stories

WHY = "the test says so"


@attrs.define
class Desk(Shop):
    """A workspace with the two namespaces that amend it, and a clock that ticks."""

    ticks: Any = attrs.field(factory=itertools.count)

    def __attrs_post_init__(self) -> None:
        self.settings = Settings(clock=self.clock, region="CN")

    def clock(self) -> Any:
        return NOW + timedelta(seconds=next(self.ticks))

    @property
    def session(self) -> Session:
        return Session(store=self.store, clock=self.clock, actor="lin")

    @property
    def customers(self) -> Customers:
        return Customers(self.session, Defaults(LAYOUT.model), "CN", lambda: b"k" * 32)

    @property
    def touchpoints(self) -> Touchpoints:
        return Touchpoints(self.session, Defaults(LAYOUT.model), region="CN")

    def live(self) -> list[tuple[Any, ...]]:
        void = {row[1] for row in self.rows(VOID)}
        return [row for row in self.rows(TOUCHPOINT) if row[0] not in void]


def states(store: Store) -> dict[str, tuple[Any, ...]]:
    """Give the counts and instants that the states hold: what a rebuild must give again."""
    with store.read() as reader:
        rows = list(reader.scan(STATE))
    plain = {}
    for row in rows:
        counts = [round(number, 6) for number in memoryview(row[2]).cast("d")]
        plain[row[0]] = (counts, row[6:10])
    return plain


def assert_states_are_right(desk: Desk) -> None:
    """Whatever happened, the states say what the log says."""
    before = states(desk.store)
    with desk.store.write() as writer:
        roots = {row[2] for row in writer.scan(CUSTOMER)}
        rebuild(writer, sorted(roots), LAYOUT, NOW_US + 10**9)
    assert states(desk.store) == before


def two() -> tuple[Desk, str, str]:
    """Give Ann with o-1 and Bob with o-2."""
    desk = Desk()
    desk.capture(purchase(1), purchase(2, customer={"shop": "17"}))
    return desk, str(desk.who("email", "ann@example.com")), str(desk.who("shop", "17"))


# -- merges --------------------------------------------------------------------------------


def test_a_merge_leads_and_an_unmerge_gives_back() -> None:
    """A merge moves where ids lead; an unmerge gives each side what came by its own keys."""
    desk, ann, bob = two()
    before = desk.dump()
    merge = desk.customers.merge(ann, bob, reason=WHY)
    assert (merge.keep, merge.drop, merge.by, merge.reason) == (ann, bob, "lin", WHY)
    with pytest.raises(CustomerMerged) as error:
        desk.customers.get(bob)
    assert (error.value.customer_id, error.value.into) == (bob, ann)  # type: ignore[attr-defined]
    assert len(desk.touchpoints.of(ann)) == 2
    assert {row[0] for row in desk.rows(STATE)} == {ann}
    assert_states_are_right(desk)

    desk.customers.unmerge(merge.id)
    assert desk.dump() | {"decision": []} == before | {"decision": []}
    with pytest.raises(DecisionNotFound):
        desk.customers.unmerge(merge.id)
    with pytest.raises(DecisionNotFound):
        desk.customers.unmerge("0")


def test_what_comes_after_a_merge_goes_by_its_keys() -> None:
    """After an unmerge each side has what its own keys brought, also meanwhile."""
    desk, ann, bob = two()
    merge = desk.customers.merge(ann, bob, reason=WHY)
    desk.capture(purchase(3, customer={"shop": "17"}), purchase(4))
    assert len(desk.touchpoints.of(ann)) == 4
    desk.customers.unmerge(merge.id)
    assert {one.id for one in desk.touchpoints.of(ann)} == {"o-1", "o-4"}
    assert {one.id for one in desk.touchpoints.of(bob)} == {"o-2", "o-3"}
    assert_states_are_right(desk)


def test_nested_merges_come_apart_in_any_order() -> None:
    """Taking back an inner merge leaves the outer one standing."""
    for first, second in ((0, 1), (1, 0)):
        desk = Desk()
        desk.capture(*(purchase(n, customer={"shop": str(n)}) for n in (1, 2, 3)))
        a, b, c = (str(desk.who("shop", str(n))) for n in (1, 2, 3))
        merges = [
            desk.customers.merge(a, b, reason=WHY).id,
            desk.customers.merge(c, a, reason=WHY).id,
        ]
        assert desk.who("shop", "2") == c
        desk.customers.unmerge(merges[first])
        assert desk.who("shop", "2") == (b if first == 0 else a)
        assert desk.who("shop", "1") == (c if first == 0 else a)
        assert_states_are_right(desk)
        desk.customers.unmerge(merges[second])
        assert [desk.who("shop", str(n)) for n in (1, 2, 3)] == [a, b, c]
        assert_states_are_right(desk)


def test_a_merge_needs_two_customers_that_stand() -> None:
    """Merging with oneself, with nobody, or with what was merged is refused."""
    desk, ann, bob = two()
    with pytest.raises(InvalidValueError):
        desk.customers.merge(ann, ann, reason=WHY)
    with pytest.raises(CustomerNotFound):
        desk.customers.merge(ann, "nobody", reason=WHY)
    desk.customers.merge(ann, bob, reason=WHY)
    with pytest.raises(CustomerMerged):
        desk.customers.merge(bob, ann, reason=WHY)


def test_another_process_sees_a_merge_at_once() -> None:
    """What a process remembers of identities is forgotten when another leads them elsewhere."""
    desk, ann, bob = two()
    other = Desk(store=desk.store)
    other.capture(purchase(5, customer={"shop": "17"}))
    desk.customers.merge(ann, bob, reason=WHY)
    other.capture(purchase(6, customer={"shop": "17"}))
    assert len(desk.touchpoints.of(ann)) == 4
    assert_states_are_right(desk)


# -- collisions ----------------------------------------------------------------------------


def family() -> tuple[Desk, str, str]:
    """Give two customers of one phone."""
    desk = Desk()
    for member in ("1", "2"):
        phone = {"shop": member, "phone": "+8613800138001"}
        desk.capture(purchase(int(member), customer=phone))
    return desk, str(desk.who("shop", "1")), str(desk.who("shop", "2"))


def test_a_collision_stands_until_it_is_resolved() -> None:
    """Resolving as one merges; taking that back lets the collision stand again."""
    desk, first, second = family()
    (collision,) = desk.customers.collisions()
    assert collision.customers == (first, second)
    assert (collision.identity.system, collision.source, collision.record) == (
        "phone",
        "shop",
        "o-2",
    )
    for wrong in ({"action": "guess"}, {"action": "merge", "keep": "nobody"}):
        with pytest.raises(InvalidValueError):
            desk.customers.resolve(collision.id, reason=WHY, **wrong)
    desk.customers.resolve(collision.id, "merge", keep=second, reason=WHY)
    assert desk.who("shop", "1") == desk.who("shop", "2") == second
    assert desk.customers.collisions() == ()
    with pytest.raises(DecisionNotFound):
        desk.customers.resolve(collision.id, "apart", reason=WHY)
    (merge,) = [row for row in desk.rows(DECISION) if row[1] == "merge"]
    desk.customers.unmerge(str(merge[0]))
    assert [one.id for one in desk.customers.collisions()] == [collision.id]


def test_a_collision_stands_again_wherever_its_holder_went() -> None:
    """Taking the resolving merge back lists it, also once an earlier merge was taken back."""
    desk, first, second = family()
    desk.capture(purchase(3, customer={"shop": "3"}))
    early = desk.customers.merge(str(desk.who("shop", "3")), first, reason=WHY)
    (collision,) = desk.customers.collisions()
    desk.customers.resolve(collision.id, "merge", reason=WHY)
    desk.customers.unmerge(early.id)
    (*_, merge) = [row for row in desk.rows(DECISION) if row[1] == "merge"]
    desk.customers.unmerge(str(merge[0]))
    (again,) = desk.customers.collisions()
    assert (again.id, again.customers) == (collision.id, (first, second))


def test_apart_the_key_identifies_nobody() -> None:
    """A shared phone reaches both, identifies neither, and collides no more."""
    desk, first, second = family()
    (collision,) = desk.customers.collisions()
    desk.customers.resolve(collision.id, "apart", reason=WHY)
    for member, customer in (("1", first), ("2", second)):
        phone = {"shop": member, "phone": "+8613800138001"}
        assert desk.capture(purchase(10 + int(member), customer=phone)).collisions == 0
        assert len(desk.touchpoints.of(customer)) == 2
        keys = {(key.system, key.value) for key in desk.customers.get(customer).identities}
        assert keys == {("shop", member), ("phone", "+8613800138001")}
    assert desk.customers.find(phone="+8613800138001") is None
    for text in ("+8613800138001", "138001"):
        assert {one.id for one in desk.customers.search(text).items} == {first, second}
    report = desk.capture(purchase(20, customer={"phone": "+8613800138001"}))
    assert "shared" in report.rejected[0].reason
    again = purchase(1, customer={"shop": "1", "phone": "+8613800138001"})
    assert desk.capture(again).duplicate == 1


def test_what_came_by_a_key_now_shared_is_still_known() -> None:
    """A record that only the shared key named is a duplicate, whoever asks and beside whatever."""
    desk, _, _ = family()
    known = purchase(3, customer={"phone": "+8613800138001"})
    assert desk.capture(known).new == 1
    (collision,) = desk.customers.collisions()
    desk.customers.resolve(collision.id, "apart", reason=WHY)
    for number, others in enumerate(([], [purchase(10)], [purchase(11), purchase(3, amount="1")])):
        desk.capture_ = None  # another process, which takes records for new until one is not
        report = desk.capture(*others, known)
        assert (report.duplicate, report.rejections) == (1, number // 2)


def test_customers_of_an_import_are_not_made_anew_by_a_shared_key() -> None:
    """Who has no other key is refused, as he would come again; a number tells him apart."""
    desk, _, _ = family()
    (collision,) = desk.customers.collisions()
    desk.customers.resolve(collision.id, "apart", reason=WHY)
    phone = (Identity("phone", "+8613800138001"),)
    report = desk.customers.save_all([Customer(name="王芳", identities=phone)] * 2)
    assert (report.new, report.rejections) == (0, 2)
    assert "shared" in report.rejected[0].reason
    for new in (1, 0):
        numbered = Customer(name="王芳", number="K-9", identities=phone)
        assert desk.customers.save_all([numbered]).new == new


# -- corrections ---------------------------------------------------------------------------


def test_a_correction_replaces_and_remembers() -> None:
    """The corrected touchpoint holds, and both contents count as known afterwards."""
    desk, ann, _ = two()
    decision = desk.touchpoints.correct("shop", "o-1", {"amount": "8.80", "shelf": 3}, reason=WHY)
    assert decision.body["before"]["amount"] == "880.00"
    corrected = desk.touchpoints.of(ann)[0]
    assert (str(corrected.amount), corrected.attributes) == ("8.80", {"shelf": 3})
    assert_states_are_right(desk)
    assert desk.capture(purchase(1)).duplicate == 1
    assert desk.capture(purchase(1, amount="8.8", shelf=3)).duplicate == 1
    assert "other content" in desk.capture(purchase(1, amount="9")).rejected[0].reason
    (row,) = [row for row in desk.live() if row[2] == "o-1"]
    assert row[10] == -int(decision.id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "lots"}, "amount"),
        ({"kind": "return"}, "amount"),
        ({"at": "2026-05-01"}, "at"),
        ({"id": "o-9"}, "id"),
        ({"customer": "nobody"}, "customer"),
        ({"amount": "880.0"}, "changes"),
        ({"currency": None}, "currency"),
    ],
)
def test_a_correction_obeys_the_rules(changes: dict[str, Any], field: str) -> None:
    """What capture would reject, a correction may not make."""
    desk, _, _ = two()
    with pytest.raises(InvalidValueError) as error:
        desk.touchpoints.correct("shop", "o-1", changes, reason=WHY)
    assert error.value.field == field  # type: ignore[attr-defined]
    assert not desk.rows(VOID)


def test_a_correction_may_move_a_touchpoint() -> None:
    """A touchpoint can be given to another customer, even a new one."""
    desk, ann, bob = two()
    desk.touchpoints.correct("shop", "o-1", {"customer": bob}, reason=WHY)
    assert (len(desk.touchpoints.of(ann)), len(desk.touchpoints.of(bob))) == (0, 2)
    desk.touchpoints.correct("shop", "o-1", {"customer": {"shop": "new"}}, reason=WHY)
    assert len(desk.touchpoints.of(str(desk.who("shop", "new")))) == 1
    assert_states_are_right(desk)


def test_whose_word_a_touchpoint_stands_by_can_be_asked() -> None:
    """Its last correction is told, with who made it; the uncorrected and retracted have none."""
    desk, _, _ = two()
    desk.touchpoints.correct("shop", "o-1", {"item": "T1"}, reason=WHY, by="wu")
    assert {id_: one.by for id_, one in desk.touchpoints.corrections("shop", ["o-1"]).items()} == {
        "o-1": "wu"
    }
    last = desk.touchpoints.correct("shop", "o-1", {"item": "T2"}, reason=WHY)
    assert desk.touchpoints.corrections("shop", ["o-1", "o-2", "o-9"]) == {"o-1": last}
    assert desk.touchpoints.corrections("other", "o-1") == {}
    desk.touchpoints.retract("shop", "o-1", reason=WHY)
    assert desk.touchpoints.corrections("shop", "o-1") == {}


def test_a_retracted_record_stays_away() -> None:
    """Captured again with the same content it is known, with another it is refused, and why."""
    desk, ann, _ = two()
    desk.touchpoints.retract("shop", "o-1", reason=WHY)
    assert desk.touchpoints.of(ann) == ()
    assert desk.capture(purchase(1)).duplicate == 1
    assert "retracted" in desk.capture(purchase(1, amount="1")).rejected[0].reason
    for call in (desk.touchpoints.retract,):
        with pytest.raises(TouchpointNotFound):
            call("shop", "o-1", reason=WHY)
    with pytest.raises(TouchpointNotFound):
        desk.touchpoints.correct("shop", "o-9", {"amount": "1"}, reason=WHY)
    assert_states_are_right(desk)


def noting(call: Any, calls: list[str]) -> Any:
    """Give a method that notes when it is called."""

    def noted(*args: Any, **more: Any) -> Any:
        calls.append(call.__name__)
        return call(*args, **more)

    return noted


def test_the_earliest_is_found_anew_behind_any_number_of_retracted_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taking back the earliest of a kind looks at those after it together, not one by one."""
    calls: list[str] = []
    desk = Desk()
    with desk.store.write() as writer:
        kind = type(writer)
    desk.capture(*(purchase(day, at=f"2025-01-{day:02d}T10:00:00Z") for day in range(1, 32)))
    monkeypatch.setattr(kind, "fetch", noting(kind.fetch, calls))
    needed = []
    for day in range(1, 31):
        calls.clear()
        desk.touchpoints.retract("shop", f"o-{day}", reason=WHY)
        needed.append(len(calls))
        since = [fed[1] for fed in desk.rows(FED) if fed[3] is None]
        assert since == [micros(datetime(2025, 1, day + 1, 10, tzinfo=UTC))]
    assert needed[25] <= needed[1] + 2
    assert_states_are_right(desk)


# -- returns -------------------------------------------------------------------------------


def giving_back(number: int = 9, of: str = "o-1") -> dict[str, Any]:
    return purchase(number, kind="return", amount="-880.00", of=of)


def test_a_return_is_aged_from_its_purchase_whenever_that_comes() -> None:
    """Before, beside or after its return, a purchase cancels it."""
    dumps = []
    for order in ([[0, 1]], [[1, 0]], [[0], [1]], [[1], [0]]):
        desk = Desk()
        for batch in order:
            desk.capture(*((purchase(1), giving_back())[at] for at in batch))
        assert_states_are_right(desk)
        (state,) = states(desk.store).values()
        assert abs(state[0][LAYOUT.slots[1].a]) < 1e-6
        dumps.append((state, [row for row in desk.rows(META) if row[0].startswith("return-of")]))
    assert all(dump == (dumps[0][0], []) for dump in dumps)


def test_a_purchase_taken_back_and_captured_anew_ages_its_return_anew() -> None:
    """An undone purchase leaves its return an orphan until it comes again."""
    desk = Desk()
    desk.capture(giving_back())
    run = desk.capture(purchase(1)).run
    desk.touchpoints.undo(run)
    assert_states_are_right(desk)
    assert desk.capture(purchase(1)).new == 1
    assert_states_are_right(desk)
    (state,) = states(desk.store).values()
    assert abs(state[0][LAYOUT.slots[1].a]) < 1e-6
    desk.touchpoints.retract("shop", "o-1", reason=WHY)
    assert_states_are_right(desk)
    assert len([row for row in desk.rows(META) if row[0].startswith("return-of")]) == 1


def test_notes_are_kept_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns of purchases that are not there, and then come, cost no call of the store each."""
    calls: list[str] = []
    desk = Desk()
    with desk.store.write() as writer:
        kind = type(writer)
    for name in ("fetch", "put", "delete"):
        monkeypatch.setattr(kind, name, noting(getattr(kind, name), calls))
    needed = []
    for numbers in (range(1), range(100, 101), range(200, 260)):
        calls.clear()
        desk.capture(*(giving_back(1_000 + number, f"o-{number}") for number in numbers))
        desk.capture(*(purchase(number) for number in numbers))
        needed.append(sorted(calls))
    assert needed[1] == needed[2]  # the first met the customer
    assert not [row for row in desk.rows(META) if row[0].startswith("return-of")]
    assert_states_are_right(desk)


# -- undo ----------------------------------------------------------------------------------


def test_an_undone_run_leaves_what_was_before() -> None:
    """Touchpoints, customers, keys and collisions of the run go; all else stays."""
    desk, ann, bob = two()
    desk.capture(purchase(3, kind="visit", at="2026-01-01T00:00:00Z", amount=None, currency=None))
    before = desk.dump()
    run = desk.capture(
        purchase(4, customer={"email": "ann@example.com", "phone": "+8613800138001"}),
        purchase(5, customer={"shop": "18", "phone": "+8613800138001"}),
        purchase(6, customer={"shop": "17", "email": "ann@example.com"}, at="2025-01-01T00:00:00Z"),
        purchase(7, kind="share", amount=None, currency=None),
    ).run
    assert len(desk.rows(COLLISION)) == 1
    decision = desk.touchpoints.undo(run)
    assert decision.body["touchpoints"] == 4
    after = desk.dump()
    for table in (STATE, IDENTITY, COLLISION):
        assert after[table.name] == before[table.name]
    assert [row[:2] for row in after[CUSTOMER.name]] == [row[:2] for row in before[CUSTOMER.name]]
    assert {row[:2] for row in desk.rows(FED) if row[3] is None} == {
        row[:2] for row in before[FED.name]
    }
    assert_states_are_right(desk)
    for gone in (run, "0", "-5", "x", "9" * 30):
        with pytest.raises(DecisionNotFound):
            desk.touchpoints.undo(gone)
    assert {len(desk.touchpoints.of(one)) for one in (ann, bob)} == {1, 2}


def test_an_undone_file_can_be_captured_with_another_mapping() -> None:
    """After an undo the same ids with other content are new."""
    desk = Desk()
    run = desk.capture(*(purchase(n, amount="1") for n in (1, 2, 3))).run
    desk.touchpoints.correct("shop", "o-2", {"amount": "2"}, reason=WHY)
    desk.touchpoints.undo(run)
    assert desk.live() == []
    assert not desk.rows(CUSTOMER)
    again = desk.capture(*(purchase(n, customer={"shop": "17"}) for n in (1, 2, 3)))
    assert (again.new, again.rejections) == (3, 0)
    assert sorted(row[3] for row in desk.live()) == [1, 1, 2]
    assert desk.capture(purchase(2, customer={"shop": "17"})).duplicate == 1
    assert desk.capture(purchase(2, amount="1")).rejections == 1
    desk.touchpoints.undo(again.run)
    assert desk.live() == []


def test_an_undo_keeps_what_others_rely_on() -> None:
    """A customer or key that something else has used since stays."""
    desk = Desk()
    run = desk.capture(purchase(1, customer={"shop": "17", "email": "ann@example.com"})).run
    desk.capture(purchase(2, customer={"email": "ann@example.com"}))
    desk.touchpoints.undo(run)
    assert desk.who("email", "ann@example.com")
    assert desk.capture(purchase(3, customer={"email": "ann@example.com"})).new == 1
    assert len(desk.rows(CUSTOMER)) == 1


def test_an_undo_keeps_the_key_that_a_file_of_customers_knows_somebody_by() -> None:
    """The orders come again by another mapping, and are his; he stood twice otherwise."""
    desk = Desk()
    run = desk.capture(purchase(1, customer={"till": "4712"})).run
    firm = Customer(name="Smith", number="78", identities=(Identity("till", "4712"),))
    (saved,) = desk.customers.search().items
    assert desk.customers.save_all([firm]).changed == 1
    desk.touchpoints.undo(run)
    assert desk.who("till", "4712") == saved.id
    desk.capture(purchase(1, customer={"till": "4712"}, amount="5"))
    assert len(desk.rows(CUSTOMER)) == 1


def test_an_undo_loses_no_objection() -> None:
    """Who stays for what was decided about him is found by what he was found by."""
    order = purchase(1, customer={"shop": "17", "email": "ann@example.com"})
    with crmkit.connect("memory://") as crm:
        run = crm.capture([order], "till").run
        ann = crm.customers.find(shop="17").id
        crm.consents.withdraw(ann, "care", source="a call")
        assert crm.touchpoints.undo(run, reason=WHY).body["customers"] == []
        crm.capture([order | {"amount": "5"}], "till")
        assert crm.customers.find(email="ann@example.com").id == ann
        assert [one.state for one in crm.consents.of(ann)] == ["withdrawn"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["capture", "merge", "unmerge", "correct", "retract", "undo", "resolve"]),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=14,
)


@attrs.define
class Story:
    """A desk and what was done at it, so that later steps can take it back."""

    desk: Desk = attrs.field(factory=Desk)
    runs: list[str] = attrs.field(factory=list)
    merges: list[str] = attrs.field(factory=list)
    count: int = 0

    def capture(self, one: int, other: int) -> None:
        customer = {"shop": str(one), "phone": f"+861380013800{other}"}
        if one > 3:
            del customer["shop"]
        record = purchase(self.count % 9, customer=customer)
        back = giving_back(100 + self.count, f"o-{other}") | {"customer": customer}
        self.runs.append(self.desk.capture(record, back).run)

    def merge(self, one: int, other: int) -> None:
        roots = sorted(row[0] for row in self.desk.rows(CUSTOMER) if row[0] == row[2])
        if len(roots) > 1:
            keep, drop = roots[one % len(roots)], roots[other % len(roots)]
            self.merges.append(self.desk.customers.merge(keep, drop, reason=WHY).id)

    def unmerge(self, one: int, _other: int) -> None:
        if self.merges:
            self.desk.customers.unmerge(self.merges[one % len(self.merges)])

    def undo(self, one: int, _other: int) -> None:
        if self.runs:
            self.desk.touchpoints.undo(self.runs[one % len(self.runs)])

    def resolve(self, one: int, _other: int) -> None:
        for collision in self.desk.customers.collisions()[:1]:
            action = "apart" if one % 2 else "merge"
            self.desk.customers.resolve(collision.id, action, reason=WHY)

    def correct(self, one: int, other: int) -> None:
        for which in self._live(one):
            self.desk.touchpoints.correct("shop", which, {"quantity": other}, reason=WHY)

    def retract(self, one: int, _other: int) -> None:
        for which in self._live(one):
            self.desk.touchpoints.retract("shop", which, reason=WHY)

    def _live(self, one: int) -> list[str]:
        ids = sorted({row[2] for row in self.desk.live()})
        return ids[one % len(ids) :][:1] if ids else []


@given(STEPS)
@settings(max_examples=stories(150))
def test_states_always_say_what_the_log_says(steps: list[tuple[str, int, int]]) -> None:
    """After any story the folded states are what a rebuild gives, and every key leads to a root."""
    story = Story()
    desk = story.desk
    for step, one, other in steps:
        story.count += 1
        with contextlib.suppress(DecisionNotFound, InvalidValueError):
            getattr(story, step)(one, other)
    assert_states_are_right(desk)
    customers = {row[0]: row[2] for row in desk.rows(CUSTOMER)}
    assert all(customers[root] == root for root in customers.values())
    assert {row[2] for row in desk.rows(IDENTITY)} <= {*customers, None}
    assert {row[4] for row in desk.live()} <= {*customers}
