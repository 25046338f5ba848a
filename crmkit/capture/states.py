"""New touchpoints added, and folded into their customers' states, in one transaction.

A database takes as long to write as Python takes to fold. So the states of some customers are
folded while what came before them is written: the touchpoints themselves before the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from crmkit.capture.identity import Directory
from crmkit.capture.returns import aged, arrived
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import STATE, TOUCHPOINT
from crmkit.value.fold import Arrival, by_customer, fold_batch
from crmkit.value.former import taken_over
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild

_AT = TOUCHPOINT.position["at"]
_OF = TOUCHPOINT.position["of"]
_LAYOUT = STATE.position["layout"]
_AT_ONCE = 5_000  # states in memory: those of good customers are kilobytes each
_PIECE = 50  # customers folded between two looks at the database


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
    arrivals = by_customer(
        (root, row, row[_AT]) for root, row in zip(roots, rows, strict=True) if root not in naming
    )
    folding = _Folding(writer, layout, now, add)
    folding.fold(arrivals, sorted(arrivals))
    ages = aged(writer, rows) if naming else ()  # most batches have no returns
    directory.load((), waiting := arrived(writer, rows))
    anew = {root for base in waiting if (root := directory.root(base))}
    late = by_customer(
        (roots[at], rows[at], age) for at, age in enumerate(ages) if roots[at] in naming
    )
    folding.fold(late, sorted(naming - anew))
    folding.write()
    if anew := anew | folding.stale:
        rebuild(writer, anew, layout, now)
    return arrivals.keys() | naming


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

    def fold(self, arrivals: Mapping[str, list[Arrival]], touched: Sequence[str]) -> None:
        """Fold what arrived for these customers; at least what came before is written then."""
        for start in range(0, len(touched) or 1, _AT_ONCE):
            part = touched[start : start + _AT_ONCE]
            kept = self._writer.fetch(STATE, [(root,) for root in part])
            old = {row[0]: row for row in taken_over(kept, self._layout)}
            stale = {root for root, row in old.items() if row[_LAYOUT] != self._layout.id}
            self.stale |= stale
            came = [(root, arrivals[root]) for root in part if root not in stale]
            new: list[Row] = []
            with self._writer.meanwhile(self._steps(old, came, new)):
                self.write()
            self.write = partial(self._writer.put, STATE, new)

    def _steps(
        self, old: Mapping[str, Row], came: list[tuple[str, list[Arrival]]], new: list[Row]
    ) -> Iterator[None]:
        for start in range(0, len(came), _PIECE):
            piece = dict(came[start : start + _PIECE])
            new += fold_batch(self._layout, old, piece, self._now)
            yield
