"""Whom a mailing goes to by which channel, and what speaks against it for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import attrs

from crmkit.contracts.store import Reader
from crmkit.outreach.choice import choose, order
from crmkit.outreach.composing import form_of
from crmkit.outreach.gate import Attempt, Verdict
from crmkit.outreach.ledger import Entry, on_occasion
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.recipients import Recipient, read_recipients
from crmkit.outreach.setup import Setup
from crmkit.outreach.templates.wording import GIVEN

Rows = dict[str, list[Entry]]
PAGE = 1_000
"""Customers that one transaction reads."""
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

    @cached_property  # asked many times
    def root(self) -> str:
        """The id that merges lead to; the one that was asked for where nobody has it."""
        return self.asked if self.recipient is None else self.recipient.root


def choose_all(
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
    given = mailing.variables
    lacking = [name for name in _needed(form.variables) if name not in given and name not in own]
    return Verdict("content", f"the variable {lacking[0]} is missing") if lacking else None


@lru_cache(maxsize=256)  # the same for everybody whom a form is for
def _needed(variables: tuple[str, ...]) -> tuple[str, ...]:
    """Give what a mailing must bring, of the names with dots that a form reads."""
    names = (name.partition(".")[0] for name in variables)
    return tuple(dict.fromkeys(name for name in names if name not in _GIVEN))


def already_there(reader: Reader, chosen: Iterable[Chosen], mailing: Mailing) -> Rows:
    """Give the messages that customers have for this occasion already, by root id, oldest first.

    Where the channel is chosen for him any channel counts: he would get it twice otherwise.
    """
    roots = {
        member: one.recipient.root
        for one in chosen
        if one.recipient is not None
        for member in one.recipient.ids
    } | {one.asked: one.asked for one in chosen if one.recipient is None}
    found: Rows = {}
    for one in on_occasion(reader, roots, mailing.purpose, mailing.occasion):
        if mailing.channel in (None, one.channel):
            found.setdefault(roots[one.customer], []).append(one)
    return found
