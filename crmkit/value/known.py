"""Who was known at an instant of the past: they alone had a rank then.

Somebody is known from his first touchpoint on, whenever it was captured, so that history imported
today has a past; or from when he was first written down, as a prospect who has done nothing yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER
from crmkit.paging import pages
from crmkit.value.basis import Basis
from crmkit.value.scoring import Totalled, totals_of_all
from crmkit.value.state import NEVER

_Entry = TypeVar("_Entry", bound=tuple[Any, ...])

_ROOT, _RECORDED = CUSTOMER.position["root"], CUSTOMER.position["recorded"]


def totals_of_known(reader: Reader, basis: Basis, at: int) -> Iterator[Totalled]:
    """Stream what `totals_of_all` does, of everybody who was known by `at`, in any order.

    Nobody is asked whether `at` lies in the past: a clock that was set back, as the command line's
    `--at` does, makes it the present of a log that goes on.

    Args:
        reader: One consistent look.
        basis: What scores rest on.
        at: The instant, in microseconds.
    """
    unmet: list[Totalled] = []
    for one in totals_of_all(reader, basis, at):
        _, _, state, _ = one
        if state.newest == NEVER:
            unmet.append(one)
        else:
            yield one
    yield from written_down(reader, unmet, at)


def written_down(reader: Reader, unmet: Sequence[_Entry], at: int) -> Iterator[_Entry]:
    """Give those who had a record by `at`, under their own id or one that was merged into it.

    Args:
        reader: One consistent look.
        unmet: What begins with a root id.
        at: The instant, in microseconds.
    """
    written = {
        row[_ROOT]
        for page in pages(one[0] for one in unmet)
        for row in reader.fetch(CUSTOMER, [(root,) for root in page], by=("root",))
        if row[_RECORDED] <= at
    }
    return (one for one in unmet if one[0] in written)
