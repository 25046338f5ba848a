"""``crmkit rebuild --engine``: the log that is exported for an engine alone is gone afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

import crmkit
from crmkit.cli import main
from crmkit.cli.engines import opened_engine
from crmkit.cli.failing import FAILED
from crmkit.errors import ConfigError
from tests.cli.kit import python_path

pytest.importorskip("pyarrow", reason="a log is exported by pyarrow")

PATIENCE = 60.0
ENDED = """
import os, signal, sys, time
import crmkit
from tests.cli.test_engines import Nest, opened_engine

nest = Nest()
with crmkit.connect("memory://", plugins=[]) as crm, opened_engine(nest, crm, "nest", None):
    print(nest.log, flush=True)
    assert (nest.log / "crmkit.json").exists()
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    except SystemExit:
        if sys.argv[1] == "swallowed":
            raise RuntimeError("Query interrupted") from None
        raise
"""


class Nest:
    """Settings whose only plugin offers an engine that needs a log."""

    def __init__(self) -> None:
        self.log = Path()
        self.plugins: Any = SimpleNamespace(open_engine=self.open_engine)

    def open_engine(self, _: str, told: Mapping[str, Any]) -> Any:
        if "log" not in told:
            message = "name its folder"
            raise ConfigError(message, key="log")
        self.log = Path(told["log"])
        return SimpleNamespace(close=lambda: None)


@pytest.fixture
def crm() -> Iterator[crmkit.CRM]:
    with crmkit.connect("memory://", plugins=[]) as made:
        yield made


@pytest.fixture
def default() -> Iterator[None]:
    """Have SIGTERM end the program, as it does where nobody said otherwise."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def used(crm: crmkit.CRM) -> tuple[Any, Path]:
    """Open an engine; give who handles SIGTERM meanwhile, and where the log was."""
    nest: Any = Nest()
    with opened_engine(nest, crm, "nest", None):
        assert (nest.log / "crmkit.json").exists()
        return signal.getsignal(signal.SIGTERM), nest.log


@pytest.mark.parametrize("how", ["raised", "swallowed"])
def test_a_program_that_is_told_to_end_leaves_no_log(how: str):
    """SIGTERM, as a service manager sends it; also where an engine makes another error of it."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ENDED, how],
        env=python_path(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("crmkit-log-")
    assert not folder.exists()


@pytest.mark.usefixtures("default")
def test_afterwards_the_signal_is_what_it_was(crm: crmkit.CRM):
    """The program ends by it as before, and the folder is gone."""
    meanwhile, folder = used(crm)
    assert callable(meanwhile)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert not folder.exists()


@pytest.mark.usefixtures("default")
def test_whoever_handles_the_signal_goes_on_doing_so(crm: crmkit.CRM):
    """A host has its own way of ending."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    meanwhile, folder = used(crm)
    assert meanwhile is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert not folder.exists()


@pytest.mark.usefixtures("default")
def test_a_thread_leaves_signals_alone(crm: crmkit.CRM):
    """Python lets none but the main thread handle them."""
    found: list[tuple[Any, Path]] = []
    thread = threading.Thread(target=lambda: found.append(used(crm)))
    thread.start()
    thread.join(PATIENCE)
    ((meanwhile, folder),) = found
    assert meanwhile is signal.SIG_DFL
    assert not folder.exists()


@pytest.mark.parametrize(
    ("named", "code", "line"),
    [
        ("ibis:duckdb", FAILED, "it comes with a plugin: pip install crmkit-ibis"),
        ("ibis:", 2, "--engine ibis:: name it as NAME or NAME:BACKEND"),
        (":duckdb", 2, "--engine :duckdb: name it as NAME or NAME:BACKEND"),
    ],
)
def test_an_engine_that_cannot_be_is_one_line(tmp_path: Path, named: str, code: int, line: str):
    """It says what to install, or how an engine is named."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    done = CliRunner().invoke(main, ["--no-plugins", "--url", url, "rebuild", "--engine", named])
    assert done.exit_code == code
    assert line in done.stderr
