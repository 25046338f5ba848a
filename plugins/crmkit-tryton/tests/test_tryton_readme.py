"""What the README shows can be configured, and what can be configured it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from crmkit_tryton import hooks

from crmkit import ConfigError
from crmkit.testing.readme import check_readme

README = Path(__file__).parent.parent / "README.md"


def test_what_the_readme_shows_opens():
    """The section opens as it is shown, connecting to nothing; no setting is left out."""
    assert check_readme(hooks, README) == ("tryton",)


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
