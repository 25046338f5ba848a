"""A form that people filled in: what they may write, and every mistake named by its cell."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import attrs
import pytest

from crmkit.care.forms import read_form, render_form
from crmkit.errors import InvalidValueError
from crmkit.model.plan import CarePlan
from tests.care.plans import EAST, PEOPLE, PLAN, workbook_of

pytest.importorskip("openpyxl")
WORKBOOKS = {
    lang: render_form(PLAN, "all", lang=lang, format="xlsx", people=PEOPLE) for lang in ("zh", "en")
}


def opened(lang: str = "zh") -> Any:
    return workbook_of(WORKBOOKS[lang])  # type: ignore[arg-type]


def saved(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(book: Any) -> CarePlan:
    return read_form(saved(book), PLAN, people=PEOPLE, zone=EAST)


def label(sheet: Any, words: str) -> Any:
    """Find a label's cell: the last, since a table's heading may be a column's too."""
    found = [cell for row in sheet.iter_rows() for cell in row if cell.value == words]
    return found[-1]


def beside(book: Any, sheet: str, words: str) -> Any:
    """Give the cell beside a label."""
    cell = label(book[sheet], words)
    return book[sheet].cell(cell.row, cell.column + 4)


def below(book: Any, sheet: str, words: str, down: int = 1) -> Any:
    """Give a cell below a column's name."""
    cell = label(book[sheet], words)
    return book[sheet].cell(cell.row + down, cell.column)


def put(cell: Any, value: Any, look: str | None = None) -> tuple[str, str]:
    cell.value = value
    if look is not None:
        cell.number_format = look
    return cell.parent.title, cell.coordinate


def head(book: Any, words: str, value: Any) -> tuple[str, str]:
    """Write into the head of every sheet, as one must."""
    places = [put(beside(book, name, words), value) for name in book.sheetnames]
    return places[0]


def missing_sheet(book: Any) -> tuple[str, str]:
    del book["088"]
    return "088", ""


def renamed(book: Any) -> tuple[str, str]:
    book["089"].title = "Actions"
    return "Actions", ""


def extra(book: Any) -> tuple[str, str]:
    book.create_sheet("Notes")["A1"] = "x"
    return "Notes", ""


def unmerged(book: Any) -> tuple[str, str]:
    cell = beside(book, "087", "客户情况介绍")
    book["087"].unmerge_cells(f"{cell.coordinate}:X{cell.row}")
    return "087", cell.coordinate


def merged_over(book: Any) -> tuple[str, str]:
    cell = below(book, "088", "预计签约日期")
    row = cell.row
    book["088"].unmerge_cells(f"{cell.coordinate}:N{row}")
    book["088"].unmerge_cells(f"O{row}:R{row}")
    book["088"].merge_cells(f"K{row}:R{row}")
    return "088", cell.coordinate


def other_half(book: Any) -> tuple[str, str]:
    cell = beside(book, "088", "主要策略")
    book["088"].unmerge_cells(f"{cell.coordinate}:X{cell.row}")
    return put(book["088"].cell(cell.row, 12), "a stray")


def no_title(book: Any) -> tuple[str, str]:
    return put(book["087"]["A1"], "087")


def stray(book: Any) -> tuple[str, str]:
    return put(book["090-1"]["AB5"], "call him back")


def twice(book: Any) -> tuple[str, str]:
    content = below(book, "089", "行动内容", 3)
    put(content, "又一次")
    return put(book["089"].cell(content.row, 1), "a2")


def without_key(book: Any) -> tuple[str, str]:
    return put(below(book, "088", "主销产品/服务"), None)


