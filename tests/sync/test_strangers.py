"""Records that meet: new ones of either side, and those whose making nobody knows of."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest

from crmkit.contracts.connector import (
    Changes,
    Cursor,
    Ids,
    Result,
    RetryLater,
    SyncAborted,
    Upsert,
)
from tests.sync.fake import CAN, CONTACTS, Fake
from tests.sync.kit import held, quiet, shop


def test_a_record_made_blindly_is_known_though_the_crm_tidied_it():
    """Nothing finds it but what it says, and the CRM cuts names and writes them large."""

    class Tidy(Fake):
        def _write(self, entity: str, one: Upsert) -> Result:
            name = str(one.values.get("Name") or "")[:20].upper()
            return super()._write(entity, attrs.evolve(one, values={**one.values, "Name": name}))

    one = shop(Tidy(can=CAN - {"upsert"}))
    one.fake.lose = 1
    one.save("A long name of many words")
    one.run()
    one.run()
    assert len(one.theirs()) == 1
    quiet(one)


class Counting(Fake):
    """Gives its ids as numbers in some answers and as texts in others."""

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        page = super().changes(entity, cursor, fields=fields)
        bare = tuple(attrs.evolve(one, id=int(one.id)) for one in page.records)  # type: ignore[arg-type]
        return attrs.evolve(page, records=bare)

    def ids(self, entity: str, after: str | None) -> Ids:
        page = super().ids(entity, after)
        return Ids([int(one) for one in page.ids], page.after)  # type: ignore[misc]


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_ids_that_change_their_type_are_the_same_ids(url: str):
    """A record is 7 when it is read and "7" when it was written, and stays one record."""
    one = shop(Counting(can=CAN - {"deleted_feed"}), url)
    one.save("Ann", "ann@example.com")
    one.book.create(CONTACTS, {"Name": "Bob", "Email": "bob@example.com"})
    one.run()
    quiet(one)
    assert held(one) == ()
    assert len(one.theirs()) == 2


def test_another_account_is_told_though_the_first_run_never_came_to_its_end():
    """The day's calls were spent in the middle of it, and somebody changed the token."""

    class Account(Fake):
        name = "ours"

        def account(self) -> str:
            return self.name

    one = shop(Account())
    one.save("Ann", "ann@example.com")

    def spent(name: str) -> None:
        if name == "upsert":
            raise RetryLater("the calls of the day are spent", after=9.0, kind="daily")

    one.fake.faults = spent
    assert one.run().stopped
    one.fake.faults = lambda _name: None
    one.fake.name = "another"  # type: ignore[attr-defined]
    with pytest.raises(SyncAborted, match="another"):
        one.run()
    assert one.theirs() == []
