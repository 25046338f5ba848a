"""Text as a source: every URL that crmkit's store takes is taken here, and none is ever shown."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
from crmkit_ibis.addresses import open_database
from crmkit_ibis.engine import IbisEngine
from crmkit_ibis.opening import connect, open_source
from ibis_kit import told

import crmkit
from crmkit import ConfigError, CrmkitError
from crmkit.contracts.engine import EngineConfig

SECRET = "s3c+ret"


def spelt(database: str, scheme: str, more: str = "") -> str:
    """Spell the test server's URL another way, with a password."""
    _, _, rest = database.partition("://")
    _, _, place = rest.partition("@")
    return f"{scheme}://postgres:{SECRET}@{place}{more}"


@pytest.mark.parametrize(
    ("scheme", "more"),
    [
        ("postgresql+psycopg", ""),
        ("postgresql+psycopg2", ""),
        ("postgres", ""),
        ("PostgreSQL", ""),
        ("postgresql", "&timeout=5"),
        ("postgresql", "&timeout=2.5&application_name=firm"),
    ],
)
def test_a_url_that_the_store_takes_is_taken(database: str, scheme: str, more: str):
    """Whatever driver it names, and with crmkit's own options."""
    url = spelt(database, scheme, more)
    with told([[("visit", "ann", 1, 1, 1)]], url):
        pass
    log = open_source(url)
    assert log.connection.to_pyarrow(log.touchpoints.kind).to_pylist() == ["visit"]
    log.connection.disconnect()
    engine = IbisEngine(EngineConfig(backend="postgresql", url=url))
    assert engine.source().workspace == "default"
    engine.close()


def test_a_plus_in_a_password_is_a_plus(database: str):
    """Not a blank, as in a form; and it does not stand in what Ibis shows of the connection."""
    backend = connect("postgresql", spelt(database, "postgresql"))
    assert backend.con.info.password == SECRET
    assert SECRET not in f"{backend!r} {backend.db_identity}"
    backend.disconnect()


def test_timeout_is_how_long_a_connection_may_take(database: str):
    """The driver knows it by another name, and in whole seconds."""
    with open_database(spelt(database, "postgresql", "&timeout=4.2")) as connection:
        assert connection.info.get_parameters()["connect_timeout"] == "5"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        (f"postgresql+psycopg://shop:{SECRET}@127.0.0.1:1/shop", "leads to no server"),
        (f"postgres://shop:{SECRET}@127.0.0.1/shop?colour=red", "invalid connection option"),
        (f"postgresql://shop:{SECRET}@127.0.0.1/shop?timeout=soon", "number of seconds"),
        (f"postgresql://shop:{SECRET}@127.0.0.1/shop?timeout=1&timeout=2", "number of seconds"),
        (f"postgresql://shop:{SECRET}/shop", "cannot be read"),
        (f"postgresql://shop:p@{SECRET}@127.0.0.1/shop", "more than one @"),
        (f"mariadb+pymysql://shop:{SECRET}@127.0.0.1/shop", "a URL is no folder"),
        (Path(f"postgresql+psycopg://shop:{SECRET}@127.0.0.1/shop"), "a URL is no folder"),
    ],
)
def test_a_url_that_is_wrong_is_not_shown(url: Any, what: str):
    """One clear error of crmkit's, and the password is nowhere in it or behind it."""
    with pytest.raises(ConfigError, match=what) as caught:
        open_source(url)
    assert caught.value.key in {"url", "log"}
    assert SECRET not in all_of(caught.value)


def test_a_url_as_the_engines_folder_is_not_shown():
    """Nor where it was put into the place of the exported log."""
    with pytest.raises(CrmkitError, match="a URL is no folder") as caught:
        IbisEngine(EngineConfig(log=f"postgresql://shop:{SECRET}@127.0.0.1/shop"))
    assert SECRET not in all_of(caught.value)


def test_a_folder_with_a_colon_is_a_folder(tmp_path: Path):
    """Only what begins as a URL does is taken for one."""
    folder = tmp_path / "a: b"
    with crmkit.connect("memory://", plugins=[]) as crm:
        crm.touchpoints.export_log(folder)
    assert open_source(folder).dialect.name == "duckdb"


def all_of(error: CrmkitError) -> str:
    """Give all that an error says, and what it carries."""
    return f"{''.join(traceback.format_exception(error, chain=True))} {vars(error)!r}"
