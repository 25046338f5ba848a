"""What a connection to MariaDB is set to, and what a server or a host's connection must be."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crmkit.errors import StoreError
from crmkit.stores.mariadb_layout import CHARSET
from crmkit.stores.mariadb_url import Place
from crmkit.stores.mariadb_values import double

OLDEST, OLDEST_MYSQL = (10, 5), (8, 0, 19)
"""Oldest servers that the tables and statements work on."""
PAGE = 16_384
"""Least innodb_page_size, in bytes: in a smaller one the keys have no room."""
_STRICT = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
_SETTINGS = {
    "sql_mode": f"'{_STRICT}'",
    "sql_select_limit": "DEFAULT",
    "sql_safe_updates": "0",
    "sql_auto_is_null": "0",
    "sql_big_selects": "1",
}


def settings(place: Place) -> str:
    """Give the statement that sets a connection of our own up, whatever the server's defaults."""
    found = {
        **_SETTINGS,
        "innodb_lock_wait_timeout": str(place.wait),
        "lock_wait_timeout": str(place.wait),
    }
    return "SET " + ", ".join(f"SESSION {name} = {value}" for name, value in found.items())


def is_mariadb(connection: sa.Connection) -> bool:
    """Tell MariaDB from MySQL."""
    dialect: Any = connection.dialect
    return bool(dialect.is_mariadb)


def read_doubles(connection: sa.Connection) -> None:
    """Let a connection read doubles as we write them: see `crmkit.stores.mariadb_values`.

    What a host itself reads by it stays the same: but for one number that nobody has.
    """
    from pymysql.constants import FIELD_TYPE  # noqa: PLC0415 - an extra

    driver: Any = connection.connection.dbapi_connection
    if driver.decoders.get(FIELD_TYPE.DOUBLE) is float:
        driver.decoders[FIELD_TYPE.DOUBLE] = double


def check_server(connection: sa.Connection, place: Place) -> None:
    """Refuse a server that cannot keep what crmkit writes.

    Raises:
        StoreError: it is too old, has no InnoDB, or one with pages that are too small.
    """
    dialect: Any = connection.dialect
    name, oldest = ("MariaDB", OLDEST) if is_mariadb(connection) else ("MySQL", OLDEST_MYSQL)
    found = dialect.server_version_info
    if found is not None and found < oldest:
        told, needed = (".".join(map(str, one[:3])) for one in (found, oldest))
        raise StoreError(f"{place}: {name} {told} is too old, {needed} is needed")
    select = "SELECT support FROM information_schema.engines WHERE engine = 'InnoDB'"
    if connection.exec_driver_sql(select).scalar() not in {"YES", "DEFAULT"}:
        raise StoreError(f"{place}: the server runs without InnoDB: let it start with it")
    if int(connection.exec_driver_sql("SELECT @@innodb_page_size").scalar_one()) < PAGE:
        message = f"{place}: innodb_page_size is below {PAGE}: crmkit's keys have no room in it"
        raise StoreError(message)


def check_host(connection: sa.Connection, place: Place, *, joined: bool) -> None:
    """Refuse a host's connection by which values or what others wrote would be lost.

    Args:
        connection: The host's.
        place: Where it leads, for messages.
        joined: Whether it is in the host's own transaction.

    Raises:
        StoreError: it cuts what is too long, speaks another character set, or goes on seeing what
            it saw before the workspace was held.
    """
    isolation = "tx_isolation" if is_mariadb(connection) else "transaction_isolation"
    select = f"SELECT @@sql_mode, @@character_set_client, @@{isolation}"
    mode, charset, level = connection.exec_driver_sql(select).one()
    if "STRICT_" not in mode:
        message = (
            f"{place}: the host's connection is not strict, and would cut what is too long: "
            "add STRICT_TRANS_TABLES to its sql_mode"
        )
        raise StoreError(message)
    if charset != CHARSET:
        message = f"{place}: the host's connection speaks {charset}: connect with charset={CHARSET}"
        raise StoreError(message)
    if joined and level != "READ-COMMITTED":
        message = (
            f"{place}: the host's transactions are {level}, and would not see what others wrote: "
            "make the engine with isolation_level='READ COMMITTED'"
        )
        raise StoreError(message)
