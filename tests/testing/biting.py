"""Running a suite of laws on what is broken in one way each: what both suites' own tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]
WORST = ("failed", "skipped", "passed")
FAILED = ("AssertionError", "assert ", "Failed: ")


class Noticed(Protocol):
    """Something broken: a class with the name of the test that must notice."""

    notices: str
    __name__: str


def run_pytest(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def outcomes_of(
    file: Path,
    broken: Iterable[Noticed],
    sound: str,
    laws: Iterable[str],
    report: Path,
    *,
    crashes: bool = False,
) -> dict[tuple[str, str], str]:
    """Run each broken one's own test, and some laws on the sound one, in one pytest.

    Gives whether each (class, test) ``passed``, ``failed`` or was ``skipped``; of a test with
    parameters it has failed where one of them did, and been skipped where one of them was.
    A failure must be an assertion, unless what is tested may raise (`crashes`).
    """
    nodes = [f"{file}::Test{one.__name__}::{one.notices}" for one in broken]
    nodes += [f"{file}::{sound}::{law}" for law in sorted(laws)]
    if crashes:  # what is left open is found whenever the next collection of garbage comes
        nodes += ["-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
    done = run_pytest(*nodes, "--tb=line", f"--junitxml={report}", folder=ROOT)
    assert report.exists(), done.stdout + done.stderr
    outcomes: dict[tuple[str, str], str] = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.attrib["name"].partition("[")[0]
        mark = (case.attrib["classname"].rpartition(".")[2], name)
        failed, skipped = (case.find(found) is not None for found in ("failure", "skipped"))
        now = "failed" if failed else "skipped" if skipped else "passed"
        outcomes[mark] = min(outcomes.get(mark, now), now, key=WORST.index)
        for error in case.findall("error"):
            at_the_end = "on teardown" in error.attrib["message"]  # what cannot be closed
            assert crashes, ET.tostring(case)
            assert at_the_end, ET.tostring(case)
        for failure in case.findall("failure"):
            message = failure.attrib["message"]
            assert crashes or message.startswith(FAILED), message
    return outcomes


def laws_of(suite: type) -> dict[str, object]:
    """Give the tests of a suite and of all its bases by name."""
    found = {name: it for base in reversed(suite.__mro__) for name, it in vars(base).items()}
    return {name: law for name, law in found.items() if name.startswith("test_")}
