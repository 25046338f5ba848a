"""Templates that only name variables come out as Jinja2 would write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.sandbox import FORMATS, compiled

SOURCE = "Dear {{ name }},\r\n\n<p>{{ note }}</p> & {{ name }}\n"
WORDS = st.text(max_size=20) | st.sampled_from(["", "  ", "<b>&'\"", "*A_1*", "a\nb", " " * 300])
VALUES = WORDS | st.none() | st.integers() | st.booleans() | st.lists(WORDS, max_size=2)


def outcome(source: str, text_format: str, values: dict[str, Any]) -> str:
    try:
        return compiled(source, text_format).render(values)
    except ContentError as error:
        return f"refused: {error}"


@pytest.mark.parametrize("text_format", FORMATS)
@given(values=st.fixed_dictionaries({}, optional={"name": VALUES, "note": VALUES}))
def test_it_makes_no_difference(text_format: str, values: dict[str, Any]):
    """With a statement that does nothing in it a template is Jinja2's, and says the same."""
    by_jinja = SOURCE + "{% if true %}{% endif %}"
    assert outcome(SOURCE, text_format, values) == outcome(by_jinja, text_format, values)


def test_what_is_too_long_is_refused():
    """The limit holds for what comes out, whoever writes it."""
    found = outcome("{{ name }}{{ name }}", "text", {"name": "x" * 600_000})
    assert found == "refused: the text has more than 1000000 characters"
