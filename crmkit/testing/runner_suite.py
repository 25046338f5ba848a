"""The suite that every runner passes."""

# ruff: noqa: E402 - the modules below must be named to pytest before they are imported
from __future__ import annotations

import pytest

pytest.register_assert_rewrite(  # a law that breaks then shows what it compared
    *(f"crmkit.testing.runner_{part}" for part in ("base", "queueing", "working"))
)

from crmkit.testing.runner_queueing import QueueLaws
from crmkit.testing.runner_working import WorkLaws


class RunnerSuite(QueueLaws, WorkLaws):
    """Every law of `crmkit.contracts.runner`, each as one test.

    Subclass it and override the fixtures ``spec`` and ``settings``, and ``store`` where the queue
    lies in a database: each test must find the queue empty. Where your queue goes by a clock of its
    own, override ``pass_time``. What else may be overridden stands in
    `crmkit.testing.runner_base.RunnerLaws`.

    Example:
        >>> import pytest
        >>> from crmkit.contracts.specs import RunnerSpec
        >>> from crmkit.runners.offered import BUILT_IN
        >>> class TestFlock(RunnerSuite):
        ...     @pytest.fixture
        ...     def spec(self) -> RunnerSpec:
        ...         return BUILT_IN[0]

    A new version of crmkit may bring new laws: run the suite against each.
    """
