"""What plugins keep about customers: nothing of it is lost, left behind or mixed up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

import crmkit
from crmkit.capture.customers import Customers
from crmkit.capture.references import References
from crmkit.contracts.specs import ReferenceSpec
from crmkit.contracts.tables import CUSTOMER, TABLES
from crmkit.errors import CustomerNotFound, DecisionNotFound, PluginError, StoreBusy
from crmkit.plugins import PluginManager, hookimpl
from crmkit.value.basis import Defaults
from crmkit.value.models import default_model
from tests.capture.kit import purchase

WHY = "the test says so"
ANN = {"email": "ann@example.com"}
BOB = {"shop": "17"}


@attrs.define
class Nest:
    """A plugin that keeps one note a customer, and can be told where to fail.

    Attributes:
        name: Of the plugin and its reference.
        kept: Notes by the id they lie with, each with the id it was written for.
        fails: The function that raises next, and what.
        calls: What it was asked, in order.
    """

    name: str = "nest"
    kept: dict[str, list[str]] = attrs.field(factory=dict)
    fails: dict[str, BaseException] = attrs.field(factory=dict)
    calls: list[tuple[str, ...]] = attrs.field(factory=list)

    def _asked(self, what: str, *ids: str) -> None:
        self.calls.append((what, *ids))
        if what in self.fails:
            raise self.fails[what]

    def repoint(self, keep: str, drop: str, workspace: str) -> None:
        self._asked("repoint", keep, drop, workspace)
        self.kept[keep] = self.kept.get(keep, []) + self.kept.pop(drop, [])

    def unmerge(self, keep: str, drop: str, workspace: str) -> None:
        self._asked("unmerge", keep, drop, workspace)
        self.kept.setdefault(drop, []).extend(n for n in self.kept[keep] if n == drop)
        self.kept[keep] = [note for note in self.kept[keep] if note != drop]

    def export(self, customer_id: str, workspace: str) -> Any:
        self._asked("export", customer_id, workspace)
        return self.kept.get(customer_id)

    def erase(self, customer_id: str, workspace: str) -> None:
        self._asked("erase", customer_id, workspace)
        self.kept.pop(customer_id, None)

    def plugin(self) -> SimpleNamespace:
        spec = ReferenceSpec(
            name=self.name,
            repoint=self.repoint,
            export=self.export,
            erase=self.erase,
            unmerge=self.unmerge,
        )
        return SimpleNamespace(crmkit_references=hookimpl(lambda: [spec]))


def manager_with(*nests: Nest) -> PluginManager:
    manager = PluginManager(discover=False)
    for nest in nests:
        manager.register(nest.plugin(), name=nest.name)
    return manager


@attrs.define
class Shop:
    """Ann and Bob, and plugins that keep a note about each."""

    crm: crmkit.CRM
    ann: str
    bob: str


def shop(*nests: Nest, url: str = "memory://") -> Shop:
    crm = crmkit.connect(url, plugins=manager_with(*nests))
    crm.capture([purchase(1), purchase(2, customer=BOB)], source="shop")
    found = crm.customers.find
    ann, bob = found(**ANN), found(**BOB)
    assert ann is not None
    assert bob is not None
    for nest in nests:
        nest.kept = {ann.id: [ann.id], bob.id: [bob.id]}
    return Shop(crm, ann.id, bob.id)


def held(crm: crmkit.CRM) -> str:
    with crm.session.store.read() as reader:
        return repr([list(reader.scan(table)) for table in TABLES])


# what is called, what of the plugin fails, what the error says about it
CALLS: dict[str, tuple[str, Callable[[Shop], object], str]] = {
    "merge": (
        "repoint",
        lambda s: s.crm.customers.merge(s.ann, s.bob, reason=WHY),
        "not handed over",
    ),
    "export": ("export", lambda s: s.crm.customers.export(s.ann), "nothing is exported"),
    "erase": ("erase", lambda s: s.crm.customers.erase(s.ann, reason=WHY), "erases nobody"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "error", [KeyError("feather"), SystemExit(3), crmkit.CrmkitError("busy")], ids=repr
)
def test_what_a_plugin_raises_is_named(call: str, error: BaseException) -> None:
    """The error tells the plugin, the function and the cause, what stands still, and what to do."""
    function, do, consequence = CALLS[call]
    nest = Nest(fails={function: error})

    with pytest.raises(PluginError, match=f"{function} of nest.*{consequence}.*mend") as caught:
        do(shop(nest))

    assert caught.value.plugin == "nest"  # type: ignore[attr-defined]
    assert caught.value.hook == f"crmkit_references ({function} of nest)"  # type: ignore[attr-defined]
    assert type(error).__name__ in caught.value.cause  # type: ignore[attr-defined]
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("call", ["merge", "erase"])
def test_a_function_that_only_promises_has_not_forgotten_anybody(call: str) -> None:
    """An async function or a generator does nothing by being called: crmkit erases nobody then."""

    async def promise(*_: str, **__: str) -> None:
        """Do nothing before somebody awaits it."""

    def lazily(*_: str, **__: str) -> Any:
        yield

    for function in (promise, lazily):
        spec = ReferenceSpec(
            name="nest", repoint=function, export=lambda *_, **__: 1, erase=function
        )
        manager = PluginManager(discover=False)
        manager.register(SimpleNamespace(crmkit_references=hookimpl(lambda one=spec: [one])))
        with crmkit.connect("memory://", plugins=manager) as crm:
            ann, bob = (crm.customers.save(crmkit.Customer(name=name)).id for name in "ab")
            asked = {
                "merge": partial(crm.customers.merge, ann, bob, reason=WHY),
                "erase": partial(crm.customers.erase, ann, reason=WHY),
            }
            with pytest.raises(PluginError, match="has done nothing"):
                asked[call]()
            assert crm.customers.get(ann).name == "a"


def test_ctrl_c_stays_ctrl_c() -> None:
    """Who interrupts the program is not told that a plugin failed."""
    nest = Nest(fails={"erase": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        CALLS["erase"][1](shop(nest))


@pytest.mark.parametrize("kept", [{1, 2}, float("nan"), b"x"], ids=repr)
def test_an_export_that_is_no_json_is_the_plugins_fault(kept: Any) -> None:
    """What could not be handed on is refused where the plugin can still be named."""
    one = shop(nest := Nest())
    nest.kept[one.ann] = kept
    with pytest.raises(PluginError, match="export of nest"):
        one.crm.customers.export(one.ann)


# -- erasing -------------------------------------------------------------------------------


def test_nothing_is_erased_before_every_plugin_has() -> None:
    """Where the second of two plugins fails, crmkit still has everything; then it goes through."""
    first, second = Nest("first"), Nest("second")
    one = shop(first, second)
    before = held(one.crm)
    second.fails = {"erase": OSError("disk full")}

    for _ in range(2):
        with pytest.raises(PluginError, match=r"'second'.*disk full"):
            one.crm.customers.erase(one.ann, reason=WHY)
        assert held(one.crm) == before

    second.fails = {}
    decision = one.crm.customers.erase(one.ann, reason=WHY)
    assert decision.body["ids"] == [one.ann]
    assert list(first.kept) == list(second.kept) == [one.bob]
    assert "ann@example.com" not in held(one.crm)


def test_an_erasure_that_was_killed_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the plugins' part and crmkit's the customer is still there to be erased."""
    one = shop(nest := Nest())
    monkeypatch.setattr("crmkit.capture.customers.erase", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        one.crm.customers.erase(one.ann, reason=WHY)
    assert one.ann not in nest.kept
    monkeypatch.undo()

    one.crm.customers.erase(one.ann, reason=WHY)
    assert nest.calls.count(("erase", one.ann, one.crm.session.store.workspace)) == 2
    with pytest.raises(CustomerNotFound):
        one.crm.customers.get(one.ann)


def test_plugins_forget_every_id_of_a_customer() -> None:
    """Also what lies with an id that was merged, as where a hand-over failed."""
    one = shop(nest := Nest(fails={"repoint": OSError()}))
    with pytest.raises(PluginError):
        one.crm.customers.merge(one.ann, one.bob, reason=WHY)
    assert one.crm.customers.export(one.ann)["plugins"]["nest"][one.bob] == [one.bob]
    one.crm.customers.erase(one.ann, reason=WHY)
    assert nest.kept == {}


def test_who_is_merged_while_plugins_forget_is_not_erased_unasked() -> None:
    """An id that no plugin was told of is not erased: the call is to be made again."""
    one = shop(nest := Nest())
    other = Customers(one.crm.session, Defaults(default_model()))  # knows no plugin
    forget = nest.erase

    def merged_meanwhile(customer_id: str, workspace: str) -> None:
        forget(customer_id, workspace)
        other.merge(one.ann, one.bob, reason=WHY)

    spec = attrs.evolve(nest.plugin().crmkit_references()[0], erase=merged_meanwhile)
    customers = attrs.evolve(one.crm.customers, kept=lambda: [spec])
    with pytest.raises(StoreBusy, match="try again"):
        customers.erase(one.ann, reason=WHY)
    assert one.crm.customers.get(one.ann).id == one.ann
    one.crm.customers.erase(one.ann, reason=WHY)
    assert nest.kept == {}


def test_a_plugin_may_keep_its_data_in_the_same_file(tmp_path: Path) -> None:
    """No plugin is called while crmkit holds the database: neither waits for the other."""
    path = tmp_path / "shop.db"

    def run(sql: str, *values: str) -> list[tuple[str]]:
        own = sqlite3.connect(path, timeout=0.1)
        with own:
            found = own.execute(sql, values).fetchall()
        own.close()
        return found

    def give(keep: str, drop: str, workspace: str) -> None:  # noqa: ARG001
        run("UPDATE feather SET owner = ? WHERE owner = ?", keep, drop)

    def forget(customer_id: str, workspace: str) -> None:  # noqa: ARG001
        run("DELETE FROM feather WHERE owner = ?", customer_id)

    spec = ReferenceSpec(
        name="feathers", repoint=give, export=lambda *_, **__: None, erase=forget, unmerge=give
    )
    manager = PluginManager(discover=False)
    manager.register(SimpleNamespace(crmkit_references=hookimpl(lambda: [spec])), name="pigeon")
    with crmkit.connect(f"sqlite:///{path}", plugins=manager) as crm:
        crm.capture([purchase(1), purchase(2, customer=BOB)], source="shop")
        ann, bob = (one.id for one in crm.customers.search().items)
        run("CREATE TABLE feather (owner TEXT)")
        run("INSERT INTO feather VALUES (?)", bob)
        merge = crm.customers.merge(ann, bob, reason=WHY)
        assert run("SELECT owner FROM feather") == [(ann,)]
        crm.customers.unmerge(merge.id)
        crm.customers.erase(ann, reason=WHY)
        assert run("SELECT owner FROM feather") == []


# -- merging -------------------------------------------------------------------------------


def test_a_merge_whose_hand_over_failed_is_handed_over_again() -> None:
    """Merging the same two again makes no second decision, and asks the plugins once more."""
    first, second = Nest("first"), Nest("second", fails={"repoint": OSError("asleep")})
    one = shop(first, second)
    customers = one.crm.customers
    with pytest.raises(PluginError, match="asleep"):
        customers.merge(one.ann, one.bob, reason=WHY)
    assert len(customers.get(one.ann).identities) == 2

    second.fails = {}
    made = customers.merge(one.ann, one.bob, reason="again")
    assert (made.keep, made.drop, made.reason) == (one.ann, one.bob, WHY)
    assert first.kept == second.kept == {one.ann: [one.ann, one.bob]}
    with pytest.raises(crmkit.CustomerMerged):  # it is done: whoever comes second is told so
        customers.merge(one.ann, one.bob, reason="again")
    assert first.kept == {one.ann: [one.ann, one.bob]}
    assert [d["kind"] for d in customers.export(one.ann)["decisions"]] == ["merge"]


def test_a_merge_that_was_killed_is_handed_over_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What crmkit has merged and no plugin has heard of is known to be open."""
    one = shop(nest := Nest())
    monkeypatch.setattr(References, "repoint", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        one.crm.customers.merge(one.ann, one.bob, reason=WHY)
    monkeypatch.undo()
    one.crm.customers.merge(one.ann, one.bob, reason=WHY)
    assert nest.kept == {one.ann: [one.ann, one.bob]}


@pytest.mark.parametrize("then", ["unmerge", "erase"])
def test_no_hand_over_is_open_for_whom_there_is_none(then: str) -> None:
    """Once the merge is taken back, or the customer erased, nothing is left to be handed over."""
    one = shop(nest := Nest(fails={"repoint": OSError("asleep")}))
    with pytest.raises(PluginError):
        one.crm.customers.merge(one.ann, one.bob, reason=WHY)
    nest.kept[one.ann] = []
    assert "handover:" in held(one.crm)
    if then == "erase":
        one.crm.customers.erase(one.ann, reason=WHY)
    else:
        (merge,) = one.crm.customers.export(one.ann)["decisions"]
        one.crm.customers.unmerge(merge["id"])
    assert "handover:" not in held(one.crm)


def test_nobody_is_handed_over_who_is_not_merged() -> None:
    """Of two customers who stay two, no plugin hears."""
    one = shop(nest := Nest())
    with pytest.raises(CustomerNotFound):
        one.crm.customers.merge(one.ann, "nobody", reason=WHY)
    one.crm.customers.merge(one.ann, one.bob, reason=WHY)
    with pytest.raises(crmkit.CustomerMerged):
        one.crm.customers.merge(one.bob, one.ann, reason=WHY)
    assert nest.calls == [("repoint", one.ann, one.bob, one.crm.session.store.workspace)]


def test_a_resolved_collision_is_handed_over_again() -> None:
    """Resolving the same way again goes on where a plugin failed; another way is refused."""
    nest = Nest()
    crm = crmkit.connect("memory://", plugins=manager_with(nest))
    for shop_id in ("1", "2"):
        whose = {"shop": shop_id, "phone": "+8613800138001"}
        crm.capture([purchase(int(shop_id), customer=whose)], source="shop")
    (collision,) = crm.customers.collisions()
    holder, other = collision.customers
    nest.fails = {"repoint": OSError("asleep")}
    with pytest.raises(PluginError):
        crm.customers.resolve(collision.id, "merge", reason=WHY)

    for wrong in ({"action": "apart"}, {"action": "merge", "keep": other}):
        with pytest.raises(DecisionNotFound):
            crm.customers.resolve(collision.id, reason=WHY, **wrong)
    nest.fails = {}
    found = crm.customers.resolve(collision.id, "merge", reason=WHY)
    assert found.customers == (holder, other)
    assert nest.calls == [("repoint", holder, other, crm.session.store.workspace)] * 2
    with pytest.raises(DecisionNotFound):
        crm.customers.resolve(collision.id, "merge", reason=WHY)


def test_a_collision_of_two_merged_otherwise_hands_nothing_over() -> None:
    """They are one already: no plugin is asked to hand a customer over to himself."""
    nest = Nest()
    crm = crmkit.connect("memory://", plugins=manager_with(nest))
    for shop_id in ("1", "2"):
        whose = {"shop": shop_id, "phone": "+8613800138001"}
        crm.capture([purchase(int(shop_id), customer=whose)], source="shop")
    (collision,) = crm.customers.collisions()
    holder, other = collision.customers
    crm.customers.merge(holder, other, reason=WHY)
    crm.customers.resolve(collision.id, "merge", reason=WHY)
    assert nest.calls == [("repoint", holder, other, crm.session.store.workspace)]


def test_an_unmerge_gives_back_and_can_be_made_again() -> None:
    """Plugins give back first: until all of them have, both stay one customer."""
    first, second = Nest("first"), Nest("second")
    one = shop(first, second)
    merge = one.crm.customers.merge(one.ann, one.bob, reason=WHY)
    second.fails = {"unmerge": OSError("asleep")}
    with pytest.raises(PluginError, match="the merge stands"):
        one.crm.customers.unmerge(merge.id)
    with pytest.raises(crmkit.CustomerMerged):
        one.crm.customers.get(one.bob)

    second.fails = {}
    one.crm.customers.unmerge(merge.id)
    assert first.kept == second.kept == {one.ann: [one.ann], one.bob: [one.bob]}
    calls = len(first.calls)
    with pytest.raises(DecisionNotFound):
        one.crm.customers.unmerge(merge.id)
    assert len(first.calls) == calls


def test_a_plugin_that_cannot_give_back_keeps_what_it_has() -> None:
    """``unmerge`` may be left out: crmkit's own part is taken back all the same."""
    spec = ReferenceSpec(name="feathers", repoint=lambda *_, **__: None, export=print, erase=print)
    manager = PluginManager(discover=False)
    manager.register(SimpleNamespace(crmkit_references=hookimpl(lambda: [spec])), name="pigeon")
    crm = crmkit.connect("memory://", plugins=manager)
    crm.capture([purchase(1), purchase(2, customer=BOB)], source="shop")
    ann, bob = (one.id for one in crm.customers.search().items)
    merge = crm.customers.merge(ann, bob, reason=WHY)
    crm.customers.unmerge(merge.id)
    assert crm.customers.get(bob).id == bob


# -- plugins that are gone -----------------------------------------------------------------


@pytest.mark.parametrize("wrote", ["capture", "save", "save_all"])
def test_a_plugin_that_is_gone_stops_erasing(tmp_path: Path, wrote: str) -> None:
    """Whoever once wrote with it installed has noted it: without it nobody is erased or merged."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with crmkit.connect(url, plugins=manager_with(Nest())) as crm:
        if wrote == "capture":
            crm.capture([purchase(1), purchase(2, customer=BOB)], source="shop")
        else:
            for name in ("Ann", "Bob"):
                customer = crmkit.Customer(name=name, number=name)
                given = [customer] if wrote == "save_all" else customer
                getattr(crm.customers, wrote)(given)
    with crmkit.connect(url, plugins=manager_with()) as crm:
        ann, bob = (one.id for one in crm.customers.search().items)
        for do in (
            lambda: crm.customers.erase(ann, reason=WHY),
            lambda: crm.customers.merge(ann, bob, reason=WHY),
            lambda: crm.customers.export(ann),
        ):
            with pytest.raises(PluginError, match="'nest', which nest declared: it is not loaded"):
                do()
        with crm.session.store.read() as reader:
            assert reader.count(CUSTOMER) == 2
    with crmkit.connect(url, plugins=manager_with(Nest())) as crm:
        crm.customers.merge(ann, bob, reason=WHY)
        assert json.dumps(crm.customers.export(ann))
        crm.customers.erase(ann, reason=WHY)


def test_a_failure_is_over_when_the_plugin_is_mended() -> None:
    """A function that failed once does not keep the plugin from being asked again."""
    one = shop(nest := Nest(fails={"export": OSError("asleep")}))
    with pytest.raises(PluginError):
        one.crm.customers.export(one.ann)
    nest.fails = {}
    assert one.crm.customers.export(one.ann)["plugins"] == {"nest": {one.ann: [one.ann]}}
    (row,) = [row for row in one.crm.plugins.report() if row.name == "nest"]
    assert "asleep" in str(row.cause)
