"""What plugins are told, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import crmkit
from crmkit.plugins import PluginManager, hookimpl

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ORDER = {
    "id": "o-1",
    "kind": "purchase",
    "at": "2026-04-30T10:00:00+08:00",
    "customer": {"email": "ann@example.com"},
    "amount": "88.00",
    "currency": "CNY",
}


class Listener:
    """A plugin that notes all it is told, and fails once."""

    def __init__(self) -> None:
        self.touchpoints: list[str] = []
        self.scores: list[str] = []
        self.moves: list[tuple[str, str | None, str]] = []

    @hookimpl
    def crmkit_touchpoints_recorded(self, touchpoints: Sequence[crmkit.Touchpoint]) -> None:
        self.touchpoints += [touchpoint.id for touchpoint in touchpoints]

    @hookimpl
    def crmkit_scores_changed(self, customer_ids: Sequence[str]) -> None:
        self.scores += customer_ids
        raise RuntimeError("a listener's own trouble")

    @hookimpl
    def crmkit_stages_changed(self, moves: Sequence[crmkit.Move]) -> None:
        self.moves += [(move.what, move.before, move.after) for move in moves]


def test_plugins_hear_of_touchpoints_scores_and_moves() -> None:
    """Each notice comes once, after the commit; a listener that raises costs nobody anything."""
    listener = Listener()
    manager = PluginManager(discover=False)
    manager.register(listener)
    with crmkit.connect("memory://", clock=lambda: NOW, plugins=manager) as crm:
        assert crm.capture([ORDER], source="shop").new == 1
        assert crm.capture([ORDER], source="shop").new == 0
        ann = crm.customers.find(email="ann@example.com")
        assert ann is not None
        crm.lifecycle.advance()
        crm.lifecycle.advance()
    assert listener.touchpoints == ["o-1"]
    assert listener.scores == [ann.id]
    assert sorted(listener.moves) == [("stage", None, "development"), ("tier", None, "key")]
