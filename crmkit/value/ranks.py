"""Everybody ranked at the instants that are asked about, once as long as nothing is written."""

from __future__ import annotations

import attrs

from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.garbage import collecting_later
from crmkit.value.basis import Basis, Defaults, read_basis
from crmkit.value.known import totals_of_known
from crmkit.value.movers import Survey, survey
from crmkit.value.ranking import Ranking
from crmkit.value.rhythm import own_gap
from crmkit.value.scoring import TierOf
from crmkit.value.shown import shown_survey

_KEPT = 4


def surveyed(reader: Reader, basis: Basis, when: tuple[int, int], *, as_shown: bool) -> Survey:
    """Measure everybody at both ends of a span, in one view or the other."""
    return (shown_survey if as_shown else survey)(reader, basis, *when)


@attrs.frozen
class Ranks:
    """Rankings of one workspace; the last few are kept.

    Attributes:
        session: The open workspace.
        defaults: Model and kinds that hold before anything was decided.
    """

    session: Session
    defaults: Defaults
    _kept: dict[tuple[int, ...], Ranking] = attrs.field(factory=dict, init=False, repr=False)

    def at(self, at: int) -> Ranking:
        """Rank everybody who was known by an instant."""
        with self.session.store.read() as reader:
            return self._begun(reader, at)

    def tier(self, customer: str, at: int) -> TierOf:
        """Give how to find a customer's tier: nobody is ranked before somebody looks."""
        return lambda: self.at(at).tiers.get(customer)

    def gap(self, customer: str, when: tuple[int, int], *, as_shown: bool = False) -> float | None:
        """Give the usual gap in a customer's tier at the start of a span of time."""
        with self.session.store.read() as reader:
            key = (reader.watermark(), *when, bool(as_shown))
            found = self._kept.get(key)
            if found is None:
                found = self._keep(key, self._spanned(reader, when, as_shown=as_shown))
            return found.tier_gap(customer)

    def keep(
        self, watermark: int, when: tuple[int, int], ranking: Ranking, *, as_shown: bool
    ) -> None:
        """Keep the ranking at the start of a span that was worked out already."""
        self._keep((watermark, *when, bool(as_shown)), ranking)

    def _spanned(self, reader: Reader, when: tuple[int, int], *, as_shown: bool) -> Ranking:
        """Rank everybody at the start of a span, with the gaps known at its end."""
        if as_shown:
            return surveyed(reader, read_basis(reader, self.defaults), when, as_shown=True).before
        since, until = when
        return attrs.evolve(self._begun(reader, since), gaps=self._ranked(reader, until).gaps)

    def _begun(self, reader: Reader, at: int) -> Ranking:
        """Rank everybody at an instant; where a span that begins there did so, its gaps differ."""
        begun = reader.watermark(), at
        for key, ranking in list(self._kept.items()):
            if key[:2] == begun and not any(key[3:]):  # what was shown is another ranking
                return ranking
        return self._ranked(reader, at)

    def _ranked(self, reader: Reader, at: int) -> Ranking:
        """Rank everybody at an instant, with the gaps known then."""
        key = reader.watermark(), at
        found = self._kept.get(key)
        if found is None:
            basis = read_basis(reader, self.defaults)
            totals: list[tuple[str, float]] = []
            gaps: dict[str, float] = {}
            with collecting_later():
                for root, total, state, _ in totals_of_known(reader, basis, at):
                    totals.append((root, total))
                    gap = own_gap(state, at)
                    if gap is not None:
                        gaps[root] = gap
            found = self._keep(key, Ranking.of(totals, gaps))
        return found

    def _keep(self, key: tuple[int, ...], ranking: Ranking) -> Ranking:
        for old in list(self._kept)[: 1 - _KEPT]:
            self._kept.pop(old, None)
        self._kept[key] = ranking
        return ranking
