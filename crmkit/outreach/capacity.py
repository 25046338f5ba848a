"""How much colleagues can carry out a day, and how much a provider takes: limits like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta, tzinfo

import attrs

from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import MESSAGE
from crmkit.outreach.gate import Attempt, Verdict
from crmkit.outreach.ledger import TAKEN, entry
from crmkit.outreach.lines import Line
from crmkit.outreach.recipients import read_recipients
from crmkit.outreach.walls import begins, wall


@attrs.frozen
class Capacity:
    """What went today by the channels whose day is limited.

    Attributes:
        session: Who can do how much.
        tomorrow: When the next day begins, in microseconds.
        next_day: That day.
        given: Tasks of today, by owner.
        gone: Messages of today, by channel.
    """

    session: Session
    tomorrow: int
    next_day: date
    given: Counter[str]
    gone: Counter[str]

    @classmethod
    def read(
        cls, reader: Reader, session: Session, lines: Collection[Line], zone: tzinfo
    ) -> Capacity:
        """Count what went since the day began.

        Args:
            reader: One consistent look.
            session: Who can do how much, and what time it is.
            lines: The channels that messages wait for.
            zone: Where the days of those who work here begin.
        """
        today = wall(session.now(), zone).date()
        went = [
            one
            for line in lines
            if line.can("person") or line.spec.limits.per_day is not None
            for one in map(
                entry,
                reader.scan(
                    MESSAGE, by=("channel", "sent"), equal=(line.name,), low=begins(today, zone)
                ),
            )
            if one.state in TAKEN
        ]
        people = {line.name for line in lines if line.can("person")}
        tasks = [one.customer for one in went if one.channel in people]
        recipients = read_recipients(reader, set(tasks))
        owners = (recipients[one].customer.owner or "" for one in tasks if one in recipients)
        following = today + timedelta(days=1)
        return cls(
            session,
            begins(following, zone),
            following,
            Counter(owners),
            Counter(one.channel for one in went),
        )

    def full(self, attempt: Attempt) -> Verdict | None:
        """Tell until when nothing more goes today; None: something does."""
        line = attempt.line
        most = line.spec.limits.per_day
        if most is not None and self.gone[line.name] >= most:
            return self._tomorrow("channel", f"{line.name} takes {most} a day")
        if not line.can("person"):
            return None
        owner = attempt.recipient.customer.owner or ""
        person = self.session.people.get(owner)
        if person is not None and self.given[owner] >= person.capacity:
            return self._tomorrow("capacity", f"{owner} has {person.capacity} contacts a day")
        return None

    def _tomorrow(self, reason: str, why: str) -> Verdict:
        return Verdict(reason, f"{why}; next {self.next_day}", self.tomorrow)

    def take(self, attempt: Attempt) -> None:
        """Count one more."""
        self.gone[attempt.line.name] += 1
        if attempt.line.can("person"):
            self.given[attempt.recipient.customer.owner or ""] += 1
