"""Forms as they are printed: every row of the documents, on A4, in letters that can be read."""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit.care.forms import read_form, render_form
from crmkit.care.forms.layout import FORMS, HEAD, Table
from crmkit.care.forms.texts import SIZE
from crmkit.model.plan import Situation
from tests.care.plans import PLAN

openpyxl = pytest.importorskip("openpyxl")
LONG = attrs.evolve(
    PLAN, situation=Situation(introduction="二十年的老客户 & <b>friends</b>。\n" * 200)
)

ROWS = {
    "087": {"R158": "客户情况介绍", "R159": "上一阶段工作总结", "R160": "客户重大决策或重大事件",
            "R161": "我们对客户最大价值"},
    "088": {"R162": "我们的长期客户目标", "R163": "我们的扩大客户关系目标",
            "R164": "主销产品/服务", "R165": "预计签约日期", "R166": "预计成交金额",
            "R167": "预计利润", "R168": "主要策略", "R169": "主要障碍", "R170": "重要程度",
            "R171": "产生部门", "R172": "采取的主要措施", "R173": "对此的决策态度与事项"},
    "089": {"R174": "行动内容", "R175": "行动时间", "R176": "负责人", "R177": "所需资源",
            "R178": "提交成果", "R179": "采取措施", "R180": "重要事项备忘录", "R181": "谁支持",
            "R182": "如何与他建立关系", "R183": "关系进展情况", "R184": "高层态度",
            "R185": "满意度", "R186": "主要投诉", "R187": "以往合同", "R188": "合约期",
            "R189": "优势与强项", "R190": "弱势与弱点"},
    "090": {"R191": "行动时间", "R192": "行动方式选择", "R193": "行动内容再确认",
            "R194": "下一步计划安排", "R195": "所需资料、资源和协助的落实情况",
            "R196": "竞争者基础情况", "R197": "竞争者应对策略", "R198": "我们的应对策略是否有效",
            "R199": "差旅费", "R200": "应酬费", "R201": "其他"},
}  # fmt: skip
"""The documents' own wording, row by row."""
VALUES = {
    "087": ("老客户,二十年", "拜访三次", "采购部迁至上海", "准时交货"),
    "088": ("成为唯一供应商", "认识采购总监", "春茶", "2026-05-01", "880,000.00", "-120.5", "CNY",
            "以服务取胜", "价格", "高", "财务部", "说明总成本", "经理犹豫"),
    "089": ("拜访采购总监", "2026-03-08", "wu", "样品", "会谈纪要", "交货晚", "换物流",
            "四月有展会", "赵总", "定期拜访", "已见面两次", "支持", "8 分", "包装破损",
            "2024-017", "2026-12-31", "品质稳定", "价格偏高"),
    "090": ("a1", "2026-03-08 10:30+08:00", "登门拜访", "带新样品", "两周后回访", "样品已备",
            "同城茶行", "降价一成", "120.50", "300", "CNY", "客户喜欢乌龙"),
}  # fmt: skip


def words(form: str, lang: str) -> set[str]:
    """Give every label of a form."""
    found = [one.label for one in (*HEAD, *FORMS[form].blocks)]
    for block in FORMS[form].blocks:
        if isinstance(block, Table):
            found += [column.label for column in block.columns]
    return {one.in_(lang) for one in found}


def cells(html_: str) -> list[str]:
    return [
        html.unescape(one) for one in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html_, re.DOTALL)
    ]


def book(plan: Any = PLAN, form: str = "all", lang: str = "zh", **options: Any) -> Any:
    made = render_form(plan, form, lang=lang, format="xlsx", **options)
    assert isinstance(made, bytes)
    return openpyxl.load_workbook(io.BytesIO(made))


