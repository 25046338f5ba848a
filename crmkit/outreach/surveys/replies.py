"""Answers to surveys: by the link of a message, or by a number that is written back (R34).

The first answer to a message counts; the same again changes nothing.
"""

from __future__ import annotations

import re
from typing import Any

from crmkit.clock import instant
from crmkit.contracts.channel import Delivery
from crmkit.contracts.store import Reader
from crmkit.outreach.ledger import TAKEN, Entry, of_customers
from crmkit.outreach.lines import Line
from crmkit.outreach.mailings import Mailing, read_mailings
from crmkit.outreach.recipients import Recipient
from crmkit.outreach.setup import Setup
from crmkit.outreach.surveys.settings import Survey

SOURCE = "survey"
_ANSWER = re.compile(r"\s*(\d{1,2})(?!\s*%|[.,:/-]?\d)[\s.。,，:：;；!！-]*(.*)", re.DOTALL)
"""A number, and then what else he has to say; ``10:30``, ``3.5`` and ``5%`` are no answers."""
_TEXT = 10_000


def survey_answer(  # noqa: PLR0913 - what a reply is read by
    setup: Setup, reader: Reader, line: Line, whose: Recipient, one: Delivery, at: int
) -> dict[str, Any] | None:
    """Read a reply as the answer to the newest question that is open; None: it is none."""
    if one.what != "replied" or not setup.surveys.surveys or not one.text:
        return None
    found = _ANSWER.fullmatch(one.text)
    if found is None:
        return None
    for entry, mailing in _asked(setup, reader, line, whose, at):
        survey = setup.surveys.surveys.get(mailing.survey or "")
        if survey is not None:
            try:
                return record(survey, entry, int(found[1]), found[2].strip(), at)
            except ValueError:
                return None
    return None


def record(survey: Survey, entry: Entry, score: int, comment: str, at: int) -> dict[str, Any]:
    """Make the touchpoint that an answer is.

    Raises:
        ValueError: it is outside the survey's scale.
    """
    return {
        "source": SOURCE,
        "id": entry.id,
        "kind": "survey_answered",
        "at": instant(at),
        "customer": entry.customer,
        "channel": entry.channel,
        "direction": "in",
        "rating": survey.rating(score),
        "text": comment.replace("\0", "")[:_TEXT],
        "attributes": {"survey": survey.name, "score": score, "occasion": entry.occasion},
    }


def _asked(
    setup: Setup, reader: Reader, line: Line, whose: Recipient, at: int
) -> list[tuple[Entry, Mailing]]:
    """Give the questions he got by this channel and may still answer, newest first."""
    since = at - setup.surveys.open
    got = [
        one
        for one in of_customers(reader, whose.ids)
        if one.channel == line.name
        and one.state in TAKEN
        and one.sent is not None
        and since <= one.sent <= at
    ]
    mailings = read_mailings(reader, {one.mailing for one in got})
    asked = [
        (one, mailings[one.mailing])
        for one in got
        if one.mailing in mailings and mailings[one.mailing].survey is not None
    ]
    return sorted(asked, key=lambda pair: (pair[0].sent, pair[0].number), reverse=True)
