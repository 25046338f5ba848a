"""One customer's message, complete: rendered, addressed, and with what a colleague must know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, tzinfo
from functools import cached_property
from itertools import islice
from typing import Any

import attrs

from crmkit.capture.reading import touchpoints_of
from crmkit.clock import instant
from crmkit.contracts.channel import Message
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.outreach.gate import Attempt, Verdict
from crmkit.outreach.ledger import Entry
from crmkit.outreach.lines import Line
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.policy import OutreachPolicy
from crmkit.outreach.surveys.settings import SurveySettings
from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.form import Form
from crmkit.outreach.templates.wording import FORMAL, variables_of

_TOUCHES = 3
_SESSION = 24 * 3_600 * 1_000_000
"""How long after the customer wrote free text may go where a channel has sessions: 24 hours."""


@attrs.frozen(kw_only=True)
class Composer:
    """Makes messages of one batch.

    Attributes:
        reader: One consistent look.
        session: Who owns customers, and what time it is.
        zone: Where days begin.
        policy: In which tone to write.
        mailings: The batch's mailings, by number.
        surveys: The surveys, whose links stand in messages.
    """

    reader: Reader
    session: Session
    zone: tzinfo
    policy: OutreachPolicy
    mailings: Mapping[int, Mailing]
    surveys: SurveySettings

    def message(
        self, entry: Entry, attempt: Attempt, unsubscribe: str | None = None
    ) -> Message | Verdict:
        """Make one message, or tell what it lacks.

        Args:
            entry: Its row.
            attempt: Whom and by which channel.
            unsubscribe: The link by which he wants no more.
        """
        mailing = self.mailings.get(entry.mailing)
        if mailing is None:
            return Verdict("content", "what it says was erased")
        recipient, line = attempt.recipient, attempt.line
        customer = recipient.customer
        form = form_of(mailing, line, customer.language)
        if isinstance(form, Verdict):
            return form
        own = {} if entry.variables is None else json.loads(entry.variables)
        links = dict(self.surveys.variables(entry.id, mailing.survey, customer.language))
        if unsubscribe is not None:
            links["unsubscribe_url"] = unsubscribe
        variables = variables_of(
            customer,
            owner=self.session.people.get(customer.owner or ""),
            today=self.today,
            extra={**links, **mailing.variables, **own},
            language=mailing.source.language,
            tone=self.policy.tone or FORMAL,
        )
        try:
            content = form.render(variables, language=customer.language)
        except ContentError as error:
            return Verdict("content", str(error))
        if (why := too_long(line, content.text)) is not None:
            return Verdict("content", why)
        address = recipient.address(line)
        person = line.can("person")
        return Message(
            id=entry.id,
            customer_id=recipient.root,
            to=address or "",
            purpose=entry.purpose,
            occasion=entry.occasion,
            text=content.text,
            subject=content.subject,
            html=content.html,
            template=content.template,
            language=customer.language,
            name=customer.known_as if person else customer.name,
            unsubscribe=unsubscribe,
            brief=self._brief(mailing, attempt) if person else {},
            owner=customer.owner,
            due=instant(entry.next or entry.planned) if person else None,
            session=line.can("session") and self._wrote(attempt),
        )

    @cached_property  # one batch takes no time
    def today(self) -> date:
        """The day it is."""
        return self.session.clock().astimezone(self.zone).date()

    def _brief(self, mailing: Mailing, attempt: Attempt) -> dict[str, Any]:
        """Give what a colleague must know: what was said, and what happened last."""
        customer = attempt.recipient.customer
        newest = touchpoints_of(self.reader, attempt.recipient.root)
        touches = [
            " ".join(filter(None, (f"{one.at:%Y-%m-%d}", one.kind, one.channel, one.text)))
            for one in islice(newest, _TOUCHES)
        ]
        phones = [one.value for one in customer.identities if one.system == "phone"]
        known = {"touches": touches, "phone": phones[0] if phones else "", "why": mailing.occasion}
        return {**known, **mailing.brief}

    def _wrote(self, attempt: Attempt) -> bool:
        """Tell whether the customer wrote by this channel lately."""
        since = self.session.now() - _SESSION
        for one in attempt.recipient.ids:
            rows = self.reader.scan(
                TOUCHPOINT,
                by=("customer", "at"),
                equal=(one,),
                low=since,
                where={"kind": "message_in", "channel": attempt.line.names},
                limit=1,
                columns=("at",),
            )
            if any(rows):
                return True
        return False


def too_long(line: Line, said: str) -> str | None:
    """Say how much longer a text is than its channel takes; None: it is not."""
    limits = line.spec.limits
    if limits.text is None:
        return None
    size = len(said.encode()) if limits.unit == "bytes" else len(said)
    if size <= limits.text:
        return None
    return f"the text has {size} {limits.unit}, {line.name} takes {limits.text}"


def form_of(mailing: Mailing, line: Line, language: str | None) -> Form | Verdict:
    """Give the form of a mailing's template for a channel and language, or tell why not."""
    try:
        form = mailing.source.form(line.names, language)
    except ContentError as error:  # stored by a crmkit that allowed more
        return Verdict("content", str(error))
    if form is None:
        return Verdict("content", f"the template has no form for {line.name} in {language or '?'}")
    return form
