"""``crmkit work`` and ``crmkit jobs``: a worker as a service or a cron job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.kit import python_path, run

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shop.db"


def test_a_cron_job_does_what_is_due_and_ends(url: str):
    """Everything is done once, told line by line, and listed with what it came to."""
    done = run("--url", url, "work", "--until-idle", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["name"] for one in lines} == {"dispatch", "reconcile", "advance", "funnel"}
    assert all(one["ok"] for one in lines)
    listed = json.loads(run("--url", url, "jobs", "--json").stdout)
    assert [(one["name"], one["every"]) for one in listed] == [
        ("dispatch", 10.0),
        ("reconcile", 600.0),
        ("advance", 3600.0),
        ("funnel", 3600.0),
        ("feedback", None),
        ("rebuild", None),
    ]
    assert all((one["last"] is None) == (one["every"] is None) for one in listed)
    assert "advance" in run("--url", url, "jobs").stdout


def test_what_is_handed_in_is_done_by_a_worker(url: str):
    """A rebuild in four parts is queued, and done by the next worker."""
    handed = run("--url", url, "jobs", "submit", "rebuild", "--shards", 4).stdout.split()
    assert handed == [f"rebuild:default:{part}of4" for part in range(4)]
    done = run("--url", url, "work", "--until-idle", "--json")
    names = [json.loads(line)["job"] for line in done.stdout.splitlines()]
    assert set(handed) < set(names)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[runner]\ntype = 3", "runner.type: must be text, got 3"),
        ("[runner]\nthreads = 0", "runner.threads: 'threads' must be >= 1"),
        ("[runner]\nthread = 2", "runner.thread: is no setting; did you mean 'threads'?"),
        ('[runner]\ntype = "procrastinat"', "no plugin offers the runner 'procrastinat'"),
        ('runner = "embedded"', "runner: must be a section of settings"),
        ('[jobs]\nadvance = "soon"', "jobs.advance: must be a duration"),
        ('[jobs]\nadvanc = "1h"', "jobs.advanc: is no setting; did you mean 'advance'?"),
    ],
)
def test_a_wrong_setting_is_one_line(url: str, text: str, line: str, tmp_path: Path):
    """It names the key; the worker does not begin, and the doctor tells it too."""
    (tmp_path / "crmkit.toml").write_text(text, "utf-8")
    done = run("--url", url, "--no-plugins", "work", code=3 if "no plugin" in line else 2)
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    if not text.startswith("runner"):
        assert line in run("--url", url, "--no-plugins", "doctor", "--json", code=1).stdout


def test_a_worker_whose_output_nobody_reads_ends(url: str):
    """What it had done is done; it does not go on where nobody learns of it."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "crmkit.cli", "--url", url, "work", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=python_path(),
    )
    assert worker.stdout is not None
    worker.stdout.close()
    _, said = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, said) == (0, b"")
    listed = json.loads(run("--url", url, "jobs", "--json").stdout)
    assert [one["error"] for one in listed] == [None] * len(listed)
    assert any(one["last"] for one in listed)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_worker_whose_output_has_no_room_says_so(url: str):
    """It ends with one line, and with 3."""
    with Path("/dev/full").open("wb") as full:
        call = [sys.executable, "-m", "crmkit.cli", "--url", url, "work", "--until-idle", "--json"]
        done = subprocess.run(
            call,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            env=python_path(),
            timeout=PATIENCE,
        )
    assert (done.returncode, done.stderr) == (3, b"Error: No space left on device\n")


def test_a_job_that_fails_is_told_and_ends_with_1(url: str, tmp_path: Path):
    """The rest is done; the reason stands on one line, and in the list."""
    mapping = (
        '[[connectors.a.mapping]]\nconcept = "customers"\nobject = "people"\nfields.email = "m"\n'
    )
    text = f'[connectors.a]\ntype = "csv"\nfolder = "{tmp_path}/gone"\n{mapping}'
    (tmp_path / "crmkit.toml").write_text(text, "utf-8")
    done = run("--url", url, "work", "--until-idle", code=1)
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("sync:default:a")]
    assert "failed, again in 10 s" in line
    listed = json.loads(run("--url", url, "jobs", "--json").stdout)
    assert [one["error"] is not None for one in listed if one["name"] == "sync"] == [True]
    assert "failed: " in run("--url", url, "jobs").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_in_order(url: str, tmp_path: Path, number: signal.Signals):
    """A service that is told to stop ends with 0 once its jobs are done."""
    worker = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "crmkit.cli", "--url", url, "work", "--json"],
        cwd=tmp_path,
        env={**os.environ, **python_path()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert worker.stdout is not None
    assert json.loads(worker.stdout.readline())["ok"]
    worker.send_signal(number)
    told = worker.communicate(timeout=PATIENCE)[1]
    assert (worker.returncode, number.name in told) == (0, True), told


def test_a_database_that_goes_away_ends_a_cron_job(tmp_path: Path):
    """Where nothing can be queued, it is one line, and 3."""
    done = run("--url", f"sqlite:///{tmp_path}/none/shop.db", "work", "--until-idle", code=3)
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
