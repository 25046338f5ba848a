"""What is due, judged and rendered: read and asked outside of any write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from crmkit.clock import SECOND
from crmkit.contracts.channel import Message
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, DECISION, SUPPRESSION
from crmkit.errors import ConfigError, InvalidValueError, PluginError
from crmkit.model.outreach import FAILED, PLANNED
from crmkit.outreach.attentive import AttentiveReader
from crmkit.outreach.capacity import Capacity
from crmkit.outreach.composing import Composer
from crmkit.outreach.gate import PAUSE, Attempt, Gate, Verdict
from crmkit.outreach.ledger import Entry, by_numbers, due
from crmkit.outreach.lines import Line
from crmkit.outreach.mailings import read_mailings
from crmkit.outreach.recipients import Recipient, read_recipients
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import Breath, Steps

_FRESH = SECOND
"""How old a judgement may be that goes by the clock: quiet hours, working days, expiry."""


@attrs.frozen
class Ready:
    """One message that is due, as far as it was judged.

    Attributes:
        entry: Its row as it was read.
        attempt: Whom and by which channel; None: one of them is not there.
        message: What would be sent; None: `verdict` says why nothing is.
        verdict: What speaks against it.
    """

    entry: Entry
    attempt: Attempt | None = None
    message: Message | None = None
    verdict: Verdict | None = None


@attrs.frozen
class Batch:
    """What is due, judged but for caps and capacities, which count what others send meanwhile.

    Attributes:
        ready: The messages.
        gate: What they were judged by.
        mark: All that was decided up to this ``seq`` was considered.
        suppressed: How many addresses were suppressed.
    """

    ready: Sequence[Ready]
    gate: Gate
    mark: int
    suppressed: int


def holds(setup: Setup, batch: Batch) -> bool:
    """Tell whether nothing happened since that what was judged may depend on."""
    if setup.session.now() - batch.gate.now > _FRESH:
        return False
    with setup.session.store.read() as reader:
        for table in (DECISION, CUSTOMER):
            if any(reader.scan(table, by=("seq",), low=batch.mark + 1, limit=1)):
                return False
        return reader.count(SUPPRESSION) == batch.suppressed


def counted(one: Ready, gate: Gate, capacity: Capacity) -> Verdict | None:
    """Judge by what counts, caps and capacities among it; what goes counts for the next one.

    Args:
        one: A message that nothing spoke against so far.
        gate: Knows what went to each customer.
        capacity: Knows what went today.
    """
    if one.attempt is None:
        return None
    verdict = gate.double(one.attempt, one.entry) or gate.cap(one.attempt)
    verdict = verdict or capacity.full(one.attempt)
    if verdict is None:
        gate.sent(one.attempt, one.entry)
        capacity.take(one.attempt)
    return verdict


def prepared(
    setup: Setup,
    limit: int,
    *,
    only: Collection[int] | None = None,
    breath: Breath | None = None,
) -> Steps[Batch | None]:
    """Judge and render what is due; None: nothing is.

    Args:
        setup: What outreach works with.
        limit: At most so many.
        only: Numbers of the only rows to look at, due or not; None: all that is due.
        breath: Called in the midst of what takes long; None: nobody waits meanwhile.
    """
    now = setup.session.now()
    with setup.session.store.read() as looking:
        reader = AttentiveReader(looking, breath or Breath())
        if only is None:
            entries = due(reader, (PLANNED, FAILED), now, limit)
        else:
            entries = [one for one in by_numbers(reader, only) if one.state in (PLANNED, FAILED)]
        return (yield from _judged(setup, reader, entries)) if entries else None


def _judged(setup: Setup, reader: Reader, entries: Sequence[Entry]) -> Steps[Batch]:
    yield
    mark, suppressed = reader.watermark(), reader.count(SUPPRESSION)
    recipients = read_recipients(reader, {one.customer for one in entries if one.customer})
    yield
    gate = setup.gate(reader, recipients)
    yield
    composer = setup.composer(reader, read_mailings(reader, {one.mailing for one in entries}))
    lines = _lines(setup, {one.channel for one in entries})
    ready: list[Ready] = []
    for one in entries:
        ready.append(_one(setup, one, recipients, lines, gate, composer))
        yield
    messages = [one.message for one in ready if one.message is not None]
    refused = setup.refused(messages) if messages else {}
    judged = [
        attrs.evolve(one, message=None, verdict=Verdict("plugin", refused[one.entry.id]))
        if one.entry.id in refused and one.verdict is None
        else one
        for one in ready
    ]
    return Batch(judged, gate, mark, suppressed)


def _one(  # noqa: PLR0913 - what a message is judged by
    setup: Setup,
    entry: Entry,
    recipients: Mapping[str, Recipient],
    lines: Mapping[str, Line | Verdict],
    gate: Gate,
    composer: Composer,
) -> Ready:
    line = lines[entry.channel]
    if isinstance(line, Verdict):
        return Ready(entry, verdict=line)
    if not entry.customer:
        return Ready(entry, message=_alert(entry, composer))
    recipient = recipients.get(entry.customer)
    if recipient is None:
        return Ready(entry, verdict=Verdict("address", "no customer has this id any more"))
    attempt = Attempt(recipient, line, entry.purpose, entry.expires)
    verdict = gate.refusal(attempt) or gate.wait(attempt)
    if verdict is not None:
        return Ready(entry, attempt, verdict=verdict)
    made = composer.message(entry, attempt, setup.lines.unsubscribe_url(line, entry))
    if isinstance(made, Verdict):
        return Ready(entry, attempt, verdict=made)
    return Ready(entry, attempt, message=made)


def _alert(entry: Entry, composer: Composer) -> Message:
    mailing = composer.mailings[entry.mailing]
    return Message(
        id=entry.id,
        customer_id="",
        purpose=entry.purpose,
        occasion=entry.occasion,
        text=str(mailing.variables["text"]),
    )


def _lines(setup: Setup, names: Collection[str]) -> dict[str, Line | Verdict]:
    """Open the channels that are needed; one that cannot be opened makes its messages wait."""
    found: dict[str, Line | Verdict] = {}
    for name in names:
        try:
            found[name] = setup.lines.get(name)
            setup.lines.open(name)
        except (ConfigError, InvalidValueError, PluginError) as error:
            found[name] = Verdict("channel", str(error), setup.session.now() + PAUSE)
    return found