@pytest.mark.row("R157")
@pytest.mark.row(*ROWS["087"], *ROWS["088"], *ROWS["089"], *ROWS["090"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_form_holds_every_row_of_its_document(form: str, lang: str):
    """The head, and every field under the documents' own label, filled in; in both languages."""
    assert set(ROWS[form].values()) <= words(form, "zh")
    shown = cells(str(render_form(PLAN, form, lang=lang)))
    assert words(form, lang) <= set(shown)
    assert {*VALUES[form], "lin", "2026-03-01", PLAN.customer_name, "C-0007"} <= set(shown)
    sheets = book(form=form, lang=lang).worksheets
    held = {cell.value for sheet in sheets for row in sheet.iter_rows() for cell in row}
    assert words(form, lang) <= held
    texts = {one for one in VALUES[form] if not re.fullmatch(r"[\d,.-]+", one)}
    assert texts <= held


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_blank_form_has_the_same_labels_and_room_to_write(lang: str):
    for form in FORMS:
        shown = cells(str(render_form(None, form, lang=lang)))
        assert words(form, lang) <= set(shown)
        assert "".join(shown).count("None") == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_workbooks_are_set_up_for_a4(lang: str):
    """A4, one page wide, the head repeated, nothing smaller than 9 points, cells merged as laid."""
    for sheet in book(LONG, lang=lang).worksheets:
        assert int(sheet.page_setup.paperSize) == 9
        assert sheet.page_setup.fitToWidth == 1
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$3"
        assert 0.2 < sheet.page_margins.left < 1
        sizes = {cell.font.sz for row in sheet.iter_rows() for cell in row if cell.value}
        assert min(sizes) >= 9
        assert {"A1:X1", "A2:D2", "E2:L2", "M2:P2", "Q2:X2"} <= set(map(str, sheet.merged_cells))
        assert all(
            cell.alignment.wrap_text
            for row in sheet.iter_rows()
            for cell in row
            if isinstance(cell.value, str)
        )


def test_what_is_too_long_goes_on_with_the_same_head():
    """A second sheet has the same title and head, and says of what it goes on."""
    made = book(LONG, "087")
    assert made.sheetnames[:2] == ["087", "087 (2)"]
    heads = [[cell.value for row in sheet.iter_rows(max_row=3) for cell in row] for sheet in made]
    assert heads[0] == heads[1]
    assert made["087 (2)"]["A4"].value == "客户情况介绍(续)"


def test_a_long_name_is_the_same_on_sheets_of_any_width():
    """A name that the head has no room for goes on below it, on each form as its paper is."""
    plan = attrs.evolve(PLAN, customer_name="杭州西湖茶业有限公司" * 20)
    made = render_form(plan, "all", format="xlsx")
    assert read_form(made, plan) == plan
    assert read_form(made).customer_name == plan.customer_name


def test_text_is_never_a_formula_or_markup():
    """What begins as a formula stays text; what looks like markup is shown as it is."""
    evil = ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)")
    plan = attrs.evolve(
        PLAN,
        situation=Situation(
            introduction=evil[0], last_stage=evil[1], events=evil[2], greatest_value=evil[3]
        ),
        customer_name="<script>alert(1)</script>\"'&",
    )
    sheet = book(plan, "087")["087"]
    for row, text in enumerate(evil, 4):
        cell = sheet.cell(row, 5)
        assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)
    made = str(render_form(plan, "087"))
    assert "<script" not in made
    assert plan.customer_name in cells(made)


# -- printed by real programs ----------------------------------------------------------

A4 = {(595, 842), (842, 595)}


def program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"none of {', '.join(names)} is installed")


def pages(pdf: Path) -> list[tuple[int, int]]:
    """Give the sizes of a PDF's pages, in points."""
    if not pdf.exists():
        pytest.skip("the program made no PDF here")
    tool = program("pdfinfo")
    told = subprocess.run([tool, "-l", "99", pdf], capture_output=True, check=True).stdout.decode()
    found = re.findall(r"size:\s+([\d.]+) x ([\d.]+)", told)
    return [(round(float(width)), round(float(height))) for width, height in found]


def printed(pdf: Path) -> str:
    """Give a PDF's text, without blanks."""
    told = subprocess.run([program("pdftotext"), pdf, "-"], capture_output=True, check=True)
    return re.sub(r"\s", "", told.stdout.decode())


def run(*command: object) -> None:
    subprocess.run([*map(str, command)], capture_output=True, check=False, timeout=240)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_libreoffice_prints_a_sheet_on_one_page_of_a4(tmp_path: Path, lang: str):
    """Each sheet is one page of A4, nothing is cut; saved again by it, the form still reads."""
    office = program("soffice", "libreoffice")
    made = render_form(LONG, "all", lang=lang, format="xlsx")
    assert isinstance(made, bytes)
    source = tmp_path / "form.xlsx"
    source.write_bytes(made)
    own = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    run(office, own, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, source)
    sizes = pages(tmp_path / "form.pdf")
    assert set(sizes) <= A4
    assert len(sizes) == len(openpyxl.load_workbook(io.BytesIO(made)).sheetnames)
    text = printed(tmp_path / "form.pdf")
    assert text.count("二十年的老客户") == 200
    for shown in (*VALUES["088"][:3], *VALUES["089"][7:13], *VALUES["090"][2:8]):
        assert shown.replace(" ", "") in text
    again = tmp_path / "again"
    run(office, own, "--headless", "--convert-to", "xlsx", "--outdir", again, source)
    assert read_form(again / "form.xlsx", LONG) == LONG


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_browser_prints_on_a4_and_repeats_the_head(tmp_path: Path, lang: str):
    """Every page is A4 and has the head; nothing is cut."""
    browser = program("chromium", "chromium-browser", "google-chrome")
    source, pdf = tmp_path / "form.html", tmp_path / "form.pdf"
    source.write_text(str(render_form(LONG, "all", lang=lang)), "utf-8")
    own = f"--user-data-dir={tmp_path / 'profile'}"
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
    run(browser, *quiet, own, f"--print-to-pdf={pdf}", source)
    sizes = pages(pdf)
    assert set(sizes) <= A4
    text = printed(pdf)
    assert text.count("二十年的老客户") == 200
    assert text.count(PLAN.customer_name) >= len(sizes)
    assert SIZE >= 9
