"""What the README shows works."""

import re
from pathlib import Path
from typing import Any

import pytest
from crmkit_sms import hooks

from crmkit.testing.readme import check_readme

pytestmark = pytest.mark.row("R30")
README = Path(__file__).parent.parent / "README.md"


def test_what_the_readme_shows_opens():
    """Each channel that is shown opens as it is shown; no setting is left out of the README."""
    assert check_readme(hooks, README) == ("aliyun-sms", "tencent-sms", "twilio-sms")


def test_the_example_of_a_test_runs():
    """The simulator is used as the README shows it."""
    found: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    exec(blocks[1], found)
    assert found["pushed"] == b"[]"
