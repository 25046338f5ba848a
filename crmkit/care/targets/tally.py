"""What one period's log says of every account manager: one pass, added up by owner.

Whose a customer is, his tier and his record are as of today: records keep no past.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from crmkit.care.targets.policy import TargetSettings
from crmkit.clock import micros
from crmkit.contracts.decisions import decisions
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, STANDING, STATE
from crmkit.lifecycle.contacts import DONE, REASSIGNED
from crmkit.lifecycle.funnel.book import BOOK
from crmkit.lifecycle.roster import Roster, read_roster
from crmkit.lifecycle.signals import touches
from crmkit.lifecycle.stages import ENDED
from crmkit.lifecycle.tiers import NAMES
from crmkit.lifecycle.world import Guide
from crmkit.model.sales import WON
from crmkit.value.live import live_rows

Money = list[tuple[str, Decimal]]
_COLUMNS = ("seq", "customer", "kind", "at", "amount", "currency", "rating", "attributes")


@attrs.define
class Tally:
    """What was counted for one owner, or for several.

    Attributes:
        customers: Accounts of his whose relationship was not ended.
        due: Those of them whom the cadence asks to be contacted; `kept` of them were.
        kept: Contacted within the ideal interval.
        alive: Contacted within the worst one.
        records: Records of his, and `filled` of the fields that each should have.
        ratings: Ratings of his customers.
        won: What he won, by currency.
        revenue: What his customers paid, by currency.
        joint: Tasks done together with others, of `tasks` that were handed over or shared.
    """

    customers: int = 0
    due: int = 0
    kept: int = 0
    alive: int = 0
    records: int = 0
    filled: int = 0
    ratings: list[float] = attrs.field(factory=list)
    won: Money = attrs.field(factory=list)
    revenue: Money = attrs.field(factory=list)
    joint: int = 0
    tasks: int = 0

    @classmethod
    def whole(cls, tallies: Iterable[Tally]) -> Tally:
        """Add several up."""
        found = cls()
        for one in tallies:
            for field in attrs.fields(cls):
                value = getattr(found, field.name) + getattr(one, field.name)
                setattr(found, field.name, value)
        return found


@attrs.frozen
class Tallies:
    """Everybody's.

    Attributes:
        by_owner: By owner; None: those of nobody.
        divided: Whether anybody has a tier.
    """

    by_owner: dict[str | None, Tally]
    divided: bool

    def of(self, owners: Iterable[str | None] | None) -> Tally:
        """Add up what these owners have; None: everything."""
        wanted = self.by_owner if owners is None else dict.fromkeys(owners)
        return Tally.whole(self.by_owner[one] for one in wanted if one in self.by_owner)


def tally(reader: Reader, guide: Guide, settings: TargetSettings, low: int, high: int) -> Tallies:
    """Count what happened from `low` to before `high`, and how things stood then."""
    roster = read_roster(reader)
    standing = {
        row[0]: row[1:] for row in reader.scan(STANDING, columns=("customer", "tier", "stage"))
    }
    tallies: dict[str | None, Tally] = {}
    heard = _read_log(reader, guide, roster, tallies, low, high)
    _accounts(reader, guide, roster, standing, heard, tallies, high)
    _records(reader, settings, roster, tallies)
    _opportunities(reader, tallies, low, high)
    _handed(reader, tallies, low, high)
    return Tallies(tallies, any(tier is not None for tier, _ in standing.values()))


def whose(roster: Roster, root: str) -> str | None:
    """Give a customer's account manager: his own, or else his organisation's."""
    return roster.owners.get(root) or roster.owners.get(roster.account(root))


def sales_kinds(guide: Guide) -> frozenset[str]:
    """Give the kinds of touchpoints that revenue is made of."""
    return guide.defaults.kinds.negative | {"purchase"}


def _of(tallies: dict[str | None, Tally], owner: str | None) -> Tally:
    found = tallies.get(owner)
    if found is None:
        found = tallies[owner] = Tally()
    return found


def _read_log(  # noqa: PLR0913 - private
    reader: Reader,
    guide: Guide,
    roster: Roster,
    tallies: dict[str | None, Tally],
    low: int,
    high: int,
) -> dict[str, int]:
    """Add up money and ratings; give each account's newest real touch before the end."""
    longest = max(worst for _, worst in guide.policy.intervals.values())
    first = min(low, high - longest)
    heard: dict[str, int] = {}
    paid = sales_kinds(guide)
    rows = live_rows(reader, _COLUMNS, since=first, until=high)
    for _, customer, kind, at, amount, currency, rating, attributes in rows:
        root = roster.root(customer)
        if touches(kind, attributes, guide.defaults.kinds):
            account = roster.account(root)
            heard[account] = max(at, heard.get(account, at))
        if at >= low:
            mine = _of(tallies, whose(roster, root))
            if amount is not None and kind in paid:
                mine.revenue.append((currency, Decimal(amount)))
            if rating is not None:
                mine.ratings.append(rating)
    return heard


