"""What all tests share: generated examples without a deadline, and a word on the slow ones."""

from __future__ import annotations

import atexit
import os
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import settings

# Before anything imports one of its modules: the docstring tests import them in their own order,
# and the store suite could not have its parts' assertions rewritten any more.
pytest.register_assert_rewrite("crmkit.testing")

# Two environments share two cores: how long an example takes proves nothing.
settings.register_profile("crmkit", deadline=None)
settings.load_profile("crmkit")

# The whole suite on another store: what it opens as memory:// is a workspace there.
if (wanted := os.environ.get("CRMKIT_TEST_STORE")) is not None:
    from tests import mariadb, mariadb_server, postgres
    from tests.instead import take_memorys_place

    if wanted == "mariadb" and (why := mariadb_server.missing()):
        pytest.exit(f"SKIPPED: {why}", returncode=0)
    there = {"mariadb": mariadb, "postgresql": postgres}[wanted]
    url = there.database()  # type: ignore[attr-defined]
    take_memorys_place(url, there.driven(url))  # type: ignore[attr-defined]

LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the slow tests that are left out, by the reason their mark gives."""
    for item in items:
        counts = item.config.stash.setdefault(LEFT_OUT, Counter())
        if mark := item.get_closest_marker("slow"):
            counts[str(mark.args[0] if mark.args else "no reason given")] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers of a worker: it leaves without what it promised to do at its exit."""
    if hasattr(session.config, "workerinput"):
        atexit._run_exitfuncs()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was left out, and how to run it."""
    for reason, count in sorted(config.stash.get(LEFT_OUT, Counter[str]()).items()):
        terminalreporter.write_line(f"LEFT OUT [{count}] slow, run by `tox run -e slow`: {reason}")
