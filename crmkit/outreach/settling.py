"""What a channel answered, written down; and where a message goes on by another channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from crmkit.capture.intake import Take
from crmkit.clock import SECOND, instant
from crmkit.contracts import channel as outcomes
from crmkit.contracts.channel import Receipt
from crmkit.contracts.store import Writer
from crmkit.contracts.tables import MESSAGE
from crmkit.model.outreach import ACCEPTED, CLAIMED, FAILED, PLANNED, REFUSED, UNKNOWN
from crmkit.outreach.attentive import AttentiveWriter
from crmkit.outreach.choice import CONSENT, order
from crmkit.outreach.dead import bury
from crmkit.outreach.gate import Verdict
from crmkit.outreach.ledger import Entry, by_numbers, of_customers
from crmkit.outreach.lines import Line
from crmkit.outreach.mailings import Mailing, read_mailings
from crmkit.outreach.recipients import read_recipients
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import Breath, Steps

SOURCE = "outreach"
_PERSONAL = frozenset({"address", "suppressed", "consent", "channel", "provider"})
"""Reasons that another channel may mend."""
_CHANGED = ("state", "reason", "detail", "provider", "code", "at", "next")
"""Columns that an answer changes."""
_DETAIL = 500
_PART = 10
_MOST_DOUBLINGS = 30


def settling(
    setup: Setup, line: Line, lease: str, receipts: Mapping[int, Receipt], breath: Breath
) -> Steps[list[Entry]]:
    """Write down what a channel answered to the messages claimed under a lease.

    A row that somebody else has settled meanwhile stays as it is; one that was to go again, since
    nobody knew, is what the channel says now.
    """
    with setup.joint() as (plain, take):
        writer = AttentiveWriter(plain, breath)
        now = setup.session.now()
        mine = [one for one in by_numbers(writer, receipts) if one.lease == lease]
        mailings = read_mailings(writer, {one.mailing for one in mine})
        yield
        settled: list[Entry] = []
        for part in _parts(mine):
            done = [
                answered(setup, line, one, mailings.get(one.mailing), receipts[one.number], now)
                if one.state in (CLAIMED, UNKNOWN, PLANNED)
                else _faster(one, receipts[one.number])
                for one in part
            ]
            writer.change(MESSAGE, list(done), _CHANGED)
            settled += done
            yield
        if not line.can("person"):  # a colleague has it, the customer not yet
            went = (one for one in settled if receipts[one.number].outcome == outcomes.ACCEPTED)
            capture_sent(take, line, breath.over(went), mailings, writer)
        go_on(setup, writer, [one for one in settled if given_up(one)], mailings)
    bury(setup, line, [one for one in settled if receipts[one.number].permanent])
    return settled


def _parts(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Cut into parts that take a fraction of a millisecond each."""
    return (entries[at : at + _PART] for at in range(0, len(entries), _PART))


def given_up(one: Entry) -> bool:
    """Tell whether nothing more is tried with a message by this channel."""
    return one.state == REFUSED or (one.state == FAILED and one.next is None)


def answered(  # noqa: PLR0913 - what an answer is judged by
    setup: Setup, line: Line, one: Entry, mailing: Mailing | None, receipt: Receipt, now: int
) -> Entry:
    """Give a row as the channel's answer leaves it."""
    if receipt.outcome == outcomes.ACCEPTED:
        return one._replace(
            state=ACCEPTED,
            at=now,
            provider=receipt.provider_id or one.provider,
            code=receipt.code,
            detail=receipt.reason[:_DETAIL],
            reason=None,
            next=_follow_up(setup, line, mailing, now),
        )
    said = one._replace(
        at=now,
        provider=receipt.provider_id or one.provider,
        code=receipt.code,
        detail=said_of(receipt.reason, receipt.code),
        reason=None,
        next=None,
    )
    if receipt.outcome == outcomes.RETRY:
        again = None if one.attempts >= setup.policy.attempts else _again(setup, one, receipt, now)
        return said._replace(state=FAILED, reason="provider", next=again)
    if receipt.outcome in (outcomes.REFUSED, outcomes.MISCONFIGURED):
        return said._replace(state=REFUSED, reason="provider")
    return said._replace(state=UNKNOWN)


def said_of(reason: str, code: str | None) -> str:
    """Give a provider's reason in words, as long as the ledger keeps them; never none."""
    return reason[:_DETAIL] or f"the provider says {code or 'no more than that'}"


def decided(entry: Entry, verdict: Verdict, now: int) -> Entry:
    """Give a row as a verdict leaves it; one that waits is looked at again when it expires."""
    if verdict.next is None:
        return entry._replace(
            state=REFUSED, reason=verdict.reason, detail=verdict.detail, at=now, next=None
        )
    ends = verdict.next if entry.expires is None else min(verdict.next, entry.expires)
    return entry._replace(
        state=PLANNED,
        reason=verdict.reason,
        detail=verdict.detail,
        at=now,
        next=max(ends, now + 1),
    )


