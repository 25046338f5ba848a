"""Entering messages into the ledger, and looking at them before: who would get what, and why not.

What speaks against a message for good is recorded at once; what only has to wait is decided when
it is sent, and so is everything once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from itertools import islice
from typing import Any

import attrs

from crmkit.clock import instant
from crmkit.contracts.channel import Message
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import MESSAGE
from crmkit.model.outreach import PLANNED, REFUSED, Preview
from crmkit.outreach.choice import choose, order
from crmkit.outreach.composing import Composer, form_of
from crmkit.outreach.gate import Attempt, Gate, Verdict
from crmkit.outreach.ledger import Entry, on_occasion
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.recipients import Recipient, read_recipients
from crmkit.outreach.setup import Setup
from crmkit.outreach.templates.wording import GIVEN

_PAGE = 1_000
_BITS = 64
HOLDOUT = "holdout"
_GIVEN = frozenset({*GIVEN, "unsubscribe_url", "question", "survey_url"})
"""Variables that crmkit itself gives, where there are any."""


@attrs.frozen(kw_only=True)
class Chosen:
    """What was found for one customer.

    Attributes:
        asked: The id that was asked for.
        recipient: Who that is; None: nobody.
        attempt: By which channel; None: there is none.
        verdict: What speaks against it; None: nothing does.
    """

    asked: str
    recipient: Recipient | None = None
    attempt: Attempt | None = None
    verdict: Verdict | None = None


def enqueue(  # noqa: PLR0913 - what is sent, to whom, and who decided it
    setup: Setup,
    ids: Iterable[str],
    mailing: Mailing,
    deciding: Deciding,
    own: Mapping[str, Mapping[str, Any]],
    holdout: float,
) -> list[Entry]:
    """Enter messages page by page; who is in the ledger for this occasion stays as he is.

    But whose message was refused before any channel had it is looked at anew: what was wrong may
    be mended.
    """
    entered: list[Entry] = []
    everybody = list(dict.fromkeys(ids))
    recorded = mailing
    for page in _pages(everybody):
        with setup.session.store.write() as writer:
            chosen = _chosen(setup, writer, page, mailing, own)
            there = _there(writer, chosen, mailing)
            enter = partial(_entry, now=deciding.now, own=own, holdout=holdout)
            new = [one for one in chosen if _root(one) not in there]
            mended = [
                one
                for one in chosen
                if _root(one) in there and _otherwise(there[_root(one)], enter(one, mailing, 0))
            ]
            if (new or mended) and not recorded.number:
                single = len(chosen) == 1 and page == everybody
                alone = _root(chosen[0]) if single else None
                recorded = mailing.record(writer, deciding, alone)
            first = writer.sequence(len(new)) if new else 0
            made = {
                _root(one): enter(one, recorded, number) for number, one in enumerate(new, first)
            } | {_root(one): enter(one, recorded, there[_root(one)][0].number) for one in mended}
            old = [row.key for one in mended for row in there[_root(one)]]
            writer.delete(MESSAGE, old)
            writer.append(MESSAGE, list(made.values()))
            stays = {root: rows[0] for root, rows in there.items()}
            entered.extend({**stays, **made}[_root(one)] for one in chosen)
    return entered


def _otherwise(there: Sequence[Entry], now: Entry) -> bool:
    """Tell whether what was refused before any channel had it is judged otherwise now."""
    if any(one.state != REFUSED or one.attempts or one.reason == HOLDOUT for one in there):
        return False
    judged = {(one.state, one.reason, one.detail) for one in there}
    return (now.state, now.reason, now.detail) not in judged


def preview(
    setup: Setup,
    ids: Iterable[str],
    mailing: Mailing,
    own: Mapping[str, Mapping[str, Any]],
) -> Iterator[Preview]:
    """Give what each customer would get now, and why the others get nothing; nothing is written."""
    now = setup.session.now()
    for page in _pages(list(dict.fromkeys(ids))):
        with setup.session.store.read() as reader:
            chosen = _chosen(setup, reader, page, mailing, own)
            there = _there(reader, chosen, mailing)
            recipients = {one.asked: one.recipient for one in chosen if one.recipient}
            gate = setup.gate(reader, recipients).counting(reader)
            composer = Composer(
                reader=reader,
                session=setup.session,
                zone=setup.zone,
                policy=setup.policy,
                mailings={0: mailing},
                surveys=setup.surveys,
            )
            for one in chosen:
                entry = _entry(one, mailing, 0, now=now, own=own, holdout=0.0)
                rows = there.get(_root(one), ())
                has = rows[0] if rows and not _otherwise(rows, entry) else None
                yield _preview(setup, composer, gate, one, entry, has)


def _preview(  # noqa: PLR0913 - what a preview is made of
    setup: Setup, composer: Composer, gate: Gate, one: Chosen, entry: Entry, there: Entry | None
) -> Preview:
    verdict, made = one.verdict, None
    if one.attempt is not None:
        line = one.attempt.line
        made = composer.message(entry, one.attempt, setup.lines.unsubscribe_url(line, entry))
        if isinstance(made, Verdict):
            verdict, made = verdict or made, None
        verdict = verdict or gate.wait(one.attempt) or gate.cap(one.attempt)
        if verdict is None and there is not None:
            said = f"he has it already: message {there.id} is {there.state}"
            verdict = Verdict(there.reason or "cap", said)
    if verdict is None and isinstance(made, Message):
        why = setup.refused([made]).get(made.id)
        verdict = None if why is None else Verdict("plugin", why)
    shown = made if isinstance(made, Message) else None
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


def _chosen(
    setup: Setup,
    reader: Reader,
    ids: Sequence[str],
    mailing: Mailing,
    own: Mapping[str, Mapping[str, Any]],
) -> list[Chosen]:
    """Find each customer's channel, and what speaks against it; each merge group comes once."""
    recipients = read_recipients(reader, ids, at_a_glance=True)
    gate = setup.gate(reader, recipients)
    unique = {one.root: one for one in recipients.values()}
    if mailing.channel is None:
        lines = order(reader, setup.lines, setup.policy, unique.values(), gate.now)
    else:
        named = [setup.lines.get(mailing.channel)]
        lines = dict.fromkeys(unique, named)
    found: list[Chosen] = []
    seen: set[str] = set()
    for asked in ids:
        recipient = recipients.get(asked)
        if recipient is None:
            nobody = Verdict("address", "no customer has this id")
            found.append(Chosen(asked=asked, verdict=nobody))
        elif recipient.root not in seen:
            seen.add(recipient.root)
            attempts = [
                Attempt(recipient, line, mailing.purpose, mailing.expires)
                for line in lines[recipient.root]
            ]
            attempt, verdict = choose(gate, attempts)
            if attempt is None:
                verdict = Verdict("channel", "no channel is left that reaches him")
            elif verdict is None:
                verdict = _incomplete(attempt, mailing, own.get(asked, {}))
            found.append(Chosen(asked=asked, recipient=recipient, attempt=attempt, verdict=verdict))
    return found


