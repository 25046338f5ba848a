"""What a plugin's README shows must work: its channels open with the settings that it shows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import attrs

_TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def check_readme(plugin: Any, readme: Path) -> tuple[str, ...]:
    """Open every channel that the ``toml`` blocks of a README configure; nothing is called.

    Args:
        plugin: The module with the hooks.
        readme: The file.

    Returns:
        The types of channels that are shown, sorted.

    Raises:
        ConfigError: a setting that is shown is none; `key` names it.
        KeyError: a type that is shown is none of the plugin's.
        AssertionError: a setting of the plugin's is nowhere named.

    Example:
        >>> def test_what_the_readme_shows():
        ...     assert check_readme(crmkit_pigeon, Path("README.md")) == ("pigeon",)
    """
    text = readme.read_text("utf-8")
    specs = {spec.name: spec for spec in plugin.crmkit_channels()}
    shown = []
    for block in _TOML.findall(text):
        for name, section in tomllib.loads(block).get("channels", {}).items():
            settings = {k: v for k, v in section.items() if k not in ("type", "on_unknown")}
            spec = specs[section["type"]]
            spec.open(spec.configure(settings, f"channels.{name}")).close()
            shown.append(spec.name)
    fields = {f.name for spec in specs.values() if spec.config for f in attrs.fields(spec.config)}
    silent = sorted(name for name in fields if name not in text)
    if silent:
        raise AssertionError(f"{readme.name} does not name {', '.join(silent)}")
    return tuple(sorted(shown))