Break = Callable[[Any], tuple[str, str]]
FAULTS: dict[str, tuple[Break, str]] = {
    "a day that is none": (lambda b: put(below(b, "088", "预计签约日期"), "2026-02-30"), "day is"),
    "words for a day": (lambda b: put(below(b, "088", "预计签约日期"), "next week"), "a date such"),
    "a number for a day": (
        lambda b: put(below(b, "089", "行动时间"), 46082, "General"),
        "the number 46082",
    ),
    "a time with a day": (
        lambda b: put(below(b, "089", "合约期"), datetime(2026, 3, 1, 9)),  # noqa: DTZ001
        "without a time",
    ),
    "a goal of the past": (
        lambda b: put(below(b, "088", "预计签约日期"), "2026-02-28"),
        "before the plan was drawn up (2026-03-01)",
    ),
    "an action of the past": (
        lambda b: put(below(b, "089", "行动时间"), date(2025, 3, 8)),
        "before the plan was drawn up (2026-03-01)",
    ),
    "an instant of the past": (
        lambda b: put(beside(b, "090-1", "行动时间"), "2026-02-28 23:59"),
        "before the plan was drawn up (2026-03-01)",
    ),
    "a far year": (lambda b: put(below(b, "089", "合约期"), "1492-10-12"), "1900 to 9998"),
    "letters in an amount": (lambda b: put(below(b, "088", "预计成交金额"), "88O.00"), "an amount"),
    "a currency in an amount": (lambda b: put(below(b, "088", "预计成交金额"), "¥880"), "own cell"),
    "a percentage": (lambda b: put(below(b, "088", "预计利润"), "12%"), "percentage"),
    "a number shown as one": (
        lambda b: put(below(b, "088", "预计利润"), 0.12, "0.00%"),
        "percentage",
    ),
    "a negative amount": (lambda b: put(below(b, "088", "预计成交金额"), -5), "negative"),
    "a negative expense": (lambda b: put(beside(b, "090-1", "差旅费"), "-5.00"), "negative"),
    "a day for an amount": (
        lambda b: put(beside(b, "090-1", "应酬费"), date(2026, 3, 1)),
        "an amount such as",
    ),
    "badly grouped digits": (lambda b: put(beside(b, "090-1", "其他"), "1,23.5"), "an amount such"),
    "no currency": (lambda b: put(below(b, "088", "币种"), None), "needs its currency"),
    "no currency of expenses": (lambda b: put(beside(b, "090-1", "币种"), None), "its currency"),
    "no such currency": (lambda b: put(below(b, "088", "币种"), "元"), "ISO 4217"),
    "an unknown person": (lambda b: put(below(b, "089", "负责人"), "nobody"), "nobody is called"),
    "an unknown manager": (lambda b: head(b, "客户经理", "无名"), "nobody is called"),
    "an unknown bond": (lambda b: put(below(b, "089", "联系"), "友情"), "must be one of"),
    "neither yes nor no": (
        lambda b: put(beside(b, "090-1", "我们的应对策略是否有效"), "也许"),
        "是 (yes), 否 (no)",
    ),
    "an instant that is none": (
        lambda b: put(beside(b, "090-1", "行动时间"), "2026-03-08 25:61"),
        "no such date or time",
    ),
    "words for an instant": (lambda b: put(beside(b, "090-1", "行动时间"), "soon"), "and a time"),
    "an unknown action": (lambda b: put(beside(b, "090-1", "行动编号"), "a9"), "has no action"),
    "two sheets of an action": (lambda b: put(beside(b, "090-2", "行动编号"), "a1"), "two sheets"),
    "no action": (lambda b: put(beside(b, "090-1", "行动编号"), None), "no action"),
    "a row without its key": (without_key, "the row has no"),
    "a number twice": (twice, "two rows have the number a2"),
    "an unknown label": (lambda b: put(label(b["087"], "客户情况介绍"), "情况"), "unknown here"),
    "an unknown column": (lambda b: put(label(b["088"], "币种"), "货币"), "the column must be"),
    "an unknown table": (lambda b: put(label(b["088"], "销售目标"), "目标"), "unknown here"),
    "an unknown head": (lambda b: put(b["089"]["A2"], "经理"), "the label must be"),
    "another customer": (lambda b: head(b, "客户编号", "C-0008"), "another customer"),
    "two dates": (lambda b: put(beside(b, "089", "日期"), date(2026, 3, 2)), "must say the same"),
    "no date": (lambda b: head(b, "日期", None), "date is missing"),
    "a formula": (lambda b: put(below(b, "088", "预计利润"), "=1+1"), "a formula"),
    "an error": (lambda b: put(below(b, "088", "预计利润"), "#DIV/0!"), "holds #DIV/0!"),
    "a stray text": (stray, "outside the form"),
    "half of a cell": (other_half, "belongs to"),
    "a cell no longer merged": (unmerged, "one merged cell"),
    "two cells merged": (merged_over, "one merged cell"),
    "no title": (no_title, "the title must be"),
    "a sheet missing": (missing_sheet, "missing, or was renamed"),
    "a sheet renamed": (renamed, "does not belong"),
    "a sheet too many": (extra, "does not belong"),
    "a text too long": (lambda b: put(beside(b, "090-1", "行动编号"), "x" * 300), "at most 200"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_mistake_is_named_by_its_cell(kind: str):
    """Whatever somebody wrote that cannot be: sheet, cell and reason."""
    make, why = FAULTS[kind]
    book = opened()
    sheet, cell = make(book)
    with pytest.raises(InvalidValueError) as caught:
        read(book)
    faults = vars(caught.value)["faults"]
    assert any(one[:2] == (sheet, cell) and why in one[2] for one in faults), faults
    assert f"{sheet}!{cell}" in str(caught.value) if cell else sheet in str(caught.value)


def test_all_mistakes_are_named_at_once():
    """Nobody mends one mistake to be told the next."""
    book = opened()
    cells = {
        FAULTS[kind][0](book)
        for kind in ("letters in an amount", "an unknown bond", "words for an instant", "no date")
    }
    with pytest.raises(InvalidValueError, match="4 faults") as caught:
        read(book)
    assert {(one[0], one[1]) for one in vars(caught.value)["faults"]} == cells


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_not_touched_stays(lang: str):
    """A workbook that was opened and saved gives the same plan."""
    assert read(opened(lang)) == PLAN


ON = date(2026, 4, 2)


@pytest.mark.parametrize(
    "written",
    [
        "2026-04-02", "2026/4/2", "2026.4.2", "2026年4月2日", "2026 年 04 月 02 日", " 2026-04-02 ",
        "２０２６年４月２日", ON, datetime.combine(ON, time()),
    ],
)  # fmt: skip
def test_days_may_be_written_in_many_ways(written: Any):
    book = opened()
    put(below(book, "089", "行动时间"), written)
    assert read(book).action_plan.actions[0].on == ON


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1,234.50", "1234.50"), (1234.5, "1234.5"), (0.1, "0.1"), (7, "7"), ("１２３", "123"),
        ("1234567890123456789.123456789", "1234567890123456789.123456789"), (1e22, "1E+22"),
    ],
)  # fmt: skip
def test_amounts_may_be_text_or_numbers(written: Any, amount: str):
    """A number of the spreadsheet is the decimal it is written with, not what a float makes of it.

    A text keeps every digit.
    """
    book = opened()
    put(below(book, "088", "预计成交金额"), written)
    assert read(book).goals.sales[0].amount == Decimal(amount)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (datetime(2026, 3, 8, 9, 5), datetime(2026, 3, 8, 9, 5, tzinfo=EAST)),  # noqa: DTZ001
        ("2026年3月8日 9:05", datetime(2026, 3, 8, 9, 5, tzinfo=EAST)),
        ("2026年3月8日9时5分", datetime(2026, 3, 8, 9, 5, tzinfo=EAST)),
        ("2026-03-08T09:05:00Z", datetime(2026, 3, 8, 9, 5, tzinfo=UTC)),
        ("2026-03-08", datetime(2026, 3, 8, tzinfo=EAST)),
    ],
)
def test_instants_without_an_offset_are_meant_in_the_zone(written: Any, at: datetime):
    book = opened()
    put(beside(book, "090-1", "行动时间"), written)
    assert read(book).checklists[0].at == at


