"""Records of kinds whose plugin is not there: rejected by its name, while all others are taken.

Scoring stops without the plugin, capture need not: a touchpoint that is not taken is lost, and a
value folded without the plugin's kinds and indicators is marked so by its layout's id, and folded
anew when the plugin is back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.capture.engine import OnReject
from crmkit.capture.exact import Fault
from crmkit.capture.parse import rejection
from crmkit.model.touchpoint import CaptureReport, Rejection


@attrs.frozen
class Absent:
    """Kinds that were declared once and are not known now.

    Attributes:
        kinds: Why a record of each cannot be taken, naming the plugin.
    """

    kinds: Mapping[str, str]

    def listener(self, on_reject: OnReject | None) -> OnReject | None:
        """Give what is called with each rejection instead, for a caller who wants to hear them."""
        if on_reject is None or not self.kinds:
            return on_reject
        return lambda one: on_reject(self.explained(one))

    def report(self, report: CaptureReport) -> CaptureReport:
        """Give a report whose rejections name the plugins."""
        if not self.kinds or not report.rejected:
            return report
        return attrs.evolve(report, rejected=tuple(map(self.explained, report.rejected)))

    def explained(self, one: Rejection) -> Rejection:
        """Give a rejection for its kind with the plugin that is missing, any other as it is."""
        kind = _kind(one.record) if one.field == "kind" else None
        why = self.kinds.get(kind) if isinstance(kind, str) else None
        return one if why is None else rejection(one.record, Fault("kind", why))


def _kind(record: Any) -> Any:
    """Give a record's kind; None where it cannot be read."""
    try:
        return record["kind"] if isinstance(record, Mapping) else record.kind
    except Exception:  # noqa: BLE001 - a host's own classes may do anything
        return None
