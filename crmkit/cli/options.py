"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from crmkit.arguments import MOST
from crmkit.cli.when import When, when

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

TODAY = When.parse("today")
DATES = (
    "Dates: 2026-05-01 (its midnight in the machine's time zone, or the one that the configuration "
    "names), 2026-05-01T10:00+08:00, or so long ago: 30d, 12w, 6m, 1y."
)
TIERS = ("key", "core", "base")


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


def limit(default: int | None = 20) -> Decorator[F]:
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
