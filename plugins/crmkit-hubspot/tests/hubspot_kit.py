"""What several tests do: read everything, write one record."""

from collections.abc import Sequence
from datetime import UTC, datetime

from crmkit_hubspot.connector import HubSpot

from crmkit.contracts.connector import Changes, Cursor, Remote, Result, Upsert

START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def pages(
    connector: HubSpot, entity: str, cursor: Cursor | None = None, *, fields: Sequence[str] = ()
) -> list[Changes]:
    """Read as the engine does: each page's cursor verbatim, until there is no more."""
    found = [connector.changes(entity, cursor, fields=fields)]
    while found[-1].more:
        found.append(connector.changes(entity, found[-1].cursor, fields=fields))
    return found


def all_of(found: Sequence[Changes]) -> list[Remote]:
    return [record for page in found for record in page.records]


def write(connector: HubSpot, entity: str, *records: Upsert) -> dict[str, Result]:
    return {result.key: result for result in connector.upsert(entity, records)}
