"""Options that several commands have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from crmkit.arguments import MOST
from crmkit.cli.when import When, when

F = TypeVar("F", bound=Callable[..., Any])

TODAY = When.parse("today")
DATES = (
    "Dates: 2026-05-01 (its midnight in the machine's time zone, or the one that the configuration "
    "names), 2026-05-01T10:00+08:00, or so long ago: 30d, 12w, 6m, 1y."
)
TIERS = ("key", "core", "base")


_BRIEF = 24
"""Columns that choices may take in the usage line; click breaks longer ones inside a word."""


def choice(*names: str, of: Iterable[str], words: str = "", **more: Any) -> Callable[[F], F]:
    """Add an option whose value is one of a few; where they are long, the help lists them."""
    listed = tuple(of)
    if not _long(listed):
        return click.option(*names, type=click.Choice(listed), help=words or None, **more)
    metavar = names[0].lstrip("-").upper()
    words = f"{words} One of: {', '.join(listed)}.".lstrip()
    return click.option(*names, type=click.Choice(listed), metavar=metavar, help=words, **more)


def one_of(name: str, of: Iterable[str], **more: Any) -> Callable[[F], F]:
    """Add an argument that is one of a few; where they are long, the command's text lists them."""
    listed = tuple(of)
    if not _long(listed):
        return click.argument(name, type=click.Choice(listed), **more)
    metavar = name.upper()

    def add(command: F) -> F:
        said = f"{metavar} is one of: {', '.join(listed)}."
        command.__doc__ = f"{inspect.cleandoc(command.__doc__ or '')}\n\n{said}"
        shown = metavar if more.get("required", True) else f"[{metavar}]"
        return click.argument(name, type=click.Choice(listed), metavar=shown, **more)(command)

    return add


def _long(listed: tuple[str, ...]) -> bool:
    return len("|".join(listed)) > _BRIEF


def as_json(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")(
        command
    )


def as_of(command: F) -> F:
    """Add ``--at``: the instant that the command takes for now."""
    return click.option(
        "--at", "--as-of", "at", type=when, metavar="DATE", help="Take this instant for now."
    )(command)


def lang(command: F) -> F:
    """Add ``--lang``."""
    return click.option(
        "--lang",
        type=click.Choice(["en", "zh"]),
        default="en",
        show_default=True,
        help="Language.",
    )(command)


def limit(default: int | None = 20) -> Callable[[F], F]:
    """Add ``--limit``."""
    return click.option(
        "--limit",
        type=click.IntRange(1, MOST),
        default=default,
        show_default=default is not None,
        help="At most so many.",
    )


def tier(command: F) -> F:
    """Add ``--tier``."""
    return click.option("--tier", type=click.Choice(TIERS), help="Only this tier.")(command)


def span(command: F) -> F:
    """Add ``--since`` and ``--until``."""
    since = click.option(
        "--since", type=when, metavar="DATE", default="30d", show_default=True, help="Start."
    )
    until = click.option("--until", type=when, metavar="DATE", help="End; without it, now.")
    return since(until(command))


def as_shown(command: F) -> F:
    """Add ``--as-shown``."""
    return click.option(
        "--as-shown",
        is_flag=True,
        help="By what was known and decided at the time, not by what is known today.",
    )(command)


def who(command: F) -> F:
    """Add the ways to name one customer."""
    for name, words in (
        ("identity", "SYSTEM=VALUE: his id in another system."),
        ("phone", "His telephone number."),
        ("email", "His e-mail address."),
    ):
        command = click.option(f"--{name}", help=words)(command)
    return click.argument("id", required=False)(command)
