"""From a URL to an open store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmkit.arguments import show
from crmkit.contracts.specs import StoreConfig, StoreSpec
from crmkit.contracts.store import Store
from crmkit.errors import ConfigError
from crmkit.stores import checks

LONGEST = 200
"""Characters in the name of a workspace."""

MIGRATE = ("auto", "check", "never")

BUILT_IN = (
    StoreSpec(
        name="memory",
        open="crmkit.stores.memory:open_memory",
        thread_safe=True,
        summary="In this process, gone with it: for tests and trials.",
    ),
    StoreSpec(
        name="sqlite",
        open="crmkit.stores.sqlite:open_sqlite",
        thread_safe=True,
        capabilities=frozenset({"engine"}),
        summary="One file, no server: sqlite:///shop.db",
    ),
    StoreSpec(
        name="postgresql",
        open="crmkit.stores.postgres:open_postgres",
        thread_safe=True,
        capabilities=frozenset({"engine"}),
        summary="A server for many processes: postgresql://user@host/shop",
    ),
    StoreSpec(
        name="mariadb",
        open="crmkit.stores.mariadb:open_mariadb",
        thread_safe=True,
        capabilities=frozenset({"engine"}),
        summary="MariaDB or MySQL, for many processes: mariadb://user@host/shop",
    ),
)
"""The stores of the core, offered through the same record as a plugin's."""


_OTHER_NAMES = {"postgres": "postgresql", "mysql": "mariadb"}
"""Schemes by another name, as hosting providers and the databases themselves write them."""


def scheme(url: str) -> str:
    """Give the scheme of a store's URL without the driver: ``sqlite`` of ``sqlite+pysqlite://``.

    Raises:
        ConfigError: `url` is no URL, or holds a NUL; `key` is ``url``.
    """
    if "\0" in url or "%00" in url:
        raise ConfigError("The URL of the store holds a NUL character: remove it", key="url")
    name, found, _ = url.partition("://")
    if not found or not name:
        # Only the shape is told: a URL may carry a password, and this may be one half typed.
        message = (
            "The store must be given as a URL with ://, such as sqlite:///shop.db "
            "(sqlite:////var/lib/shop.db for an absolute path) or memory://"
        )
        raise ConfigError(message, key="url")
    name = name.partition("+")[0].lower()
    return _OTHER_NAMES.get(name, name)


def address(url: str | None, engine: Any) -> str:
    """Give the URL of a store: the one that is named, or the kind of the host's own engine.

    Raises:
        ConfigError: `engine` is none that can be used; `key` is ``engine``.
    """
    if engine is None:
        return url or ""
    dialect = getattr(engine, "dialect", None)
    if dialect is None or not hasattr(engine, "connect"):
        message = "engine must be a SQLAlchemy engine, as sqlalchemy.create_engine gives one"
        raise ConfigError(message, key="engine")
    if dialect.is_async:
        message = (
            "engine is one of asyncio's: give one that sqlalchemy.create_engine makes, and call "
            "crmkit in a thread (asyncio.to_thread)"
        )
        raise ConfigError(message, key="engine")
    if why := checks.translated(engine):
        raise ConfigError(f"engine {why}", key="engine")
    return url or f"{dialect.name}://"


def find_store(name: str, specs: Iterable[StoreSpec] = BUILT_IN) -> StoreSpec:
    """Find the store that serves a scheme.

    Raises:
        ConfigError: none of `specs` does; `key` is ``url``.
    """
    known = {spec.name: spec for spec in specs}
    if name not in known:
        message = f"No store serves {name}:// URLs; there are {', '.join(sorted(known))}"
        raise ConfigError(message, key="url")
    return known[name]


def open_store(
    url: str,
    *,
    workspace: str = "default",
    migrate: str = "auto",
    engine: Any = None,
    specs: Iterable[StoreSpec] = BUILT_IN,
) -> Store:
    """Open a store for one workspace.

    Args:
        url: ``memory://`` (a fresh one), ``memory://name`` (shared in the process by that name),
            ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``sqlite:///C:/windows.db``.
        workspace: Whose data; at most 200 characters. It comes to be with its first write.
        migrate: ``auto`` creates and upgrades the schema, ``check`` refuses an older one,
            ``never`` asks nothing.
        engine: The host's own SQLAlchemy engine, in place of one made from `url`.
        specs: The stores to choose from; the plugin manager gives those of plugins too.

    Raises:
        ConfigError: `url`, `workspace` or `migrate` makes no sense; `key` names it.
        SchemaError: the schema is older (with ``check``) or newer than this crmkit.
        StoreError: the database cannot be opened; the message says what to check.
    """
    if not workspace or len(workspace) > LONGEST or "\0" in workspace:
        message = "workspace must be a text of 1 to 200 characters without NUL"
        raise ConfigError(message, key="workspace")
    if migrate not in MIGRATE:
        raise ConfigError(
            f"migrate must be one of {', '.join(MIGRATE)}, got {show(migrate)}", key="migrate"
        )
    spec = find_store(scheme(url), specs)
    if engine is not None and "engine" not in spec.capabilities:
        message = f"a {spec.name} store takes no engine: leave it out, or name its own database"
        raise ConfigError(message, key="engine")
    make = spec.config or StoreConfig
    return spec.open(make(url=url, workspace=workspace, migrate=migrate, engine=engine))
