"""Groups of customers, and the channels each is reached by (R36)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import attrs

from crmkit.contracts.settings import check_keys, nearest, refuse, shape
from crmkit.lifecycle.tiers import NAMES as TIERS
from crmkit.model.customer import CUSTOMER_KINDS, Customer

_MOST_AGE = 150
_WHEN = ("age_from", "age_to", "tier", "kind", "language", "industry")


@attrs.frozen(kw_only=True)
class Group:
    """Customers alike, and the channels they are reached by (R36).

    Attributes:
        chain: Names of channels, the best first.
        age_from: At least so old, in years; one whose birthday is not known is in no such group.
        age_to: At most so old.
        tiers: Of one of these tiers; none: of any.
        kind: ``person`` or ``organisation``; None: either.
        languages: BCP 47 tags, which their longer forms match too; none: of any.
        industries: Industries; none: of any.
    """

    chain: tuple[str, ...]
    age_from: int | None = None
    age_to: int | None = None
    tiers: frozenset[str] = frozenset()
    kind: str | None = None
    languages: tuple[str, ...] = ()
    industries: frozenset[str] = frozenset()

    def holds(self, customer: Customer, tier: str | None, today: date) -> bool:
        """Tell whether a customer is in it."""
        if self.kind is not None and customer.kind != self.kind:
            return False
        if self.tiers and tier not in self.tiers:
            return False
        if self.industries and (customer.industry or "").casefold() not in self.industries:
            return False
        spoken = (customer.language or "").lower()
        if self.languages and not any(
            spoken == one or spoken.startswith(f"{one}-") for one in self.languages
        ):
            return False
        if self.age_from is None and self.age_to is None:
            return True
        age = _age(customer.birthday, today)
        return age is not None and (self.age_from or 0) <= age <= (
            _MOST_AGE if self.age_to is None else self.age_to
        )


def read_groups(given: Any, channels: Collection[str] | None, key: str) -> tuple[Group, ...]:
    """Read ``[[outreach.groups]]``.

    Raises:
        ConfigError: names the setting that makes no sense.
    """
    found = []
    for number, one in enumerate(shape(given, tuple[Mapping[str, Any], ...], key)):
        where = f"{key}[{number}]"
        check_keys(one, ("when", "chain"), where)
        if not one.get("chain"):
            refuse(f"{where}.chain", "must name the channels of the group")
        when = shape(one.get("when", {}), Mapping[str, Any], f"{where}.when")
        check_keys(when, _WHEN, f"{where}.when")
        found.append(
            _group(when, read_chain(one["chain"], channels, f"{where}.chain"), f"{where}.when")
        )
    return tuple(found)


def read_chain(given: Any, channels: Collection[str] | None, key: str) -> tuple[str, ...]:
    """Read a list of names of channels; raises `ConfigError`."""
    chain: tuple[str, ...] = shape(given, tuple[str, ...], key)
    for name in chain:
        known_channel(name, channels, key)
    if len(set(chain)) < len(chain):
        refuse(key, "names a channel twice", list(chain))
    return chain


def known_channel(name: str, channels: Collection[str] | None, key: str) -> None:
    """Refuse a channel that is not configured; `channels` None: any is taken."""
    if channels is not None and name not in channels:
        refuse(key, f"names no channel under [channels]{nearest(name, channels)}", name)


def _group(when: Mapping[str, Any], chain: tuple[str, ...], where: str) -> Group:
    ages = {}
    for name in ("age_from", "age_to"):
        ages[name] = age = shape(when.get(name), int | None, f"{where}.{name}")
        if age is not None and not 0 <= age <= _MOST_AGE:
            refuse(f"{where}.{name}", f"must be 0 to {_MOST_AGE} years", age)
    if None not in ages.values() and ages["age_from"] > ages["age_to"]:
        refuse(f"{where}.age_to", "must not be below age_from", ages["age_to"])
    kind = shape(when.get("kind"), str | None, f"{where}.kind")
    if kind is not None and kind not in CUSTOMER_KINDS:
        refuse(f"{where}.kind", f"must be one of {', '.join(CUSTOMER_KINDS)}", kind)
    tiers = _words(when, "tier", where)
    for tier in tiers:
        if tier not in TIERS:
            refuse(f"{where}.tier", f"is no tier: one of {', '.join(TIERS)}", tier)
    return Group(
        chain=chain,
        tiers=frozenset(tiers),
        kind=kind,
        languages=tuple(one.lower() for one in _words(when, "language", where)),
        industries=frozenset(one.casefold() for one in _words(when, "industry", where)),
        **ages,
    )


def _words(when: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    """Read one word, or a list of them."""
    given = when.get(name, ())
    words: tuple[str, ...] = shape(
        (given,) if isinstance(given, str) else given, tuple[str, ...], f"{where}.{name}"
    )
    return words


def _age(birthday: date | None, today: date) -> int | None:
    if birthday is None or birthday > today:
        return None
    had = (today.month, today.day) >= (birthday.month, birthday.day)
    return today.year - birthday.year - (not had)
