"""An upgrade that fails, or finds a part of the database lost, leaves it exactly as it was."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.errors import SchemaError, StoreError
from crmkit.stores import open_store
from crmkit.stores.sql import schema
from tests.stores.migrating.databases import Database
from tests.stores.migrating.steps import NOW, Step, cents, shades, use, version
from tests.stores.postgres_kit import kill, pid_of


def by_the_database(connection: sa.Connection, _: schema.Schema) -> None:
    connection.exec_driver_sql("INSERT INTO crmkit_fact (name, value) VALUES ('schema', 1)")


def by_itself(_: sa.Connection, __: schema.Schema) -> None:
    raise ZeroDivisionError("by itself")


def for_want_of_a_table(connection: sa.Connection, _: schema.Schema) -> None:
    connection.exec_driver_sql("UPDATE crmkit_nowhere SET more = 1")


def by_forgetting_a_column(connection: sa.Connection, _: schema.Schema) -> None:
    connection.exec_driver_sql("ALTER TABLE crmkit_state DROP COLUMN rest")


def from_without(connection: sa.Connection, _: schema.Schema) -> None:
    """Lose the connection, or all space on the disk."""
    if connection.dialect.name == "postgresql":
        kill(str(connection.engine.url), pid_of(connection))
    else:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    connection.exec_driver_sql("CREATE TABLE crmkit_more AS SELECT * FROM crmkit_touchpoint")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (by_the_database, "the row breaks a rule"),
        (by_itself, "by itself"),
        (for_want_of_a_table, f"damaged: its schema {NOW + 2} cannot.*nowhere.*from a backup"),
        (by_forgetting_a_column, r"lacks crmkit_state\.rest: restore it from a backup"),
        (from_without, "try again|free space"),
    ],
)
def test_a_step_that_fails_leaves_all_as_it_was(
    base: Database, upgrade: Any, step: Step, words: str
):
    """Neither tables nor rows of the steps before it stay; mended, the upgrade goes through."""
    before = base.layout(), base.rows()
    upgrade(shades, cents, step)
    for settings in ({"url": base.url}, {"engine": base.engine(poolclass=sa.NullPool)}):
        with pytest.raises((StoreError, ZeroDivisionError), match=words) as caught:
            crmkit.connect(**settings, plugins=[])
        assert "crmkit migrate" not in str(caught.value)
        assert (base.layout(), base.rows()) == before
    upgrade(shades, cents)
    use(base)
    assert version(base) == NOW + 2


LOST = (
    (("DROP TABLE crmkit_state",), "crmkit_state"),
    (
        ("DROP TABLE crmkit_touchpoint", "DROP TABLE crmkit_void"),
        "crmkit_touchpoint, crmkit_void",
    ),
    (("ALTER TABLE crmkit_customer DROP COLUMN body",), r"crmkit_customer\.body"),
    (("DROP TABLE crmkit_fact",), "crmkit_fact"),
)


@pytest.mark.parametrize(("statements", "named"), LOST, ids=["derived", "logs", "column", "facts"])
@pytest.mark.parametrize("look", ["auto", "check", "auto on an older one"])
def test_a_lost_table_is_damage(
    base: Database, upgrade: Any, statements: tuple[str, ...], named: str, look: str
):
    """What is lost is named, and the backup; no command that would make an empty one in its place.

    Nor is an empty one made by an upgrade.
    """
    base.execute(*statements)
    before = base.layout(), base.rows()
    migrate, _, is_older = look.partition(" ")
    if is_older:
        upgrade(shades)
    for _ in range(2):
        with pytest.raises(StoreError, match=f"damaged.*{named}.*backup") as caught:
            open_store(base.url, migrate=migrate)
        assert not isinstance(caught.value, SchemaError)
        assert "migrate" not in str(caught.value)
    assert (base.layout(), base.rows()) == before
