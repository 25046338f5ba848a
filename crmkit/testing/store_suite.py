"""The suite that every store passes."""

# ruff: noqa: E402 - the modules below must be named to pytest before they are imported
from __future__ import annotations

import pytest

pytest.register_assert_rewrite(  # a law that breaks then shows what it compared
    *(f"crmkit.testing.store_{part}" for part in ("reads", "sharing", "values", "writes"))
)

from crmkit.testing.store_reads import ReadLaws
from crmkit.testing.store_sharing import SharingLaws, WorkspaceLaws
from crmkit.testing.store_values import ValueLaws
from crmkit.testing.store_writes import WriteLaws


class StoreSuite(WriteLaws, ReadLaws, ValueLaws, SharingLaws, WorkspaceLaws):
    """Every law of `crmkit.contracts.store`, each as one test.

    Subclass it and override one fixture, which gives a function that opens one and the same
    database, at first empty, for a workspace.

    Example:
        >>> from functools import partial
        >>> import pytest
        >>> from crmkit.stores import open_store
        >>> class TestShelf(StoreSuite):
        ...     @pytest.fixture
        ...     def store_factory(self, tmp_path):
        ...         return partial(open_store, f"sqlite:///{tmp_path}/shelf.db")

    A new version of crmkit may bring new laws: run the suite against each.
    """
