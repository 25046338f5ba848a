"""Firms in memory; on both stores where a test asks for it (`kit.BOTH`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.outreach.kit import Firm


@pytest.fixture
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Firm]]:
    """Found firms, in memory unless the test is given another store."""
    memory = getattr(request, "param", "memory") == "memory"
    with ExitStack() as stack:

        def make(**how: Any) -> Firm:
            url = "memory://" if memory else f"sqlite:///{tmp_path}/shop.db"
            firm = Firm(url, **how)
            stack.callback(firm.crm.close)
            return firm

        yield make


@pytest.fixture
def firm(found: Callable[..., Firm]) -> Firm:
    """Give a firm without settings: no caps, no quiet hours, every day a working day."""
    return found()
