"""What the README shows can be configured, and what can be configured it names."""

from pathlib import Path

from crmkit_salesforce import hooks

from crmkit.testing.readme import check_readme


def test_what_the_readme_shows_opens():
    """The connector opens as it is shown; no setting is left out of the README."""
    readme = Path(__file__).parent.parent / "README.md"
    assert check_readme(hooks, readme) == ("salesforce",)
