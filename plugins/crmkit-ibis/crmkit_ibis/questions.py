"""The questions: everybody's scores, the pyramid, segments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from crmkit import InvalidValueError, ValueModel
from crmkit.contracts.engine import NEGATIVE_KINDS, micros
from crmkit_ibis.log import Table
from crmkit_ibis.opening import Source, open_source
from crmkit_ibis.pyramid import draw
from crmkit_ibis.scoring import score
from crmkit_ibis.segments import report


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


def pyramid(  # noqa: PLR0913 - where, what, when and how
    source: Source,
    *,
    model: ValueModel,
    at: datetime,
    engine: Any = "duckdb",
    workspace: str = "default",
    negative: Iterable[str] = NEGATIVE_KINDS,
) -> Table:
    """Give the tiers by rank, with their shares of value and revenue: as ``crm.value.pyramid``.

    Before the log's end those are ranked who were known by then. Who had no touchpoint and was
    only written down is known to a database, and not to a folder.

    Arguments and errors are those of `scores`.

    Returns:
        A table of Ibis, a row each for ``key``, ``core`` and ``base``: ``name``, ``count``,
        ``value_share``, ``revenue_share``, ``floor`` and ``revenue``.
    """
    log, when = open_source(source, engine, workspace), micros(at)
    reached = micros(datetime.now(UTC)) if log.reached is None else log.reached
    return draw(log, model, when, frozenset(negative), past=when < reached)


def segments(  # noqa: PLR0913 - where, what, when and how
    source: Source,
    *,
    model: ValueModel,
    since: datetime,
    until: datetime,
    by: str = "tier",
    engine: Any = "duckdb",
    workspace: str = "default",
    negative: Iterable[str] = NEGATIVE_KINDS,
) -> Table:
    """Give what each segment brought and cost over a period: as ``crmkit report segments``.

    Customers stand in the segment that ``advance`` recorded last.

    Args:
        source: As for `scores`; so are `engine`, `workspace` and `negative`.
        model: Whose currency and rates hold.
        since: Start of the period.
        until: Its end, exclusive; the period before is as long.
        by: ``tier`` or ``stage``; of a database also ``kind`` or ``owner``.
        engine: As for `scores`.
        workspace: As for `scores`.
        negative: As for `scores`.

    Returns:
        A table of Ibis, a row a segment, with the columns of `crmkit.model.reports.SegmentReport`.

    Raises:
        InvalidValueError: `until` does not lie behind `since`; or `by` is nothing the log tells.
    """
    start, end = micros(since, "since"), micros(until, "until")
    if end <= start:
        message = f"until ({until}) must lie behind since ({since})"
        raise InvalidValueError(message, field="until")
    log = open_source(source, engine, workspace)
    return report(log, model, start, end, by, frozenset(negative))
