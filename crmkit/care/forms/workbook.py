"""Pages written as an XLSX workbook that prints on A4."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from crmkit.care.forms.layout import GRID
from crmkit.care.forms.pages import COLUMN, Cell, Page
from crmkit.care.forms.texts import SIZE
from crmkit.care.forms.words import PAGE
from crmkit.errors import CrmkitError

MARK = "crmkit-form"
"""Document property that tells what a workbook is: JSON, in ASCII."""
_FONT = {"zh": "SimSun", "en": "Arial"}
_TITLE = 14
_MARGIN = 0.45
"""Inches of paper left free on each side."""
_PIXEL, _PIXELS_A_CHARACTER, _PIXELS_AROUND = 0.75, 7, 5
_FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets count earlier days wrongly, or not at all: they are written as text."""


def openpyxl() -> Any:
    """Import openpyxl, or say how to get it.

    Raises:
        CrmkitError: it is not installed.
    """
    try:
        import openpyxl  # noqa: PLC0415 - an extra: forms in HTML need none
    except ImportError as error:
        message = "forms as XLSX need openpyxl: install it with  pip install 'crmkit[forms]'"
        raise CrmkitError(message) from error
    return openpyxl


def workbook(pages: Sequence[Page], lang: str, mark: dict[str, Any]) -> bytes:
    """Write pages, a sheet each.

    Args:
        pages: The pages.
        lang: Language of the words that the program adds.
        mark: What `read_form` will ask for.
    """
    package = openpyxl()
    from openpyxl.packaging.custom import StringProperty  # noqa: PLC0415 - as above

    book = package.Workbook()
    book.remove(book.active)
    looks = _looks(_FONT[lang])
    for page in pages:
        _sheet(book.create_sheet(page.name), page, lang, looks)
    book.custom_doc_props.append(StringProperty(name=MARK, value=json.dumps(mark)))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _sheet(sheet: Any, page: Page, lang: str, looks: dict[str, dict[str, Any]]) -> None:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above

    width = _width(COLUMN[page.landscape])
    for column in range(1, GRID + 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for number, row in enumerate(page.rows, 1):
        sheet.row_dimensions[number].height = row.height
        for cell in row.cells:
            _cell(sheet, number, cell, looks[cell.look])
    sheet.sheet_view.showGridLines = False
    sheet.print_options.horizontalCentered = True
    sheet.print_title_rows = f"1:{page.head}"
    sheet.print_area = f"A1:{get_column_letter(GRID)}{len(page.rows)}"
    setup = sheet.page_setup
    setup.paperSize = sheet.PAPERSIZE_A4
    setup.orientation = "landscape" if page.landscape else "portrait"
    setup.fitToWidth, setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, _MARGIN)
    sheet.page_margins.header = sheet.page_margins.footer = _MARGIN / 2
    sheet.oddFooter.center.text = PAGE.in_(lang)
    sheet.oddFooter.center.size = 9
    sheet.freeze_panes = f"A{page.head + 1}"


def _cell(sheet: Any, row: int, cell: Cell, look: dict[str, Any]) -> None:
    """Write one cell; what is text stays text, whatever it begins with."""
    from openpyxl.worksheet.cell_range import CellRange  # noqa: PLC0415 - as above

    last = cell.column + cell.span - 1
    for column in range(cell.column, last + 1):
        sheet.cell(row, column).border = look["border"]
    made = sheet.cell(row, cell.column)
    made.font, made.alignment, made.fill = look["font"], look["alignment"], look["fill"]
    shown = cell.shown
    if not isinstance(shown, str) and cell.look == "value":
        made.alignment = look["short"]
    if isinstance(shown, date) and shown < _FIRST_DAY:
        shown = shown.isoformat()
    if isinstance(shown, str):
        made.value = shown
        made.data_type = "s"
        made.quotePrefix = cell.look == "value"
        made.number_format = "@" if cell.look == "value" else "General"
    elif isinstance(shown, date):
        made.value = shown
        made.number_format = "yyyy-mm-dd"
    elif shown is not None:
        made.value = float(shown)
        made.number_format = _digits(shown)
    # Not merge_cells, which works every border out anew: they are drawn already.
    sheet.merged_cells.ranges.add(
        CellRange(min_row=row, max_row=row, min_col=cell.column, max_col=last)
    )


def _digits(amount: Decimal) -> str:
    """Give the number format that shows all digits of an amount."""
    exponent = amount.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return "#,##0" + ("." + "0" * places if places else "")


def _width(points: float) -> float:
    """Give a column's width in the unit of spreadsheets: characters of the default font."""
    return (points / _PIXEL - _PIXELS_AROUND) / _PIXELS_A_CHARACTER


def _looks(font: str) -> dict[str, dict[str, Any]]:
    """Give how each kind of cell looks."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side  # noqa: PLC0415 - as above

    thin, none = Side(style="thin", color="FF808080"), PatternFill()
    box, grey = Border(thin, thin, thin, thin), PatternFill("solid", fgColor="FFEDEDED")
    middle = Alignment("center", "center", wrap_text=True)
    left = Alignment("left", "center", wrap_text=True)
    plain, bold = Font(name=font, size=SIZE), Font(name=font, size=SIZE, bold=True)
    title = Font(name=font, size=_TITLE, bold=True)

    short = Alignment(vertical="center")  # numbers stand at the right of their own accord

    def look(font: Font, alignment: Alignment, fill: PatternFill, border: Border) -> dict[str, Any]:
        return {
            "font": font,
            "alignment": alignment,
            "short": short,
            "fill": fill,
            "border": border,
        }

    return {
        "title": look(title, middle, none, Border()),
        "label": look(bold, middle, grey, box),
        "heading": look(bold, middle, grey, box),
        "column": look(bold, middle, grey, box),
        "number": look(plain, middle, none, box),
        "value": look(plain, left, none, box),
    }
