"""What a message says and on whose behalf: one decision for all that were entered together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from crmkit.contracts.decisions import Deciding, decide, decision
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import DECISION
from crmkit.outreach.templates.catalogue import Source

KIND = "mailing"


@attrs.frozen(kw_only=True)
class Mailing:
    """What all messages of one `enqueue` have in common.

    Attributes:
        purpose: What they are for.
        occasion: On the occasion of what.
        channel: By which channel; None: by the one chosen for each customer.
        source: The template, all its forms.
        variables: Values for everybody.
        expires: When they are no longer worth sending, in microseconds; None: never.
        kind: Kind of touchpoint that one which went is.
        brief: What a colleague must know who carries one out.
        survey: Id of the survey that its link leads to; None: it is none.
        number: Seq of its decision.
    """

    purpose: str
    occasion: str
    channel: str | None
    source: Source
    variables: Mapping[str, Any] = attrs.field(factory=dict)
    expires: int | None = None
    kind: str = "message_out"
    brief: Mapping[str, Any] = attrs.field(factory=dict)
    survey: str | None = None
    number: int = 0

    def record(self, writer: Writer, deciding: Deciding, customer: str | None) -> Mailing:
        """Write it into the log.

        Args:
            writer: The transaction.
            deciding: Who, and when.
            customer: Whom it is about, where it is about one alone: it is erased with him.
        """
        body = {
            "purpose": self.purpose,
            "occasion": self.occasion,
            "channel": self.channel,
            "template": self.source.to_plain(),
            "variables": dict(self.variables),
            "expires": self.expires,
            "kind": self.kind,
            "brief": dict(self.brief),
            "survey": self.survey,
        }
        return attrs.evolve(self, number=decide(writer, KIND, customer, deciding, body))


def read_mailings(reader: Reader, numbers: Iterable[int]) -> dict[int, Mailing]:
    """Read mailings by the seqs of their decisions; one that was erased is not among them."""
    rows = reader.fetch(DECISION, [(one,) for one in set(numbers)])
    return {row[0]: _read(row[0], decision(row).body) for row in rows if row[1] == KIND}


def _read(number: int, body: Mapping[str, Any]) -> Mailing:
    return Mailing(
        purpose=body["purpose"],
        occasion=body["occasion"],
        channel=body["channel"],
        source=Source.from_plain(body["template"]),
        variables=body["variables"],
        expires=body["expires"],
        kind=body["kind"],
        brief=body["brief"],
        survey=body["survey"],
        number=number,
    )
