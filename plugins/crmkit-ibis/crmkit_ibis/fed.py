"""Which indicators any source feeds: what the host never captures costs nobody points."""

from __future__ import annotations

from crmkit import ValueModel
from crmkit_ibis.log import Log, Table


def read_fed(log: Log, model: ValueModel, at: int) -> Table:
    """Give one row: ``fed{n}`` tells whether anybody had what the nth indicator rests on by then.

    A database knows it by heart, and still knows of those who were erased. A folder tells it by
    the touchpoints that are left.
    """
    known = log.held("kind", "at") if log.fed is None else log.fed
    kinds = known.filter(known["at"] <= at).select("kind").distinct()
    columns = {}
    for place, one in enumerate(model.indicators):
        among = kinds.kind.isin(sorted({*one.kinds, *one.opportunity}))
        columns[f"fed{place}"] = among.ifelse(1, 0).max().fill_null(0) == 1
    return kinds.aggregate(**columns)