def _faster(one: Entry, receipt: Receipt) -> Entry:
    """Give a row whose receipt was here before the channel's answer: only the id is news."""
    return one._replace(provider=one.provider or receipt.provider_id)


def capture_sent(
    take: Take,
    line: Line,
    sent: Iterable[Entry],
    mailings: Mapping[int, Mailing],
    through: Writer | None = None,
) -> None:
    """Make touchpoints of messages that went by one channel.

    Args:
        take: Captures them.
        line: The channel.
        sent: Their rows.
        mailings: What was sent, by number.
        through: What stands before the transaction's writer; None: nothing does.
    """
    automatic = not line.can("person")
    records = [
        _record(one, mailings.get(one.mailing), automatic=automatic) for one in sent if one.customer
    ]
    if records:
        take(records, through=through)


def go_on(
    setup: Setup, writer: Writer, ended: Sequence[Entry], mailings: Mapping[int, Mailing]
) -> list[Entry]:
    """Enter what did not go by one channel for the next one of the customer's (R36, R39)."""
    open_ = [
        one
        for one in ended
        if one.customer
        and one.reason in _PERSONAL | {None}
        and (mailing := mailings.get(one.mailing)) is not None
        and mailing.channel is None
    ]
    if not open_:
        return []
    recipients = read_recipients(writer, [one.customer for one in open_])
    unique = {one.root: one for one in recipients.values()}
    now = setup.session.now()
    lines = order(writer, setup.lines, setup.policy, unique.values(), now)
    used: dict[tuple[str, str, str], set[str]] = {}
    newest: dict[tuple[str, str, str], int] = {}
    reasons: dict[tuple[str, str, str], set[str | None]] = {}
    members = {member: one.root for one in unique.values() for member in one.ids}
    for one in of_customers(writer, members):
        about = (members[one.customer], one.purpose, one.occasion)
        used.setdefault(about, set()).add(one.channel)
        newest[about] = one.number
        reasons.setdefault(about, set()).add(one.reason)
    new: list[Entry] = []
    for one in open_:
        if one.customer not in recipients:
            continue
        root = recipients[one.customer].root
        about = (root, one.purpose, one.occasion)
        if newest[about] != one.number:  # another channel has taken over, or another record's did
            continue
        tried = used[about]
        # No colleague is asked to go round a consent that was all there was against it.
        unasked = reasons[about] == {CONSENT}
        left = (line for line in lines[root] if line.name not in tried)
        following = next((line for line in left if not (unasked and line.can("person"))), None)
        if following is not None:
            tried.add(following.name)
            new.append(_by_another(one, following, now))
    if new:
        first = writer.sequence(len(new))
        new = [one._replace(number=number) for number, one in enumerate(new, first)]
        writer.append(MESSAGE, list(new))
    return new


def _by_another(one: Entry, line: Line, now: int) -> Entry:
    return Entry(
        customer=one.customer,
        purpose=one.purpose,
        occasion=one.occasion,
        channel=line.name,
        number=0,
        mailing=one.mailing,
        state=PLANNED,
        detail=f"after {one.channel}",
        at=now,
        planned=now,
        next=now,
        expires=one.expires,
        variables=one.variables,
    )


def _follow_up(setup: Setup, line: Line, mailing: Mailing | None, now: int) -> int | None:
    """Give when to try another channel if nothing is heard: where the channel tells receipts."""
    wait = setup.policy.wait
    tells = line.can("receive") or line.can("poll")
    if wait is None or not tells or mailing is None or mailing.channel is not None:
        return None
    return now + wait


def _again(setup: Setup, one: Entry, receipt: Receipt, now: int) -> int:
    """Give when to try again: twice as late each time, a little apart from the others."""
    doubled = setup.policy.backoff << min(one.attempts - 1, _MOST_DOUBLINGS)
    lot = blake2b(f"{one.number}:{one.attempts}".encode(), digest_size=4).digest()
    share = int.from_bytes(lot, "big") / 2**32
    pause = int(min(doubled, setup.policy.backoff_most) * (1 + share / 4))
    asked = int((receipt.after or 0) * SECOND)
    return now + max(pause, asked, SECOND)


def _record(one: Entry, mailing: Mailing | None, *, automatic: bool) -> dict[str, Any]:
    """Make the touchpoint of a message; one that a machine sent is no contact for the cadence."""
    return {
        "source": SOURCE,
        "id": one.id,
        "kind": "message_out" if mailing is None else mailing.kind,
        "at": instant(one.sent or one.at),
        "customer": one.customer,
        "channel": one.channel,
        "direction": "out",
        "origin": "captured",
        "attributes": {
            "purpose": one.purpose,
            "occasion": one.occasion,
            **({"automatic": True} if automatic else {}),
            **({} if mailing is None or mailing.survey is None else {"survey": mailing.survey}),
        },
    }
