"""What others do to somebody while an `advance` works out where he stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmkit.contracts.tables import DECISION, STANDING
from crmkit.lifecycle import advancing
from tests.lifecycle.firm import firm


@pytest.mark.parametrize("days", [0, 90])
@pytest.mark.parametrize("what", ["erased", "undone", "merged"])
def test_who_goes_meanwhile_is_not_moved(
    what: str, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is kept of somebody new who is gone by then, and the agenda does without him."""
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", "0" * 64)
    judge = advancing.judge
    with firm(url=f"sqlite:///{tmp_path}/shop.db") as shop:
        shop.buyer("ann", 200, 300)
        record = {"id": "b", "kind": "purchase", "at": shop.at(400), "amount": "5"}
        email = {"email": "bob@x.org"}
        run = shop.crm.capture([{**record, "currency": "CNY", "customer": email}], "shop").run
        bob = shop.crm.customers.find(email="bob@x.org")
        assert bob is not None
        ways = {
            "erased": lambda: shop.crm.customers.erase(bob.id, reason="asked for it"),
            "undone": lambda: shop.crm.touchpoints.undo(run, reason="another shop's"),
            "merged": lambda: shop.crm.customers.merge("ann", bob.id, reason="one person"),
        }

        def meanwhile(*given: Any) -> object:
            ways.pop(what, lambda: None)()
            return judge(*given)

        monkeypatch.setattr(advancing, "judge", meanwhile)
        shop.lifecycle.advance(since=shop.at(days) if days else None)
        assert shop.listed() == ["ann"]
        with shop.crm.session.store.read() as reader:
            assert [row[0] for row in reader.scan(STANDING)] == ["ann"]
            about = reader.fetch(DECISION, [(bob.id,)], by=("customer",))
            assert {row[1] for row in about} <= {"erase"}


def test_two_advances_at_once_keep_nobody_on_the_agenda(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the later look saw stands, also where the earlier one writes between its writes."""
    record, finish = advancing._Recorder.record, advancing._Recorder.finish
    left: list[Any] = []
    with firm() as shop:
        shop.buyer("ann", 200, 300)
        shop.buyer("bob", 200, 300)
        shop.lifecycle.advance()
        shop.wait(1)

        def meanwhile(self: Any, *given: Any, **more: Any) -> Any:
            monkeypatch.setattr(advancing._Recorder, "record", record)
            shop.note("bob", "call", 2)
            with monkeypatch.context() as patch:
                patch.setattr(advancing._Recorder, "finish", lambda *all_: left.append(all_))
                shop.lifecycle.advance()
            return record(self, *given, **more)

        monkeypatch.setattr(advancing._Recorder, "record", meanwhile)
        shop.lifecycle.advance()
        finish(*left.pop())
        assert shop.listed() == ["ann"]
        shop.lifecycle.advance()
        assert shop.listed() == ["ann"]
