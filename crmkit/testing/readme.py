"""What a plugin's README shows must work: what it configures opens with the settings shown."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from crmkit.contracts.specs import OpenedSpec
from crmkit.sync.settings import read_link

_TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NAMED = r"`{0}\b|\b{0} = "
"""How a text names a setting: between backticks, or by giving it a value."""


def check_readme(plugin: Any, readme: Path) -> tuple[str, ...]:
    """Open every channel and connector that its ``toml`` blocks configure; nothing is called.

    Args:
        plugin: The module with the hooks.
        readme: The file.

    Returns:
        The types of channels, then of connectors, that are shown, each sorted.

    Raises:
        ConfigError: a setting that is shown is none; `key` names it.
        KeyError: a type that is shown is none of the plugin's.
        AssertionError: a setting of the plugin's is nowhere named.

    Example:
        >>> def test_what_the_readme_shows():
        ...     assert check_readme(crmkit_pigeon, Path("README.md")) == ("pigeon",)
    """
    text = readme.read_text("utf-8")
    channels = {spec.name: spec for spec in _offered(plugin, "crmkit_channels")}
    connectors = {spec.name: spec for spec in _offered(plugin, "crmkit_connectors")}
    reached, linked = [], []
    for block in _TOML.findall(text):
        shown = tomllib.loads(block)
        for name, section in shown.get("channels", {}).items():
            settings = {k: v for k, v in section.items() if k not in ("type", "on_unknown")}
            _open(channels[section["type"]], settings, f"channels.{name}")
            reached.append(section["type"])
        for name, section in shown.get("connectors", {}).items():
            link = read_link(name, section)
            _open(connectors[link.type], link.settings, f"connectors.{name}")
            linked.append(link.type)
    specs = (*channels.values(), *connectors.values())
    fields = {f.name for spec in specs if spec.config for f in attrs.fields(spec.config)}
    silent = sorted(name for name in fields if not re.search(_NAMED.format(name), text))
    if silent:
        raise AssertionError(f"{readme.name} does not name {', '.join(silent)}")
    return (*sorted(reached), *sorted(linked))


def _offered(plugin: Any, hook: str) -> Iterator[OpenedSpec[Any]]:
    return iter(getattr(plugin, hook, tuple)())


def _open(spec: OpenedSpec[Any], settings: Mapping[str, Any], where: str) -> None:
    spec.open(spec.configure(settings, where)).close()
