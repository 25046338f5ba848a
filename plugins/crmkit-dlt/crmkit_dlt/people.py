"""Rows of customers: saved, and kept or erased where they were deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from crmkit import CRM, Customer, Rejection
from crmkit_dlt.columns import Reader
from crmkit_dlt.happened import BY
from crmkit_dlt.report import Outcome
from crmkit_dlt.rows import Shape


@attrs.frozen
class People:
    """Takes the rows of one table.

    Attributes:
        reader: How they are read.
        erases: Whether who was deleted is erased.
    """

    reader: Reader
    erases: bool

    def take(self, crm: CRM, items: Iterable[dict[str, Any]], shape: Shape) -> Outcome:
        """Take one batch of rows; the same batch again changes nothing.

        Raises:
            StoreError: the database failed; the batch is to be delivered again.
        """
        out = Outcome()
        here: list[Customer | Rejection] = []
        gone: list[Customer | Rejection] = []
        for item in items:
            row = shape.row(item)
            is_deleted = shape.is_deleted(row)
            made = (self.reader.who if is_deleted else self.reader.make)(row)
            if made is None:
                out.counts["skipped"] += 1
            else:
                (gone if is_deleted else here).append(made)
        saved = crm.customers.save_all(here, on_reject=out.rejected.append)
        out.counts.update(new=saved.new, changed=saved.changed, known=saved.unchanged)
        for one in gone:
            self._leave(crm, one, shape.name, out)
        return out

    def _leave(self, crm: CRM, one: Customer | Rejection, table: str, out: Outcome) -> None:
        """Do what a deleted row means."""
        if isinstance(one, Rejection):
            out.rejected.append(one)
        elif not self.erases:
            out.counts["kept"] += 1
        elif (known := _known(crm, one)) is None:
            out.counts["known"] += 1
        else:
            crm.customers.erase(known.id, reason=f"deleted in {table}", by=BY)
            out.counts["deleted"] += 1


def _known(crm: CRM, customer: Customer) -> Customer | None:
    """Give who a deleted row was about, by its keys; e-mail and phone only where it has no other.

    Somebody else may have his address by now: an id is what cannot pass on.
    """
    keys = {one.system: one.value for one in customer.identities}
    ids = {system: value for system, value in keys.items() if system not in ("email", "phone")}
    if customer.number:
        ids["number"] = customer.number
    return crm.customers.find(**(ids or keys)) if ids or keys else None
