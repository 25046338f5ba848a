"""``crm.reports``: channels, segments and the audit log over a period."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

import attrs

from crmkit.arguments import choice
from crmkit.care.channel_report import channel_report
from crmkit.care.periods import bounds
from crmkit.care.segment_report import SEGMENTS, segment_report
from crmkit.contracts.decisions import decision
from crmkit.contracts.session import Session
from crmkit.contracts.tables import DECISION
from crmkit.model.log import Decision
from crmkit.model.reports import AuditLine, ChannelReport, SegmentReport
from crmkit.value.basis import Defaults, read_basis

_AT = DECISION.position["at"]


@attrs.frozen
class Reports:
    """Periodic reports; each is one pass over a log.

    Attributes:
        session: The open workspace.
        defaults: Model and kinds that hold before anything was decided.
    """

    session: Session
    defaults: Defaults

    def channels(self, since: datetime, until: datetime) -> tuple[ChannelReport, ...]:
        """Report on each channel's quality and efficiency (R41), the most used first.

        Args:
            since: Beginning of the period, inclusive.
            until: Its end, exclusive.

        Raises:
            InvalidValueError: it ends before it begins; `NaiveTimeError`: an end has no offset.
        """
        low, high = bounds(since, until)
        with self.session.store.read() as reader:
            layout = read_basis(reader, self.defaults).layout
            return channel_report(reader, layout, low, high)

    def segments(
        self, since: datetime, until: datetime, *, by: str = "tier"
    ) -> tuple[SegmentReport, ...]:
        """Report on each segment: overview, loyalty, profit, performance, promotions (R125, R155).

        Args:
            since: Beginning of the period, inclusive; what came before is compared with it.
            until: Its end, exclusive.
            by: What makes the segments: ``tier``, ``stage``, ``kind`` or ``owner``.

        Raises:
            InvalidValueError: it ends before it begins, or `by` is none of these;
                `NaiveTimeError`: an end has no offset.
        """
        low, high = bounds(since, until)
        choice("by", by, SEGMENTS)
        with self.session.store.read() as reader:
            basis = read_basis(reader, self.defaults)
            return segment_report(reader, basis, low, high, by)

    def audit(self, since: datetime, until: datetime) -> tuple[AuditLine, ...]:
        """Count who decided what over a period (R71), by person, then by kind.

        Each decision stands in ``crm.changes`` with its reason and its facts.

        Args:
            since: Beginning of the period, inclusive: when it was recorded.
            until: Its end, exclusive.

        Raises:
            InvalidValueError: it ends before it begins; `NaiveTimeError`: an end has no offset.
        """
        low, high = bounds(since, until)
        with self.session.store.read() as reader:
            rows = reader.scan(DECISION)
            within = [decision(row) for row in rows if low <= row[_AT] < high]

        def key(one: Decision) -> tuple[str, str, str]:
            return one.by or "", one.kind, str(one.body.get("what", ""))

        lines = []
        for (by, kind, what), group in groupby(sorted(within, key=key), key):
            found = list(group)
            lines.append(
                AuditLine(
                    by=by or None,
                    kind=kind,
                    what=what,
                    count=len(found),
                    customers=len({one.customer_id for one in found} - {None}),
                    first=min(one.at for one in found),
                    last=max(one.at for one in found),
                )
            )
        return tuple(lines)
