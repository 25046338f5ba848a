"""Outreach drawn at random against a naive model of what nobody may ever get."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from crmkit.contracts.channel import Message, Receipt
from crmkit.errors import RefusedError
from tests.outreach.kit import HOUR, MINUTE, Firm, taken

NAMES = ("ann", "bob", "cid")
PURPOSES = ("transactional", "service", "care")
OCCASIONS = {"chosen": None, "by mail": "mail", "by sms": "sms"}
CAP = 2
DAY = timedelta(hours=24)
WHO = st.sampled_from(NAMES)
WAY = st.sampled_from(("mail", "sms"))
PURPOSE = st.sampled_from(PURPOSES)
NOBODY_KNOWS = ("unknown", "silence", "exception")
ANSWERS = ("taken", "taken", "retry", "refused", "misconfigured", *NOBODY_KNOWS)
SETTINGS: dict[str, Any] = {
    "chain": ["mail", "sms"],
    "caps": {"all": {"max": CAP, "per": "24h"}},
    "quiet_hours": {"start": "21:00", "end": "08:00"},
    "attempts": 3,
}


class Outreach(RuleBasedStateMachine):
    """Whatever happens, in whatever order, these laws hold at the moment of each sending."""

    def __init__(self) -> None:
        super().__init__()
        self.firm = Firm(outreach=SETTINGS)
        self.said: dict[str, list[tuple[datetime, bool, int, str, str | None]]] = {}
        self.root = {name: name for name in NAMES}
        self.answer = {"mail": "taken", "sms": "taken"}
        self.got: dict[str, tuple[str, str, str, datetime]] = {}
        for name in NAMES:
            self.firm.save(name, agrees=False)
            self.said[name] = []
            for purpose in PURPOSES:
                self.allow(name, purpose, None)
        self.phones = {name: self.firm.phone(name) for name in NAMES}
        self.firm.mail.answer = lambda message: self.sent(message, "mail")
        self.firm.sms.answer = lambda message: self.sent(message, "sms")

    def teardown(self) -> None:
        self.firm.crm.close()

    # -- the model ---------------------------------------------------------------------

    def group(self, name: str) -> set[str]:
        return {one for one in NAMES if self.root[one] == self.root[name]}

    def agreed(self, name: str, purpose: str, channel: str) -> bool:
        """Tell what the newest word of each record says; the strictest of them holds."""
        found = []
        for one in self.group(name):
            about = [w for w in self.said[one] if w[3] == purpose and w[4] in (None, channel)]
            if about:
                found.append(not max(about)[1])
        return bool(found) and all(found)

    def sent(self, message: Message, channel: str) -> Any:
        """Judge each message at the instant its channel is handed it."""
        firm, now = self.firm, self.firm.now
        (row,) = [one for one in firm.outreach.ledger() if one.id == message.id]
        whose, purpose = row.customer_id, message.purpose
        group = self.group(whose)
        assert self.agreed(whose, purpose, channel), "without consent"
        had = [one for one in self.got.values() if one[0] in group]
        assert not [one for one in had if one[1:3] == (purpose, message.occasion)], "twice"
        if purpose != "transactional":
            assert 8 <= now.hour < 21, "at night"
        if purpose == "care":
            assert len([one for one in had if one[3] > now - DAY]) < CAP, "too often"
        answer = self.answer[channel]
        if answer in ("taken", *NOBODY_KNOWS):
            self.got[message.id] = (whose, purpose, message.occasion, now)
        if answer == "exception":
            for one in firm.outreach.ledger(state="claimed", channel=channel):
                # The whole call is unknown: what is behind this message in it, too.
                self.got.setdefault(one.id, (one.customer_id, one.purpose, one.occasion, now))
            raise TimeoutError("the line went dead")
        if answer == "taken":
            return taken(message)
        if answer == "silence":
            return None
        return Receipt(message_id=message.id, outcome=answer, reason="as the test says")

    # -- what happens ------------------------------------------------------------------

    @rule(names=st.sets(WHO, min_size=1), purpose=PURPOSE, occasion=st.sampled_from([*OCCASIONS]))
    def enqueue(self, names: set[str], purpose: str, occasion: str) -> None:
        how = {"purpose": purpose, "occasion": occasion, "channel": OCCASIONS[occasion]}
        self.firm.enqueue(*sorted(names), **how)

    @rule(limit=st.sampled_from((None, None, 1, 2)))
    def dispatch(self, limit: int | None) -> None:
        self.firm.dispatch(limit)
        if limit is None:
            assert self.firm.dispatch() == {}, "something is due for ever"
        known = {row.id: row.state for row in self.firm.rows()}
        for id_ in list(self.got):
            # Behind an exception there may be rows that were never handed over.
            if known[id_] in ("planned", "refused", "failed"):
                del self.got[id_]

    @rule(hours=st.sampled_from((1, 1, 5, 11, 24, 70)))
    def wait(self, hours: int) -> None:
        self.firm.now += hours * HOUR + 7 * MINUTE

    @rule(channel=WAY, answer=st.sampled_from(ANSWERS))
    def behave(self, channel: str, answer: str) -> None:
        self.answer[channel] = answer

    @rule(name=WHO, purpose=PURPOSE, channel=st.sampled_from((None, "mail", "sms")))
    def allow(self, name: str, purpose: str, channel: str | None) -> None:
        whose = self.root[name]
        self.firm.agree(whose, purpose, channel=channel)
        self.note(whose, purpose, channel, refused=False)

    @rule(name=WHO, purpose=PURPOSE, channel=st.sampled_from((None, "mail", "sms")))
    def withdraw(self, name: str, purpose: str, channel: str | None) -> None:
        whose = self.root[name]
        self.firm.crm.consents.withdraw(whose, purpose, channel, source="a call")
        self.note(whose, purpose, channel, refused=True)

    def note(self, whose: str, purpose: str, channel: str | None, *, refused: bool) -> None:
        number = sum(map(len, self.said.values()))
        self.said[whose].append((self.firm.now, refused, number, purpose, channel))

    @rule(name=WHO, number=st.integers(0, 99))
    def stop(self, name: str, number: int) -> None:
        whose = self.root[name]
        event = f"s{number}-{self.firm.now}"
        said = {"what": "replied", "address": self.phones[name], "event_id": event}
        before = len(self.firm.crm.consents.history(whose))
        self.firm.hear("sms", {**said, "text": "拒收"})
        if len(self.firm.crm.consents.history(whose)) > before:  # it is no replay
            for purpose in ("service", "care", "marketing"):
                self.note(whose, purpose, "sms", refused=True)

    @rule(keep=WHO, drop=WHO)
    def merge(self, keep: str, drop: str) -> None:
        kept, dropped = self.root[keep], self.root[drop]
        if kept == dropped:
            return
        self.firm.crm.customers.merge(kept, dropped, reason="the same person")
        for name in self.group(dropped):
            self.root[name] = kept

    @rule(
        data=st.data(), what=st.sampled_from(("sent", "delivered", "bounced", "failed", "opened"))
    )
    def hear(self, data: st.DataObject, what: str) -> None:
        rows = [row for row in self.firm.outreach.ledger() if row.attempts]
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        self.firm.hear(row.channel, {"what": what, "message_id": row.id, "reason": "so"})
        after = next(one for one in self.firm.rows() if one.id == row.id)
        if after.state in ("bounced", "failed"):
            self.got.pop(row.id, None)
        elif row.state not in (after.state, "claimed") and row.id not in self.got:
            sent = row.sent_at or self.firm.now
            self.got[row.id] = (row.customer_id, row.purpose, row.occasion, sent)

    @rule(data=st.data(), sent=st.booleans())
    def settle(self, data: st.DataObject, sent: bool) -> None:
        rows = self.firm.outreach.ledger(state="unknown")
        if rows:
            row = data.draw(st.sampled_from(rows))
            self.firm.outreach.settle(row.id, sent=sent)
            if not sent:
                self.got.pop(row.id, None)

    @rule()
    def retry(self) -> None:
        for row in self.firm.outreach.ledger(state="refused"):
            with suppress(RefusedError):  # another channel has it
                self.firm.outreach.retry(row.id)

    @rule(surely=st.booleans())
    def reconcile(self, surely: bool) -> None:
        unknown = self.firm.outreach.ledger(state="unknown", channel="mail")
        if surely:
            not_taken = {row.id: Receipt(message_id=row.id, outcome="retry") for row in unknown}
            self.firm.mail.found = not_taken
            for row in unknown:
                self.got.pop(row.id, None)
        self.firm.outreach.reconcile()
        self.firm.mail.found = {}

    @invariant()
    def every_row_can_be_read(self) -> None:
        """Each is in a known state, with reason and words where it needs them."""
        self.firm.rows()
        keys = [(r.customer_id, r.purpose, r.occasion, r.channel) for r in self.firm.rows()]
        assert len(set(keys)) == len(keys)
        assert not self.firm.outreach.ledger(state="claimed")


TestOutreach = Outreach.TestCase
TestOutreach.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
