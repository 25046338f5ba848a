"""What a command prints: a table that fits the terminal, or JSON and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any

import attrs
import click

from crmkit.cli.escaping import visible, visible_json
from crmkit.cli.settings import Settings
from crmkit.cli.streams import unicode

_UNBOUND = 1000
"""Columns in a pipe, where nothing must be cut for want of room."""
_GAP = 2
_SHORTEST = 8
_INDENT = "    "


@attrs.frozen
class Column:
    """One column of a table.

    Attributes:
        title: Its heading.
        number: Figures stand at the right.
        whole: Never cut: an id that somebody copies.
        short: Cut to one line where there is no room.
    """

    title: str
    number: bool = False
    whole: bool = False
    short: bool = False


def columns(titles: str) -> tuple[Column, ...]:
    """Read ``"id! name~ score#"``: ``#`` figures, ``!`` never cut, ``~`` cut to one line."""
    return tuple(
        Column(
            word.rstrip("#!~").replace("_", " "),
            number=word.endswith("#"),
            whole=word.endswith(("#", "!")),
            short=word.endswith("~"),
        )
        for word in titles.split()
    )


def say(*lines: object) -> None:
    """Print lines of text to standard output."""
    for line in lines:
        click.echo(visible(str(line)))


def note(*lines: object) -> None:
    """Print lines for a person, where they do not mix with what is piped on."""
    for line in lines:
        click.echo(visible(str(line)), err=True)


def wrapped(line: str, indent: str = "") -> list[str]:
    """Break a line that is longer than the terminal is wide; what goes on is indented."""
    from rich.console import Console
    from rich.text import Text

    room = _width()
    if room == _UNBOUND:
        return [line]
    start = " " * (len(line) - len(line.lstrip()))
    first, *others = Text(line[len(start) :]).wrap(Console(width=room), room - len(indent or start))
    return [start + first.plain.rstrip(), *(indent + one.plain.rstrip() for one in others)]


def table(
    head: Sequence[Column],
    rows: Iterable[Sequence[object]],
    below: Sequence[Sequence[str]] = (),
    *,
    empty: str = "There is nothing to list.",
) -> None:
    """Print a table; text from outside is shown, never obeyed.

    Args:
        head: The columns.
        rows: A cell a column.
        below: Lines of text to stand below each row; each row is then one line.
        empty: What is told, beside the head, where there is no row.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    breaks = "" if below else "\n"
    cells = [[visible(shown(cell), keep=breaks) for cell in row] for row in rows]
    head, cells = _told(head, cells)
    console = Console(file=sys.stdout, width=_width(), highlight=False, markup=False, emoji=False)
    made = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column, width in zip(head, _widths(head, cells, console.width), strict=True):
        made.add_column(
            Text(column.title),
            justify="right" if column.number else "left",
            no_wrap=column.whole or column.short or bool(below),
            overflow="ellipsis" if column.short else "fold",
            width=width if column.short else None,
        )
    for row in cells:
        made.add_row(*map(Text, row))
    with console.capture() as captured:
        console.print(made)
    lines = [line.rstrip() for line in captured.get().rstrip("\n").split("\n")]
    for place, texts in enumerate(below):
        wrapped = [
            _INDENT + line.plain.rstrip()
            for text in texts
            for line in Text(visible(text)).wrap(console, console.width - len(_INDENT))
        ]
        lines[place + 1] = "\n".join([lines[place + 1], *wrapped])
    click.echo("\n".join(lines))
    if not cells:
        note(empty)


def _told(
    head: Sequence[Column], cells: list[list[str]]
) -> tuple[Sequence[Column], list[list[str]]]:
    """Leave out columns that may be cut and tell nothing: nobody has an owner, for instance."""
    kept = [
        place
        for place, column in enumerate(head)
        if not (column.short and cells) or any(row[place] for row in cells)
    ]
    return [head[place] for place in kept], [[row[place] for place in kept] for row in cells]


def _widths(head: Sequence[Column], cells: list[list[str]], room: int) -> list[int]:
    """Give each column what it needs; those that may be cut share what is missing."""
    from rich.cells import cell_len

    widths = [
        max(map(cell_len, [column.title, *(row[place] for row in cells)]))
        for place, column in enumerate(head)
    ]
    missing = sum(widths) + _GAP * (len(head) - 1) - room
    short = [place for place, column in enumerate(head) if column.short]
    while missing > 0 and short:
        widest = max(short, key=lambda place: widths[place])
        if widths[widest] <= _SHORTEST:
            break
        widths[widest] -= 1
        missing -= 1
    return widths


def _width() -> int:
    if "COLUMNS" in os.environ or sys.stdout.isatty():
        return max(20, shutil.get_terminal_size().columns)
    return _UNBOUND


def shown(value: object) -> str:
    """Write a cell: nothing for None, a figure with one place, an instant to the minute."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:z.1f}"
    if isinstance(value, datetime):
        return f"{placed(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def placed(at: datetime) -> datetime:
    """Give an instant in the zone that all are printed in."""
    context = click.get_current_context(silent=True)
    settings = None if context is None else context.find_object(Settings)
    return at.astimezone(None if settings is None else settings.zone)


def day(at: datetime | None) -> date | None:
    """Give the day that an instant falls on, in the zone that all are printed in."""
    return None if at is None else placed(at).date()


def signed(points: float) -> str:
    """Write a change with its sign."""
    return f"{points:+z.1f}"


def percent(share: float) -> str:
    """Write a share of 0.0 to 1.0."""
    return f"{share:.1%}"


# -- JSON ------------------------------------------------------------------------------


def tell(found: Any, *sentences: str, as_json: bool) -> None:
    """Print what a command did: what it led to as JSON, or a sentence or two for a person.

    Args:
        found: A record, a tuple of them, or JSON values where the call gave no record.
        sentences: What is said without ``--json``.
        as_json: Whether ``--json`` was asked for.
    """
    if not as_json:
        note(*sentences)
    elif isinstance(found, tuple):
        print_array(found)
    else:
        print_json(plain(found))


def print_json(value: Any) -> None:
    """Print one value."""
    click.echo(_json(value, indent=2))


def print_line(value: Any, file: IO[str]) -> None:
    """Print one value as a line of its own, at once."""
    click.echo(_json(value), file=file)
    file.flush()


def print_array(records: Iterable[Any]) -> None:
    """Print records as a JSON array, a record a line, as they come."""
    click.echo("[", nl=False)
    for separator, record in zip(_separators(), records, strict=False):
        click.echo(separator + _json(plain(record)), nl=False)
    click.echo("\n]")


def plain(record: Any) -> Any:
    """Give a record as JSON values."""
    return record.to_dict() if hasattr(record, "to_dict") else record


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=not unicode(sys.stdout), indent=indent, default=str)
    return visible_json(text)


def _separators() -> Iterator[str]:
    yield "\n"
    while True:
        yield ",\n"
