"""What the README shows can be configured, and what can be configured it names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import attrs
import pytest
from crmkit_tryton import hooks
from crmkit_tryton.settings import TrytonConfig

from crmkit import ConfigError

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
OURS = {"type", "mapping"}  # the engine's, not the connector's


def test_what_the_readme_shows_opens():
    """The section opens as it is shown, connecting to nothing; no setting is left out."""
    (spec,) = hooks.crmkit_connectors()
    block, *_ = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (section,) = tomllib.loads(block)["connectors"].values()
    assert section["type"] == spec.name
    spec.open(spec.configure({k: v for k, v in section.items() if k not in OURS})).close()
    assert [f.name for f in attrs.fields(TrytonConfig) if f"`{f.name}`" not in README] == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [("base_url", "erp"), ("page_size", 0), ("page_size", 5000), ("on_delete", "hide")],
)
def test_a_wrong_setting_is_named(setting: str, value: object):
    """One clear line names the key."""
    (spec,) = hooks.crmkit_connectors()
    usual = {"base_url": "http://x", "database": "d", "username": "u", "password": "p"}
    with pytest.raises(ConfigError, match=setting):
        spec.configure({**usual, setting: value})
