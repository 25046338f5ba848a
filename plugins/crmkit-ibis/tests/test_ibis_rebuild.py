"""``crmkit rebuild --engine ibis:...``: the states that an engine sums up are the core's own."""

from __future__ import annotations

import subprocess
import sys
from array import array
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from crmkit_ibis import hooks
from crmkit_ibis.engine import IbisEngine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ibis_kit import Firm, stories, told
from test_ibis_scores import STORY

import crmkit
from crmkit import ConfigError, ExportError
from crmkit.contracts.engine import EngineConfig
from crmkit.contracts.parquet import open_log
from crmkit.contracts.tables import STATE
from crmkit.testing.plugins import check_installed, manager_for

FEW = settings(
    max_examples=2,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=list(HealthCheck),
)
DOUBLES = "sums first newest contact own recorded".split()


def states(crm: crmkit.CRM) -> dict[str, dict[str, Any]]:
    """Give every state row, with what is packed in it laid open as far as order is none."""
    with crm.session.store.read() as reader:
        found = [dict(zip(STATE.names, row, strict=True)) for row in reader.scan(STATE)]
    for row in found:
        row["sums"] = list(array("d", row["sums"]))
        numbers = array("q", row["seen"] or b"")
        newest: dict[int, int] = {}
        for key, at in zip(numbers[::2], numbers[1::2], strict=True):
            newest[key] = max(at, newest.get(key, at))
        row["seen"] = newest
        row["bought"] = set(array("q", row["bought"] or b""))
    return {row["customer"]: row for row in found}


def check_states(crm: crmkit.CRM, engine: IbisEngine) -> int:
    """Rebuild both ways and compare: counts and instants equal, sums within 1e-9."""
    crm.value.rebuild()
    before = states(crm)
    assert crm.value.rebuild(engine=engine) == len(before)
    engine.close()
    after = states(crm)
    assert after.keys() == before.keys()
    for customer, row in before.items():
        assert after[customer].pop("sums") == pytest.approx(row.pop("sums"), rel=1e-9, abs=1e-9)
        mine, theirs = row.pop("rest"), after[customer].pop("rest")
        assert (mine is None) == (theirs is None)
        assert after[customer] == row
    scores = {score.customer_id: score.total for score in crm.value.scores()}
    crm.value.rebuild()
    assert scores == pytest.approx(
        {one.customer_id: one.total for one in crm.value.scores()}, abs=1e-9
    )
    return len(before)


@FEW
@given(story=stories, cut=st.integers(0, 15))
def test_any_firm_is_rebuilt_as_the_core_does_it(story: list[Any], cut: int):
    """Whatever happened, before the export and after it."""
    firm = Firm("memory://")
    with firm.crm, TemporaryDirectory() as folder:
        for number, step in enumerate(story):
            if number in (0, cut):
                firm.crm.touchpoints.export_log(folder)
            firm.play(step)
        check_states(firm.crm, IbisEngine(EngineConfig(backend="duckdb", log=folder)))


def test_the_folder_s_place_in_the_log_is_told(tmp_path: Path):
    """With the cursor the core finds out whether the database was restored since."""
    with told(STORY) as firm:
        made = firm.crm.touchpoints.export_log(tmp_path)
    engine = IbisEngine(EngineConfig(log=str(tmp_path)))
    source = engine.source()
    assert (source.watermark, source.cursor) == (made.watermark, open_log(tmp_path).cursor)
    engine.close()


def test_postgresql_sums_its_own_tables_up(database: str):
    """No folder is needed where the engine is the database."""
    with told(STORY, database) as firm:
        engine = IbisEngine(EngineConfig(backend="postgresql", url=database))
        assert check_states(firm.crm, engine) == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its sockets
@pytest.mark.slow("Spark takes half a minute to start and to plan")
def test_spark_sums_up_the_same(spark: Any, tmp_path: Path):
    """The same expression on Spark, in the session that there is."""
    assert spark.name == "pyspark"
    with told(STORY) as firm:
        firm.crm.touchpoints.export_log(tmp_path)
        engine = IbisEngine(EngineConfig(backend="spark", log=str(tmp_path)))
        assert check_states(firm.crm, engine) == 3


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"backend": "duck"}, "no backend 'duck': one of duckdb, postgresql, spark"),
        ({"backend": "duckdb"}, "name its folder"),
        ({"backend": "postgresql", "url": "sqlite:///shop.db"}, "the database is another"),
    ],
)
def test_an_engine_that_cannot_work_says_why(config: dict[str, Any], what: str):
    """Nothing is read, and nothing is written."""
    with pytest.raises(ConfigError, match=what):
        manager_for(hooks).open_engine("ibis", config)


def test_an_export_that_was_never_finished_is_no_log(tmp_path: Path):
    """A folder without its manifest holds nothing that could be trusted."""
    with pytest.raises(ExportError, match="no export of a log was finished"):
        IbisEngine(EngineConfig(log=str(tmp_path)))


def crmkit_rebuild(database: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    try:
        distribution("crmkit-ibis")
    except PackageNotFoundError:
        pytest.skip("crmkit-ibis is not installed: its entry point cannot be found")
    command = [sys.executable, "-m", "crmkit.cli", "--url", database, "rebuild", *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow("a program that loads everything anew")
def test_the_command_rebuilds_by_an_engine(tmp_path: Path):
    """``--engine ibis:duckdb`` exports to a folder of its own, which is gone afterwards."""
    check_installed("crmkit-ibis")
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with told(STORY, url):
        pass
    done = crmkit_rebuild(url, "--engine", "ibis:duckdb")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "3 customers" in done.stdout


@pytest.mark.slow("a program each, which loads everything anew")
def test_the_command_keeps_the_log_that_it_is_given(tmp_path: Path):
    """A folder is brought up to date and stays; a misspelt name or backend is one line."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with told(STORY, url):
        pass
    done = crmkit_rebuild(url, "--engine", "ibis:duckdb", "--log", str(tmp_path / "log"))
    assert (done.returncode, done.stderr) == (0, ""), done
    assert (tmp_path / "log" / "crmkit.json").exists()
    for named, what in (("ibes:duckdb", "ibes"), ("ibis:quack", "quack")):
        done = crmkit_rebuild(url, "--engine", named)
        assert done.returncode != 0
        assert what in done.stderr
        assert len(done.stderr.splitlines()) < 5
