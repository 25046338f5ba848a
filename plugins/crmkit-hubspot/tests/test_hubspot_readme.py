"""What the README shows can be configured, and what can be configured it names."""

from pathlib import Path

import pytest
from crmkit_hubspot import hooks

from crmkit import ConfigError
from crmkit.testing.readme import check_readme

README = Path(__file__).parent.parent / "README.md"


def test_what_the_readme_shows_opens():
    """The section configures the connector; no setting is silent."""
    assert check_readme(hooks, README) == ("hubspot",)


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
