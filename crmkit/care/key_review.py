"""Reviews: who still meets the criteria, and who else would (R259, R263)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from heapq import nsmallest
from typing import NamedTuple

import attrs

from crmkit.care.anew import read_accounts
from crmkit.care.key_figures import read_figures
from crmkit.care.key_settings import COMPUTED, KeyAccountSettings, judge, unmet
from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.store import Reader
from crmkit.lifecycle.ended import ended_roots
from crmkit.model.key_account import Assessment, Criterion, Figures, KeyAccount
from crmkit.value.basis import Basis
from crmkit.value.everybody import each_state
from crmkit.value.measure import revenue
from crmkit.value.scoring import totals_of_all

_SPARE = 4
"""So many times the candidates are looked at: several may belong to one account."""


class Everybody(NamedTuple):
    """What one pass over all customers tells.

    Attributes:
        revenue: Everybody's lifetime revenue, by root id.
        best: Root ids of the best by score, best first.
    """

    revenue: Mapping[str, float]
    best: Sequence[str]


def revenues(reader: Reader, basis: Basis, now: int) -> dict[str, float]:
    """Give everybody's lifetime revenue, by root id."""
    states = each_state(reader, basis.layout, now)
    return {root: revenue(basis.layout, state) for root, state in states}


def look(reader: Reader, basis: Basis, now: int, count: int) -> Everybody:
    """Go over everybody once: his revenue, and the best by score."""
    earned: dict[str, float] = {}
    totals: list[tuple[float, str]] = []
    for root, whole, state, _ in totals_of_all(reader, basis, now):
        earned[root] = revenue(basis.layout, state)
        totals.append((-whole, root))
    return Everybody(earned, [root for _, root in nsmallest(count * _SPARE, totals)])


@attrs.frozen
class Reviewing:
    """One review being held.

    Attributes:
        reader: One consistent look.
        basis: What scores rest on.
        settings: The policy.
        deciding: Who holds it, and when.
    """

    reader: Reader
    basis: Basis
    settings: KeyAccountSettings
    deciding: Deciding

    def assess(
        self, accounts: Sequence[KeyAccount], count: int
    ) -> tuple[list[Assessment], list[Assessment]]:
        """Assess every key account, and the best of the others, as many as asked for."""
        everybody = look(self.reader, self.basis, self.deciding.now, count + len(accounts))
        ended = set(ended_roots(self.reader))
        members = [str(one.customer_id) for one in accounts]
        others = self._others(everybody.best, ended.union(members), count)
        figures = read_figures(
            self.reader,
            self.basis.layout,
            self.settings.costs,
            [*members, *others],
            everybody.revenue,
            self.deciding.now,
        )
        kept = [
            self._member(one, figures[who], ended=who in ended)
            for one, who in zip(accounts, members, strict=True)
        ]
        room = self.settings.most - len(accounts)
        found = []
        for who in sorted(others, key=lambda who: _by_profit(figures[who])):
            one = self._other(who, figures[who], room)
            room -= one.proposal == "admit"
            found.append(one)
        return kept, found

    def _others(self, best: Sequence[str], known: set[str], count: int) -> list[str]:
        """Give the accounts that the best belong to, without those known and our own houses."""
        accounts = read_accounts(self.reader, best)
        found = dict.fromkeys(accounts.of[one] for one in best)
        away = known | accounts.roster.left_out
        return [one for one in found if one not in away][:count]

    def _member(self, account: KeyAccount, figures: Figures, *, ended: bool) -> Assessment:
        criteria = judge(self.settings, figures, account.answers)
        excused = {one.name for one in account.criteria if one.met is not True}
        left = unmet(tuple(one for one in criteria if one.name not in excused))
        why = "meets the criteria"
        if ended:
            proposal, why = "remove", "the relationship was ended"
        elif left:
            proposal, why = "remove", "; ".join(left)
        else:
            proposal = "keep"
            if account.exception is not None and unmet(criteria):
                why = f"by exception: {account.exception}"
        return self._assessment(str(account.customer_id), figures, criteria, proposal, why)

    def _other(self, customer: str, figures: Figures, room: int) -> Assessment:
        criteria = judge(self.settings, figures, {})
        left = unmet(tuple(one for one in criteria if one.name in COMPUTED))
        if left:
            proposal, why = "leave", "; ".join(left)
        elif room <= 0:
            proposal, why = "leave", f"there is no room: {self.settings.most} at most"
        else:
            open_ = [one.asked for one in criteria if one.met is None]
            proposal = "admit"
            why = "meets the criteria" + (f", if a person says yes: {open_[0]}" if open_ else "")
        return self._assessment(customer, figures, criteria, proposal, why)

    def _assessment(
        self,
        customer: str,
        figures: Figures,
        criteria: tuple[Criterion, ...],
        proposal: str,
        why: str,
    ) -> Assessment:
        return Assessment(
            customer_id=customer,
            at=instant(self.deciding.now),
            by=self.deciding.by,
            figures=figures,
            criteria=criteria,
            proposal=proposal,
            why=why,
        )


def _by_profit(figures: Figures) -> tuple[bool, Decimal]:
    """Sort by profit less cost, the largest first, then those of whom it is not known."""
    if figures.net_profit is None:
        return True, -figures.revenue
    return False, -figures.net_profit
