"""What a shop's day came to, without what differs between two runs of one day."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import (
    CUSTOMER,
    DECISION,
    IDENTITY,
    PAIR,
    STANDING,
    SYNC_CASE,
    TOUCHPOINT,
)
from crmkit.crm import CRM
from crmkit.testing.day import HEAD, Day

_CHANCE = re.compile(
    r"(.*_)?(at|recorded|since|until|opened|begins|ends|due|sent|run|seq|rank|count)|id"
)
"""Instants; and the rank among those who are worth the same, whom ids made by lot put in order."""


def outcome(day: Day, crm: CRM) -> dict[str, Any]:
    """Give everything that there is, but for instants, places in the logs, and ids of crmkit's."""
    with crm.session.store.read() as reader:
        who = dict(_mails(reader))
        found: dict[str, Any] = {
            "touchpoints": Counter(_touchpoint(row, who) for row in reader.scan(TOUCHPOINT)),
            "decisions": Counter(_decision(row, who) for row in reader.scan(DECISION)),
            "standing": sorted(_standing(row, who) for row in reader.scan(STANDING)),
            "pairs": sum(1 for _ in reader.scan(PAIR)),
            "cases": sum(1 for _ in reader.scan(SYNC_CASE)),
        }
    rows = crm.outreach.ledger()
    found["messages"] = sorted((who[one.customer_id], one.occasion, one.state) for one in rows)
    found["scores"] = sorted(
        (who[one.customer_id], round(one.total, 9)) for one in crm.value.scores()
    )
    found["office"] = sorted(tuple(one[name] for name in HEAD[1:]) for one in day.office())
    found["sent"] = _sent(day, who)
    return found


def _sent(day: Day, who: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """Count what was sent by customer and occasion."""
    path = day.folder / "sent.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    return Counter((who[one["customer_id"]], one["occasion"]) for one in found)


def _mails(reader: Reader) -> Iterable[tuple[str, str]]:
    known = {row[2]: row[1] for row in reader.scan(IDENTITY) if row[0] == "email"}
    for row in reader.scan(CUSTOMER, columns=("id",)):
        yield row[0], known.get(row[0], "?")


def _touchpoint(row: Row, who: Mapping[str, str]) -> tuple[Any, ...]:
    named = dict(zip(TOUCHPOINT.names, row, strict=True))
    own = named["id"] if named["source"] == "shop" else None
    kept = ("source", "kind", "amount", "currency", "item", "channel", "direction", "text", "rev")
    return own, who[named["customer"]], *(named[name] for name in kept)


def _decision(row: Row, who: Mapping[str, str]) -> tuple[Any, ...]:
    named = dict(zip(DECISION.names, row, strict=True))
    body = json.loads(named["body"])
    return named["kind"], who.get(named["customer"]), json.dumps(_plain(body, who), sort_keys=True)


def _plain(value: Any, who: Mapping[str, str]) -> Any:
    """Leave out instants and ids that crmkit makes."""
    if isinstance(value, dict):
        return {k: _plain(v, who) for k, v in value.items() if not _CHANCE.fullmatch(k)}
    if isinstance(value, list):
        return [_plain(one, who) for one in value]
    if isinstance(value, str):
        return who.get(value, value)
    return value


def _standing(row: Row, who: Mapping[str, str]) -> tuple[Any, ...]:
    named = dict(zip(STANDING.names, row, strict=True))
    return who[named["customer"]], named["stage"], named["tier"]
