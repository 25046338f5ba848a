"""Words that a listing is narrowed by: where nothing is found, one that nobody knows is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from crmkit.cli.failing import wrong
from crmkit.contracts.tables import CUSTOMER

if TYPE_CHECKING:
    from crmkit.contracts.store import Reader
    from crmkit.crm import CRM

_OWNERS = 100
_KINDS = "value potential migrating frozen ordinary".split()


def check_filters(
    crm: CRM,
    *,
    owner: str | None = None,
    stage: str | None = None,
    kind: str | None = None,
) -> None:
    """End the command where one of the words cannot find anything; call it on an empty listing."""
    if owner is not None:
        with crm.session.store.read() as reader:
            _check("owner", owner, {*crm.config.people, *_owners(reader)})
    if stage is not None:
        from crmkit.model.lifecycle import STAGES

        _check("stage", stage, [*STAGES, *(rule.to for rule in crm.lifecycle.guide.rules.rules)])
    if kind is not None:
        from crmkit.model.customer import CUSTOMER_KINDS

        _check("kind", kind, [*CUSTOMER_KINDS, *_KINDS])


def _check(what: str, word: str, known: Iterable[str]) -> None:
    words = list(dict.fromkeys(sorted(known) if isinstance(known, set) else known))
    if word not in words:
        there = ", ".join(words) if words else "none yet; [people] names them"
        wrong(f"there is no {what} {word!r}; there is: {there}")


def _owners(reader: Reader) -> Iterator[str]:
    """Give the account managers of the customers, without going through all of those."""
    low = ""
    for _ in range(_OWNERS):
        rows = reader.scan(CUSTOMER, by=("owner", "id"), low=low, limit=1, columns=("owner",))
        row = next(rows, None)
        if row is None:
            return
        found = str(row[0])
        yield found
        low = found + "\1"
