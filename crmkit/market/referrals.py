"""How many of the new customers came by word of mouth, from the log (R279)."""

from __future__ import annotations

import json
from functools import partial

from crmkit.capture.friends import friend_keys
from crmkit.capture.keys import Key, read_keys
from crmkit.capture.normalise import Normaliser
from crmkit.clock import instant
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, IDENTITY
from crmkit.model.market import ReferralShare
from crmkit.value.everybody import each_state
from crmkit.value.layout import Layout
from crmkit.value.live import live_rows
from crmkit.value.roots import roots_of

_REFERRAL = "referral"
_ROOT, _BODY = CUSTOMER.position["root"], CUSTOMER.position["body"]


def referral_share(
    reader: Reader, layout: Layout, normaliser: Normaliser, span: tuple[int, int]
) -> ReferralShare:
    """Count who first bought between two instants, the second not among them."""
    since, until = span
    firsts = {
        root: bought[0]
        for root, state in each_state(reader, layout, until - 1)
        if (bought := state.bought_until(until - 1)) and bought[0] >= since
    }
    referred = _named(reader, normaliser, until)
    named = {root for root, at in firsts.items() if referred.get(root, until) <= at}
    said = {
        row[_ROOT]
        for row in reader.fetch(CUSTOMER, [(root,) for root in firsts], by=("root",))
        if _came_by_referral(row[_BODY])
    }
    count = len(named | said)
    return ReferralShare(
        since=instant(since),
        until=instant(until),
        customers=len(firsts),
        referred=count,
        named=len(named),
        share=count / len(firsts) if firsts else None,
    )


def _named(reader: Reader, normaliser: Normaliser, until: int) -> dict[str, int]:
    """Read whom referrals named, by root id, and when the first did."""
    read = partial(read_keys, normaliser=normaliser)
    rows = live_rows(reader, ("seq", "at", "friend"), until=until, kinds=(_REFERRAL,))
    keyed: dict[Key, int] = {}
    for _, at, friend in rows:
        if friend is not None:
            for key in friend_keys(friend, read):
                keyed.setdefault(key, at)
    holders = {row[:2]: row[2] for row in reader.fetch(IDENTITY, list(keyed))}
    roots = roots_of(reader, holders.values())
    found: dict[str, int] = {}
    for key, base in holders.items():
        if base in roots:
            root = roots[base]
            found[root] = min(keyed[key], found.get(root, keyed[key]))
    return found


def _came_by_referral(body: str) -> bool:
    if '"acquired_by"' not in body:
        return False
    said = json.loads(body).get("acquired_by")
    return isinstance(said, str) and said.strip().casefold() == _REFERRAL
