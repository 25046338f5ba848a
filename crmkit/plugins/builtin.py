"""What crmkit itself brings, through the same hooks as everybody's plugins.

Everything is named by ``"module:attr"``, so that nothing is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Iterator

from crmkit.contracts.specs import StoreSpec
from crmkit.plugins.marks import hookimpl


@hookimpl
def crmkit_stores() -> Iterator[StoreSpec]:
    """Offer the store in memory and the one on SQL databases."""
    yield StoreSpec(
        name="memory",
        open="crmkit.stores.memory:open_memory",
        thread_safe=True,
        summary="In this process only; for tests and trying things out.",
    )
    for scheme, database in (
        ("sqlite", "SQLite, in one file"),
        ("postgresql", "PostgreSQL"),
        ("mariadb", "MariaDB"),
        ("mysql", "MySQL"),
    ):
        yield StoreSpec(
            name=scheme,
            open="crmkit.stores.sql:open_sql",
            capabilities=("sql",),
            thread_safe=True,
            summary=f"{database}, through SQLAlchemy.",
        )
