"""The pyramid and the segments of an engine are the core's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import crmkit_ibis
import pytest
from ibis_checks import captured_shop, rows
from ibis_kit import DAY, MODEL, told
from test_ibis_scores import STORY

import crmkit
from crmkit import InvalidValueError

LAST = datetime.fromisoformat("2011-03-01T12:00:00+00:00")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[crmkit.CRM, Path]]:
    """Weeks of a real shop, advanced, and its exported log."""
    folder = tmp_path_factory.mktemp("log")
    clock = [LAST]
    with crmkit.connect("memory://", plugins=[], clock=lambda: clock[0]) as crm:
        clock[0] = captured_shop(crm, 4_000) + DAY
        crm.market.promotion("rival", clock[0] - 60 * DAY, clock[0] - 40 * DAY)
        crm.lifecycle.advance()
        crm.touchpoints.export_log(folder)
        yield crm, folder


def check_pyramid(crm: crmkit.CRM, table: Any, at: datetime) -> None:
    """Compare every number of every tier."""
    found = table.to_pyarrow().to_pylist()
    for tier, row in zip(crm.value.pyramid(at), found, strict=True):
        told = tier.to_dict() | {"revenue": float(tier.revenue)}
        assert row.keys() == told.keys()
        assert row.pop("revenue") == pytest.approx(told.pop("revenue"), abs=0.006)
        assert (row.pop("name"), row.pop("count")) == (told.pop("name"), told.pop("count"))
        assert row == pytest.approx(told, abs=1e-9)


def check_segments(crm: crmkit.CRM, table: Any, period: tuple[datetime, datetime], by: str) -> int:
    """Compare every number of every segment; tell how many there are."""
    found = table.to_pyarrow().to_pylist()
    reports = crm.reports.segments(*period, by=by)
    assert len(found) == len(reports)
    for report, row in zip(reports, found, strict=True):
        told = report.to_dict()
        assert row.pop("segment") == told.pop("segment")
        assert [name for name in told if row[name] is None] == [
            name for name in told if told[name] is None
        ]
        known = {name: value for name, value in told.items() if value is not None}
        mine = {name: value for name, value in row.items() if value is not None}
        assert mine == pytest.approx(known, rel=1e-9, abs=1e-9)
    return len(found)


def test_the_pyramid_of_a_real_shop(shop: tuple[crmkit.CRM, Path], duck: Any):
    """Tiers, shares, floors and revenue, now and at an instant of the past."""
    crm, folder = shop
    for at in (crm.session.clock(), crm.session.clock() - 25 * DAY):
        table = crmkit_ibis.pyramid(folder, model=crm.value.model(), at=at, engine=duck)
        check_pyramid(crm, table, at)


def test_the_segments_of_a_real_shop(shop: tuple[crmkit.CRM, Path], duck: Any):
    """By the tier and by the stage that were recorded, over a month beside the one before."""
    crm, folder = shop
    until = crm.session.clock()
    period = (until - 30 * DAY, until)
    for by, least in (("tier", 3), ("stage", 2)):
        table = crmkit_ibis.segments(
            folder, model=crm.value.model(), since=period[0], until=until, by=by, engine=duck
        )
        assert check_segments(crm, table, period, by) >= least


def test_postgresql_reports_on_its_own_tables(database: str):
    """The database knows account managers and kinds too."""
    with told(STORY, database) as firm:
        firm.crm.lifecycle.advance()
        period = (firm.now - 100 * DAY, firm.now)
        table = crmkit_ibis.pyramid(database, model=MODEL, at=firm.now)
        check_pyramid(firm.crm, table, firm.now)
        table.get_backend().disconnect()
        table = crmkit_ibis.segments(
            database, model=MODEL, since=period[0], until=period[1], by="kind"
        )
        check_segments(firm.crm, table, period, "kind")
        table.get_backend().disconnect()


def test_nobody_makes_an_empty_pyramid(duck: Any, tmp_path: Path):
    """Three tiers without anybody."""
    with told([]) as firm:
        firm.crm.touchpoints.export_log(tmp_path)
        table = crmkit_ibis.pyramid(tmp_path, model=MODEL, at=firm.now, engine=duck)
        found = rows(table)
        assert [row["count"] for row in found.values()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("more", "what"),
    [({"by": "owner"}, "one of tier, stage"), ({"until": LAST - 90 * DAY}, "must lie behind")],
)
def test_what_a_log_does_not_tell_is_refused(
    shop: tuple[crmkit.CRM, Path], duck: Any, more: dict[str, Any], what: str
):
    """A folder knows no account managers; and a period has an end behind its start."""
    crm, folder = shop
    asked = {"since": LAST - 30 * DAY, "until": LAST, "model": crm.value.model()} | more
    with pytest.raises(InvalidValueError, match=what):
        crmkit_ibis.segments(folder, engine=duck, **asked)
