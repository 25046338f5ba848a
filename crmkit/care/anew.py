"""Working a few accounts out anew, from the log: the same dates as `advance` would keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmkit.care.entries import Entry
from crmkit.contracts.decisions import decisions_about
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, STANDING, TOUCHPOINT
from crmkit.lifecycle.cadence import weigh
from crmkit.lifecycle.contacts import appointments, latest, next_contact
from crmkit.lifecycle.measuring import measure_all
from crmkit.lifecycle.roster import Roster, pick, read_roster
from crmkit.lifecycle.signals import story_of, touches
from crmkit.lifecycle.standing import by_root
from crmkit.lifecycle.tiers import NAMES
from crmkit.lifecycle.world import Guide, read_held
from crmkit.value.basis import Basis
from crmkit.value.history import read_groups, read_log

_ROOT = CUSTOMER.position["root"]
_PARENT = CUSTOMER.position["parent"]
_QUEUE, _WEIGHT, _IDEAL, _WORST, _TOTAL, _DELTA, _UNEXPECTED, _TIER, _FACTS = (
    STANDING.position[name]
    for name in "queue weight ideal worst total delta unexpected tier facts".split()
)
_ATTRIBUTES = TOUCHPOINT.position["attributes"]


@attrs.frozen
class Accounts:
    """Some accounts with everybody who belongs to them.

    Attributes:
        members: By account, the roots whose contacts count for it; the account itself first.
        groups: By root, every id that leads to it.
        roster: What the records say.
        of: The account of each id that was asked for.
    """

    members: Mapping[str, list[str]]
    groups: Mapping[str, list[str]]
    roster: Roster
    of: Mapping[str, str]


def read_accounts(reader: Reader, customers: Iterable[str]) -> Accounts:
    """Read whose agenda these customers' contacts count for, and who else counts there."""
    asked = set(customers)
    rows: dict[str, Row] = {}
    waiting = asked
    while waiting:  # up to the organisations
        found = {row[_ROOT] for row in reader.fetch(CUSTOMER, [(one,) for one in waiting])}
        new = _rows_of(reader, found)
        waiting = _parents(new.values()) - rows.keys() - new.keys()
        rows.update(new)
    below = {row[_ROOT] for row in rows.values()}
    while below:  # down to everybody who belongs to them
        bases = [(base,) for base, row in rows.items() if row[_ROOT] in below]
        under = {row[_ROOT] for row in reader.fetch(CUSTOMER, bases, by=("parent",))}
        below = under - rows.keys()
        rows.update(_rows_of(reader, below))
    roster = read_roster(reader, map(pick, rows.values()))
    roots = sorted({row[_ROOT] for row in rows.values()})
    members: dict[str, dict[str, None]] = {}
    for root in roots:
        account = roster.account(root)
        members.setdefault(account, {account: None})[root] = None
    of = {one: roster.account(rows[one][_ROOT]) for one in asked if one in rows}
    wanted = set(of.values())
    return Accounts(
        {account: list(found) for account, found in members.items() if account in wanted},
        read_groups(reader, roots),
        roster,
        of,
    )


def _rows_of(reader: Reader, roots: Iterable[str]) -> dict[str, Row]:
    """Read the records of customers, and those that were merged into them, by id."""
    found = reader.fetch(CUSTOMER, [(root,) for root in roots], by=("root",))
    return {row[0]: row for row in found}


def _parents(rows: Iterable[Row]) -> set[str]:
    return {row[_PARENT] for row in rows if row[_PARENT] is not None}


def work_out(  # noqa: PLR0913 - everything an entry rests on
    reader: Reader, guide: Guide, basis: Basis, accounts: Accounts, begins: int, now: int
) -> dict[str, Entry]:
    """Give the entries of some accounts as of the instant the day begins."""
    members = accounts.members
    roots = [root for found in members.values() for root in found]
    bases = [base for root in roots for base in accounts.groups[root]]
    log = read_log(reader, bases)
    lives = {
        root: [e for base in accounts.groups[root] for e in log[base] if e.live and e.at < begins]
        for root in roots
    }
    rows = {row[0]: row for row in reader.fetch(STANDING, [(account,) for account in members])}
    held = read_held(reader, roots, {})
    merged = {base: root for root in roots for base in accounts.groups[root] if base != root}
    about = decisions_about(reader, bases, frozenset({"agenda"}))
    agreed = by_root(appointments(about, begins), merged)
    measured = _measured(reader, guide, basis, members, rows, min(now, begins))
    kinds = basis.layout.kinds
    policy = guide.policy
    found: dict[str, Entry] = {}
    for account, belong in members.items():
        entries = [entry for root in belong for entry in lives[root]]
        if (
            not entries
            or account in accounts.roster.left_out
            or held.has_ended(account)
            or not (policy.settings.prospects or any(e.kind == "purchase" for e in entries))
        ):
            continue
        contacts = (e.at for e in entries if touches(e.kind, e.row[_ATTRIBUTES], kinds))
        opened = story_of(entries, kinds).open(begins - 1)
        tier = min((held.tier.get(root, ("base", 0))[0] for root in belong), key=NAMES.index)
        row = rows.get(account)
        if row is not None and row[_QUEUE] is not None:
            weight, ideal, worst = row[_WEIGHT], row[_IDEAL], row[_WORST]
            numbers = (row[_TOTAL], row[_DELTA], row[_UNEXPECTED], row[_TIER], row[_FACTS])
        else:
            total, delta, unexpected = measured[account]
            ideal, worst = policy.intervals[tier]
            weight = weigh(total, unexpected, is_open=bool(opened))
            numbers = (total, delta, unexpected, tier, None)
        appointment = agreed.get(account)
        contact, due = next_contact(
            policy,
            ideal,
            latest(contacts),
            min(entry.at for entry in entries),
            min(opened, default=None),
            appointment,
        )
        owner = accounts.roster.owners.get(account)
        if appointment is not None:
            owner = appointment.whose(owner, contact)
        found[account] = Entry(account, owner, weight, ideal, worst, due, contact, *numbers)
    return found


def _measured(  # noqa: PLR0913 - everything a score rests on
    reader: Reader,
    guide: Guide,
    basis: Basis,
    members: Mapping[str, Sequence[str]],
    rows: Mapping[str, Row],
    at: int,
) -> dict[str, tuple[float, float, float]]:
    """Measure accounts that no standing is known of, as `advance` does.

    Of those who belong to each, the best total, the largest rise and the deepest fall count.
    """
    new = [account for account in members if account not in rows or rows[account][_QUEUE] is None]
    if not new:
        return {}
    roots = sorted({root for account in new for root in members[account]})
    columns = measure_all(reader, basis, at, guide.period, roots)
    by_id = {
        customer: (columns.total[p], columns.delta[p], columns.by_own[p])
        for p, customer in enumerate(columns.ids)
    }
    found = {}
    for account in new:
        totals, deltas, falls = zip(*(by_id[root] for root in members[account]), strict=True)
        found[account] = max(totals), max(deltas), min(falls)
    return found