def _incomplete(attempt: Attempt, mailing: Mailing, own: Mapping[str, Any]) -> Verdict | None:
    """Tell at once where the template lacks a form for him, or a variable that nobody gives.

    What he himself lacks shows when it is rendered.
    """
    form = form_of(mailing, attempt.line, attempt.recipient.glance.language)
    if isinstance(form, Verdict):
        return form
    names = (name.partition(".")[0] for name in form.variables)
    lacking = [n for n in names if n not in _GIVEN and n not in mailing.variables and n not in own]
    return Verdict("content", f"the variable {lacking[0]} is missing") if lacking else None


def _there(reader: Reader, chosen: Iterable[Chosen], mailing: Mailing) -> dict[str, list[Entry]]:
    """Give the messages that customers have for this occasion already, by root id, oldest first.

    Where the channel is chosen for him any channel counts: he would get it twice otherwise.
    """
    roots = {
        member: one.recipient.root
        for one in chosen
        if one.recipient is not None
        for member in one.recipient.ids
    } | {one.asked: one.asked for one in chosen if one.recipient is None}
    found: dict[str, list[Entry]] = {}
    for one in on_occasion(reader, roots, mailing.purpose, mailing.occasion):
        if mailing.channel in (None, one.channel):
            found.setdefault(roots[one.customer], []).append(one)
    return found


def _entry(  # noqa: PLR0913 - what a row is made of
    one: Chosen,
    mailing: Mailing,
    number: int,
    *,
    now: int,
    own: Mapping[str, Mapping[str, Any]],
    holdout: float,
) -> Entry:
    verdict = one.verdict
    if verdict is None and drawn(mailing.occasion, _root(one), holdout):
        verdict = Verdict(HOLDOUT, "set aside by lot, to see what the message brings")
    # Of somebody who is not known nothing is kept: he may have been erased.
    variables = None if one.recipient is None else own.get(one.asked)
    return Entry(
        customer=_root(one),
        purpose=mailing.purpose,
        occasion=mailing.occasion,
        channel=_channel(one, mailing),
        number=number,
        mailing=mailing.number,
        state=PLANNED if verdict is None else REFUSED,
        reason=None if verdict is None else verdict.reason,
        detail="" if verdict is None else verdict.detail,
        at=now,
        planned=now,
        next=now if verdict is None else None,
        expires=mailing.expires,
        variables=None if variables is None else json.dumps(variables, ensure_ascii=False),
    )


def drawn(occasion: str, root: str, share: float) -> bool:
    """Tell whether the lot sets a customer aside; the same each time it is drawn."""
    lot = blake2b(f"{occasion}\0{root}".encode("utf-8", "surrogatepass"), digest_size=_BITS // 8)
    return int.from_bytes(lot.digest(), "big") < int(share * 2**_BITS)


def _channel(one: Chosen, mailing: Mailing) -> str:
    return mailing.channel or ("" if one.attempt is None else one.attempt.line.name)


def _root(one: Chosen) -> str:
    return one.asked if one.recipient is None else one.recipient.root


def _pages(ids: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while page := list(islice(rest, _PAGE)):
        yield page
