"""What the README shows can be configured, and what can be configured it names."""

import re
import tomllib
from pathlib import Path

import attrs
import pytest
from crmkit_hubspot import hooks
from crmkit_hubspot.settings import HubSpotConfig

from crmkit import ConfigError

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def test_what_the_readme_shows_opens():
    """The section without what is the engine's configures the connector; no setting is silent."""
    (block,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    section = tomllib.loads(block)["connectors"]["hubspot"]
    (spec,) = hooks.crmkit_connectors()
    own = {name: value for name, value in section.items() if name not in ("type", "mapping")}
    spec.open(spec.configure(own)).close()
    assert section["type"] == spec.name
    assert {f.name for f in attrs.fields(HubSpotConfig) if f"`{f.name}`" not in README} == set()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"client_id": "a", "client_secret": "b"},
        {"access_token": "t", "version": "v9"},
        {"access_token": "t", "page_size": 201},
        {"access_token": "t", "limits": {"per_second": 0}},
        {"access_token": "t", "token": "x"},
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object]):
    """Before anything is called, and without showing a secret."""
    (spec,) = hooks.crmkit_connectors()
    with pytest.raises(ConfigError):
        spec.configure(wrong)
