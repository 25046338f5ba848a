"""What the README shows can be configured, and what can be configured it names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import attrs
from crmkit_salesforce import hooks
from crmkit_salesforce.settings import SalesforceConfig

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
ENGINES = {"type", "mapping", "users", "overlap", "step"}


def test_what_the_readme_shows_opens():
    """Each connector that is shown opens as it is shown."""
    (spec,) = hooks.crmkit_connectors()
    shown = 0
    for block in re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        for section in tomllib.loads(block).get("connectors", {}).values():
            settings = {key: value for key, value in section.items() if key not in ENGINES}
            spec.open(spec.configure(settings)).close()
            shown += 1
    assert shown == 1


def test_every_setting_is_named():
    """No setting is left out of the README."""
    assert [one.name for one in attrs.fields(SalesforceConfig) if one.name not in README] == []
