"""Records to write, reading pages to their end, and counting calls."""

from collections.abc import Callable
from typing import Any

from crmkit.contracts.connector import Connector, Cursor, Remote, Upsert
from crmkit.testing.simulators.fxiaoke import Fxiaoke


def new(name: str, **values: Any) -> Upsert:
    return Upsert(key=name, match=("email", f"{name}@example.cn"), values={"name": name, **values})


def change(id_: str, **values: Any) -> Upsert:
    return Upsert(key=f"k{id_}", remote_id=id_, values=values)


def read_on(
    connector: Connector,
    entity: str = "AccountObj",
    cursor: Cursor | None = None,
    *,
    fields: tuple[str, ...] = ("name",),
    between: Callable[[], Any] = lambda: None,
) -> tuple[list[Remote], Cursor]:
    """Read the pages of changes to the end; `between` happens after each of them."""
    records: list[Remote] = []
    for _ in range(1000):
        page = connector.changes(entity, cursor, fields=fields)
        records += page.records
        cursor = page.cursor
        between()
        if not page.more:
            return records, cursor
    raise AssertionError("the pages never end")


def swept(connector: Connector, entity: str = "AccountObj") -> list[str]:
    """Enumerate all ids."""
    found: list[str] = []
    after = None
    for _ in range(1000):
        page = connector.ids(entity, after)
        found += page.ids
        after = page.after
        if after is None:
            return found
    raise AssertionError("the pages never end")


def deeds(company: Fxiaoke) -> list[str]:
    """Give the last part of each call's path, those for tokens and schema left out."""
    quiet = ("V2", "getByMobile", "describe", "list")
    names = [call.path.rpartition("/")[2] for call in company.calls]
    return [name for name in names if name not in quiet]
