"""What the README shows can be configured, and what can be configured it names."""

import re
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest
from crmkit_zoho import hooks
from crmkit_zoho.settings import DATA_CENTRES, ZohoConfig

from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.zoho import Zoho

README = Path(__file__).parent.parent / "README.md"
ENGINES = ("type", "mapping", "users")


def test_what_the_readme_shows_opens():
    """No setting is left out of the README, nor any data centre."""
    text = README.read_text("utf-8")
    (spec,) = hooks.crmkit_connectors()
    (block,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    section = tomllib.loads(block)["connectors"]["zoho"]
    settings = {name: value for name, value in section.items() if name not in ENGINES}
    spec.open(spec.configure(settings, "connectors.zoho")).close()
    named = [field.name for field in attrs.fields(ZohoConfig)] + [*DATA_CENTRES]
    assert [name for name in named if f"`{name}`" not in text] == []


def test_the_example_in_python_runs(capsys: pytest.CaptureFixture[str]):
    """It watches, and says until when."""
    text = README.read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(README), "exec"), names)
    with Zoho() as zoho:
        config = ZohoConfig(
            base_url=zoho.url,
            accounts_url=zoho.url,
            client_id="1000.CLIENT",
            client_secret=Secret("client-secret"),
            refresh_token=Secret("1000.refresh"),
            notify_token=Secret("n0tify"),
        )
        names["watch_again"](config)
    assert "Zoho posts until 20" in capsys.readouterr().out
    (watched,) = zoho.watches.channels.values()
    assert watched["events"] == ["Contacts.all", "Deals.all"]
