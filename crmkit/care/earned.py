"""What customers brought within spans of time: revenue, profit, days with a purchase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.value.exchange import priced
from crmkit.value.history import Entry, read_live
from crmkit.value.layout import Layout

_AMOUNT, _CURRENCY, _MARGIN = (
    TOUCHPOINT.position[name] for name in ("amount", "currency", "margin")
)


@attrs.frozen
class Earned:
    """What one customer brought in one span, in the base currency; what has no rate is left out.

    Attributes:
        revenue: Purchases less returns and refunds, by when each happened.
        profit: Margins of the same; None: none was captured.
        days: Days (UTC) with a purchase.
    """

    revenue: float = 0.0
    profit: float | None = None
    days: int = 0


@attrs.frozen
class Log:
    """The entries of some customers that hold today, by root.

    Attributes:
        layout: The value model in force: prices other currencies.
        entries: By root id, in no order.
    """

    layout: Layout
    entries: Mapping[str, list[Entry]]

    @classmethod
    def read(cls, reader: Reader, layout: Layout, roots: Iterable[str]) -> Log:
        """Read them, those of whom was merged into them included."""
        return cls(layout, read_live(reader, roots))

    def earned(self, root: str, since: int, until: int) -> Earned:
        """Add up one customer's span, from `since` to before `until`, in microseconds."""
        model, negative = self.layout.model, self.layout.kinds.negative
        revenue, profit, days = 0.0, None, set()
        for entry in self.entries.get(root, ()):
            if not since <= entry.at < until:
                continue
            if entry.kind == "purchase":
                days.add(entry.at // DAY)
            elif entry.kind not in negative:
                continue
            revenue += priced(model, entry.row[_AMOUNT], entry.row[_CURRENCY])
            if entry.row[_MARGIN] is not None:
                margin = priced(model, entry.row[_MARGIN], entry.row[_CURRENCY])
                profit = (profit or 0.0) + margin
        return Earned(revenue, profit, len(days))
