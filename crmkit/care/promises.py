"""Promises to key accounts: on record for every department that must keep them (R265)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from crmkit.arguments import ID_LIMIT, choice, flag, refuse, text, texts
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.documents import Documents
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.errors import RefusedError
from crmkit.model.document import Step
from crmkit.model.key_account import BROKEN, KEPT, OPEN, PROMISE_STATES, KeyAccount, Promise

PROMISES = Documents("promise", Promise)


def promise(  # noqa: PLR0913 - what a promise is made of
    session: Session,
    account: KeyAccount,
    what: str,
    departments: Iterable[str] | str,
    since: datetime | None,
    until: datetime | None,
    owner: str | None,
    deciding: Deciding,
) -> Promise:
    """Make a promise, before it is written down; see ``crm.key_accounts.promise``."""
    must = tuple(dict.fromkeys(texts("departments", departments, ID_LIMIT)))
    if not must or not all(name.strip() for name in must):
        refuse("departments", "must name who keeps the promise")
    begins = deciding.now if since is None else micros(since, "since")
    if until is not None and micros(until, "until") < begins:
        refuse("until", f"lies before since ({instant(begins)})", until)
    return Promise(
        customer_id=account.customer_id,
        owner=session.person("owner", owner) or account.owner,
        state=OPEN,
        what=text("what", what, least=1),
        departments=must,
        since=instant(begins),
        until=until,
        steps=(step("promised", deciding),),
    )


def settle(session: Session, id: str, kept: bool, evidence: str, by: str | None) -> Promise:  # noqa: A002, FBT001
    """Record that a promise was kept, or broken."""
    state = KEPT if flag("kept", kept) else BROKEN
    deciding = session.deciding(text("evidence", evidence, least=1), by)
    with session.store.write() as writer:
        found = PROMISES.get(writer, id)
        if found.state != OPEN:
            message = f"promise {found.id} is settled already: it was {found.state}"
            raise RefusedError(message, id=found.id)
        found = attrs.evolve(
            found, state=state, evidence=evidence, steps=(*found.steps, step(state, deciding))
        )
        return PROMISES.move(writer, deciding, found, state)


def listed(
    reader: Reader,
    root: str | None,
    department: str | None,
    state: str | None,
    due: datetime | None,
) -> tuple[Promise, ...]:
    """Give promises, in the order they were made; those that are due, most pressing first."""
    if state is not None:
        choice("state", state, PROMISE_STATES)
    if due is not None:
        found = list(PROMISES.due(reader, micros(due, "due")))
    else:
        found = PROMISES.all(reader, states=() if state is None else (state,))
    if root is not None:
        own = {one.id for one in PROMISES.of(reader, root)}
        found = [one for one in found if one.id in own]
    return tuple(
        one
        for one in found
        if state in (None, one.state) and (department is None or department in one.departments)
    )


def step(what: str, deciding: Deciding) -> Step:
    """Give a move as the document tells it."""
    return Step(what=what, at=instant(deciding.now), by=deciding.by, reason=deciding.reason)
