"""Whatever people, faults and kills do: who reads on knows all, and nobody is made twice."""

from datetime import timedelta
from typing import Any

import pytest
from crmkit_hubspot.connector import HubSpot as Connector
from crmkit_hubspot.settings import HubSpotConfig
from hubspot_kit import START
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from crmkit.contracts.connector import Changes, Cursor, Upsert
from crmkit.contracts.limits import CallLimits
from crmkit.contracts.service import Service
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot import HubSpot, too_many

FAULTS = [
    Fault(cut=True, on="/crm/"),
    Fault(refuse=True, on="/crm/"),
    Fault(answer=Answer(b"<html>", 503), on="/crm/"),
    Fault(answer=Answer(b'{"results": [{"id"', 200), on="/crm/"),
    Fault(answer=Answer({"category": "EXPIRED_AUTHENTICATION"}, 401), on="/crm/"),
    too_many("SECONDLY"),
]
LAG = timedelta(seconds=200)


class Mirror(RuleBasedStateMachine):
    """Keeps a copy of an account's contacts, as an engine does that is often killed."""

    def __init__(self) -> None:
        super().__init__()
        book = Book(start=START, first=101)
        self.account = HubSpot(book=book).__enter__()
        self.copy: dict[str, Any] = {}
        self.into: dict[str, str] = {}
        self.newest: dict[str, Cursor] = {}
        self.place: Cursor | None = None
        self.sizes = 2

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.account.__exit__(None, None, None)

    @property
    def connector(self) -> Connector:
        oauth = {"client_secret": Secret("hub-secret"), "refresh_token": Secret("hub-refresh")}
        config = HubSpotConfig(
            base_url=self.account.url,
            client_id="hub-client",
            page_size=self.sizes,
            limits=CallLimits(wait=0),
            **oauth,
        )
        return Connector(config)

    def some(self, place: int) -> str | None:
        live = [entry.id for entry in self.account.book.live("contacts")]
        return live[place % len(live)] if live else None

    # -- people, and time ------------------------------------------------------------------

    @rule(count=st.integers(1, 7), still=st.booleans(), late=st.booleans())
    def add(self, count: int, still: bool, late: bool) -> None:
        self.account.book.step = timedelta(milliseconds=0 if still else 1)
        for _ in range(count):
            after = LAG if late else None
            self.account.book.create("contacts", {"phone": "0"}, late=after)

    @rule(place=st.integers(0, 99), phone=st.integers(0, 9))
    def edit(self, place: int, phone: int) -> None:
        if (id_ := self.some(place)) is not None:
            self.account.book.edit("contacts", id_, phone=str(phone))

    @rule(place=st.integers(0, 99))
    def archive(self, place: int) -> None:
        if (id_ := self.some(place)) is not None:
            self.account.book.delete("contacts", id_)

    @rule(keep=st.integers(0, 99), drop=st.integers(0, 99))
    def merge(self, keep: int, drop: int) -> None:
        kept, dropped = self.some(keep), self.some(drop)
        if kept is not None and dropped is not None and kept != dropped:
            self.account.book.merge("contacts", kept, dropped)

    @rule(seconds=st.integers(0, 1000))
    def wait(self, seconds: int) -> None:
        self.account.book.advance(timedelta(seconds=seconds))

    @rule(late=st.booleans())
    def slow_down(self, late: bool) -> None:
        """The search falls behind for a while, and catches up."""
        self.account.search.lag = LAG if late else timedelta(0)
        self.account.search._indices.clear()

    @rule(fault=st.sampled_from(FAULTS))
    def fail(self, fault: Fault) -> None:
        self.account._faults.clear()
        self.account.fail(fault)

    # -- the engine ------------------------------------------------------------------------

    @rule(names=st.sets(st.integers(0, 9), min_size=1, max_size=5), phone=st.integers(0, 9))
    def write(self, names: set[int], phone: int) -> None:
        records = [
            Upsert(key=str(n), match=("email", f"{n}@x.cn"), values={"phone": str(phone)})
            for n in names
        ]
        results = self.connector.upsert("contacts", records)
        assert [one.key for one in results] == [one.key for one in records]
        assert all(one.done for one in results)

    @rule(size=st.integers(2, 4), pages=st.integers(0, 4))
    def read(self, size: int, pages: int) -> None:
        """Read some pages, then be killed; with none of them, read to the end."""
        self.sizes, connector, turn = size, self.connector, 0
        while True:
            cursor = self.place or self.before("changes", connector)
            page = connector.changes("contacts", cursor, fields=["phone"])
            self.apply(page)
            self.place = page.cursor if page.more else None
            turn += 1
            assert turn < 1000
            if not page.more:
                self.newest["changes"] = page.cursor
                break
            if turn == pages:
                return
        page = connector.deleted("contacts", self.before("deleted", connector))
        self.apply(page)
        while page.more:
            page = connector.deleted("contacts", page.cursor)
            self.apply(page)
        self.newest["deleted"] = page.cursor

    @rule()
    def settle(self) -> None:
        """One quiet run, once the search shows everything, makes both sides equal."""
        self.account._faults.clear()
        self.account.book.advance(LAG + timedelta(seconds=1))
        self.read(3, 0)
        self.read(3, 0)
        book = self.account.book
        live = {one.id: one.values.get("phone") for one in book.live("contacts")}
        assert {id_: v["phone"] for id_, v in self.copy.items()} == live
        assert all(into in self.whither(id_) for id_, into in self.into.items())
        emails = [one.values.get("email") for one in book.live("contacts")]
        assert len({*filter(None, emails)}) == len([*filter(None, emails)])

    def whither(self, id_: str | None) -> list[str]:
        """Give what a record went into, and what that went into."""
        found: list[str] = []
        while id_ := self.account.book.of("contacts")[id_].merged_into:
            found.append(id_)
        return found

    def before(self, feed: str, connector: Connector) -> Cursor | None:
        cursor = self.newest.get(feed)
        if cursor is None or cursor.at is None:
            return None
        return Cursor(at=cursor.at - timedelta(seconds=connector.overlap))

    def apply(self, page: Changes) -> None:
        for one in page.records:
            if one.deleted:
                self.copy.pop(one.id, None)
                if one.merged_into:
                    self.into.setdefault(one.id, one.merged_into)
            else:
                self.copy[one.id] = one.values


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Service.__init__

    def hasty(self: Service, *args: Any, **more: Any) -> None:
        usual(self, *args, **{**more, "sleep": lambda _seconds: None})

    monkeypatch.setattr(Service, "__init__", hasty)


def test_a_copy_that_is_read_in_pieces_is_whole():
    """After any sequence of edits, faults and kills."""
    run_state_machine_as_test(
        Mirror,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # calls are slow to shrink by
        ),
    )
