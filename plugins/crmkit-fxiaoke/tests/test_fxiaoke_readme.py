"""What the README shows can be configured, and what can be configured it names."""

from pathlib import Path

import attrs
from crmkit_fxiaoke import hooks
from crmkit_fxiaoke.settings import Codes, Names, Operators

from crmkit.testing.readme import check_readme

README = Path(__file__).parent.parent / "README.md"


def test_what_the_readme_shows_opens():
    """The connector opens as it is shown; no setting is left out, none of the open ones either."""
    assert check_readme(hooks, README) == ("fxiaoke",)
    text = README.read_text("utf-8")
    named = set()
    for part in (Names, Operators, Codes):
        name = part.__name__.lower()
        named |= {f"{name}.{f.name}" for f in attrs.fields(part)}
    assert sorted(name for name in named if name not in text) == []


def test_it_is_marked_experimental():
    """Until it has run on a live tenant."""
    assert "**Experimental.**" in README.read_text("utf-8")
    (spec,) = hooks.crmkit_connectors()
    assert "experimental" in spec.summary
