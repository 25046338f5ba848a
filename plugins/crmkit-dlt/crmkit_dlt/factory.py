"""The side that dlt sees. It imports dlt, so it is itself imported when a destination is made."""

from __future__ import annotations

from typing import Any

from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.schema import TSchemaTables, TTableSchema
from dlt.common.schema.utils import is_dlt_table_or_column
from dlt.destinations.impl.destination.destination import DestinationClient
from dlt.destinations.impl.destination.factory import destination

from crmkit import CrmkitError, StoreError
from crmkit_dlt.intake import Intake


class CrmkitDestination(destination):
    """A dlt destination; `intake` takes its rows.

    Without an intake it loads nothing: so dlt makes one, of its own accord, where a pipeline is
    only looked at.

    Attributes:
        intake: ``intake.report`` tells what became of the rows, ``intake.close()`` ends it.
    """

    intake: Intake | None

    def __init__(
        self,
        intake: Intake | None = None,
        destination_name: str | None = None,
        environment: str | None = None,
        **more: Any,
    ) -> None:
        self.intake = intake

        def crmkit(items: Any, table: TTableSchema) -> None:
            if intake is None:
                raise DestinationTerminalException("make it by crmkit_dlt.destination(...)")
            try:
                intake.take(items, table)
            except StoreError:
                raise  # dlt tries again
            except CrmkitError as error:  # trying again cures nothing: the load waits for a run
                raise DestinationTerminalException(str(error)) from error

        ours: dict[str, Any] = {
            "loader_file_format": "typed-jsonl",  # keeps decimals and instants as they are
            "naming_convention": "direct",
            "skip_dlt_columns_and_tables": True,
            "max_table_nesting": 0,
            # A later version of a row must not overtake an earlier one.
            "loader_parallelism_strategy": "table-sequential",
        }
        ours |= {"destination_name": destination_name or "crmkit", "environment": environment}
        super().__init__(crmkit, **(ours | more))

    @property
    def client_class(self) -> type[DestinationClient]:
        """The client, bound to this destination's intake."""
        return type("CrmkitClient", (_Client,), {"intake": self.intake})


class _Client(DestinationClient):
    """Checks the tables of a load before any of its rows is taken."""

    intake: Intake | None = None

    def update_stored_schema(self, *args: Any, **more: Any) -> TSchemaTables | None:
        """Refuse a load with tables that nobody mapped, or that a mapping does not fit."""
        if self.intake is not None:
            names = more.get("only_tables") or next(iter(args), None) or self.schema.tables
            self.intake.check(
                self.schema.tables[name]
                for name in sorted(names)
                if not is_dlt_table_or_column(name, self.schema._dlt_tables_prefix)  # noqa: SLF001
            )
        return super().update_stored_schema(*args, **more)

    def complete_load(self, load_id: str) -> None:
        """Tell what became of the rows, and give the database back."""
        super().complete_load(load_id)
        if self.intake is not None:
            self.intake.close()
