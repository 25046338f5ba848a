"""Which channel for whom: his wish, then what he answered to, then the default (R16, R36, R39)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crmkit.clock import instant
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import STANDING, TOUCHPOINT
from crmkit.outreach.gate import Attempt, Gate, Verdict
from crmkit.outreach.lines import Line, Lines
from crmkit.outreach.policy import OutreachPolicy
from crmkit.outreach.recipients import Recipient

CONSENT = "consent"
_ANSWERS = ("message_in", "survey_answered")
_LOOKED_AT = 5
"""Newest answers of a customer that are looked at: enough to meet one by a channel in use."""
_TIER = STANDING.position["tier"]


def order(
    reader: Reader, lines: Lines, policy: OutreachPolicy, recipients: Iterable[Recipient], now: int
) -> dict[str, list[Line]]:
    """Give each customer's channels, best first, by his root id."""
    everybody = list(recipients)
    known = usable(lines)
    tiers = {
        row[0]: row[_TIER] for row in reader.fetch(STANDING, [(one.root,) for one in everybody])
    }
    today = instant(now).date()
    return {
        one.root: _ordered(
            known,
            _wished(one),
            _answered(reader, one),
            policy.chain_of(one.customer, tiers.get(one.root), today),
        )
        for one in everybody
    }


def usable(lines: Lines) -> list[Line]:
    """Give the channels that reach customers: first those that a machine carries out.

    One for trying out, which reaches nobody, is among them only where it is configured.
    """
    found = [lines.get(name) for name in lines.names()]
    reach = [one for one in found if not one.can("staff") and one.spec.name != "console"]
    named = [one for one in found if one.spec.name == "console" and one.name in lines.configured]
    return sorted([*reach, *named], key=lambda one: one.can("person"))


def choose(gate: Gate, attempts: Sequence[Attempt]) -> tuple[Attempt | None, Verdict | None]:
    """Give the first attempt that nothing speaks against, or the first with what speaks against it.

    No colleague is asked to go round a consent that is missing: where a channel would reach him
    but for that, one that a colleague carries out needs a consent of its own.

    Args:
        gate: The gate, for these customers.
        attempts: One a channel, best first.
    """
    first: tuple[Attempt | None, Verdict | None] = (None, None)
    unasked = False
    for attempt in attempts:
        verdict = gate.refusal(attempt, asked=unasked)
        if verdict is None:
            return attempt, None
        unasked = unasked or verdict.reason == CONSENT
        if first[0] is None:
            first = attempt, verdict
    return first


def _ordered(known: list[Line], *wishes: Sequence[str]) -> list[Line]:
    """Give the channels named by these wishes, in their order, then the others as they come."""
    found: dict[str, Line] = {}
    for name in (name for wish in wishes for name in wish):
        for line in known:
            if name in line.names or name == line.spec.identity:
                found.setdefault(line.name, line)
    if not wishes[-1]:  # no default is set: every channel there is
        for line in known:
            found.setdefault(line.name, line)
    return list(found.values())


def _wished(recipient: Recipient) -> list[str]:
    wish = recipient.customer.preferred_channel
    return [] if not wish else [wish]


def _answered(reader: Reader, recipient: Recipient) -> list[str]:
    """Give the channels of a customer's newest answers, newest first."""
    columns = ("at", "channel")
    found: list[tuple[int, str]] = []
    for one in recipient.ids:
        rows = reader.scan(
            TOUCHPOINT,
            by=("customer", "at"),
            equal=(one,),
            where={"kind": _ANSWERS},
            reverse=True,
            limit=_LOOKED_AT,
            columns=columns,
        )
        found.extend(row for row in rows if row[1])
    return [channel for _, channel in sorted(found, reverse=True)]
