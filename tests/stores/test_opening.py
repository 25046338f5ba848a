"""From a URL to a store: what is found, what is refused, and what is not imported."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit.contracts.tables import META
from crmkit.errors import ConfigError
from crmkit.stores import open_store

ENGINE = sa.create_engine("sqlite://")


@pytest.mark.parametrize(
    ("settings", "key", "words"),
    [
        ({"url": "shop.db"}, "url", "sqlite:///shop.db"),
        ({"url": "://"}, "url", "URL"),
        ({"url": "papyrus://x"}, "url", "memory, postgresql, sqlite"),
        ({"url": "memory://", "workspace": ""}, "workspace", "1 to 200"),
        ({"url": "memory://", "workspace": "x" * 201}, "workspace", "1 to 200"),
        ({"url": "memory://", "workspace": "a\0"}, "workspace", "NUL"),
        ({"url": "memory://", "migrate": "perhaps"}, "migrate", "auto, check, never"),
        ({"url": "memory://", "engine": ENGINE}, "engine", "a memory store takes no engine"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], key: str, words: str):
    """A setting that makes no sense is a ConfigError that names it and says what it may be."""
    with pytest.raises(ConfigError, match=words) as caught:
        open_store(**settings)
    assert caught.value.key == key


def test_a_url_without_scheme_keeps_its_secret():
    """What was mistaken for a URL is not repeated: it may hold a password."""
    with pytest.raises(ConfigError) as caught:
        open_store("user:hunter2@host")
    assert "hunter2" not in str(caught.value)


def test_memory_is_fresh_each_time():
    """Two stores at memory:// share nothing."""
    with open_store("memory://").write() as writer:
        writer.put(META, [("a", "1")])
    with open_store("memory://").read() as reader:
        assert list(reader.scan(META)) == []


def test_named_memory_is_shared_while_it_is_open():
    """Stores of one name share their data, which goes with the last of them."""
    one, two = open_store("memory://shared"), open_store("memory://shared")
    with one.write() as writer:
        writer.put(META, [("a", "1")])
    one.close()
    with two.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]
    two.close()
    with open_store("memory://shared").read() as reader:
        assert list(reader.scan(META)) == []


def test_memory_needs_no_sqlalchemy():
    """SQLAlchemy is imported when a SQL store is opened, not before."""
    program = (
        "import sys; from crmkit.stores import open_store; open_store('memory://');"
        "assert 'sqlalchemy' not in sys.modules;"
        "open_store('sqlite://').close(); assert 'sqlalchemy' in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
