"""New touchpoints added, and folded into their customers' states, in one transaction.

A database takes as long to write as Python takes to fold. So the states of some customers are
folded while what came before them is written: the touchpoints themselves before the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from crmkit.capture.identity import Directory
from crmkit.capture.returns import aged, arrived
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import STATE, TOUCHPOINT
from crmkit.value.fold import Arrival, fold_batch, gather
from crmkit.value.former import taken_over
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild

_AT = TOUCHPOINT.position["at"]
_OF = TOUCHPOINT.position["of"]
_LAYOUT = STATE.position["layout"]
_AT_ONCE = 5_000  # states in memory: those of good customers are kilobytes each
_PIECE = 50  # customers folded between two looks at the database
_ROWS = 500  # rows gathered between them

_Came = tuple[str, Row, int]
"""Root customer, TOUCHPOINT row, and the instant that it is aged from."""


def fold_in(  # noqa: PLR0913 - what a batch has
    writer: Writer,
    directory: Directory,
    layout: Layout,
    rows: Sequence[Row],
    roots: Sequence[str],
    now: int,
    add: Callable[[], object],
) -> set[str]:
    """Add touchpoints to the log, and to the states of the customers they belong to.

    Args:
        writer: The transaction.
        directory: Tells the roots of customers whose returns waited for one of these purchases.
        layout: The value model in force.
        rows: TOUCHPOINT rows.
        roots: Whose each is.
        now: The clock, in microseconds since 1970.
        add: Adds the rows to the log; called once.

    Returns:
        The customers of `roots`, each once.
    """
    # What names another record is aged from that one's instant, which the log must hold first.
    naming = {root for root, row in zip(roots, rows, strict=True) if row[_OF] is not None}
    touched = set(roots)
    folding = _Folding(writer, layout, now, add)
    folding.fold(sorted(touched - naming), _own(rows, roots, naming))
    ages = aged(writer, rows) if naming else ()  # most batches have no returns
    directory.load((), waiting := arrived(writer, rows))
    anew = {root for base in waiting if (root := directory.root(base))}
    late = [(roots[at], rows[at], age) for at, age in enumerate(ages) if roots[at] in naming]
    folding.fold(sorted(naming - anew), iter([late]))
    folding.write()
    if anew := anew | folding.stale:
        rebuild(writer, anew, layout, now)
    return touched


def _own(
    rows: Sequence[Row], roots: Sequence[str], naming: Collection[str]
) -> Iterator[list[_Came]]:
    """Give what is aged from its own instant, bit by bit."""
    for start in range(0, len(rows), _ROWS):
        part = zip(roots[start : start + _ROWS], rows[start : start + _ROWS], strict=True)
        yield [(root, row, row[_AT]) for root, row in part if root not in naming]


class _Folding:
    """Folds the states of some customers after the other.

    Attributes:
        write: Writes what came before, which nobody waited for yet.
        stale: Customers whose state another model left behind.
    """

    def __init__(
        self, writer: Writer, layout: Layout, now: int, write: Callable[[], object]
    ) -> None:
        self.write = write
        self.stale: set[str] = set()
        self._writer = writer
        self._layout = layout
        self._now = now

    def fold(self, touched: Sequence[str], came: Iterator[list[_Came]]) -> None:
        """Fold what came for these customers; at least what was put off is written then.

        Args:
            touched: Customers, ordered.
            came: What came for them, bit by bit: it is gathered while the database writes, too.
        """
        arrivals: dict[str, list[Arrival]] = {}
        for start in range(0, len(touched) or 1, _AT_ONCE):
            part = touched[start : start + _AT_ONCE]
            kept = self._writer.fetch(STATE, [(root,) for root in part])
            old = {row[0]: row for row in taken_over(kept, self._layout)}
            stale = {root for root, row in old.items() if row[_LAYOUT] != self._layout.id}
            self.stale |= stale
            fresh = [root for root in part if root not in stale]
            new: list[Row] = []
            work = chain(_gathering(came, arrivals), self._steps(fresh, old, arrivals, new))
            with self._writer.meanwhile(work):
                self.write()
            self.write = partial(self._writer.put, STATE, new)

    def _steps(
        self,
        touched: Sequence[str],
        old: Mapping[str, Row],
        arrivals: Mapping[str, list[Arrival]],
        new: list[Row],
    ) -> Iterator[None]:
        for start in range(0, len(touched), _PIECE):
            piece = {root: arrivals[root] for root in touched[start : start + _PIECE]}
            new += fold_batch(self._layout, old, piece, self._now)
            yield


def _gathering(came: Iterator[list[_Came]], arrivals: dict[str, list[Arrival]]) -> Iterator[None]:
    for part in came:
        gather(part, arrivals)
        yield
