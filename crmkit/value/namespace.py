"""``crm.value``: every question about value, answered from one consistent look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

import attrs

from crmkit.arguments import choice, count, number, texts
from crmkit.clock import instant, micros, span
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, STANDING
from crmkit.errors import InvalidValueError
from crmkit.model.value import TIERS, CustomerKind, Movement, Part, Score, Tier
from crmkit.value.basis import Basis, read_basis
from crmkit.value.deciding import Decisions
from crmkit.value.everybody import each_state
from crmkit.value.explain import Path, explain, explain_as_shown
from crmkit.value.kinds import KindRules, kind_of
from crmkit.value.known import totals_of_known
from crmkit.value.measure import revenue
from crmkit.value.movers import (
    Moved,
    Movers,
    check_order,
    least_unexpected,
    movement,
    order_movers,
)
from crmkit.value.ranking import Ranking, pyramid
from crmkit.value.ranks import Ranks, surveyed
from crmkit.value.rhythm import own_gap
from crmkit.value.scoring import (
    TierOf,
    Valued,
    require_root,
    require_roots,
    totals_of_all,
    value_as_shown,
    value_of,
)
from crmkit.value.shown import tier_as_shown

_ROUNDING = 1e-9
_BODY = CUSTOMER.position["body"]
_TIER, _SINCE = STANDING.position["tier"], STANDING.position["tier_since"]


@attrs.frozen
class Value(Decisions):
    """Every customer's composite value, its movements and its model.

    Attributes:
        kind_rules: Thresholds of the kinds of customer.
    """

    kind_rules: KindRules = attrs.field(factory=KindRules)
    _kept_ranks: Ranks = attrs.field(init=False, repr=False)

    @_kept_ranks.default
    def _no_ranks(self) -> Ranks:
        return Ranks(self.session, self.defaults)

    # -- scores ------------------------------------------------------------------------

    def score(self, id: str, at: datetime | None = None, *, as_shown: bool = False) -> Score:  # noqa: A002
        """Give a customer's score at an instant.

        Args:
            id: Whose.
            at: As of when; None: now.
            as_shown: By what had been recorded, merged and decided by then, instead of by what is
                known today.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            NaiveTimeError: `at` has no offset.
        """
        when = self._when(at)
        with self.session.store.read() as reader:
            require_root(reader, id)
            basis = read_basis(reader, self.defaults)
            if as_shown:
                tier = tier_as_shown(reader, id, when)
                return value_as_shown(reader, basis, id, when).score(id, when, tier)
            valued = value_of(reader, basis, id, when)
            held = _held_tiers(reader, [id], when).get(id) if at is None else None
            return valued.score(id, when, held or self._ranks().tier(id, when))

    def scores(
        self, ids: Iterable[str] | None = None, at: datetime | None = None
    ) -> Iterator[Score]:
        """Stream everybody's score, or that of some, ordered by id.

        Raises:
            CustomerNotFound: one of `ids` is nobody's.
        """
        when, ranks = self._when(at), self._ranks()
        with self.session.store.read() as reader:
            wanted = None if ids is None else list(dict.fromkeys(texts("ids", ids)))
            if wanted is not None:
                require_roots(reader, wanted)
            basis = read_basis(reader, self.defaults)
            held = _held_tiers(reader, wanted, when) if at is None else {}
            shown = instant(when)
            version = basis.layout.model.version
            for root, whole, _, valued in totals_of_all(reader, basis, when, wanted):
                yield Score(
                    customer_id=root,
                    at=shown,
                    total=whole,
                    tier=held.get(root) or ranks.tier(root, when),
                    model=version,
                    parts=partial(_parts, valued),
                )

    def pyramid(self, at: datetime | None = None) -> tuple[Tier, ...]:
        """Give the tiers by rank, with their shares of value and revenue.

        At an instant of the past those are ranked who were known by then: who had a touchpoint,
        or had been written down.
        """
        when = self._when(at)
        totals: list[tuple[str, float]] = []
        earned: dict[str, float] = {}
        with self.session.store.read() as reader:
            basis = read_basis(reader, self.defaults)
            for root, whole, state, _ in totals_of_known(reader, basis, when):
                totals.append((root, whole))
                earned[root] = revenue(basis.layout, state)
        return pyramid(Ranking.of(totals), earned)

    # -- movements ---------------------------------------------------------------------

    def explain(
        self,
        id: str,  # noqa: A002
        since: datetime,
        until: datetime | None = None,
        *,
        as_shown: bool = False,
    ) -> Movement:
        """Say why a customer's score moved; the causes sum to the change.

        Raises:
            CustomerNotFound: nobody has that id.
            InvalidValueError: `until` lies before `since`.
        """
        when = self._span(since, until)
        with self.session.store.read() as reader:
            require_root(reader, id)
            basis = read_basis(reader, self.defaults)
            ranks = self._ranks()
            return _movement(reader, basis, ranks, id, when, as_shown=as_shown)

    def movers(  # noqa: PLR0913 - the filters of one list
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        direction: str | None = None,
        tier: str | None = None,
        order: str = "unexpected",
        min_delta: float = 0,
        limit: int | None = None,
        as_shown: bool = False,
    ) -> Movers:
        """Give the movements of everybody who moved, largest first, then by id.

        Args:
            since: Start.
            until: End; None: now.
            direction: ``"rising"`` or ``"falling"``; None: both.
            tier: Only those who stood in this tier at `since`.
            order: ``"unexpected"`` part, or ``"size"`` of the change.
            min_delta: Least change, in points.
            limit: At most so many.
            as_shown: By what was shown at both ends, instead of by what is known today.

        Raises:
            InvalidValueError: a filter is none; `until` lies before `since`.

        Returns:
            A sequence; each `Movement` is made, with its causes, when it is looked at.
        """
        when = self._span(since, until)
        if limit is not None:
            limit = count("limit", limit)
        min_delta = number("min_delta", min_delta, 0)
        if tier is not None:
            tier = choice("tier", tier, [name for name, _ in TIERS])
        check_order(direction, order)
        ranks = self._ranks()
        with self.session.store.read() as reader:
            basis = read_basis(reader, self.defaults)
            found = surveyed(reader, basis, when, as_shown=as_shown)
            read_at = reader.watermark()
        tiers: Mapping[str, str] = {}
        if tier is not None:
            tiers = found.tiers if as_shown else found.before.tiers
        moved = order_movers(
            found.moved,
            direction=direction,
            order=order,
            min_delta=min_delta,
            limit=limit,
            tiers=tiers,
            tier=tier,
        )

        def made(mover: Moved) -> Movement:
            ranks.keep(read_at, when, found.before, as_shown=as_shown)
            with self.session.store.read() as reader:
                basis = read_basis(reader, self.defaults)
                return _movement(reader, basis, ranks, mover.customer, when, as_shown=as_shown)

        return Movers(moved, made)

    def kind(self, id: str) -> CustomerKind:  # noqa: A002
        """Tell which of the kinds of R140 a customer is, and why."""
        now, ranks = self.session.now(), self._ranks()
        since = now - span(self.kind_rules.period)
        with self.session.store.read() as reader:
            row = require_root(reader, id)
            basis = read_basis(reader, self.defaults)
            ((_, state),) = each_state(reader, basis.layout, now, [id])
            path, when = explain(reader, basis, id, since, now), (since, now)
            moved = movement(id, path, when, (None, None), lambda: ranks.gap(id, when))

            def unexpected() -> float:
                # A tier's rhythm is worked out of everybody: only where the kind hangs on it.
                least = least_unexpected(path, now)
                return least if least > _ROUNDING - self.kind_rules.fallen else moved.unexpected

            return kind_of(
                self.kind_rules,
                state,
                now,
                own_gap(state, now),
                _held_tiers(reader, [id], now).get(id) or ranks.tier(id, now),
                (moved.delta, unexpected),
                json.loads(row[_BODY]).get("research"),
            )

    # -- inside ------------------------------------------------------------------------

    def _when(self, at: datetime | None) -> int:
        return self.session.now() if at is None else micros(at)

    def _span(self, since: datetime, until: datetime | None) -> tuple[int, int]:
        start, end = micros(since, "since"), self._when(until)
        if end < start:
            message = f"until ({instant(end)}) lies before since ({instant(start)})"
            raise InvalidValueError(message, field="until")
        return start, end

    def _ranks(self) -> Ranks:
        """Give what ranks for one call: what a host's transaction shows, the host may yet undo."""
        if self.session.store.hosted:
            return Ranks(self.session, self.defaults)
        return self._kept_ranks


