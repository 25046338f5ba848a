"""What the README shows works."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from sms_kit import Open

from crmkit.contracts.settings import Secret

pytestmark = pytest.mark.row("R30")
README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def filled(value: Any) -> Any:
    """Give a setting as the configuration would: a ``${NAME}`` becomes a secret."""
    is_secret = isinstance(value, str) and value.startswith("${")
    return Secret("what the environment holds") if is_secret else value


def test_the_configuration_opens(open_channel: Open):
    """Every channel of the example opens with the settings it shows."""
    (block,) = blocks("toml")
    channels = tomllib.loads(block)["channels"]
    assert len(channels) == 3
    for section in channels.values():
        name = section.pop("type")
        open_channel(name, **{key: filled(value) for key, value in section.items()})


def test_the_example_of_a_test_runs():
    """The simulator is used as the README shows it."""
    found: dict[str, Any] = {}
    exec(blocks("python")[1], found)
    assert found["pushed"] == b"[]"
