"""What became of messages, and what customers answered: a row moves on, never back (R34).

A receipt is a touchpoint again, and feeds consent and suppression. Each may come twice, late and
in any order: what is known changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import attrs

from crmkit.arguments import seq_of
from crmkit.capture.intake import Take
from crmkit.capture.keys import Key
from crmkit.clock import micros
from crmkit.contracts.channel import Delivery
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import MESSAGE, TOUCHPOINT
from crmkit.model.outreach import ACCEPTED, FAILED
from crmkit.outreach.answers import told as plain
from crmkit.outreach.consequences import NOTE, About, consequences, suppresses, withdraws
from crmkit.outreach.heard import touchpoints
from crmkit.outreach.ledger import Entry, by_numbers, entry, of_customers, rank
from crmkit.outreach.lines import Line
from crmkit.outreach.mailings import read_mailings
from crmkit.outreach.needless import needless
from crmkit.outreach.recipients import Recipient, read_recipients
from crmkit.outreach.senders import named, senders
from crmkit.outreach.settling import capture_sent, given_up, go_on, said_of
from crmkit.outreach.setup import Setup
from crmkit.outreach.surveys.replies import survey_answer

_ONCE = frozenset({"unsubscribed", "replied"})
"""What takes consent back: the same once more, after he agreed anew, does not."""


@attrs.frozen
class Heard:
    """What was made of a batch of receipts.

    Attributes:
        known: Those about messages or customers of this workspace.
        strangers: The others; they changed nothing.
    """

    known: tuple[Delivery, ...]
    strangers: tuple[Delivery, ...]


def hear(setup: Setup, line: Line, deliveries: Sequence[Delivery]) -> Heard:
    """Write down what came in by one channel, and tell the plugins."""
    said = plain(deliveries)
    if not said:
        return Heard((), ())
    with setup.joint() as (writer, take):
        heard = _taken(setup, writer, take, line, said)
    if heard.known and setup.told is not None:
        told = setup.told
        setup.session.store.after_commit(lambda: told(heard.known))
    return heard


def _taken(
    setup: Setup, writer: Writer, take: Take, line: Line, deliveries: Sequence[Delivery]
) -> Heard:
    rows = _entries(writer, line, deliveries)
    spelled = named(line, deliveries, setup.region)
    reached = senders(writer, {*spelled.values(), *_went_to(rows, deliveries)})
    customers = {one.customer for one in rows.values()}.union(*reached.values())
    recipients = read_recipients(writer, customers - {""})
    known: list[Delivery] = []
    strangers: list[Delivery] = []
    records: list[dict[str, Any]] = []
    moved: dict[int, Entry] = {}
    now = setup.session.now()
    for one in deliveries:
        about = rows.get(_ref(one))
        about = None if about is None else moved.get(about.number, about)
        meant = spelled.get(one.address or "")
        place = about.identity if meant is None and about is not None else meant
        here = () if place is None else reached.get(place, ())
        at = now if one.at is None else min(micros(one.at), now)
        whose = _whose(recipients, about, here)
        if about is None and whose is None:
            several = [About(his, None, meant) for his in _roots(recipients, here)]
            heeded = _heeded(setup, writer, line, one, several, at, records)
            (known if heeded else strangers).append(one)
            continue
        known.append(one)
        news = True
        if about is not None:
            moved[about.number] = _moved(about, one, now)
            news = moved[about.number] is not about
        if whose is not None:
            said = survey_answer(setup, writer, line, whose, one, at)
            made = [said] if said is not None else touchpoints(one, line, whose, about, at)
            if one.what == "replied" or (about is None and one.what in _ONCE):
                news = not _itself(one) or not _heard(writer, records, made)
            if one.what == "replied":
                for waiting in _waiting(writer, line, whose):
                    rows.setdefault(waiting.id, waiting)
                    moved[waiting.number] = moved.get(waiting.number, waiting)._replace(next=None)
            records += made
            if news or one.what not in _ONCE:
                others = () if {*here} & {*whose.ids} else _roots(recipients, here)
                consequences(setup, writer, line, one, About(whose, about, meant, others))
    before = {one.number: one for one in rows.values()}
    changed = [one for number, one in moved.items() if one != before[number]]
    writer.put(MESSAGE, [*changed, *needless(writer, changed, now)])
    mailings = read_mailings(writer, {one.mailing for one in changed})
    capture_sent(take, line, (one for one in changed if _went(before, one, line)), mailings)
    if records:
        take(records)
    go_on(setup, writer, [one for one in changed if one.state in ("bounced", FAILED)], mailings)
    return Heard(tuple(known), tuple(strangers))


def _entries(reader: Reader, line: Line, deliveries: Iterable[Delivery]) -> dict[str, Entry]:
    """Find the rows that receipts are about, by our id or the provider's."""
    numbers = {
        number
        for one in deliveries
        if one.message_id is not None and (number := seq_of(one.message_id)) is not None
    }
    found = {one.id: one for one in by_numbers(reader, numbers) if one.channel == line.name}
    others = {one.provider_id for one in deliveries if one.provider_id and one.what != "replied"}
    rows = reader.fetch(MESSAGE, [(line.name, one) for one in others], by=("channel", "provider"))
    found.update((f"\0{one.provider}", one) for one in map(entry, rows))
    return found


