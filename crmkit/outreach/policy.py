"""Section ``[outreach]`` of the configuration: what the gate and the dispatch go by."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, time
from typing import Any

import attrs

from crmkit.clock import zone
from crmkit.contracts.settings import check_keys, nearest, refuse, shape
from crmkit.model.consent import PURPOSES, SERVICE, TRANSACTIONAL
from crmkit.model.customer import Customer
from crmkit.outreach.caps import Cap
from crmkit.outreach.consented import BASES, OPT_IN
from crmkit.outreach.days import WorkingDays
from crmkit.outreach.durations import duration
from crmkit.outreach.groups import Group, known_channel, read_chain, read_groups
from crmkit.outreach.quiet import QuietHours, clock_time

QUIET, CAPS = "quiet_hours", "caps"
PASSES: Mapping[str, frozenset[str]] = {
    TRANSACTIONAL: frozenset({QUIET, CAPS}),
    SERVICE: frozenset({CAPS}),
}
"""What messages of a purpose pass; a purpose that is not named passes nothing."""
ALL = "all"
"""Name of the cap over all channels."""
_OTHERS = frozenset({"templates", "surveys"})
"""Keys that other parts of outreach read and check."""
_MOST_ATTEMPTS, _MOST_BATCH = 1000, 100_000
_REGION = re.compile("[A-Z]{2}(-[A-Z0-9]{1,3})?")


@attrs.frozen(kw_only=True)
class Quiet:
    """Section ``[outreach.quiet_hours]``.

    Attributes:
        hours: The quiet hours of everybody.
        candidate_zones: Zones that one whose zone nobody knows may be in: a message goes to him
            outside the quiet hours of all; none: it never does.
        regions: Further quiet hours by region, such as ``US-FL``.
    """

    hours: QuietHours
    candidate_zones: tuple[str, ...] = ()
    regions: Mapping[str, QuietHours] = attrs.field(factory=dict)

    def windows(self, regions: Collection[str] = ()) -> tuple[QuietHours, ...]:
        """Give the quiet hours that hold for one in these regions, as `allowed_from` takes them."""
        more = (self.regions[one] for one in sorted(regions) if one in self.regions)
        return (self.hours, *more)


@attrs.frozen(kw_only=True)
class OutreachPolicy:
    """The settings, checked.

    Attributes:
        caps: By name of a channel; `ALL`: over all channels.
        quiet: Quiet hours; None: no hour is quiet.
        days: Working days and holidays; None: every day is one.
        basis: What each purpose rests on: ``opt_in`` or ``opt_out``.
        chain: Names of channels in the order they are tried; none: as configured.
        groups: Other chains for groups of customers; the first that holds one decides.
        wait: How long an answer is waited for before the next channel of the chain, in
            microseconds; None: the next channel is not tried.
        lease: How long a dispatcher may take over a message, in microseconds.
        attempts: How often a message is tried at most.
        backoff: Wait after the first failure, in microseconds; doubled with each.
        backoff_most: The longest such wait.
        batch: How many messages are taken at once.
        holdout: Share of customers who get nothing, so that the effect can be told; 0.0 to 1.0.
        tone: How customers are spoken to, as templates see it.
    """

    caps: Mapping[str, Cap]
    quiet: Quiet | None
    days: WorkingDays | None
    basis: Mapping[str, str]
    chain: tuple[str, ...]
    groups: tuple[Group, ...]
    wait: int | None
    lease: int
    attempts: int
    backoff: int
    backoff_most: int
    batch: int
    holdout: float
    tone: str | None

    @classmethod
    def of(
        cls, section: Mapping[str, Any], channels: Collection[str] | None = None
    ) -> OutreachPolicy:
        """Read the section.

        Args:
            section: What the configuration says.
            channels: Names of the channels there are, which caps and chains must name; None: any.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        check_keys(section, _KEYS, "outreach")
        caps = _table(section, "caps")
        for name in caps.keys() - {ALL}:
            known_channel(name, channels, f"outreach.caps.{name}")
        wait = section.get("wait")
        backoff, most = _span(section, "backoff", "1m"), _span(section, "backoff_most", "6h")
        if most < backoff:
            refuse("outreach.backoff_most", "must not be below backoff", section["backoff_most"])
        return cls(
            caps={name: Cap.of(given, f"outreach.caps.{name}") for name, given in caps.items()},
            quiet=_quiet(_table(section, QUIET)) if QUIET in section else None,
            days=WorkingDays.of(_table(section, "days")) if "days" in section else None,
            basis=dict.fromkeys(PURPOSES, OPT_IN) | _basis(_table(section, "basis")),
            chain=read_chain(section.get("chain", ()), channels, "outreach.chain"),
            groups=read_groups(section.get("groups", ()), channels, "outreach.groups"),
            wait=None if wait is None else duration(wait, "outreach.wait"),
            lease=_span(section, "lease", "10m"),
            attempts=_whole(section, "attempts", 8, _MOST_ATTEMPTS),
            backoff=backoff,
            backoff_most=most,
            batch=_whole(section, "batch", 500, _MOST_BATCH),
            holdout=_share(section, "holdout"),
            tone=shape(section.get("tone"), str | None, "outreach.tone"),
        )

    def passes(self, purpose: str, rule: str) -> bool:
        """Tell whether messages of a purpose pass ``quiet_hours`` or ``caps``."""
        return rule in PASSES.get(purpose, ())

    def chain_of(self, customer: Customer, tier: str | None, today: date) -> tuple[str, ...]:
        """Give the channels that a customer is reached by, the best first (R36)."""
        for group in self.groups:
            if group.holds(customer, tier, today):
                return group.chain
        return self.chain