def _movement(  # noqa: PLR0913 - whose, when, and what it rests on
    reader: Reader,
    basis: Basis,
    ranks: Ranks,
    customer: str,
    when: tuple[int, int],
    *,
    as_shown: bool,
) -> Movement:
    since, until = when
    path: Path
    if as_shown:
        path = explain_as_shown(reader, basis, customer, since, until)
        tiers: tuple[TierOf | str | None, TierOf | str | None] = (
            tier_as_shown(reader, customer, since),
            tier_as_shown(reader, customer, until),
        )
    else:
        path = explain(reader, basis, customer, since, until)
        tiers = ranks.tier(customer, since), ranks.tier(customer, until)
    gap = partial(ranks.gap, customer, when, as_shown=as_shown)
    return movement(customer, path, when, tiers, gap)


def _parts(valued: Callable[[], Valued]) -> tuple[Part, ...]:
    return valued().parts()


def _held_tiers(reader: Reader, ids: list[str] | None, now: int) -> dict[str, str]:
    """Give the tiers that `advance` has recorded by now, everybody's or those of some."""
    rows = (
        reader.scan(STANDING)
        if ids is None
        else reader.fetch(STANDING, [(customer,) for customer in ids])
    )
    return {row[0]: row[_TIER] for row in rows if row[_TIER] is not None and row[_SINCE] <= now}
