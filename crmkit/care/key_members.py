"""Who is a key account today: memberships joined by whom their customers are merged into.

Two key accounts that turn out to be one customer are one, which takes one place; an unmerge parts
them again.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from crmkit.contracts.documents import Documents
from crmkit.contracts.store import Reader
from crmkit.model.key_account import MEMBER, KeyAccount
from crmkit.value.roots import roots_of

ACCOUNTS = Documents("key_account", KeyAccount)
Memberships = list[KeyAccount]
"""Of one key account, the oldest first."""


def members(reader: Reader) -> dict[str, Memberships]:
    """Give the memberships of every key account, the oldest first, by root id."""
    return by_root(reader, ACCOUNTS.all(reader, states=(MEMBER,)))


def by_root(reader: Reader, accounts: Iterable[KeyAccount]) -> dict[str, Memberships]:
    """Put the memberships among these together, by root id."""
    held = [one for one in accounts if one.state == MEMBER]
    leads = roots_of(reader, (one.customer_id for one in held))
    found: dict[str, Memberships] = {}
    for one in held:
        own = str(one.customer_id)
        found.setdefault(leads.get(own, own), []).append(one)
    return found


def shown(root: str, memberships: Memberships) -> KeyAccount:
    """Give a key account as it is shown: its oldest admission, about whom it is today."""
    return attrs.evolve(memberships[0], customer_id=root)
