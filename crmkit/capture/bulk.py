"""Many customers saved: batch by batch, each in a transaction, and each customer for himself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from crmkit.arguments import callback, items
from crmkit.capture.engine import OnReject
from crmkit.capture.exact import Fault
from crmkit.capture.saving import Saved, Saver, SaveReport
from crmkit.contracts.store import Store, Writer
from crmkit.model.customer import Customer
from crmkit.model.touchpoint import Rejection
from crmkit.paging import pages

_BATCH = 1_000


def save_all(
    store: Store,
    saver: Callable[[Writer], Saver],
    customers: Iterable[Customer | Rejection],
    on_reject: OnReject | None,
) -> SaveReport:
    """Save many customers; see ``customers.save_all``.

    Args:
        store: Where to.
        saver: Makes what writes one batch, in its transaction.
        customers: Customers, or `Rejection`s of lines that could not be read.
        on_reject: Called with each rejection instead of keeping it in the report.
    """
    counts = dict.fromkeys(("new", "changed", "unchanged"), 0)
    rejected: list[Rejection] = []
    rejections = run = 0
    met: set[str] = set()
    stream = items("customers", customers, "customers")
    callback("on_reject", on_reject)
    placed = getattr(customers, "placed", lambda one: one)  # a file that is read knows the line
    for batch in pages(stream, _BATCH):
        whole = [one for one in batch if not isinstance(one, Rejection)]
        saved = Saved()
        if whole:
            with store.write() as writer:
                saved = saver(writer).save(whole, run=run)
            run = saved.run or run
        met |= saved.collisions
        for outcome in saved.outcomes:
            if isinstance(outcome, str):
                counts[outcome] += 1
        for rejection in map(placed, _rejections(batch, saved)):
            rejections += 1
            (rejected.append if on_reject is None else on_reject)(rejection)
    return SaveReport(
        run=str(run) if run else "",
        **counts,
        rejected=tuple(rejected),
        rejections=rejections,
        collisions=len(met),
    )


def _rejections(batch: list[Customer | Rejection], saved: Saved) -> Iterator[Rejection]:
    """Give the rejections of a batch in the order of its records."""
    outcomes = iter(saved.outcomes)
    for record in batch:
        if isinstance(record, Rejection):
            yield record
        elif isinstance(outcome := next(outcomes), Fault):
            yield Rejection(record, outcome.field, outcome.reason)
