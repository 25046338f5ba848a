"""What a plugin's README shows is tried, its channels and its connectors alike."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

from crmkit import ConfigError
from crmkit.contracts.connector import Connector
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.readme import check_readme

SHOWN = """
```toml
[connectors.pigeons]
type = "pigeon"
loft = "north"
users = { ann = "7" }
MORE
[[connectors.pigeons.mapping]]
concept = "customers"
object = "birds"
match = "email"
fields.email = "ring"
```
"""


@attrs.frozen(kw_only=True)
class Settings:
    """Where the pigeons are."""

    loft: str


class Opened(Connector):
    """Counts how often it was closed."""

    closed = 0
    entities = schema = changes = upsert = Connector.close  # type: ignore[assignment]

    def __init__(self, config: Settings) -> None:
        assert config.loft == "north"

    def close(self) -> None:
        Opened.closed += 1


def connectors() -> Iterator[ConnectorSpec]:
    yield ConnectorSpec(name="pigeon", open=Opened, config=Settings)


PLUGIN = SimpleNamespace(crmkit_connectors=connectors)


def check(folder: Path, text: str) -> tuple[str, ...]:
    readme = folder / "README.md"
    readme.write_text(text, "utf-8")
    return check_readme(PLUGIN, readme)


def test_a_connector_opens_without_what_is_the_engines(tmp_path: Path):
    """It is closed again."""
    before = Opened.closed
    assert check(tmp_path, SHOWN.replace("MORE", "")) == ("pigeon",)
    assert Opened.closed == before + 1


@pytest.mark.parametrize(
    ("there", "instead"), [("MORE", "coop = 2"), ("concept", "idea"), ('"customers"', '"birds"')]
)
def test_what_is_no_setting_is_refused(tmp_path: Path, there: str, instead: str):
    """Neither one of the connector's nor one of the mapping's."""
    with pytest.raises(ConfigError):
        check(tmp_path, SHOWN.replace(there, instead).replace("MORE", ""))


def test_a_type_that_the_plugin_has_not_is_refused(tmp_path: Path):
    """However it is configured."""
    with pytest.raises(KeyError, match="dove"):
        check(tmp_path, SHOWN.replace("MORE", "").replace('"pigeon"', '"dove"'))


def test_a_setting_that_is_nowhere_named_is_told(tmp_path: Path):
    """A word of the text names no setting."""
    with pytest.raises(AssertionError, match=r"README\.md does not name loft"):
        check(tmp_path, "Each loft has a ring.")
