"""What crmkit finds under the entry point."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import hookimpl
from crmkit.contracts.specs import EngineSpec


@hookimpl
def crmkit_engines() -> Iterable[EngineSpec]:
    """Offer Ibis; what it needs is imported when it is opened."""
    yield EngineSpec(
        name="ibis",
        open="crmkit_ibis.engine:IbisEngine",
        summary="sums the log up on DuckDB, PostgreSQL or Spark",
    )
