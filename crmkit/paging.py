"""Long streams, page by page: as much as is read, or written, together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def pages(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Cut a stream into lists of at most `size`; the next is taken when it is asked for."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
