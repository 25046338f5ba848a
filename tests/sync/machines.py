"""What the stateful tests of concepts have in common: runs that end badly, and the quiet end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from crmkit.contracts.connector import RetryLater, SyncAborted
from crmkit.contracts.tables import PAIR
from crmkit.errors import DecisionNotFound, RefusedError
from tests.sync.fake import CAN, Fake, Shop
from tests.sync.objects import ACCOUNTS, OBJECTS, ORGANISATIONS

PICK = st.integers(0, 30)
ABLE = st.sampled_from(
    [CAN, CAN - {"upsert"}, CAN - {"deleted_feed"}, CAN - {"merge", "if_unchanged"}]
)
SETTINGS = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


class Killed(BaseException):
    """The process ends here."""


class Runs(RuleBasedStateMachine):
    """Runs that end well, and runs that do not."""

    shop: Shop

    @rule()
    def run_and_look(self) -> None:
        self.shop.run()

    @rule(
        after=st.integers(0, 12),
        error=st.sampled_from(
            [Killed(), SyncAborted("gone"), RetryLater("busy", after=1.0, kind="burst")]
        ),
    )
    def broken_run(self, after: int, error: BaseException) -> None:
        left = [after]

        def fault(_name: str) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise error

        self.shop.fake.faults = fault
        try:
            self.shop.run()
        except (Killed, SyncAborted):
            pass
        finally:
            self.shop.fake.faults = lambda _name: None

    @rule(times=st.integers(1, 3))
    def lossy_run(self, times: int) -> None:
        self.shop.fake.lose = times
        self.shop.run()
        self.shop.fake.lose = 0


class Machine(Runs):
    """Organisations on both sides, edited at will, with one more concept in a subclass."""

    mapping: dict[str, Any]
    entity: str
    saved = 0
    merges: Sequence[str] = ()

    @initialize(can=ABLE, whole=st.booleans())
    def begin(self, can: frozenset[str], whole: bool) -> None:
        fake = Fake(fields=OBJECTS, can=can, whole=whole, page=4, batch=3, overlap=5)
        self.shop = Shop(fake, mappings=[ORGANISATIONS, self.mapping])

    def number(self) -> int:
        self.saved += 1
        return self.saved

    def ours(self) -> list[Any]:
        return list(self.shop.crm.customers.search(limit=1000).items)

    def some(self, pick: int) -> Any:
        found = self.ours()
        return found[pick % len(found)] if found else None

    def there(self, entity: str, pick: int) -> Any:
        found = self.shop.book.live(entity)
        return found[pick % len(found)] if found else None

    # -- organisations -----------------------------------------------------------------------

    @rule()
    def save(self) -> None:
        number = self.number()
        self.shop.save(f"Org {number}", f"org{number}@example.com")

    @rule()
    def create_there(self) -> None:
        number = self.number()
        values = {"Name": f"Org {number}", "Email": f"org{number}@example.com"}
        self.shop.book.create(ACCOUNTS, values)

    @rule(pick=PICK)
    def erase(self, pick: int) -> None:
        one = self.some(pick)
        if one is not None:
            self.shop.crm.customers.erase(one.id, reason="asked")

    @rule(pick=PICK, other=PICK)
    def merge(self, pick: int, other: int) -> None:
        keep, drop = self.some(pick), self.some(other)
        if keep is not None and keep.id != drop.id:
            made = self.shop.crm.customers.merge(keep.id, drop.id, reason="one")
            self.merges = [*self.merges, made.id]

    @rule(pick=PICK)
    def unmerge(self, pick: int) -> None:
        if self.merges:
            made = self.merges[pick % len(self.merges)]
            with suppress(RefusedError, DecisionNotFound):  # erased, merged or taken back since
                self.shop.crm.customers.unmerge(made, reason="two")

    @rule(pick=PICK)
    def delete_there(self, pick: int) -> None:
        one = self.there(ACCOUNTS, pick)
        if one is not None:
            self.shop.book.delete(ACCOUNTS, one.id)

    @rule(pick=PICK, other=PICK)
    def merge_there(self, pick: int, other: int) -> None:
        keep, drop = self.there(ACCOUNTS, pick), self.there(ACCOUNTS, other)
        if keep is not None and keep.id != drop.id:
            self.shop.book.merge(ACCOUNTS, keep.id, drop.id)

    # -- the other concept -------------------------------------------------------------------

    @rule(pick=PICK)
    def delete_one_there(self, pick: int) -> None:
        one = self.there(self.entity, pick)
        if one is not None:
            self.shop.book.delete(self.entity, one.id)

    @rule(pick=PICK, other=PICK)
    def move_there(self, pick: int, other: int) -> None:
        one, account = self.there(self.entity, pick), self.there(ACCOUNTS, other)
        if one is not None and account is not None:
            self.shop.book.edit(self.entity, one.id, Account=account.id)

    # -- the law -----------------------------------------------------------------------------

    def pairs(self) -> dict[str, str]:
        """Give the linked pairs of the concept, ours by theirs."""
        with self.shop.crm.session.store.read() as reader:
            rows = [row for row in reader.scan(PAIR) if row[1] == self.entity]
        return {row[3]: row[2] for row in rows if row[5] == "linked"}

    def held(self) -> set[str]:
        return {one.key for one in self.shop.crm.sync.quarantine("crm")}

    def linked_accounts(self) -> set[str]:
        with self.shop.crm.session.store.read() as reader:
            rows = [row for row in reader.scan(PAIR) if row[1] == ACCOUNTS]
        return {row[3] for row in rows if row[5] == "linked"}

    def teardown(self) -> None:
        if not hasattr(self, "shop"):
            return
        self.shop.run()
        again = self.shop.run()
        assert again.written == 0, again
        plan = self.shop.crm.sync.plan("crm")
        assert plan.empty, plan
        self.law()
        self.shop.crm.close()

    def law(self) -> None:
        """See that both sides are equal."""
        raise NotImplementedError
