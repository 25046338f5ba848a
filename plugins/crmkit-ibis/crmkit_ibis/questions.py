"""The questions: everybody's scores, the pyramid, segments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crmkit import ValueModel
from crmkit.contracts.engine import NEGATIVE_KINDS, micros
from crmkit_ibis.log import Table
from crmkit_ibis.opening import Source, open_source
from crmkit_ibis.scoring import score


def scores(  # noqa: PLR0913 - where, what, when and how
    source: Source,
    *,
    model: ValueModel,
    at: datetime,
    engine: Any = "duckdb",
    workspace: str = "default",
    negative: Iterable[str] = NEGATIVE_KINDS,
) -> Table:
    """Give everybody's score at an instant, by today's knowledge: as ``crm.value.scores(at=at)``.

    Args:
        source: A folder that ``crmkit export --log`` wrote; or the URL of a PostgreSQL database
            that holds crmkit's tables, or Ibis's connection to it.
        model: By which model.
        at: As of when, aware; what happened later is left out.
        engine: What reads a folder: ``duckdb`` or ``spark``, or a connection of Ibis to one.
        workspace: Whose customers, where the source is a database.
        negative: Kinds that are aged from the purchase they name, a plugin's among them.

    Returns:
        A table of Ibis that nothing has run yet: ``to_pyarrow()``, ``to_pandas()`` and
        ``to_parquet(path)`` run it. Its columns are ``customer_id`` and ``total``, and for each
        indicator its name with ``_raw``, ``_points``, ``_weight``, ``_contribution``, ``_state``.

    Raises:
        ConfigError: there is no such engine, or its package is missing.
        ExportError: the folder holds no finished export.
        ModelError: an indicator cannot be expressed, or not be a column.
        NaiveTimeError: `at` has no offset.
    """
    log = open_source(source, engine, workspace)
    return score(log, model, micros(at), frozenset(negative))
