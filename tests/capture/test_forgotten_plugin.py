"""A plugin that was removed for good: a person says so, and nothing waits for it any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import crmkit
from crmkit import Indicator
from crmkit.contracts.specs import KindSpec, ReferenceSpec, Refusal
from crmkit.errors import InvalidValueError, PluginError
from crmkit.plugins import PluginManager, hookimpl
from crmkit.plugins.records import MissingPlugin

NOW = datetime(2026, 5, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
WHY = "the shop keeps no pigeons any more"
NEST = SimpleNamespace(
    crmkit_touchpoint_kinds=hookimpl(lambda: [KindSpec(name="flight")]),
    crmkit_indicators=hookimpl(
        lambda: [Indicator("flights", ("flight",), "count", half_life=MONTH, weight=50)]
    ),
    crmkit_references=hookimpl(
        lambda: [
            ReferenceSpec(
                name="feathers",
                repoint=lambda *_, **__: None,
                export=lambda *_, **__: None,
                erase=lambda *_, **__: None,
            )
        ]
    ),
    crmkit_refuse_send=hookimpl(lambda messages: [Refusal(one.id, "hawk") for one in messages]),
)
MISSING = MissingPlugin(
    distribution="nest",
    declared={
        "indicators": ("flights",),
        "kinds": ("flight",),
        "references": ("feathers",),
        "refusals": ("nest:nest",),
    },
)


def open_crm(folder: Path, *plugins: object) -> crmkit.CRM:
    manager = PluginManager(discover=False)
    for one in plugins:
        manager.register(one, name="nest")
    return crmkit.connect(
        f"sqlite:///{folder / 'shop.db'}",
        plugins=manager,
        clock=lambda: NOW,
        actor="lin",
        config={"outreach": {"basis": {"care": "opt_out"}}},
    )


def flight(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "kind": "flight",
        "at": NOW - timedelta(days=1),
        "customer": {"name": name, "shop": name},
    }


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Give a folder with a workspace that a plugin was used in, and is no more."""
    with open_crm(tmp_path, NEST) as crm:
        crm.capture([flight("ann"), flight("bob"), flight("cid")], source="tower")
        ann = crm.customers.find(shop="ann").id
        assert crm.value.score(ann).total > 0
        crm.outreach.enqueue(
            ann, purpose="care", occasion="tea", channel="console", template={"text": "coo"}
        )
        assert crm.outreach.dispatch().states == {"refused": 1}
    return tmp_path


def calls(crm: crmkit.CRM) -> dict[str, Callable[[], object]]:
    ann, bob, cid = (crm.customers.find(shop=name).id for name in ("ann", "bob", "cid"))
    crm.outreach.enqueue(
        cid, purpose="care", occasion="tea", channel="console", template={"text": "coo"}
    )
    return {
        "score": lambda: crm.value.score(ann),
        "send": crm.outreach.dispatch,
        "export": lambda: crm.customers.export(ann),
        "merge": lambda: crm.customers.merge(ann, bob, reason=WHY),
        "erase": lambda: crm.customers.erase(ann, reason=WHY),
    }


def test_what_rested_on_it_goes_on_once_that_is_said(left: Path) -> None:
    """Each error names the way out; afterwards all goes on, and who decided that is recorded."""
    with open_crm(left) as crm:
        assert crm.missing_plugins() == (MISSING,)
        for call in calls(crm).values():
            with pytest.raises(PluginError, match="crmkit plugins --forget nest --reason"):
                call()

        decision = crm.forget_plugin("nest", reason=WHY)

        assert (decision.kind, decision.by, decision.reason) == ("forget_plugin", "lin", WHY)
        assert decision.body == MISSING.to_dict()
        assert crm.missing_plugins() == ()
    with open_crm(left) as crm:  # another process knows it too
        done = {name: call() for name, call in calls(crm).items()}
        assert done["send"].states == {"accepted": 1}
        assert {part.indicator for part in done["score"].parts}.isdisjoint({"flights"})
        told = [one.record for one in crm.changes() if one.what == "decision" and one.record]
        forgotten = [one for one in told if one.kind == "forget_plugin"]
        assert [(one.by, one.reason) for one in forgotten] == [("lin", WHY)]


def test_it_is_relied_on_again_where_it_comes_back(left: Path) -> None:
    """Whoever installs it anew is asked again before anything is erased."""
    with open_crm(left) as crm:
        crm.forget_plugin("nest", reason=WHY)
    with open_crm(left, NEST) as crm:
        crm.capture([flight("dan")], source="tower")
        assert crm.value.score(crm.customers.find(shop="ann").id).total > 0
    with open_crm(left) as crm:
        assert crm.missing_plugins() == (MISSING,)


def test_only_what_is_missing_can_be_forgotten(left: Path) -> None:
    """Not a plugin that is there, nor a name that nobody bore, nor without a reason."""
    with (
        open_crm(left, NEST) as crm,
        pytest.raises(InvalidValueError, match=r"nest is installed.*uninstall it first"),
    ):
        crm.forget_plugin("nest", reason=WHY)
    with open_crm(left) as crm:
        with pytest.raises(InvalidValueError, match="did you mean 'nest'"):
            crm.forget_plugin("nets", reason=WHY)
        with pytest.raises(InvalidValueError, match="reason"):
            crm.forget_plugin("nest", reason=" ")
        assert crm.missing_plugins() == (MISSING,)
