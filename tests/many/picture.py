"""What a workspace comes to, by names that do not depend on who came first."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import crmkit
from crmkit.contracts.tables import COLLISION, CUSTOMER, DECISION, IDENTITY, TOUCHPOINT, VOID
from tests.many.work import NOW

_UNLIKE = frozenset("touchpoint merge customers document ids run facts at until item".split())
"""Parts of decisions that hold ids and instants of the run."""

Picture = dict[str, Any]


def picture(crm: crmkit.CRM) -> tuple[Picture, dict[str, float]]:
    """Give who is who, what they did and what was decided; and what they are worth, in figures."""
    with crm.session.store.read() as reader:
        rows = {
            table: list(reader.scan(table))
            for table in (TOUCHPOINT, VOID, DECISION, CUSTOMER, IDENTITY, COLLISION)
        }
    keys: dict[str, list[str]] = {row[0]: [] for row in rows[CUSTOMER]}
    for system, value, base, _ in rows[IDENTITY]:
        keys[base].append(f"{system}={value}")
    name = {base: min(found) for base, found in keys.items()}
    void = {row[1] for row in rows[VOID]}
    people: dict[str, Any] = {
        name[row[0]]: (sorted(keys[row[0]]), name[row[2]], row[4]) for row in rows[CUSTOMER]
    }
    figures: dict[str, float] = {}
    for score in crm.value.scores(at=NOW):
        who = name[score.customer_id]
        stage = crm.lifecycle.stage(score.customer_id, NOW).name
        people[who] += (stage, score.tier, [part.state for part in score.parts])
        for part in score.parts:
            figures[f"{who} {part.indicator} raw"] = part.raw
            figures[f"{who} {part.indicator} points"] = part.contribution
    touchpoints = Counter(
        (
            row[1],
            _plain(row[1], row[2], name),
            row[3],
            name.get(row[4]),
            *row[6:8],
            row[11],
            row[0] in void,
        )
        for row in rows[TOUCHPOINT]
    )
    whole = {
        "people": people,
        "touchpoints": touchpoints,
        "decisions": Counter(
            (row[1], name.get(row[2]), _said(row[6], name)) for row in rows[DECISION]
        ),
        "collisions": len(rows[COLLISION]),
    }
    return whole, figures


def _plain(source: str, record: str, name: dict[str, str]) -> str:
    """Give a record's id; one of the agenda starts with its customer's, a letter's is a number."""
    base, colon, rest = record.partition(":")
    if source in ("outreach", "survey") and base.isdecimal():
        return f"letter{colon}{rest}"
    return name.get(base, base) + colon + rest


def _said(body: str, name: dict[str, str]) -> str:
    plain = {
        key: name.get(value, value) if isinstance(value, str) else value
        for key, value in json.loads(body).items()
        if key not in _UNLIKE
    }
    return json.dumps(plain, sort_keys=True)
