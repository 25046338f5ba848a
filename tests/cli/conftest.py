"""The shop that the tests of the command line look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.kit import END, WIDE, Shop, records


@pytest.fixture(scope="session")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Give a shop that is only read: captured, and advanced to its end."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    with shop.open(clock=lambda: END) as crm:
        assert crm.capture(records(), "shop").rejections == 0
        crm.lifecycle.advance()
    return shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Give a shop of the test's own, with the same customers."""
    made = Shop(tmp_path)
    with made.open(clock=lambda: END) as crm:
        crm.capture(records(), "shop")
        crm.lifecycle.advance()
    return made


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder, with a wide terminal and no settings of the machine's."""
    monkeypatch.chdir(tmp_path)
    for name in ("CRMKIT_CONFIG", "CRMKIT_URL", "CRMKIT_ACTOR", "CRMKIT_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", WIDE)
