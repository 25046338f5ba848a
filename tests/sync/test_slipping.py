"""Records that are changed, deleted and added while the pages of a window are being read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import pytest

from crmkit.contracts.connector import Changes, Cursor
from tests.sync.fake import CAN, CONTACTS, Fake, _remote
from tests.sync.kit import customers, quiet, shop

SHIFTING = (CAN - {"sweep"}) | {"shifting"}


class Killed(BaseException):
    """The process ends here."""


class Paged(Fake):
    """Gives pages by number: whoever leaves one moves all those behind it forward."""

    between: Callable[[int], object] = staticmethod(lambda _page: None)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        self._called("changes")
        since = None if cursor is None else cursor.at
        number = int(cursor.token) if cursor is not None and cursor.token else 0
        type(self).between(number)
        rows = list(self.book.changed(entity, since))
        start = number * self.page
        page = rows[start : start + self.page]
        more = len(rows) > start + self.page
        after = cursor or Cursor()
        if more:
            after = Cursor(at=since, token=str(number + 1))
        elif page:
            after = Cursor(at=page[-1].changed, id=page[-1].id)
        records = tuple(_remote(one, fields) for one in page)
        return Changes(records=records, cursor=after, more=more, now=self.book.now())


def paged(between: Callable[[int], object], page: int = 4) -> Fake:
    """Give a CRM whose people do something before each page."""
    made = attrs.define(type("Between", (Paged,), {"between": staticmethod(between)}))
    return made(can=SHIFTING, page=page)  # type: ignore[no-any-return]


@pytest.mark.parametrize("what", ["delete", "edit"])
def test_whoever_slips_past_the_pages_is_read_with_the_window_again(what: str):
    """A record of the first page leaves it: the first of the second is on none that is read."""
    did = []

    def between(number: int) -> None:
        if number == 1 and not did:
            did.append(number)
            one.book.advance(one.book.step)
            if what == "delete":
                one.book.delete(CONTACTS, "2")
            else:
                one.book.edit(CONTACTS, "2", Phone="+8613800001111")

    one = shop(paged(between))
    for number in range(12):
        one.book.create(CONTACTS, {"Name": f"Ann {number}", "Email": f"ann{number}@x.com"})
    one.run()
    assert {c.name for c in customers(one)} >= {e.values["Name"] for e in one.theirs()}
    quiet(one)


@pytest.mark.parametrize("what", ["delete", "edit"])
def test_whoever_slips_past_a_run_that_is_killed_is_read_by_the_next(what: str):
    """The page is left while nobody reads, and the next run goes on where the last one was."""

    def between(number: int) -> None:
        if number == 1 and killing:
            raise Killed

    killing = [True]
    one = shop(paged(between))
    for number in range(12):
        one.book.create(CONTACTS, {"Name": f"Ann {number}", "Email": f"ann{number}@x.com"})
    with pytest.raises(Killed):
        one.run()
    killing.clear()
    if what == "delete":
        one.book.delete(CONTACTS, "2")
    else:
        one.book.edit(CONTACTS, "2", Phone="+8613800001111")
    one.run()
    assert {c.name for c in customers(one)} >= {e.values["Name"] for e in one.theirs()}
    quiet(one)


def test_a_window_through_which_nobody_slipped_is_read_once():
    """What was deleted before it began costs no second reading."""
    one = shop(paged(lambda _number: None))
    for number in range(12):
        one.book.create(CONTACTS, {"Name": f"Ann {number}", "Email": f"ann{number}@x.com"})
    one.book.delete(CONTACTS, "2")
    one.run()
    assert one.fake.calls.count("changes") == 3
