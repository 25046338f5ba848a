"""Whatever a plan says, its forms say it, and give it back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit.care.forms import read_form, render_form
from crmkit.care.forms.pages import PAPER
from crmkit.care.forms.texts import held, lines, unheld
from crmkit.model.plan import CarePlan
from tests.care.plans import CHUNKS, PEOPLE, plans, shown_only, workbook_of

ILLEGAL_CHARACTERS_RE = pytest.importorskip("openpyxl.cell.cell").ILLEGAL_CHARACTERS_RE
LANGUAGES = st.sampled_from(("zh", "en"))
FEW = settings(max_examples=6, suppress_health_check=list(HealthCheck))  # each takes a second


def workbook(plan: CarePlan | None, form: str = "all", **options: object) -> bytes:
    made = render_form(plan, form, format="xlsx", **options)  # type: ignore[arg-type]
    assert isinstance(made, bytes)
    return made


@FEW
@given(plans(), LANGUAGES)
def test_a_plan_comes_back_from_its_forms(plan: CarePlan, lang: str):
    """Every field that a form shows comes from the workbook, exactly; the others stay."""
    assert read_form(workbook(plan, lang=lang), shown_only(plan)) == plan


@FEW
@given(plans(), LANGUAGES)
def test_a_sheet_is_one_page_and_its_rows_can_be_shown(plan: CarePlan, lang: str):
    """No row is higher than spreadsheets have them, and no sheet higher than its paper."""
    book = workbook_of(workbook(plan, lang=lang))
    for sheet in book.worksheets:
        high = [sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1)]
        assert max(high) <= 409
        assert sum(high) <= PAPER[sheet.page_setup.orientation == "landscape"]
        for cells in sheet.iter_rows():
            assert all(len(one.value) <= 32_767 for one in cells if isinstance(one.value, str))
            assert all(one.data_type != "f" for one in cells)


@given(st.text() | CHUNKS)
def test_any_text_can_be_held(text: str):
    """Text of any characters comes back from a cell, which XML can hold."""
    inside = held(text)
    assert unheld(inside) == text
    assert not ILLEGAL_CHARACTERS_RE.search(inside)
    inside.encode()


@given(CHUNKS, st.floats(20, 600))
def test_lines_are_the_text(text: str, width: float):
    """Broken into lines, nothing of a text is lost."""
    assert "".join(lines(text, width)) == text


@FEW
@given(plans())
def test_names_of_people_stand_for_their_ids(plan: CarePlan):
    """With people configured, forms show names; who is not among them may stay where he was."""
    assert read_form(workbook(plan, people=PEOPLE), plan, people=PEOPLE) == plan
