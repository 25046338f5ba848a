"""Opening a workspace: what `crmkit.connect` is given becomes a session and its facade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from crmkit.arguments import ID_LIMIT, callback, optional_text, texts
from crmkit.clock import Clock, system_clock
from crmkit.config import Config
from crmkit.contracts.session import Session
from crmkit.crm import CRM
from crmkit.plugins import PluginManager
from crmkit.stores import address, open_store, scheme


def connect(  # noqa: PLR0913 - the settings of a connection, all by name
    url: str | None = None,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    workspace: str | None = None,
    actor: str | None = None,
    clock: Clock | None = None,
    plugins: Iterable[str] | PluginManager | None = None,
    engine: Any = None,
    migrate: str = "auto",
) -> CRM:
    """Open a workspace.

    Args:
        url: Where the data lives: ``sqlite:///shop.db``, ``postgresql://user@host/shop``,
            ``memory://``; goes before the one in `config`.
        config: Path of a TOML file, or the same as a mapping.
        workspace: One tenant's data, ``default`` by default; workspaces never see each other.
        actor: Who is acting; recorded with every decision.
        clock: Gives the present instant as an aware datetime; None: the machine's.
        plugins: Entry points that may load; None: all; or a plugin manager of the host's own.
        engine: The host's own SQLAlchemy engine, which needs no `url` beside it.
        migrate: ``auto`` creates and upgrades the schema, ``check`` refuses an older one and names
            the command, ``never`` asks nothing.

    Raises:
        ConfigError: a setting is wrong; `key` names it.
        StoreError: the database cannot be opened; the message says what to do.
        PluginError: the plugin that serves the URL is missing or broken.
        InvalidValueError: an argument is of another type; `field` names it.
    """
    for field, value in (("url", url), ("workspace", workspace), ("migrate", migrate)):
        optional_text(field, value)
    callback("clock", clock)
    actor = optional_text("actor", actor, ID_LIMIT)
    settings = Config.load(config, url=url)
    if not isinstance(plugins, PluginManager):
        plugins = PluginManager(None if plugins is None else texts("plugins", plugins))
    plugins.configure(settings)
    place = address(settings.url, engine)
    store = open_store(
        place,
        workspace=workspace or settings.workspace,
        migrate=migrate,
        engine=engine,
        specs=[plugins.store(scheme(place))],
    )
    session = Session(
        store=store,
        clock=clock or system_clock,
        actor=actor,
        people=settings.people,
        settings=settings.sections,
    )
    return CRM(session, settings, plugins)
