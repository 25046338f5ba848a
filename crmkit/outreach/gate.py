"""The gate: may this message go to this customer by this channel, now?

Nothing goes round it. What it answers is a `Verdict`: a refusal, which is final, or a wait, which
says until when. It is asked in batches, at the moment of sending.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

import attrs

from crmkit.capture.tombstones import Key
from crmkit.clock import DAY, SECOND, instant
from crmkit.contracts.lines import breaks
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Row
from crmkit.model.consent import TRANSACTIONAL
from crmkit.outreach.caps import free_from
from crmkit.outreach.consented import OPT_OUT, Consented
from crmkit.outreach.history import Sent, read_history
from crmkit.outreach.ledger import Entry
from crmkit.outreach.lines import Line, Lines
from crmkit.outreach.policy import ALL, CAPS, QUIET, OutreachPolicy
from crmkit.outreach.quiet import allowed_from
from crmkit.outreach.recipients import Recipient, identities_of, members_of
from crmkit.outreach.suppression import Suppressions
from crmkit.outreach.zones import regions_of, zones_of

PASSES_ENDING = frozenset({TRANSACTIONAL})
"""Purposes that an ending does not hold back: only what somebody must know goes after it (R251),
and that is what ``transactional`` means."""
EMAIL = "email"
"""Identity whose messages carry the name in a header."""
PAUSE = 300 * SECOND
"""How long a channel that took nothing, or could not be opened, is left alone."""
AGAIN = DAY
"""How long a message waits that nobody knows when to send, before it is looked at again."""


@attrs.frozen
class Verdict:
    """Why a message does not go.

    Attributes:
        reason: One of `crmkit.model.outreach.REASONS`.
        detail: The reason in words.
        next: When it is asked again, in microseconds; None: it is refused.
    """

    reason: str
    detail: str
    next: int | None = None


@attrs.frozen
class Attempt:
    """What the gate is asked about.

    Attributes:
        recipient: Whom it is for.
        line: By which channel.
        purpose: What it is for.
        expires: When it is no longer worth sending, in microseconds.
    """

    recipient: Recipient
    line: Line
    purpose: str
    expires: int | None = None


@attrs.frozen(kw_only=True)
class Gate:
    """What must be known of a batch of customers, read once.

    Attributes:
        now: The instant of sending, in microseconds.
        policy: What the configuration says.
        region: Country that addresses without one belong to.
        zone: Where the days of those who work here begin.
        lines: The channels, whose types caps may name.
        consented: What they agreed to.
        suppressed: Addresses that nothing is sent to, with the reason.
        recipients: Whom all this is about.
        history: What was sent to each merge group, by its root; `counting` reads it.
        rows: Rows of the ledger that it was read from, by number.
    """

    now: int
    policy: OutreachPolicy
    region: str | None
    zone: tzinfo
    lines: Lines
    consented: Consented
    suppressed: Suppressions
    recipients: Sequence[Recipient]
    history: dict[str, list[Sent]] = attrs.field(factory=dict)
    rows: Mapping[int, Row] = attrs.field(factory=dict)
    _among: dict[str, dict[tuple[str, str], str]] = attrs.field(factory=dict)

    @classmethod
    def read(  # noqa: PLR0913 - what it goes by
        cls,
        reader: Reader,
        session: Session,
        policy: OutreachPolicy,
        recipients: Iterable[Recipient],
        *,
        region: str | None,
        zone: tzinfo,
        lines: Lines,
        key: Key,
    ) -> Gate:
        """Read what must be known of these customers, but for what only `cap` asks for."""
        everybody = list(recipients)
        return cls(
            now=session.now(),
            policy=policy,
            region=region,
            zone=zone,
            lines=lines,
            consented=Consented.of({one.root: one.consents for one in everybody}),
            suppressed=Suppressions(reader, key),
            recipients=everybody,
        )

    def counting(self, reader: Reader) -> Gate:
        """Give it with what was sent by now, which `cap` counts and `double` looks through.

        It is read where it is counted, and nowhere else: a ledger only grows.
        """
        asked = (one for one in self.recipients if self.policy.caps or len(one.ids) > 1)
        history, rows = read_history(reader, members_of(asked))
        return attrs.evolve(self, history=history, rows=rows)

    def refusal(self, attempt: Attempt, *, asked: bool = False) -> Verdict | None:
        """Tell why it never goes this way; None: nothing speaks against it.

        Args:
            attempt: What is asked about.
            asked: Whether even a colleague needs a consent; otherwise nobody may have objected.
        """
        recipient, line = attempt.recipient, attempt.line
        if attempt.expires is not None and attempt.expires <= self.now:
            return Verdict("expired", f"it was worth sending until {instant(attempt.expires)}")
        if recipient.ended and attempt.purpose not in PASSES_ENDING:
            return Verdict("ended", "the relationship was ended")
        if line.can("staff"):
            return Verdict("channel", f"{line.name} reaches colleagues, no customers")
        address = recipient.address(line)
        if address is None:
            return Verdict("address", f"he has no {line.spec.identity}, which {line.name} needs")
        if line.spec.identity == EMAIL and breaks(recipient.glance.name):
            return Verdict("address", "his name has a line break, and would begin another header")
        if recipient.glance.unreachable and not line.can("person"):
            return Verdict("channel", "no digital channel reaches him, as his record says")
        gone = self._suppressed(line)
        why = next((gone[one] for one in identities_of(recipient, line) if one in gone), None)
        if why is not None:
            return Verdict("suppressed", f"{line.name}: {why}")
        free = line.can("person") and not asked
        basis = OPT_OUT if free else self.policy.basis[attempt.purpose]
        why = self.consented.allows(recipient.root, attempt.purpose, line.names, self.now, basis)
        return None if why is None else Verdict("consent", why)

    def wait(self, attempt: Attempt) -> Verdict | None:
        """Tell until when it has to wait for the clock: quiet hours, working days; None: not."""
        return self._closed(attempt) or self._quiet(attempt)

    def cap(self, attempt: Attempt) -> Verdict | None:
        """Tell until when it has to wait since he got enough; None: he did not."""
        if self.policy.passes(attempt.purpose, CAPS):
            return None
        sent = self.history.get(attempt.recipient.root, ())
        quiet = self.policy.quiet
        zones = zones_of(attempt.recipient.customer, self.region)
        zones = zones or frozenset(() if quiet is None else quiet.candidate_zones)
        free = self.now
        for name, cap in self.policy.caps.items():
            if name not in (ALL, *attempt.line.names):
                continue
            times = [one.at for one in sent if name in (ALL, *self.lines.names_of(one.channel))]
            found = free_from(cap, times, self.now, zones)
            if found is None:
                return Verdict("cap", f"the cap {name} allows none", self.now + AGAIN)
            free = max(free, found)
        if free > self.now:
            return Verdict("cap", f"he got as much as is allowed until {instant(free)}", free)
        return None

    def double(self, attempt: Attempt, entry: Entry) -> Verdict | None:
        """Tell whether he has it: two records with a message each may have become one customer."""
        for one in self.history.get(attempt.recipient.root, ()):
            about = (one.purpose, one.occasion) == (entry.purpose, entry.occasion)
            if about and one.customer != entry.customer:
                return Verdict("cap", f"he has it already: message {one.number}")
        return None

    def sent(self, attempt: Attempt, entry: Entry) -> None:
        """Note that it goes, so that the next one of the same batch counts it."""
        sent = Sent(
            entry.channel, self.now, entry.customer, entry.purpose, entry.occasion, entry.number
        )
        self.history.setdefault(attempt.recipient.root, []).append(sent)

    def _suppressed(self, line: Line) -> dict[tuple[str, str], str]:
        """Look up at once as what all customers are reached by one channel."""
        if not self.suppressed:
            return {}
        if line.name not in self._among:
            pairs = (pair for one in self.recipients for pair in identities_of(one, line))
            self._among[line.name] = self.suppressed.among(pairs, line.names)
        return self._among[line.name]

    def _closed(self, attempt: Attempt) -> Verdict | None:
        """Tell until when nobody works, where working days are configured."""
        days, person = self.policy.days, attempt.line.can("person")
        if days is None or not days.holds(attempt.purpose, attempt.line.name, person=person):
            return None
        opens = days.open_from(self.now, self.zone)
        if opens == self.now:
            return None
        today = instant(self.now).astimezone(self.zone).date()
        why = days.why_closed(today) or "no working day is known"
        return Verdict("holiday", why, self.now + AGAIN if opens is None else opens)

    def _quiet(self, attempt: Attempt) -> Verdict | None:
        """Tell until when it is quiet where he is; a colleague knows that by himself."""
        quiet = self.policy.quiet
        if quiet is None or attempt.line.can("person"):
            return None
        if self.policy.passes(attempt.purpose, QUIET):
            return None
        customer = attempt.recipient.customer
        zones = zones_of(customer, self.region)
        windows = quiet.windows(regions_of(customer) if quiet.regions else ())
        opens = allowed_from(self.now, zones or quiet.candidate_zones, *windows)
        if opens == self.now:
            return None
        if zones is None:
            detail = "nobody knows where he is, and so when it is quiet there"
            return Verdict("zone", detail, self.now + AGAIN if opens is None else opens)
        if opens is None:
            return Verdict("quiet_hours", "it is always quiet where he may be", self.now + AGAIN)
        return Verdict("quiet_hours", f"it is quiet where he is until {instant(opens)}", opens)
