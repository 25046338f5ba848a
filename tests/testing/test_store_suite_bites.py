"""The store suite is worth something: it fails on stores that break one law each."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.testing import StoreSuite
from tests.testing.biting import laws_of, outcomes_of, run_pytest
from tests.testing.broken_stores import BROKEN, Broken

STORES = Path(__file__).with_name("broken_stores.py")
BITTEN = sorted({store.notices for store in BROKEN})


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Run every law that is broken, on the store that breaks it and on an honest one."""
    report = tmp_path_factory.mktemp("bites") / "report.xml"
    return outcomes_of(STORES, BROKEN, "TestHonest", BITTEN, report)


@pytest.mark.parametrize("store", BROKEN, ids=lambda store: store.__name__)
def test_a_broken_store_fails(store: type[Broken], outcomes: dict[tuple[str, str], str]) -> None:
    """The law that this store breaks is noticed by the test that states it."""
    assert outcomes[f"Test{store.__name__}", store.notices] == "failed", store.__doc__


@pytest.mark.parametrize("law", BITTEN)
def test_an_honest_store_passes(law: str, outcomes: dict[tuple[str, str], str]) -> None:
    """The same test is kept by a store that breaks nothing: the suite does not merely fail."""
    assert outcomes["TestHonest", law] != "failed"


def test_every_law_is_one_sentence() -> None:
    """Every test of the suite says in a docstring which law it states."""
    laws = laws_of(StoreSuite)
    assert len(laws) > 45
    assert [name for name, law in laws.items() if not (law.__doc__ or "").endswith(".")] == []


def test_a_suite_without_its_fixture_says_what_to_do(tmp_path: Path) -> None:
    """An author who forgets the fixture reads which one to override."""
    text = "from crmkit.testing import StoreSuite\n\nclass TestMine(StoreSuite):\n    pass\n"
    tmp_path.joinpath("test_mine.py").write_text(text)
    done = run_pytest("-k", "test_put_replaces_the_whole_row", "test_mine.py", folder=tmp_path)
    assert "Override the fixture store_factory" in done.stdout
    assert "1 error" in done.stdout
