"""Forms as one HTML document that prints on A4: a browser turns pages and repeats the head."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from html import escape

from crmkit.care.forms.contents import Content, Grid, Line
from crmkit.care.forms.layout import GRID, LABEL, NUMBER
from crmkit.care.forms.texts import EMPTY, SIZE
from crmkit.care.forms.values import Shown
from crmkit.care.forms.words import NUMBER as NUMBER_WORDS

_STYLE = f"""
@page {{ size: A4; margin: 12mm; }}
@page lying {{ size: A4 landscape; margin: 12mm; }}
body {{ margin: 0; font: {SIZE}pt/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC",
  SimSun, Arial, sans-serif; color: black; background: white; }}
table {{ width: 100%; border-collapse: collapse; table-layout: fixed; page-break-after: always;
  break-after: page; margin: 0 0 8mm; }}
table:last-child {{ page-break-after: auto; break-after: auto; }}
table.lying {{ page: lying; }}
thead {{ display: table-header-group; }}
th, td {{ border: 0.5pt solid gray; padding: 2pt 3pt; vertical-align: top; text-align: left;
  box-decoration-break: clone; -webkit-box-decoration-break: clone;
  white-space: pre-wrap; overflow-wrap: anywhere; }}
th {{ background: #ededed; text-align: center; vertical-align: middle;
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
th.title {{ font-size: 14pt; border: none; background: none; }}
td.number {{ text-align: center; }}
td.amount {{ text-align: right; }}
td.open {{ height: 4em; }}
tr.names, tr.heading {{ break-after: avoid; page-break-after: avoid; }}
tr.row td {{ height: 1.5em; }}
colgroup col {{ width: {100 / GRID:.4f}%; }}
"""


def document(contents: Iterable[Content], lang: str) -> str:
    """Write forms as one document; nothing in it is taken for markup."""
    forms = list(contents)
    title = escape(forms[0].form.heading(lang)) if forms else ""
    tables = "\n".join(_form(content, lang) for content in forms)
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}">\n<head>\n'
        f'<meta charset="utf-8">\n<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n{tables}\n</body>\n</html>\n"
    )


def _form(content: Content, lang: str) -> str:
    form = content.form
    kind = ' class="lying"' if form.landscape else ""
    rows = [f'<tr><th class="title" colspan="{GRID}">{escape(form.heading(lang))}</th></tr>']
    half = GRID // 2
    for pair in (content.head[:2], content.head[2:]):
        cells = "".join(
            _th(line.field.label.in_(lang), LABEL) + _td(line.shown, half - LABEL) for line in pair
        )
        rows.append(f"<tr>{cells}</tr>")
    body = [row for block in content.blocks for row in _block(block, lang)]
    head = "\n".join(rows)
    below = "\n".join(body)
    columns = f'<colgroup><col span="{GRID}"></colgroup>'
    return (
        f"<table{kind}>\n{columns}\n<thead>\n{head}\n</thead>\n<tbody>\n{below}\n</tbody>\n</table>"
    )


def _block(block: Line | Grid, lang: str) -> Iterable[str]:
    if isinstance(block, Line):
        free = "open" if block.shown is None and block.field.kind == "text" else ""
        label = _th(block.field.label.in_(lang), LABEL)
        yield f"<tr>{label}{_td(block.shown, GRID - LABEL, free)}</tr>"
        return
    columns = block.table.columns
    yield f'<tr class="heading">{_th(block.table.label.in_(lang), GRID)}</tr>'
    names = "".join(_th(column.label.in_(lang), column.span) for column in columns)
    yield f'<tr class="names">{_th(NUMBER_WORDS.in_(lang), NUMBER)}{names}</tr>'
    for number, *cells in block.rows:
        row = "".join(
            _td(cell, column.span, "amount" if isinstance(cell, Decimal) else "")
            for column, cell in zip(columns, cells, strict=True)
        )
        yield f'<tr class="row">{_td(number, NUMBER, "number")}{row}</tr>'


def _th(words: str, span: int) -> str:
    return f'<th colspan="{span}">{escape(words)}</th>'


def _td(shown: Shown, span: int, kind: str = "") -> str:
    look = f' class="{kind}"' if kind else ""
    return f'<td{look} colspan="{span}">{escape(_written(shown))}</td>'


def _written(shown: Shown) -> str:
    if shown is None or shown == EMPTY:
        return ""
    if isinstance(shown, Decimal):
        return f"{shown:,f}"
    return shown.isoformat() if isinstance(shown, date) else shown
