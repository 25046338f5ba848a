"""The connector suite is worth something: it fails on connectors that break one law each."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.testing import ConnectorSuite
from crmkit.testing.kit_opening import KitLaws
from tests.testing.biting import laws_of, outcomes_of, run_pytest
from tests.testing.broken_connectors import BROKEN, OTHERWISE
from tests.testing.ledger import Sound

CONNECTORS = Path(__file__).with_name("broken_connectors.py")
LAWS = laws_of(ConnectorSuite)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Run every broken law on the connector that breaks it, and all laws on a sound one."""
    report = tmp_path_factory.mktemp("bites") / "report.xml"
    return outcomes_of(CONNECTORS, [*BROKEN, *OTHERWISE], "TestSound", LAWS, report, crashes=True)


@pytest.mark.parametrize("connector", BROKEN, ids=lambda connector: connector.__name__)
def test_a_broken_connector_fails(
    connector: type[Sound], outcomes: dict[tuple[str, str], str]
) -> None:
    """The law that this connector breaks is noticed by the test that states it."""
    found = outcomes[f"Test{connector.__name__}", connector.notices]
    assert found == "failed", connector.__doc__


@pytest.mark.parametrize("law", LAWS)
def test_a_sound_connector_passes(law: str, outcomes: dict[tuple[str, str], str]) -> None:
    """A connector that breaks nothing keeps every law, and none is skipped: none merely fails."""
    assert outcomes["TestSound", law] == "passed"


@pytest.mark.parametrize("connector", OTHERWISE, ids=lambda connector: connector.__name__)
def test_a_law_may_be_kept_otherwise(
    connector: type[Sound], outcomes: dict[tuple[str, str], str]
) -> None:
    """What the contract leaves open is no fault."""
    found = outcomes[f"Test{connector.__name__}", connector.notices]
    assert found == "passed", connector.__doc__


def test_every_law_has_been_seen_to_fail() -> None:
    """There is a broken connector for each law that is not that of all plugins."""
    noticed = {connector.notices for connector in BROKEN}
    assert {*LAWS} - {*laws_of(KitLaws)} - noticed == {"test_the_spec_is_sound"}
    assert noticed <= {*LAWS}


def test_every_law_is_one_sentence() -> None:
    """Every test of the suite says in a docstring which law it states."""
    assert len(LAWS) > 60
    assert [name for name, law in LAWS.items() if not (law.__doc__ or "").endswith(".")] == []


def test_a_suite_without_its_fixture_says_what_to_do(tmp_path: Path) -> None:
    """An author who forgets the spec reads which fixture to override."""
    text = (
        "from crmkit.testing import ConnectorSuite\n\nclass TestMine(ConnectorSuite):\n    pass\n"
    )
    tmp_path.joinpath("test_mine.py").write_text(text)
    done = run_pytest("-k", "test_closing_twice", "test_mine.py", folder=tmp_path)
    assert "Override the fixture spec" in done.stdout
    assert "1 error" in done.stdout
