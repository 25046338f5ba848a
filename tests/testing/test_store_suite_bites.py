"""The store suite is worth something: it fails on stores that break one law each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from crmkit.testing import StoreSuite
from tests.testing.broken_stores import BROKEN, Broken

STORES = Path(__file__).with_name("broken_stores.py")
ROOT = STORES.parents[2]


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


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], bool]:
    """Run each broken store's own test, and the same tests on an honest store, in one pytest.

    Gives whether each (class, test) passed; of a test with parameters, whether all of them did.
    """
    report = tmp_path_factory.mktemp("bites") / "report.xml"
    nodes = [f"{STORES}::Test{store.__name__}::{store.notices}" for store in BROKEN]
    nodes += [f"{STORES}::TestHonest::{name}" for name in sorted({s.notices for s in BROKEN})]
    done = run_pytest(*nodes, f"--junitxml={report}", folder=ROOT)
    assert report.exists(), done.stdout + done.stderr
    passed: dict[tuple[str, str], bool] = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.attrib["name"].partition("[")[0]
        mark = (case.attrib["classname"].rpartition(".")[2], name)
        passed[mark] = passed.get(mark, True) and case.find("failure") is None
        assert case.find("error") is None, ET.tostring(case)
        for failure in case.findall("failure"):  # by its assertion, not because a store crashed
            message = failure.attrib["message"]
            assert message.startswith(("AssertionError", "assert ", "Failed: DID NOT")), message
    return passed


@pytest.mark.parametrize("store", BROKEN, ids=lambda store: store.__name__)
def test_a_broken_store_fails(store: type[Broken], outcomes: dict[tuple[str, str], bool]) -> None:
    """The law that this store breaks is noticed by the test that states it."""
    assert outcomes[f"Test{store.__name__}", store.notices] is False, store.__doc__


@pytest.mark.parametrize("law", sorted({store.notices for store in BROKEN}))
def test_an_honest_store_passes(law: str, outcomes: dict[tuple[str, str], bool]) -> None:
    """The same test is kept by a store that breaks nothing: the suite does not merely fail."""
    assert outcomes["TestHonest", law] is True


def test_every_law_is_one_sentence() -> None:
    """Every test of the suite says in a docstring which law it states."""
    laws = {name: law for name, law in vars_of(StoreSuite).items() if name.startswith("test_")}
    assert len(laws) > 45
    assert [name for name, law in laws.items() if not (law.__doc__ or "").endswith(".")] == []


def vars_of(suite: type) -> dict[str, object]:
    """Give the attributes of a class and of all its bases."""
    return {name: value for base in reversed(suite.__mro__) for name, value in vars(base).items()}


def test_a_suite_without_its_fixture_says_what_to_do(tmp_path: Path) -> None:
    """An author who forgets the fixture reads which one to override."""
    text = "from crmkit.testing import StoreSuite\n\nclass TestMine(StoreSuite):\n    pass\n"
    tmp_path.joinpath("test_mine.py").write_text(text)
    done = run_pytest("-k", "test_put_replaces_the_whole_row", "test_mine.py", folder=tmp_path)
    assert "Override the fixture store_factory" in done.stdout
    assert "1 error" in done.stdout
