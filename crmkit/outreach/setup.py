"""What every part of outreach works with: the session, the rules and the channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

import attrs

from crmkit.capture.intake import Joint
from crmkit.capture.tombstones import Key
from crmkit.contracts.channel import Delivery, Message
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.outreach.composing import Composer
from crmkit.outreach.gate import Gate
from crmkit.outreach.lines import Lines
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.policy import OutreachPolicy
from crmkit.outreach.recipients import Recipient
from crmkit.outreach.surveys.settings import SurveySettings
from crmkit.outreach.templates.catalogue import Templates

Refused = Callable[[Sequence[Message]], Mapping[str, str]]
"""Asks the plugins: why which messages, by id, must not go."""
Told = Callable[[Sequence[Delivery]], object]
"""Tells the plugins what became of messages."""


@attrs.frozen(kw_only=True)
class Setup:
    """What every part of outreach works with.

    Attributes:
        session: The store, the clock, who is acting.
        policy: What ``[outreach]`` says.
        templates: What ``[outreach.templates]`` says.
        surveys: What ``[outreach.surveys]`` says.
        lines: The channels.
        region: Country that addresses and phones without one belong to.
        zone: Where the days of those who work here begin, as the agenda has it.
        key: Gives the key of suppressions.
        joint: Opens a transaction that captures too.
        refused: Asks plugins before a send.
        told: Tells plugins of receipts; None: nobody listens.
    """

    session: Session
    policy: OutreachPolicy
    templates: Templates
    surveys: SurveySettings
    lines: Lines
    region: str | None
    zone: tzinfo
    key: Key
    joint: Joint
    refused: Refused
    told: Told | None = None

    def gate(self, reader: Reader, recipients: Mapping[str, Recipient]) -> Gate:
        """Read what must be known of these customers."""
        return Gate.read(
            reader,
            self.session,
            self.policy,
            {one.root: one for one in recipients.values()}.values(),
            region=self.region,
            zone=self.zone,
            lines=self.lines,
            key=self.key,
        )

    def composer(self, reader: Reader, mailings: Mapping[int, Mailing]) -> Composer:
        """Give what makes the messages of these mailings, by number."""
        return Composer(
            reader=reader,
            session=self.session,
            zone=self.zone,
            policy=self.policy,
            mailings=mailings,
            surveys=self.surveys,
        )
