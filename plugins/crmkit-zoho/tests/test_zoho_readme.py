"""What the README shows can be configured, and what can be configured it names."""

import re
from pathlib import Path
from typing import Any

import pytest
from crmkit_zoho import hooks
from crmkit_zoho.settings import DATA_CENTRES, ZohoConfig

from crmkit.contracts.settings import Secret
from crmkit.testing.readme import check_readme
from crmkit.testing.simulators.zoho import Zoho

README = Path(__file__).parent.parent / "README.md"


def test_what_the_readme_shows_opens():
    """No setting is left out of the README, nor any data centre."""
    assert check_readme(hooks, README) == ("zoho",)
    text = README.read_text("utf-8")
    assert [name for name in DATA_CENTRES if f"`{name}`" not in text] == []


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
