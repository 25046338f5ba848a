"""Looking at messages before they are entered: who would get what, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from crmkit.clock import instant
from crmkit.contracts.channel import Message
from crmkit.model.outreach import Preview
from crmkit.outreach.chosen import PAGE, Chosen, already_there, choose_all
from crmkit.outreach.composing import Composer
from crmkit.outreach.entering import entry_of, otherwise
from crmkit.outreach.gate import Gate, Verdict
from crmkit.outreach.ledger import Entry
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.setup import Setup
from crmkit.paging import pages


def preview(
    setup: Setup,
    ids: Iterable[str],
    mailing: Mailing,
    own: Mapping[str, Mapping[str, Any]],
) -> Iterator[Preview]:
    """Give what each customer would get now, and why the others get nothing; nothing is written."""
    now = setup.session.now()
    for page in pages(dict.fromkeys(ids), PAGE):
        with setup.session.store.read() as reader:
            chosen = choose_all(setup, reader, page, mailing, own)
            there = already_there(reader, chosen, mailing)
            recipients = {one.asked: one.recipient for one in chosen if one.recipient}
            gate = setup.gate(reader, recipients).counting(reader)
            composer = setup.composer(reader, {0: mailing})
            looked: list[_Looked] = []
            for one in chosen:
                entry = entry_of(one, mailing, 0, now=now, own=own, holdout=0.0)
                rows = there.get(one.root, ())
                has = rows[0] if rows and not otherwise(rows, entry) else None
                looked.append(_looked(setup, composer, gate, one, entry, has))
            yield from _asked(setup, looked)


@attrs.frozen
class _Looked:
    """One customer's message, as far as it was judged without the plugins."""

    one: Chosen
    made: Message | None
    verdict: Verdict | None


def _looked(  # noqa: PLR0913 - what a message is judged by
    setup: Setup, composer: Composer, gate: Gate, one: Chosen, entry: Entry, there: Entry | None
) -> _Looked:
    if one.attempt is None:
        return _Looked(one, None, one.verdict)
    line = one.attempt.line
    made = composer.message(entry, one.attempt, setup.lines.unsubscribe_url(line, entry))
    verdict = one.verdict or (made if isinstance(made, Verdict) else None)
    verdict = verdict or gate.wait(one.attempt) or gate.cap(one.attempt)
    if verdict is None and there is not None:
        said = f"he has it already: message {there.id} is {there.state}"
        verdict = Verdict(there.reason or "cap", said)
    return _Looked(one, None if isinstance(made, Verdict) else made, verdict)


def _asked(setup: Setup, looked: Sequence[_Looked]) -> Iterator[Preview]:
    """Ask the plugins about all that would go at once, each under a number of its own."""
    going = {
        str(place): attrs.evolve(seen.made, id=str(place))
        for place, seen in enumerate(looked)
        if seen.made is not None and seen.verdict is None
    }
    refused = setup.refused([*going.values()]) if going else {}
    for place, seen in enumerate(looked):
        why = refused.get(str(place))
        yield _preview(seen.one, seen.made, seen.verdict if why is None else Verdict("plugin", why))


def _preview(one: Chosen, shown: Message | None, verdict: Verdict | None) -> Preview:
    return Preview(
        customer_id=one.asked,
        channel=None if one.attempt is None else one.attempt.line.name,
        subject=None if shown is None else shown.subject,
        text="" if shown is None else shown.text,
        html=None if shown is None else shown.html,
        template=None if shown is None or shown.template is None else attrs.asdict(shown.template),
        reason=None if verdict is None else verdict.reason,
        detail="" if verdict is None else verdict.detail,
        next=None if verdict is None or verdict.next is None else instant(verdict.next),
    )