def _accounts(  # noqa: PLR0913 - private
    reader: Reader,
    guide: Guide,
    roster: Roster,
    standing: Mapping[str, Sequence[str | None]],
    heard: Mapping[str, int],
    tallies: dict[str | None, Tally],
    high: int,
) -> None:
    """Count accounts: who belongs to an organisation is contacted with it."""
    accounts: dict[str, tuple[int, int, bool]] = {}
    last = len(NAMES) - 1
    for customer, first, bought in reader.scan(STATE, columns=("customer", "first", "bought")):
        if first >= high or customer in roster.left_out:
            continue
        tier, stage = standing.get(customer, (None, None))
        if stage == ENDED:
            continue
        account = roster.account(customer)
        place = NAMES.index(tier) if tier in NAMES else last
        known = accounts.get(account, (last, first, False))
        best = min(place, known[0]), min(first, known[1]), bool(bought) or known[2]
        accounts[account] = best
    for account, (place, first, bought) in accounts.items():
        mine = _of(tallies, roster.owners.get(account))
        ideal, worst = guide.policy.intervals[NAMES[place]]
        newest = heard.get(account)
        mine.customers += 1
        mine.alive += newest is not None and newest >= high - worst
        if bought or guide.policy.settings.prospects:
            mine.due += 1
            mine.kept += (first if newest is None else newest) >= high - ideal


def _records(
    reader: Reader, settings: TargetSettings, roster: Roster, tallies: dict[str | None, Tally]
) -> None:
    """Count the fields that customers' records say; what one lacks, one merged into it may say."""
    said: dict[str, set[str]] = {}
    for row in reader.scan(CUSTOMER):
        plain = {**json.loads(row[-1]), **dict(zip(CUSTOMER.names[:-1], row, strict=False))}
        root = plain["root"]
        said.setdefault(root, set()).update(one for one in settings.fields if plain.get(one))
    for root, fields in said.items():
        mine = _of(tallies, whose(roster, root))
        mine.records += 1
        mine.filled += len(fields)


def _opportunities(reader: Reader, tallies: dict[str | None, Tally], low: int, high: int) -> None:
    """Add up what was won, and the opportunities that are shared with another manager."""
    for one in BOOK.all(reader):
        if one.state == WON and low <= micros(one.moves[-1].at) < high:
            _of(tallies, one.owner).won.append((one.currency, one.amount))
        if one.shared and low <= micros(one.opened_at) < high:
            mine = _of(tallies, one.owner)
            mine.joint += 1
            mine.tasks += 1


def _handed(reader: Reader, tallies: dict[str | None, Tally], low: int, high: int) -> None:
    """Count contacts handed over, for who gave and for who took them; done where they were."""
    waiting: dict[str, list[tuple[str | None, str]]] = {}
    for one in decisions(reader, "agenda"):
        at, body = micros(one.at), one.body
        if at >= high:
            break
        if body["what"] == REASSIGNED and at >= low and one.by != body["owner"]:
            waiting.setdefault(body["item"], []).append((one.by, body["owner"]))
            for who in (one.by, body["owner"]):
                _of(tallies, who).tasks += 1
        elif body["what"] == DONE:
            for pair in waiting.pop(body["item"], ()):
                for who in pair:
                    _of(tallies, who).joint += 1
