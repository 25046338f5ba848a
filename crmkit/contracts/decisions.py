"""Writing and reading the second log: one function each, used by everything that decides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from crmkit.clock import instant
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import DECISION
from crmkit.model.log import Decision


@attrs.frozen(kw_only=True)
class Deciding:
    """Who decides, when and why: what every decision carries.

    Attributes:
        now: The clock's instant, in microseconds since 1970.
        by: Who; None: a rule.
        reason: Why, in words.
    """

    now: int
    by: str | None = None
    reason: str = ""


def decide(
    writer: Writer,
    kind: str,
    customer: str | None,
    deciding: Deciding,
    body: Mapping[str, Any] | None = None,
) -> int:
    """Append one decision and give its seq; the decision's public id is its decimal text."""
    return decide_all(writer, kind, [(customer, deciding.reason, body or {})], deciding)


def decide_all(
    writer: Writer,
    kind: str,
    decisions: Iterable[tuple[str | None, str, Mapping[str, Any]]],
    deciding: Deciding,
    *,
    first: int | None = None,
) -> int:
    """Append one decision a ``(customer, reason, body)``; give the first seq.

    Args:
        writer: The transaction.
        kind: Of all of them.
        decisions: What is decided.
        deciding: Who, and when.
        first: The first of their seqs, where the caller has reserved them; None: reserve them.
    """
    batch = list(decisions)
    if first is None:
        first = writer.sequence(len(batch))
    writer.append(
        DECISION,
        [
            (seq, kind, customer, deciding.now, deciding.by, reason, body_text(body))
            for seq, (customer, reason, body) in enumerate(batch, first)
        ],
    )
    return first


def decided(
    seq: int, kind: str, customer: str | None, deciding: Deciding, body: Mapping[str, Any]
) -> Decision:
    """Give a decision that was appended just now as the public record."""
    said = (deciding.now, deciding.by, deciding.reason, body_text(body))
    return decision((seq, kind, customer, *said))


def decisions(reader: Reader, *kinds: str) -> list[Decision]:
    """Give every decision of these kinds in the workspace, oldest first."""
    rows = [
        row for kind in kinds for row in reader.scan(DECISION, by=("kind", "seq"), equal=(kind,))
    ]
    return [decision(row) for row in sorted(rows)]


def decisions_about(
    reader: Reader, customers: Iterable[str], kinds: frozenset[str]
) -> Iterator[Decision]:
    """Give the decisions of these kinds about these customers, in the order they were made."""
    rows = reader.fetch(DECISION, [(customer,) for customer in customers], by=("customer",))
    return (decision(row) for row in sorted(row for row in rows if row[1] in kinds))


def decision(row: tuple[Any, ...]) -> Decision:
    """Turn a DECISION row into the public record."""
    seq, kind, customer, at, by, reason, body = row
    return Decision(
        id=str(seq),
        kind=kind,
        customer_id=customer,
        at=instant(at),
        by=by,
        reason=reason,
        body=json.loads(body),
    )


def body_text(body: Mapping[str, Any]) -> str:
    """Write a decision's body as its row carries it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
