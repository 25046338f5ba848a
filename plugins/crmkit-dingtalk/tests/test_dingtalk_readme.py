"""What the README shows can be configured, and what can be configured it names."""

import re
import tomllib
from pathlib import Path

import attrs
from crmkit_dingtalk import hooks

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
SPECS = {spec.name: spec for spec in hooks.crmkit_channels()}


def test_every_configuration_shown_is_taken():
    """Each channel is shown once, and as it is shown it opens without a call."""
    shown = []
    for block in re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        for settings in tomllib.loads(block)["channels"].values():
            spec = SPECS[settings.pop("type")]
            spec.open(spec.configure(settings)).close()
            shown.append(spec.name)
    assert sorted(shown) == sorted(SPECS)


def test_every_setting_is_named():
    """Nobody has to read the code to find a setting."""
    settings = {field.name for spec in SPECS.values() for field in attrs.fields(spec.config)}
    assert {name for name in settings if name not in README} == set()
