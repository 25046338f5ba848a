"""What a command prints: a table that fits the terminal, or JSON and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmkit.cli.escaping import visible, visible_json

if TYPE_CHECKING:
    from rich.table import Table

_UNBOUND = 1000
"""Columns in a pipe, where nothing must be cut for want of room."""


@attrs.frozen
class Column:
    """One column of a table.

    Attributes:
        title: Its heading.
        number: Figures stand at the right.
        whole: Never cut: an id that somebody copies.
    """

    title: str
    number: bool = False
    whole: bool = False


def columns(titles: str) -> tuple[Column, ...]:
    """Read ``"id! name score#"``: ``#`` marks figures, ``!`` what is never cut."""
    return tuple(
        Column(word.rstrip("#!").replace("_", " "), word.endswith("#"), word.endswith(("#", "!")))
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


def table(head: Sequence[Column], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table; text from outside is shown, never obeyed."""
    from rich.table import Table
    from rich.text import Text

    made: Table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        title=Text(title) if title else None,
        title_justify="left",
        header_style="bold",
    )
    for column in head:
        made.add_column(
            Text(column.title),
            justify="right" if column.number else "left",
            no_wrap=column.whole,
            overflow="fold",
        )
    for row in rows:
        made.add_row(*(Text(visible(shown(cell), keep="\n")) for cell in row))
    _render(made)


def _render(made: Table) -> None:
    """Print through click, so that a closed pipe is met in one place."""
    from rich.console import Console

    console = Console(file=sys.stdout, width=_width(), highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(made)
    lines = captured.get().split("\n")
    click.echo("\n".join(line.rstrip() for line in lines).rstrip("\n"))


def _width() -> int:
    if "COLUMNS" in os.environ or sys.stdout.isatty():
        return max(20, shutil.get_terminal_size().columns)
    return _UNBOUND


def shown(value: object) -> str:
    """Write a cell: nothing for None, a figure with one place, an instant to the minute."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def signed(points: float) -> str:
    """Write a change with its sign."""
    return f"{points:+.1f}"


def percent(share: float) -> str:
    """Write a share of 0.0 to 1.0."""
    return f"{share:.1%}"


# -- JSON ------------------------------------------------------------------------------


def print_json(value: Any) -> None:
    """Print one value."""
    click.echo(_json(value, indent=2))


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
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(value, ensure_ascii=encoding != "utf8", indent=indent, default=str)
    return visible_json(text)


def _separators() -> Iterator[str]:
    yield "\n"
    while True:
        yield ",\n"
