"""Scores of an engine are the core's own, on whichever engine."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import crmkit_ibis
import ibis
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from ibis_checks import captured_shop, check_scores, rows
from ibis_kit import DAY, HOUR, MODEL, stories, told

import crmkit

STORY: list[Any] = [
    [
        ("purchase", who, 24 * 9 * turn, turn, len(who) + turn)
        for who in ("ann", "bob", "cyn")
        for turn in range(9)
    ],
    [("visit", who, 31 * turn, turn, 3 * turn) for who in ("ann", "dan") for turn in range(11)],
    ("promotion", 2, 9, 3),
    ("promotion", 1, 5, 6),
    [("return", "ann", 5, 3, 4), ("refund", "bob", 7, 1, 1), ("return", "cyn", -9, 2, 5)],
    [
        ("survey_sent", "bob", 90, 0, 0),
        ("survey_answered", "cyn", 30, 1, 9),
        ("praise", "dan", 8, 0, 0),
    ],
    [("event_invited", "bob", 90, 0, 0), ("event_attended", "bob", 30, 1, 9)],
    ("decline", 0, 1, 0),
    ("override", 1, 2, 3),
    ("override", 1, 2, 5),
    ("merge", 2, 3, 0),
    ("reinstate", 0, 1, 0),
    ("correct", 4, 9, 3),
    ("retract", 8, 0, 0),
]
"""A firm to whom everything happens once."""


@settings(
    max_examples=3,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=list(HealthCheck),
)
@given(story=stories)
def test_any_firm_scores_the_same_on_duckdb(duck: Any, story: list[Any]):
    """Whatever was captured, corrected, merged and decided: every part of everybody is equal."""
    with told(story) as firm, TemporaryDirectory() as folder:
        firm.crm.touchpoints.export_log(folder)
        table = crmkit_ibis.scores(folder, model=MODEL, at=firm.now, engine=duck)
        check_scores(firm.crm, table, firm.now)


@pytest.mark.slow("some minutes")
@settings(
    max_examples=40,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=list(HealthCheck),
)
@given(story=stories)
def test_a_great_many_firms_score_the_same_on_duckdb(duck: Any, story: list[Any]):
    """The same law for many more stories, and at an instant ahead."""
    with told(story) as firm, TemporaryDirectory() as folder:
        firm.crm.touchpoints.export_log(folder)
        for at in (firm.now, firm.now - 37 * DAY, firm.now - HOUR, firm.now + DAY):
            table = crmkit_ibis.scores(folder, model=MODEL, at=at, engine=duck)
            check_scores(firm.crm, table, at)


def test_a_real_shop_scores_the_same(duck: Any, tmp_path: Path):
    """Weeks of a shop's invoices, under the default model and at instants among them."""
    with crmkit.connect("memory://", plugins=[]) as crm:
        last = captured_shop(crm, 12_000)
        crm.touchpoints.export_log(tmp_path)
        for at in (last + DAY, last - 20 * DAY):
            table = crmkit_ibis.scores(tmp_path, model=crm.value.model(), at=at, engine=duck)
            assert check_scores(crm, table, at) > 300


def test_postgresql_scores_its_own_tables(database: str):
    """Nothing is exported: crmkit's own database answers, each workspace by itself."""
    with told(STORY, database) as firm:
        table = crmkit_ibis.scores(database, model=MODEL, at=firm.now)
        assert check_scores(firm.crm, table, firm.now) == 3
        other = crmkit_ibis.scores(database, model=MODEL, at=firm.now, workspace="other")
        assert rows(other) == {}
        for one in (table, other):
            one.get_backend().disconnect()


def test_a_connection_that_the_host_has_opened_is_enough(database: str):
    """Ibis's own connection to PostgreSQL, in place of a URL."""
    with told(STORY, database) as firm:
        connection = ibis.connect(database)
        check_scores(firm.crm, crmkit_ibis.scores(connection, model=MODEL, at=firm.now), firm.now)
        connection.disconnect()


def test_a_log_without_anything_gives_nobody(duck: Any, tmp_path: Path):
    """An export of an empty workspace is no error."""
    with told([]) as firm:
        firm.crm.touchpoints.export_log(tmp_path)
        table = crmkit_ibis.scores(tmp_path, model=MODEL, at=firm.now, engine=duck)
        assert rows(table) == {}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its sockets
@pytest.mark.slow("Spark takes half a minute to start and to plan")
def test_spark_scores_the_same(spark: Any, tmp_path: Path):
    """The same expression on Spark, in a session with a time zone of its own."""
    with told(STORY) as firm:
        firm.crm.touchpoints.export_log(tmp_path)
        table = crmkit_ibis.scores(tmp_path, model=MODEL, at=firm.now, engine=spark)
        assert check_scores(firm.crm, table, firm.now) == 3
