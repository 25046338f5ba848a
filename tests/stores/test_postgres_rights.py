"""What a role may do on the server: what it may not is named, and what it may is enough."""

from __future__ import annotations

from typing import Any

import pytest

import crmkit
from crmkit.contracts.tables import META
from crmkit.errors import StoreError
from crmkit.testing.store_base import again
from crmkit.testing.store_sharing import increment
from tests.postgres import database, execute, name_of
from tests.stores.postgres_kit import as_user, filled, opened, refused


def test_a_user_who_may_not_make_tables():
    """The grant that is missing is named; with it all is well."""
    url = database()
    execute(url, f"CREATE ROLE maker{name_of(url)} LOGIN")
    mine = as_user(url, f"maker{name_of(url)}")
    refused(mine, "GRANT CREATE, USAGE ON SCHEMA")
    execute(url, f"GRANT CREATE ON SCHEMA public TO maker{name_of(url)}")
    filled(mine)


def test_a_user_who_may_not_use_the_tables():
    """Whoever may read only reads; what he may not is named, and nothing of it was done."""
    url = filled(database())
    user = f"reader{name_of(url)}"
    execute(url, f"CREATE ROLE {user} LOGIN")
    refused(as_user(url, user), "GRANT")
    execute(url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}")
    store = opened(as_user(url, user))
    with store.read() as reader:
        assert list(reader.scan(META)) == [("n", "1")]
    with pytest.raises(StoreError, match=r"permission denied.*GRANT"):
        again(store, increment)
    store.close()


def test_a_read_only_database_is_read():
    """A replica, or a database set so: reading works, and a write is told where to go."""
    url = filled(database())
    execute(url, f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
    store = opened(url)
    with store.read() as reader:
        assert list(reader.scan(META)) == [("n", "1")]
    with pytest.raises(StoreError, match=r"read replica.*primary"):
        again(store, increment)
    store.close()
    empty = database()
    execute(empty, f"ALTER DATABASE {name_of(empty)} SET default_transaction_read_only = on")
    refused(empty, "read replica.*primary")


def test_tables_stand_where_search_path_leads():
    """A schema of the host's own holds crmkit's tables; one that is not there is named."""
    url = database(search_path="crm")
    refused(url, "make the schema that search_path names")
    execute(url, "CREATE SCHEMA crm")
    filled(url)
    where = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'crmkit%'"
    assert execute(url, where) == [("crm",)]
    other = f"{url}&options=-csearch_path%3Dpublic"
    filled(other)
    assert sorted(execute(url, where)) == [("crm",), ("public",)]
    for one in (url, other):
        store = opened(one)
        with store.read() as reader:
            assert list(reader.scan(META)) == [("n", "1")]
        store.close()


# -- roles that are kept short ---------------------------------------------------------------


def visits(year: int, count: int = 40) -> list[dict[str, Any]]:
    at = f"{year}-05-01T00:00:00Z"
    who = ({"shop": str(number)} for number in range(count))
    return [
        {"id": f"{year}-{number}", "kind": "visit", "at": at, "customer": customer}
        for number, customer in enumerate(who)
    ]


def test_a_role_that_acts_as_the_owner():
    """The program logs in by a role of its own and works by that of the owner, year after year.

    Nobody else may make tables in the database, not even temporary ones; a role that reads needs
    no further grant for the years to come.
    """
    url = database()
    name = name_of(url)
    execute(
        url,
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"CREATE ROLE owner_{name}",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO owner_{name}",
        f"GRANT CREATE ON SCHEMA public TO owner_{name}",
        f"CREATE ROLE shop_{name} LOGIN IN ROLE owner_{name}",
        f"ALTER ROLE shop_{name} SET role = owner_{name}",
    )
    with crmkit.connect(as_user(url, f"shop_{name}"), plugins=[]) as crm:
        assert crm.capture(visits(2024), "shop").new == 40
        execute(
            url,
            f"CREATE ROLE board_{name} LOGIN",
            f"GRANT CONNECT ON DATABASE {name} TO board_{name}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO board_{name}",
        )
        assert crm.capture(visits(2025), "shop").new == 40
        assert crm.lifecycle.advance().customers == 40
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename LIKE 'crmkit%'"
    assert execute(url, owners) == [(f"owner_{name}",)]
    with crmkit.connect(as_user(url, f"board_{name}"), plugins=[], migrate="check") as crm:
        assert crm.report().touchpoints == 80


def test_a_role_that_may_only_write_rows():
    """It works until a record wants what it may not make; then nothing of that capture is kept."""
    url = database()
    name = name_of(url)
    with crmkit.connect(url, plugins=[]) as crm:
        crm.capture(visits(2024), "shop")
    rows = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
    execute(url, f"CREATE ROLE clerk_{name} LOGIN", f"GRANT {rows} TO clerk_{name}")
    with crmkit.connect(as_user(url, f"clerk_{name}"), plugins=[]) as crm:
        assert crm.capture(visits(2024, 80), "shop").new == 40
        for _ in range(2):
            with pytest.raises(StoreError, match="own the tables"):
                crm.capture([*visits(2024, 90), *visits(2025)], "shop")
            execute(url, f"GRANT CREATE ON SCHEMA public TO clerk_{name}")
        assert crm.report().touchpoints == 80
    execute(url, f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    with crmkit.connect(as_user(url, f"clerk_{name}"), plugins=[]) as crm:
        with pytest.raises(StoreError, match=r"temporary tables.*TEMPORARY ON DATABASE"):
            crm.capture(visits(2024, 120), "shop")
        assert crm.report().touchpoints == 80
