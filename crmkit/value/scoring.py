"""One customer's score, and everybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

import attrs

from crmkit.arguments import text
from crmkit.clock import instant
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER
from crmkit.errors import CustomerMerged, CustomerNotFound
from crmkit.model.value import Part, Score
from crmkit.value.basis import Basis, all_sayings, read_merges, read_sayings
from crmkit.value.everybody import each_state
from crmkit.value.history import TODAY, Known, build, read_groups, read_log, read_purchases
from crmkit.value.layout import Layout
from crmkit.value.measure import (
    NOTHING_SAID,
    Measured,
    Said,
    measure,
    share_out,
    total,
)
from crmkit.value.quick import quick_totals
from crmkit.value.readers import Setting
from crmkit.value.state import State

TierOf = Callable[[], str | None]
Totalled = tuple[str, float, State, "Callable[[], Valued]"]
"""One customer's id, total and state, and his whole value where it is wanted."""


@attrs.frozen
class Valued:
    """A measured customer with his weights shared out: what scores and causes are made of."""

    layout: Layout
    measured: Measured
    weights: Sequence[float]

    @property
    def total(self) -> float:
        """Sum of the contributions."""
        return total(self.weights, self.measured.points)

    def contributions(self) -> dict[str, float]:
        """Give each indicator's contribution by its name."""
        return {
            slots.indicator.name: weight * points
            for slots, weight, points in zip(
                self.layout.slots, self.weights, self.measured.points, strict=True
            )
        }

    def parts(self) -> tuple[Part, ...]:
        """Make the public parts."""
        return tuple(
            Part(
                indicator=slots.indicator.name,
                state=state,
                raw=raw,
                points=points,
                weight=weight,
                contribution=weight * points,
            )
            for slots, state, raw, points, weight in zip(
                self.layout.slots,
                self.measured.states,
                self.measured.raws,
                self.measured.points,
                self.weights,
                strict=True,
            )
        )

    def score(self, customer: str, at: int | datetime, tier: TierOf | str | None) -> Score:
        """Make the public score; parts are made when somebody looks at them."""
        return Score(
            customer_id=customer,
            at=instant(at) if isinstance(at, int) else at,
            total=self.total,
            tier=tier,
            model=self.layout.model.version,
            parts=self.parts,
        )


def value(layout: Layout, state: State, setting: Setting, said: Said) -> Valued:
    """Measure a state and share out the weights."""
    measured = measure(layout, state, setting, said)
    return Valued(layout, measured, share_out(layout, measured.states))


def require_root(reader: Reader, customer: str) -> Row:
    """Give the CUSTOMER row of an id that was not merged into another.

    Raises:
        InvalidValueError: it is no text.
        CustomerNotFound: nobody has that id.
        CustomerMerged: it was merged; `into` names where to.
    """
    return require_roots(reader, [text("id", customer)])[customer]


def require_roots(reader: Reader, customers: Sequence[str]) -> dict[str, Row]:
    """Give the CUSTOMER rows of several ids; raises as `require_root`."""
    rows = {row[0]: row for row in reader.fetch(CUSTOMER, [(one,) for one in customers])}
    for customer in customers:
        if customer not in rows:
            message = f"no customer has the id {customer!r}: look it up by crm.customers.find(...)"
            raise CustomerNotFound(message, customer_id=customer)
        root = rows[customer][CUSTOMER.position["root"]]
        if root != customer:
            message = f"customer {customer!r} was merged into {root!r}: use that id"
            raise CustomerMerged(message, customer_id=customer, into=root)
    return rows


def value_of(reader: Reader, basis: Basis, customer: str, at: int) -> Valued:
    """Value one customer at an instant, with today's knowledge."""
    layout = basis.layout
    ((_, state),) = each_state(reader, layout, at, [customer])
    sayings = read_sayings(reader, read_groups(reader, [customer])[customer])
    return value(layout, state, basis.setting(layout, at, TODAY), sayings.at(at))


def value_as_shown(reader: Reader, basis: Basis, customer: str, at: int) -> Valued:
    """Value one customer at an instant by what was recorded, merged and decided by then."""
    layout = basis.layout_at(at)
    group = read_merges(reader).group(customer, at)
    log = read_log(reader, group)
    then = Known(at)
    entries = [entry for found in log.values() for entry in found if entry.known(then)]
    state = build(layout, entries, read_purchases(reader, entries), at, view=then)
    sayings = read_sayings(reader, group)
    return value(layout, state, basis.setting(layout, at, then), sayings.at(at))


def totals_of_all(
    reader: Reader, basis: Basis, at: int, ids: Iterable[str] | None = None
) -> Iterator[Totalled]:
    """Stream everybody's total, ordered by id."""
    layout = basis.layout
    setting = basis.setting(layout, at, TODAY)
    quick_total = quick_totals(layout, setting)
    wanted = None if ids is None else list(ids)
    sayings = all_sayings(reader, wanted)
    for root, state in each_state(reader, layout, at, wanted):
        said = sayings[root].at(at) if root in sayings else NOTHING_SAID
        whole = partial(value, layout, state, setting, said)
        if said is NOTHING_SAID:
            yield root, quick_total(state), state, whole
        else:
            yield root, whole().total, state, whole
