"""The history of a connector's runs: each is written down when it begins and when it ends."""

from __future__ import annotations

import json

import attrs

from crmkit.clock import instant, micros
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import SYNC_RUN
from crmkit.model.sync import SyncReport
from crmkit.sync.setup import Opened, Setup


def begin(setup: Setup, opened: Opened, started: int) -> int:
    """Write down that a run began."""
    name = opened.link.name
    with setup.session.store.write() as writer:
        newest = writer.scan(SYNC_RUN, equal=(name,), reverse=True, limit=1)
        number = next((row[1] for row in newest), 0) + 1
        writer.put(SYNC_RUN, [(name, number, started, None, "{}")])
    return number


def end(setup: Setup, opened: Opened, number: int, report: SyncReport, error: str) -> None:
    """Write down how it ended."""
    name, body = opened.link.name, report.to_dict() | {"error": error}
    written = json.dumps(body, ensure_ascii=False, sort_keys=True)
    started = micros(report.started) if report.started is not None else 0
    with setup.session.store.write() as writer:
        writer.put(SYNC_RUN, [(name, number, started, setup.session.now(), written)])


def history(reader: Reader, name: str, limit: int) -> tuple[SyncReport, ...]:
    """Give what the last runs did, the newest first; of one that was killed, only its beginning."""
    rows = reader.scan(SYNC_RUN, equal=(name,), reverse=True, limit=limit)
    return tuple(_told(row) for row in rows)


def _told(row: Row) -> SyncReport:
    name, _, started, finished, body = row
    if finished is None:
        stopped = "it was killed, or is under way"
        return SyncReport(connector=name, started=instant(started), stopped=stopped)
    plain = json.loads(body)
    error = plain.pop("error")
    report = SyncReport.from_dict(plain)
    return attrs.evolve(report, stopped=error) if error else report