_KEYS = {field.name for field in attrs.fields(OutreachPolicy)} - {"quiet"} | {QUIET} | _OTHERS
_DEFAULT = {"start": "21:00", "end": "08:00"}


def _quiet(section: Mapping[str, Any]) -> Quiet:
    key = f"outreach.{QUIET}"
    check_keys(section, ("start", "end", "candidate_zones", "regions"), key)
    zones = shape(section.get("candidate_zones", ()), tuple[str, ...], f"{key}.candidate_zones")
    for name in zones:
        if zone(name) is None:
            refuse(f"{key}.candidate_zones", "must name IANA zones such as Asia/Shanghai", name)
    regions = shape(section.get("regions", {}), Mapping[str, Mapping[str, Any]], f"{key}.regions")
    for name, hours in regions.items():
        if not _REGION.fullmatch(name):
            refuse(f"{key}.regions", 'must be named by ISO 3166 codes such as "US-FL"', name)
        check_keys(hours, ("start", "end"), f"{key}.regions.{name}")
    return Quiet(
        hours=_hours({**_DEFAULT, **section}, key),
        candidate_zones=zones,
        regions={name: _hours(hours, f"{key}.regions.{name}") for name, hours in regions.items()},
    )


def _hours(section: Mapping[str, Any], key: str) -> QuietHours:
    ends = []
    for name in ("start", "end"):
        if name not in section:
            refuse(f"{key}.{name}", "is required")
        given = section[name]
        # TOML has times of day of its own: 21:00:00 without quotes
        found = given if isinstance(given, time) else clock_time(shape(given, str, f"{key}.{name}"))
        if found is None or found.second or found.microsecond or found.tzinfo is not None:
            refuse(f"{key}.{name}", 'must be a time of day such as "21:00"', given)
        ends.append(found)
    return QuietHours(*ends)


def _basis(section: Mapping[str, Any]) -> dict[str, str]:
    for purpose, basis in section.items():
        where = f"outreach.basis.{purpose}"
        if purpose not in PURPOSES:
            refuse(
                where, f"is no purpose: one of {', '.join(PURPOSES)}{nearest(purpose, PURPOSES)}"
            )
        if basis not in BASES:
            refuse(where, f"must be one of {', '.join(BASES)}", basis)
    return dict(section)


def _table(section: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = shape(section.get(name, {}), Mapping[str, Any], f"outreach.{name}")
    return found


def _span(section: Mapping[str, Any], name: str, default: str) -> int:
    return duration(section.get(name, default), f"outreach.{name}")


def _whole(section: Mapping[str, Any], name: str, default: int, most: int) -> int:
    found: int = shape(section.get(name, default), int, f"outreach.{name}")
    if not 1 <= found <= most:
        refuse(f"outreach.{name}", f"must be 1 to {most:,}", found)
    return found


def _share(section: Mapping[str, Any], name: str) -> float:
    found: float = shape(section.get(name, 0.0), float, f"outreach.{name}")
    if not 0.0 <= found <= 1.0:
        refuse(f"outreach.{name}", "must be 0.0 to 1.0", found)
    return found
