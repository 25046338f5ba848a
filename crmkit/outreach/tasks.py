"""What came of a task that a colleague carried out: a touchpoint like every other (R39)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from crmkit.arguments import mapping
from crmkit.contracts.tables import MESSAGE
from crmkit.errors import InvalidValueError, RefusedError
from crmkit.model.outreach import ACCEPTED, UNKNOWN
from crmkit.outreach.ledger import Entry
from crmkit.outreach.mailings import read_mailings
from crmkit.outreach.reconciling import find
from crmkit.outreach.settling import SOURCE
from crmkit.outreach.setup import Setup

_KINDS = {"call": "call", "visit": "visit", "meeting": "meeting", "gift": "message_out"}
DONE = "delivered"
_LOG = logging.getLogger(__name__)


def carried_out(
    setup: Setup,
    id: str,  # noqa: A002
    outcome: str | Mapping[str, Any],
    by: str | None,
) -> Entry:
    """Record the outcome, and let the channel strike the task off."""
    said = {"text": outcome} if isinstance(outcome, str) else outcome
    said = dict(mapping("outcome", said, "a text, or the fields of a touchpoint"))
    deciding = setup.session.deciding("", by)
    with setup.joint() as (writer, take):
        one = find(writer, id)
        line = setup.lines.get(one.channel)
        if not line.can("person") or one.state not in (ACCEPTED, UNKNOWN, "sent"):
            raise RefusedError(f"message {one.id} is no task that waits for an outcome")
        mailing = read_mailings(writer, [one.mailing]).get(one.mailing)
        brief = {} if mailing is None else mailing.brief
        record = {
            "kind": _KINDS.get(str(brief.get("kind", "call")), "call"),
            "at": setup.session.clock(),
            "channel": one.channel,
            "direction": "out",
            "attributes": {"occasion": one.occasion, "by": deciding.by},
            **said,
            "source": SOURCE,
            "id": f"{one.id}:done",
            "customer": one.customer,
            "origin": "typed",
        }
        report = take([record])
        if report.rejected:
            why = report.rejected[0]
            message = f"the outcome of task {one.id} could not be recorded: {why.reason}"
            raise InvalidValueError(message, field=why.field)
        new = one._replace(
            state=DONE, reason=None, detail="carried out", at=deciding.now, next=None
        )
        writer.put(MESSAGE, [new])
    setup.session.store.after_commit(lambda: _strike_off(setup, one))
    return new


def _strike_off(setup: Setup, one: Entry) -> None:
    try:
        setup.lines.open(one.channel).finished(one.id)
    except Exception as error:  # noqa: BLE001 - the outcome is recorded, whatever the channel raises
        _LOG.warning("channel %s keeps task %s: %s", one.channel, one.id, type(error).__name__)
