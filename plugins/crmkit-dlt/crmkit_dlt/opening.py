"""``destination``: what a pipeline is given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit import CRM, ConfigError, connect
from crmkit_dlt.intake import Intake
from crmkit_dlt.report import OnReject
from crmkit_dlt.tables import Table, checked

if TYPE_CHECKING:
    from crmkit_dlt.factory import CrmkitDestination

BATCH = 25_000
"""Rows that are taken at a time, and delivered again after a crash; as large as capture's own."""


def destination(  # noqa: PLR0913 - the settings of a destination, all by name
    to: str | CRM | None = None,
    *,
    tables: Mapping[str, Table],
    config: str | Path | Mapping[str, Any] | None = None,
    workspace: str | None = None,
    strict: bool = False,
    on_reject: OnReject | None = None,
    batch_size: int = BATCH,
    name: str = "crmkit",
) -> CrmkitDestination:
    """Make a dlt destination that feeds crmkit.

    Args:
        to: Where the data lives, such as ``sqlite:///shop.db``; None: what `config` says. Or an
            open `CRM`, which stays open.
        tables: By the name of each of the source's tables `Touchpoints`, `Customers` or `Ignored`.
        config: As ``crmkit.connect`` takes it.
        workspace: As ``crmkit.connect`` takes it.
        strict: A row that is rejected fails the load, and so does a mapping that asks for a column
            that the source has never sent; the load is taken up again by the next run.
        on_reject: Called with the table's name and the `Rejection` of each row that could not be
            taken, one at a time; None: the first ten of each table are logged as warnings.
        batch_size: Rows that are taken at a time, 1 and more.
        name: Name of the destination in dlt's own configuration.

    Raises:
        ConfigError: `tables` or `batch_size` makes no sense.
        MappingError: a mapping makes no sense; `field` names what.
    """
    from crmkit_dlt.factory import CrmkitDestination  # noqa: PLC0415 - dlt is heavy

    if not isinstance(batch_size, int) or batch_size < 1:
        message = f"batch_size must be a number of rows, 1 and more, got {batch_size!r}"
        raise ConfigError(message, key="batch_size")
    if isinstance(to, CRM):
        if config is not None or workspace is not None:
            raise ConfigError("an open CRM has its config and workspace already", key="config")
        opened = to
        intake = Intake(
            lambda: opened, checked(tables), strict=strict, on_reject=on_reject, owned=False
        )
    else:
        opens = partial(connect, to, config=config, workspace=workspace)
        intake = Intake(opens, checked(tables), strict=strict, on_reject=on_reject, owned=True)
    return CrmkitDestination(intake, name, batch_size=batch_size)
