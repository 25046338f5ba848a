"""Whatever people do and whatever breaks, who follows the cursors ends with what is there."""

from __future__ import annotations

from datetime import timedelta

from crmkit_salesforce.connector import SalesforceConnector
from crmkit_salesforce.settings import SalesforceConfig
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crmkit.contracts.connector import Cursor, SyncError, Upsert
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.salesforce import Salesforce as Organisation
from crmkit.testing.simulators.salesforce import limit_exceeded, unavailable

FAULTS = (
    Fault(cut=True),
    Fault(refuse=True),
    Fault(answer=Answer(b"<html><title>Down</title>")),
    Fault(answer=Answer([{"errorCode": "INVALID_QUERY_LOCATOR", "message": "x"}], 400), on="01g"),
    limit_exceeded(),
    limit_exceeded(concurrent=True),
    unavailable(),
)
NAMES = st.sampled_from(["Lin", "王芳", "O'Neil", "👩\u200d👧"])


class Mirror(RuleBasedStateMachine):
    """A copy of the organisation's contacts that is kept by the connector alone."""

    def __init__(self) -> None:
        super().__init__()
        self.org = Organisation(rows=3)
        self.org.__enter__()
        self.connector = SalesforceConnector(
            SalesforceConfig(
                base_url=self.org.url,
                client_id=self.org.client_id,
                client_secret=Secret(self.org.client_secret),
                refresh_token=Secret(self.org.refresh_token),
            )
        )
        self.connector._calls.service._sleep = lambda _seconds: None
        self.connector.schema("Contact")
        self.copy: dict[str, str] = {}
        self.cursors: dict[str, Cursor | None] = {"changes": None, "deleted": None}
        self.sent = 0

    def teardown(self) -> None:
        self.connector.close()
        self.org.__exit__(None, None, None)

    def there(self) -> dict[str, str]:
        return {one.id: one.values["LastName"] for one in self.org.book.live("Contact")}

    @rule(names=st.lists(NAMES, min_size=1, max_size=8), late=st.booleans(), one=st.booleans())
    def add(self, names: list[str], late: bool, one: bool) -> None:
        def make() -> None:
            for name in names:
                wait = timedelta(seconds=30) if late else None
                self.org.book.create("Contact", {"LastName": name}, late=wait)

        if one:
            with self.org.book.together():
                make()
        else:
            make()

    @precondition(lambda self: self.there())
    @rule(data=st.data(), name=NAMES)
    def edit(self, data: st.DataObject, name: str) -> None:
        self.org.book.edit(
            "Contact", data.draw(st.sampled_from(sorted(self.there()))), LastName=name
        )

    @precondition(lambda self: self.there())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.org.book.delete("Contact", data.draw(st.sampled_from(sorted(self.there()))))

    @precondition(lambda self: len(self.there()) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        keep, drop = data.draw(st.permutations(sorted(self.there())))[:2]
        self.org.book.merge("Contact", keep, drop)

    @rule(count=st.integers(1, 4), found=st.booleans())
    def write(self, count: int, found: bool) -> None:
        self.sent += 0 if found and self.sent else 1
        batch = [
            Upsert(
                key=str(number),
                match=("Ext__c", f"{self.sent}-{number}"),
                values={"LastName": f"ours {number}"},
            )
            for number in range(count)
        ]
        for _ in range(3):
            try:
                results = self.connector.upsert("Contact", batch)
            except SyncError:
                continue
            assert all(one.done in ("created", "updated") for one in results)
            break

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=3))
    def break_things(self, faults: list[Fault]) -> None:
        self.org.fail(*faults)

    @rule(cursors=st.booleans())
    def forget(self, cursors: bool) -> None:
        if cursors:
            self.org.reading.cursors.clear()
        else:
            self.org.expire()

    @rule(seconds=st.sampled_from([1, 5, 90, 4000, 200_000]))
    def wait(self, seconds: int) -> None:
        self.org.book.advance(timedelta(seconds=seconds))

    @rule(feed=st.sampled_from(["changes", "deleted"]))
    def read_a_page(self, feed: str) -> None:
        self.page(feed)

    @precondition(lambda self: len(self.there()) > 3)
    @rule(name=NAMES)
    def come_back_late(self, name: str) -> None:
        """A run is killed between two pages, while a record of the next one is edited."""
        self.org.book.create("Contact", {"LastName": name}, late=timedelta(seconds=30))
        self.page("changes")
        waiting = sorted(self.there().items(), key=lambda one: one[0] in self.copy)
        self.org.book.advance(timedelta(seconds=90))
        self.org.book.edit("Contact", waiting[0][0], LastName=name)
        self.page("changes")
        self.org.book.advance(timedelta(hours=1))
        self.org.reading.cursors.clear()

    def page(self, feed: str) -> bool:
        """Read one page and keep its cursor, as the engine does; tell whether another waits."""
        cursor = self.cursors[feed]
        if cursor is not None and cursor.token is None and cursor.at is not None:
            cursor = Cursor(cursor.at - timedelta(seconds=self.connector.overlap))
        try:
            if feed == "changes":
                page = self.connector.changes("Contact", cursor, fields=("LastName",))
            else:
                page = self.connector.deleted("Contact", cursor)
        except SyncError:
            return True
        for one in page.records:
            if one.deleted:
                self.copy.pop(one.id, None)
            elif one.id not in self.gone():
                self.copy[one.id] = str(one.values["LastName"])
        self.cursors[feed] = page.cursor
        return page.more

    def gone(self) -> set[str]:
        """Give what is deleted: a page may still show who went since it was asked for."""
        return {*self.org.book.of("Contact")} - {*self.there()}

    @rule()
    def follow(self) -> None:
        """A quiet run: all that was late has come, and nothing breaks."""
        self.org.mend()
        self.org.book.advance(timedelta(seconds=60))
        for feed in ("changes", "deleted"):
            while self.page(feed):  # the rest of a run that was killed
                pass
            while self.page(feed):
                pass
        assert self.copy == self.there()

    @invariant()
    def nobody_is_there_twice(self) -> None:
        ours = [one.values.get("Ext__c") for one in self.org.book.live("Contact")]
        known = [one for one in ours if one]
        assert len(known) == len(set(known))

    @invariant()
    def a_cursor_is_no_later_than_what_there_is(self) -> None:
        newest = max((one.changed for one in self.org.book.of("Contact").values()), default=None)
        for cursor in self.cursors.values():
            if cursor is not None and cursor.at is not None:
                assert newest is not None
                assert cursor.at <= newest


TestMirror = Mirror.TestCase
TestMirror.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
