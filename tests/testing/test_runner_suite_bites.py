"""The runner suite is worth something: it fails on runners that break one law each."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.testing import RunnerSuite
from tests.testing.biting import laws_of, outcomes_of, run_pytest
from tests.testing.broken_runners import BROKEN, Sound

RUNNERS = Path(__file__).with_name("broken_runners.py")
LAWS = laws_of(RunnerSuite)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Run every broken law on the runner that breaks it, and all laws on a sound one."""
    report = tmp_path_factory.mktemp("bites") / "report.xml"
    return outcomes_of(RUNNERS, BROKEN, "TestSound", LAWS, report, crashes=True)


@pytest.mark.parametrize("runner", BROKEN, ids=lambda runner: runner.__name__)
def test_a_broken_runner_fails(runner: type[Sound], outcomes: dict[tuple[str, str], str]) -> None:
    """The law that this runner breaks is noticed by the test that states it."""
    assert outcomes[f"Test{runner.__name__}", runner.notices] == "failed", runner.__doc__


@pytest.mark.parametrize("law", LAWS)
def test_a_sound_runner_passes(law: str, outcomes: dict[tuple[str, str], str]) -> None:
    """A runner that breaks nothing keeps every law, and none is skipped: none merely fails."""
    assert outcomes["TestSound", law] == "passed"


def test_every_law_is_one_sentence() -> None:
    """Every test of the suite says in a docstring which law it states."""
    assert len(LAWS) > 30
    assert [name for name, law in LAWS.items() if not (law.__doc__ or "").endswith(".")] == []


def test_a_suite_without_its_fixture_says_what_to_do(tmp_path: Path) -> None:
    """An author who forgets the spec reads which fixture to override."""
    text = "from crmkit.testing import RunnerSuite\n\nclass TestMine(RunnerSuite):\n    pass\n"
    tmp_path.joinpath("test_mine.py").write_text(text)
    done = run_pytest("-k", "test_closing_twice", "test_mine.py", folder=tmp_path)
    assert "Override the fixture spec" in done.stdout
    assert "1 error" in done.stdout
