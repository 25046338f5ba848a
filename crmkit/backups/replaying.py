"""Who was erased after a backup is erased from what it brings back, before anybody can look."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.backups.survey import Survey
from crmkit.capture import merge
from crmkit.capture.addressed import forget_addresses
from crmkit.capture.customers import Customers
from crmkit.capture.erasing import erase
from crmkit.capture.journal import Noting
from crmkit.capture.normalise import Normaliser
from crmkit.capture.returns import forget, named_by_others
from crmkit.capture.strays import forget_strays
from crmkit.contracts.decisions import Deciding, decision
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import CUSTOMER, DECISION, IDENTITY, TOMBSTONE, TOUCHPOINT
from crmkit.errors import DecisionNotFound
from crmkit.value.basis import read_basis
from crmkit.value.layout import Layout
from crmkit.value.rebuild import rebuild

WHY = "erased before the database was restored from a backup, and again with it"
_ROOT = CUSTOMER.position["root"]
_CUSTOMER = TOUCHPOINT.position["customer"]


def replay(writer: Writer, customers: Customers, found: Survey, now: int) -> int:
    """Erase again whoever the survey found; tell how many customers that were.

    Args:
        writer: The transaction that has loaded the backup.
        customers: Their namespace, which knows the erasure key.
        found: Whom, and what of others.
        now: The clock.

    Raises:
        ConfigError: the erasure key is missing, or another than theirs.
    """
    if not found.brings_back:
        return 0
    layout = read_basis(writer, customers.defaults).layout
    again = Deciding(now=now, reason=WHY)
    _part(writer, found.erase, again, layout)
    roots = {row[_ROOT] for row in _rows(writer, found.erase)}
    normaliser = Normaliser(customers.region)
    for root in sorted(roots):
        deciding = Deciding(now=found.gone.get(root, now), reason=WHY)
        noting = Noting(customers.session.store, customers.key, deciding.now)
        erase(writer, root, deciding, layout, customers.key, normaliser, told=noting)
    _forget_rest(writer, found, layout, now)
    return len(roots)


def bury_all(writer: Writer, hashes: Iterable[str], now: int) -> None:
    """Add the tombstones that journals tell."""
    writer.append(TOMBSTONE, [(one, now) for one in sorted(hashes)])


def _rows(writer: Writer, ids: Iterable[str]) -> list[Row]:
    return list(writer.fetch(CUSTOMER, [(one,) for one in sorted(ids)]))


def _part(writer: Writer, gone: set[str], deciding: Deciding, layout: Layout) -> None:
    """Take back merges of the erased with the living: they were taken back before the erasure."""
    roots = {(row[_ROOT],) for row in _rows(writer, gone)}
    group = {row[0] for row in writer.fetch(CUSTOMER, roots, by=("root",))}
    about = sorted(writer.fetch(DECISION, [(one,) for one in group], by=("customer",)))
    for made in (decision(row) for row in about if row[1] == "merge"):
        if (made.body["keep"] in gone) != (made.body["drop"] in gone):
            try:
                merge.unmerge(writer, made.id, deciding, layout)
            except DecisionNotFound:
                continue  # the backup knows that it was taken back


def _forget_rest(writer: Writer, found: Survey, layout: Layout, now: int) -> None:
    """Take out what stands under others: an identity that had moved on, a corrected record."""
    identities = [row[:2] for row in found.drop]
    holders = {row[2] for row in found.drop if row[2] is not None}
    writer.delete(IDENTITY, identities)
    forget_addresses(writer, identities)
    rows = list(writer.fetch(TOUCHPOINT, found.records))
    if rows:
        forget(writer, rows)
        forget_strays(writer, rows)
    others = {row[_CUSTOMER] for row in rows} | named_by_others(writer, rows)
    touched = {row[_ROOT] for row in _rows(writer, holders | others)}
    if touched:
        merge.index(writer, sorted(touched))
        rebuild(writer, sorted(touched), layout, now)
