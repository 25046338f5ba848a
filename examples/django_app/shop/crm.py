"""The site's CRM: beside Django's own tables, and inside its transactions."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.db import connection
from sqlalchemy import URL

import crmkit


def url() -> str:
    """Say where Django's data are, in crmkit's words; while Django tests, that is elsewhere."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        file = str(at["NAME"])
        return f"sqlite:///{file}&uri=true" if file.startswith("file:") else f"sqlite:///{file}"
    where = {name: str(at[name.upper()]) for name in ("host", "port") if at[name.upper()]}
    place = URL.create(
        "postgresql",
        username=at["USER"] or None,
        password=at["PASSWORD"] or None,
        database=at["NAME"],
        query=where,
    )
    return place.render_as_string(hide_password=False)


@cache
def crm() -> crmkit.CRM:
    """Connect with the first question; whoever asks writes in his own thread's transaction."""
    return crmkit.connect(url(), migrate="never").using(connection)  # migrations make the tables


def captures(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Do what ``@crm.captures`` does, for views that Django imports before it has a database."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @cache
        def captured() -> Callable[..., Any]:
            return crm().captures(**options)(function)

        @wraps(function)
        def later(*given: Any, **named: Any) -> Any:
            return captured()(*given, **named)

        return later

    return decorate
