"""Whatever happens on both sides and between them, one quiet run makes them equal, none twice."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from fxiaoke_shop import Shop, writes
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from crmkit.contracts.connector import SyncError
from crmkit.contracts.service import Service
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.fxiaoke import Fxiaoke, described

WHO = st.integers(0, 7)
TROUBLES = {
    "cut": Fault(cut=True, on="/data/"),
    "made and cut": Fault(cut=True, on="create"),
    "changed and cut": Fault(cut=True, on="update"),
    "refused": Fault(refuse=True, on="/data/"),
    "busy": Fault(answer=Answer({"errorCode": -1, "errorMessage": "系统繁忙"}), on="/data/"),
    "crowded": Fault(answer=Answer({"errorCode": 30004, "errorMessage": "秒频次超限"})),
    "expired": Fault(answer=Answer({"errorCode": 20016, "errorMessage": "过期"}), on="/data/"),
    "html": Fault(answer=Answer(b"<html></html>"), on="/data/"),
    "day": Fault(answer=Answer({"errorCode": 30002, "errorMessage": "当天"}), on="/data/"),
}


class InStep(RuleBasedStateMachine):
    """People on both sides, a network that breaks, and runs now and then."""

    @initialize()
    def begin(self) -> None:
        self.company = Fxiaoke(book=Book(start=datetime(2027, 3, 1, 8, tzinfo=UTC)))
        self.company.__enter__()
        self.company.define("AccountObj", described("employees", "number"))
        self.shop = Shop(self.company, page_size=3)
        self.book, self.crm = self.company.book, self.shop.crm
        self.names = 0

    def name(self) -> str:
        self.names += 1
        return f"名{self.names}"

    def ours(self, who: int) -> Any:
        return self.crm.customers.find(email=f"c{who}@example.cn")

    def their(self, who: int) -> Any:
        found = [
            one
            for one in self.book.of("AccountObj").values()
            if one.values.get("email") == f"c{who}@example.cn"
        ]
        assert len(found) <= 1, f"c{who} was made {len(found)} times"
        return found[0] if found else None

    @rule(who=WHO)
    def we_save(self, who: int) -> None:
        self.book.advance(timedelta(seconds=1))
        kept = self.ours(who)
        if kept is not None:
            self.crm.customers.save(attrs.evolve(kept, name=self.name()))
        elif self.their(who) is None:
            self.shop.save(who)

    @rule(who=WHO)
    def they_edit(self, who: int) -> None:
        self.book.advance(timedelta(seconds=1))
        found = self.their(who)
        if found is not None and found.deleted is None:
            self.book.edit("AccountObj", found.id, name=self.name())

    @rule(who=st.integers(8, 11))
    def they_add(self, who: int) -> None:
        self.book.advance(timedelta(seconds=1))
        if self.their(who) is None and self.ours(who) is None:
            told = {"name": self.name(), "email": f"c{who}@example.cn"}
            self.book.create("AccountObj", told)

    @rule(who=st.integers(0, 11))
    def they_void(self, who: int) -> None:
        found = self.their(who)
        if found is not None and found.deleted is None:
            self.book.delete("AccountObj", found.id)

    @rule()
    def the_token_ends(self) -> None:
        self.company.forget_token()

    @rule()
    def a_quiet_run(self) -> None:
        self.shop.run()

    @rule(trouble=st.sampled_from(sorted(TROUBLES)), times=st.integers(1, 6))
    def a_troubled_run(self, trouble: str, times: int) -> None:
        self.company.fail(*[TROUBLES[trouble]] * times)
        with contextlib.suppress(SyncError):
            self.shop.run()
        self.company.mend()

    def teardown(self) -> None:
        if not hasattr(self, "shop"):
            return
        try:
            self.shop.run(retry=True)
            for who in range(12):
                mine, theirs = self.ours(who), self.their(who)
                if theirs is None:
                    assert mine is None
                elif theirs.deleted is None:
                    assert mine is not None
                    assert mine.name == theirs.values["name"]
            self.shop.run()
            assert writes(self.company) == []
        finally:
            self.crm.close()
            self.company.__exit__(None, None, None)


@pytest.mark.row("R280")
class TestInStep(InStep.TestCase):  # type: ignore[misc,name-defined]
    """Run by hypothesis."""

    settings = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )

    @pytest.fixture(autouse=True)
    def hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Wait for nothing."""
        monkeypatch.setitem(Service.__init__.__kwdefaults__, "sleep", lambda _seconds: None)
