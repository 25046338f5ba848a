"""Forms laid out on pages of A4: what is too long goes on with the same head on the next."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from crmkit.care.forms.contents import Content, Grid, Line
from crmkit.care.forms.layout import GRID, LABEL, NUMBER, Field
from crmkit.care.forms.texts import GOES_ON, fitting, height, lines
from crmkit.care.forms.values import Shown
from crmkit.care.forms.words import CONTINUED
from crmkit.care.forms.words import NUMBER as NUMBER_WORDS

COLUMN = {False: 21.0, True: 30.75}
"""Points that a column of the grid is wide; upright, and lying on its side."""
PAPER = {False: 730.0, True: 480.0}
"""Points of a page that rows may fill."""
TALLEST = 26
"""Lines of one row: spreadsheets have none higher than 409 points."""
HEAD_LINES = 3
"""Lines that a field of the head may take; what is longer goes on below it."""
TITLE = 30.0
_TOGETHER, _BEGINNING = 8, 3
"""Lines that are kept on one page; lines that what is longer begins with at the foot of one."""
_PLACES = 10
"""Decimal places of a number in a cell, at most; with more it is written as text."""
_WRITTEN = 3
"""Lines that are left free for a field that is still to be filled in."""


@attrs.frozen
class Cell:
    """Some columns of the grid that are one cell: from where, how many, what, and how it looks."""

    column: int
    span: int
    shown: Shown
    look: str


@attrs.frozen
class Row:
    """One row of a sheet, and the points it is high."""

    cells: tuple[Cell, ...]
    height: float


@attrs.frozen(kw_only=True)
class Page:
    """One sheet, on one page.

    Attributes:
        name: Of the sheet.
        landscape: Whether the paper lies on its side.
        rows: From the top.
        head: How many of them are title and head, and stand on every page.
    """

    name: str
    landscape: bool
    rows: tuple[Row, ...]
    head: int


class Pages:
    """Lays one form out."""

    def __init__(self, content: Content, lang: str) -> None:
        self._content = content
        self._lang = lang
        self._landscape = content.form.landscape
        self._head, self._over = self._heading()
        self._pages: list[list[Row]] = []
        self._turn()

    def laid_out(self) -> list[Page]:
        """Give the form's pages."""
        for line in self._over:
            self._field(line.field, line.shown, going_on=True)
        for block in self._content.blocks:
            if isinstance(block, Grid):
                self._grid(block)
            else:
                self._field(block.field, block.shown)
        name = self._content.name
        return [
            Page(
                name=name if number == 1 else f"{name} ({number})",
                landscape=self._landscape,
                rows=tuple(rows),
                head=len(self._head),
            )
            for number, rows in enumerate(self._pages, 1)
        ]

    # -- the head ----------------------------------------------------------------------

    def _heading(self) -> tuple[list[Row], list[Line]]:
        """Give title and head, and what of them has no room there."""
        rows = [Row((Cell(1, GRID, self._content.form.heading(self._lang), "title"),), TITLE)]
        over = []
        half = GRID // 2
        for pair in (self._content.head[:2], self._content.head[2:]):
            cells, most = [], 1
            for place, line in enumerate(pair):
                broken = self._broken(line.shown, half - LABEL)
                if len(broken) > HEAD_LINES:
                    over.append(Line(line.field, "".join(broken[HEAD_LINES:])))
                shown = "".join(broken[:HEAD_LINES]) if broken else line.shown
                label = line.field.label.in_(self._lang)
                cells += [
                    Cell(1 + place * half, LABEL, label, "label"),
                    Cell(1 + place * half + LABEL, half - LABEL, shown, "value"),
                ]
                most = max(most, min(HEAD_LINES, len(broken)), len(self._broken(label, LABEL)))
            rows.append(Row(tuple(cells), height(most)))
        return rows, over

    # -- what stands below -------------------------------------------------------------

    def _field(self, field: Field, shown: Shown, *, going_on: bool = False) -> None:
        shown = _settled(shown, GRID - LABEL, self._landscape)
        rest = self._broken(shown, GRID - LABEL)
        while True:
            label = field.label.in_(self._lang) + CONTINUED.in_(self._lang) * going_on
            least = len(self._broken(label, LABEL))
            wanted = max(least, len(rest), 1 if rest or field.kind != "text" else _WRITTEN)
            if self._lines_left() < max(least, _kept(wanted)):
                self._turn()
            count = min(self._lines_left(), TALLEST)
            value = "".join(rest[:count]) if rest else shown
            rest = rest[count:]
            cells = (
                Cell(1, LABEL, label, "label"),
                Cell(1 + LABEL, GRID - LABEL, value, "value"),
            )
            self._put(Row(cells, height(min(wanted, count))))
            going_on = True
            if not rest:
                return

    def _grid(self, grid: Grid) -> None:
        heading = grid.table.label.in_(self._lang)
        names = self._names(grid)
        top = [Row((Cell(1, GRID, heading, "heading"),), height(1)), names]
        again = [Row((Cell(1, GRID, heading + CONTINUED.in_(self._lang), "heading"),), height(1))]
        again.append(names)
        spans = (NUMBER, *(column.span for column in grid.table.columns))
        for row in grid.rows:
            cells = [
                _settled(cell, span, self._landscape) for cell, span in zip(row, spans, strict=True)
            ]
            needed = sum(row.height for row in top) + height(_kept(self._most(cells, spans)))
            if self._room < needed:
                self._turn()
                top = top or again
            for row_ in top:
                self._put(row_)
            top = []
            self._record(cells, spans, again)

    def _record(self, cells: Sequence[Shown], spans: Sequence[int], again: Sequence[Row]) -> None:
        """Put one row of a table, and what of it goes on over the page."""
        number = cells[0]
        broken = [self._broken(cell, span) for cell, span in zip(cells, spans, strict=True)]
        while True:
            wanted = max(1, *map(len, broken[1:]))
            if self._lines_left() < _kept(wanted):
                self._turn()
                for row in again:
                    self._put(row)
            count = min(self._lines_left(), TALLEST)
            shown = [
                "".join(text[:count]) if text else cell
                for text, cell in zip(broken[1:], cells[1:], strict=True)
            ]
            self._put(_row([number, *shown], spans, height(min(wanted, count))))
            if wanted <= count:
                return
            number, cells = GOES_ON, [None] * len(cells)
            broken = [text[count:] for text in broken]

    def _most(self, cells: Sequence[Shown], spans: Sequence[int]) -> int:
        return max(len(self._broken(cell, span)) for cell, span in zip(cells, spans, strict=True))

    def _names(self, grid: Grid) -> Row:
        labels = [NUMBER_WORDS, *(column.label for column in grid.table.columns)]
        spans = (NUMBER, *(column.span for column in grid.table.columns))
        cells, column, most = [], 1, 1
        for label, span in zip(labels, spans, strict=True):
            words = label.in_(self._lang)
            cells.append(Cell(column, span, words, "column"))
            most = max(most, len(self._broken(words, span)))
            column += span
        return Row(tuple(cells), height(most))

    # -- paper -------------------------------------------------------------------------

    def _broken(self, shown: Shown, span: int) -> list[str]:
        """Break what a cell shows into lines; nothing where it is no text."""
        if not isinstance(shown, str):
            return []
        return lines(shown, span * COLUMN[self._landscape])

    @property
    def _room(self) -> float:
        return PAPER[self._landscape] - sum(row.height for row in self._pages[-1])

    def _lines_left(self) -> int:
        return fitting(self._room)

    def _put(self, row: Row) -> None:
        self._pages[-1].append(row)

    def _turn(self) -> None:
        """Begin a new page."""
        self._pages.append(list(self._head))


def _kept(count: int) -> int:
    """Give how many of so many lines must have room at the foot of a page."""
    return count if count <= _TOGETHER else _BEGINNING


def _row(cells: Sequence[Shown], spans: Sequence[int], high: float) -> Row:
    made, column = [], 1
    for cell, span in zip(cells, spans, strict=True):
        made.append(Cell(column, span, cell, "value" if column > 1 else "number"))
        column += span
    return Row(tuple(made), high)


def _settled(shown: Shown, span: int, landscape: bool) -> Shown:  # noqa: FBT001 - of the paper
    """Write a number as text where its cell would not show all of it, or not exactly."""
    if not isinstance(shown, Decimal):
        return shown
    seen = len(lines(f"{shown:,f}", span * COLUMN[landscape])) == 1
    return shown if seen and exact(shown) else f"{shown:f}"


def exact(amount: Decimal) -> bool:
    """Tell whether a spreadsheet's number is the amount, and is written with its digits."""
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_PLACES:
        return False
    return Decimal(f"{float(amount):.16g}") == amount