def _went_to(rows: Mapping[str, Entry], deliveries: Iterable[Delivery]) -> set[Key]:
    """Give where messages went by which somebody wants no more, and names no address."""
    about = (rows.get(_ref(one)) for one in deliveries if withdraws(one) and not one.address)
    return {one.identity for one in about if one is not None and one.identity is not None}


def _roots(recipients: Mapping[str, Recipient], ids: Iterable[str]) -> list[Recipient]:
    """Give who these ids lead to, each once."""
    found = {his.root: his for one in ids if (his := recipients.get(one)) is not None}
    return [found[root] for root in sorted(found)]


def _whose(
    recipients: Mapping[str, Recipient], about: Entry | None, here: Iterable[str]
) -> Recipient | None:
    """Give whom a delivery comes from: who got the message, or the only one at the address."""
    if about is not None:
        return recipients.get(about.customer)
    several = _roots(recipients, here)
    return several[0] if len(several) == 1 else None


def _heeded(  # noqa: PLR0913 - what is heard of a shared address
    setup: Setup,
    writer: Writer,
    line: Line,
    one: Delivery,
    several: Sequence[About],
    at: int,
    records: list[dict[str, Any]],
) -> bool:
    """Heed a word against messages from an address that several have, as that of each of them.

    Nobody knows who said it, and to that address nothing more shall go.
    """
    if not several or not (withdraws(one) or suppresses(one)):
        return False
    for about in several:
        known = f"{about.whose.root}\0{one.event_id}\0{one.provider_id}\0{one.at}\0{one.text}"
        event = sha256(known.encode("utf-8", "surrogatepass")).hexdigest()
        his = attrs.evolve(one, what="unsubscribed" if withdraws(one) else one.what, event_id=event)
        made = touchpoints(his, line, about.whose, None, at)
        if not (made and _itself(one) and _heard(writer, records, made)):
            consequences(setup, writer, line, his, about)
        records += made
    return True


def _itself(one: Delivery) -> bool:
    """Tell whether anything makes it another one than the same words on another day."""
    return bool(one.event_id or one.provider_id or one.at)


def _heard(reader: Reader, records: Sequence[Mapping[str, Any]], made: list[Any]) -> bool:
    """Tell whether an answer was heard before: in this batch, or as it stands in the log."""
    ids = [(one["source"], one["id"]) for one in made]
    now = {(one["source"], one["id"]) for one in records}
    known = reader.fetch(TOUCHPOINT, ids, by=("source", "id"))
    return any(one in now for one in ids) or any(known)


def _waiting(reader: Reader, line: Line, whose: Recipient) -> list[Entry]:
    """Give what would go on by another channel for want of an answer, which is here now."""
    states = (ACCEPTED, "sent", "delivered")
    return [
        one
        for one in of_customers(reader, whose.ids)
        if one.channel == line.name and one.next is not None and one.state in states
    ]


def _ref(one: Delivery) -> str:
    return one.message_id if one.message_id is not None else f"\0{one.provider_id}"


def _went(before: Mapping[int, Entry], one: Entry, line: Line) -> bool:
    """Tell whether it is only now known that a customer was reached."""
    state = before[one.number].state
    unsure = rank(state) == 0 or (line.can("person") and state == ACCEPTED)
    return unsure and rank(one.state) > rank(ACCEPTED) and one.state != "bounced"


def _moved(about: Entry, one: Delivery, now: int) -> Entry:
    """Give a row as a receipt leaves it: further on, or as it was."""
    reason: str | None = "provider"
    state = one.what
    if state == FAILED:  # the provider gave it up after he had taken it
        if rank(about.state) > rank("sent") or given_up(about):
            return about
    elif state == "sent" and given_up(about):
        return about  # he gave it up later than that, whichever is told first
    elif rank(state) <= rank(about.state):
        return about
    elif state != "bounced":
        reason = None
    return about._replace(
        state=state,
        reason=reason,
        detail=one.reason[:NOTE] if reason is None else said_of(one.reason, one.code),
        code=one.code,
        provider=about.provider or one.provider_id,
        at=now,
        next=about.next if state == "sent" else None,
    )
