"""What the core offers at ``crmkit_connectors``."""

from __future__ import annotations

from crmkit.connectors.csv.settings import CsvSettings
from crmkit.contracts.specs import ConnectorSpec

BUILT_IN: tuple[ConnectorSpec, ...] = (
    ConnectorSpec(
        name="csv",
        open="crmkit.connectors.csv.connector:CsvConnector",
        config=CsvSettings,
        capabilities={"upsert", "delete", "sweep", "fetch", "if_unchanged"},
        summary="A folder of CSV files that people edit in a spreadsheet, both ways.",
    ),
)
