"""Progress of long work: a bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
Step = Callable[[int], object]
"""Told how much is done."""

_EVERY = 500


@contextmanager
def watched(what: str, total: int | None) -> Iterator[Step]:
    """Show a bar while the block runs.

    Args:
        what: What is being done.
        total: When it is done; None: nobody knows.
    """
    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    parts = (
        SpinnerColumn("line"),  # which every encoding has
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*parts, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def counted(items: Iterable[T], step: Step) -> Iterator[T]:
    """Pass items on, and tell now and then how many there were."""
    number = 0
    for number, item in enumerate(items, 1):
        if number % _EVERY == 0:
            step(number)
        yield item
    step(number)
