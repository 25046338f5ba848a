"""``crm.outreach.surveys``: one question asked one to one, and what the answers add up to.

A survey is a message with a signed link, or one that is answered by a number (R34, R228).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

from crmkit.arguments import ID_LIMIT, count, refuse
from crmkit.arguments import text as a_text
from crmkit.clock import micros
from crmkit.contracts.channel import Received
from crmkit.contracts.pages import head
from crmkit.contracts.settings import nearest
from crmkit.contracts.signatures import read_token
from crmkit.contracts.store import Reader
from crmkit.errors import RefusedError, SignatureInvalid
from crmkit.model.outreach import LedgerRow
from crmkit.model.survey import SurveyResults
from crmkit.outreach.ledger import Entry, by_numbers
from crmkit.outreach.setup import Setup
from crmkit.outreach.submitted import enter, mailing_of
from crmkit.outreach.surveys.pages import closed, question, thanks
from crmkit.outreach.surveys.replies import record
from crmkit.outreach.surveys.results import added_up
from crmkit.outreach.surveys.settings import RANGES, Survey
from crmkit.outreach.taking import body_of, url_of

_LONGEST = 64 * 1024
_DIGITS = 2


class Surveys:
    """Asks, takes answers in, and adds them up."""

    def __init__(self, setup: Callable[[], Setup]) -> None:
        """Know how to get what outreach works with, when it is first needed."""
        self._setup = setup

    def send(  # noqa: PLR0913 - as ``outreach.enqueue``
        self,
        survey: str,
        ids: str | Iterable[str],
        *,
        occasion: str,
        template: str | Mapping[str, Any],
        purpose: str = "care",
        channel: str | None = None,
        variables: Mapping[str, Any] | None = None,
        expires: datetime | None = None,
        by: str | None = None,
    ) -> tuple[LedgerRow, ...]:
        """Enter one question a customer; ``outreach.dispatch`` sends what is due.

        Among the template's variables are ``question``, in the customer's language, and
        ``survey_url``, the signed link, where ``[outreach.surveys] url`` is set. The other
        arguments are those of ``outreach.enqueue``, and so are the errors.

        Raises:
            InvalidValueError: there is no such survey.
        """
        asked = self._survey(survey)
        setup = self._setup()
        mailing = mailing_of(
            setup,
            purpose=purpose,
            occasion=occasion,
            channel=channel,
            template=template,
            variables=variables,
            expires=expires,
        )
        asks = attrs.evolve(mailing, survey=asked.name, kind="survey_sent")
        return enter(setup, ids, asks, by=by)

    def answer(self, token: str, score: int, text: str = "") -> None:
        """Take the answer that a host's own page got.

        Args:
            token: The ``s`` of the link.
            score: 0 to 10 (``nps``) or 1 to 5 (``csat``).
            text: What else he said.

        Raises:
            SignatureInvalid: the link was not made here.
            InvalidValueError: the score is outside the survey's scale.
            RefusedError: the survey is closed, or the customer is not known any more.
        """
        setup = self._setup()
        with setup.session.store.read() as reader:
            entry, survey = self._of_token(reader, token)
        number = count("score", score)
        now = setup.session.now()
        if now - (entry.sent or entry.planned) > setup.surveys.open:
            raise RefusedError(f"the survey {survey.name!r} is closed", survey=survey.name)
        try:
            made = record(survey, entry, number, a_text("text", text), now)
        except ValueError as error:
            refuse("score", str(error), score)
        with setup.joint() as (_, take):
            take([made])

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - as ``outreach.receive``
        body: bytes | str,
        *,
        method: str = "POST",
        url: str = "",
    ) -> Received:
        """Serve the page that a link leads to: GET shows the question, POST takes the answer.

        Args:
            headers: The call's headers.
            body: Its body: a form with ``score`` and ``text``.
            method: Its HTTP method; GET and HEAD change nothing.
            url: The whole URL that was called.

        Raises:
            SignatureInvalid: the link was not made here.
            InvalidValueError: an argument makes no sense.
        """
        raw, verb = body_of(body), a_text("method", method).upper()
        token = (parse_qs(urlsplit(url_of(url)).query).get("s") or [""])[0]
        setup = self._setup()
        with setup.session.store.read() as reader:
            _, survey = self._of_token(reader, token)
        if verb != "POST":
            return Received((), head() if verb == "HEAD" else question(survey))
        form = parse_qs(raw[:_LONGEST].decode("utf-8", "replace"))
        given = (form.get("score") or [""])[0].strip()
        low, high = RANGES[survey.scale]
        if not given.isdecimal() or len(given) > _DIGITS or not low <= int(given) <= high:
            return Received((), question(survey, f"{low} - {high}"))
        try:
            self.answer(token, int(given), (form.get("text") or [""])[0])
        except RefusedError:
            return Received((), closed())
        return Received((), thanks())

    def results(
        self, survey: str, since: datetime | None = None, until: datetime | None = None
    ) -> SurveyResults:
        """Add the answers to a survey up.

        Args:
            survey: Its name.
            since: Answers and questions from here on; None: from the first.
            until: Before this; None: to the last.

        Raises:
            InvalidValueError: there is no such survey, or `until` lies before `since`.
        """
        asked = self._survey(survey)
        begins = None if since is None else micros(since, "since")
        ends = None if until is None else micros(until, "until")
        if begins is not None and ends is not None and ends < begins:
            refuse("until", "must not lie before since", until)
        with self._setup().session.store.read() as reader:
            return added_up(reader, asked, begins, ends)

    def _survey(self, name: str) -> Survey:
        surveys = self._setup().surveys.surveys
        wanted = a_text("survey", name, ID_LIMIT, least=1)
        if wanted not in surveys:
            hint = nearest(wanted, surveys) or f"; there are {', '.join(surveys) or 'none'}"
            why = f"is no survey{hint}: a section [outreach.surveys.NAME] makes one"
            refuse("survey", why, name)
        return surveys[wanted]

    def _of_token(self, reader: Reader, token: str) -> tuple[Entry, Survey]:
        settings = self._setup().surveys
        parts = read_token(settings.secret or "", a_text("token", token)) if settings.secret else ()
        if len(parts) != 3 or parts[0] != "survey":  # noqa: PLR2004 - mark, message, survey
            raise SignatureInvalid("the link is refused: it was not made here")
        entries = by_numbers(reader, [int(parts[1])] if parts[1].isdecimal() else [])
        if not entries or parts[2] not in settings.surveys:
            raise RefusedError("the link leads to no survey any more", survey=parts[2])
        return entries[0], settings.surveys[parts[2]]
