"""The suite that every connector passes."""

# ruff: noqa: E402 - the modules below must be named to pytest before they are imported
from __future__ import annotations

import pytest

pytest.register_assert_rewrite(  # a law that breaks then shows what it compared
    *(
        f"crmkit.testing.connector_{part}"
        for part in (
            "base",
            "calls",
            "deletes",
            "faults",
            "opening",
            "reads",
            "tokens",
            "values",
            "writes",
        )
    )
)

from crmkit.testing.connector_calls import CallLaws
from crmkit.testing.connector_deletes import DeleteLaws
from crmkit.testing.connector_faults import FaultLaws
from crmkit.testing.connector_opening import OpeningLaws
from crmkit.testing.connector_reads import ReadLaws
from crmkit.testing.connector_tokens import TokenLaws
from crmkit.testing.connector_values import ValueLaws
from crmkit.testing.connector_writes import WriteLaws


class ConnectorSuite(
    ReadLaws, ValueLaws, WriteLaws, DeleteLaws, FaultLaws, TokenLaws, CallLaws, OpeningLaws
):
    """Every law of `crmkit.contracts.connector`, each as one test.

    Subclass it and override the fixtures ``spec``, ``settings`` and ``simulator``; where the
    simulator has a `Book` as its ``book``, the people of the CRM are played through that, else
    override ``people``. What else may be overridden stands in
    `crmkit.testing.connector_base.ConnectorLaws`. A law that needs a capability, or something that
    was not given, is skipped, and says what to give: read them with ``pytest -rs``.

    Each test begins with a CRM that holds no records.

    A new version of crmkit may bring new laws: run the suite against each.
    """