@pytest.mark.parametrize("written", ["wu", "Wu", "Wu (wu)", "zhao", "林静"])
def test_people_may_be_named_by_name_or_id(written: str):
    book = opened()
    put(below(book, "089", "负责人"), written)
    found = read(book).action_plan.actions[0].responsible
    assert found in PEOPLE
    assert written in (found, PEOPLE[found].name, f"{PEOPLE[found].name} ({found})")


def test_who_left_the_firm_may_stay_in_the_plan():
    """A plan that names somebody who is no longer configured can still be read."""
    gone = attrs.evolve(PLAN, owner="gone")
    made = render_form(gone, "all", format="xlsx", people=PEOPLE)
    assert read_form(made, gone, people=PEOPLE) == gone


def test_rows_may_be_added_and_taken_away():
    """The empty rows below a table are there to be filled; a row that somebody put in, too."""
    book = opened()
    put(below(book, "088", "主要障碍", 2), "新的障碍")
    put(below(book, "088", "重要程度", 2), 3)
    for row in (1, 2):
        for words in ("主销产品/服务", "预计签约日期", "预计成交金额", "预计利润", "币种"):
            put(below(book, "088", words, row), None)
    plan = read(book)
    assert [one.obstacle for one in plan.goals.obstacles] == ["价格", "新的障碍"]
    assert plan.goals.obstacles[1].importance == "3"
    assert plan.goals.sales == ()


def test_a_sheet_of_090_that_is_filled_in_is_a_checklist():
    """Every action has a sheet; those that nobody filled in say nothing."""
    book = opened()
    put(beside(book, "090-2", "备注"), "已寄出")
    plan = read(book)
    assert [(one.action, one.remarks) for one in plan.checklists[1:]] == [("a2", "已寄出")]
    assert plan.checklists[0] == PLAN.checklists[0]


def test_labels_may_be_in_either_language():
    """A form whose labels somebody translated is the same form."""
    book = opened("en")
    put(label(book["087"], "Customer situation"), "客户情况介绍")
    assert read(book) == PLAN
