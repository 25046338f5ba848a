"""Section ``[outreach.surveys]``: which questions are asked, and where a link leads (R34, R228)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from crmkit.contracts.settings import check_keys, refuse, shape
from crmkit.contracts.signatures import token
from crmkit.outreach.durations import duration

NPS, CSAT = SCALES = ("nps", "csat")
"""How an answer is given: 0 to 10, how likely one recommends us; 1 to 5, how satisfied one is."""
RANGES = {NPS: (0, 10), CSAT: (1, 5)}
_MARK = "survey"
_SHORTEST = 16
_COMMON = ("url", "secret", "open")


@attrs.frozen(kw_only=True)
class Survey:
    """One question.

    Attributes:
        name: What users call it.
        scale: One of `SCALES`.
        question: By language: BCP 47 tag, or ``default``.
    """

    name: str
    scale: str
    question: Mapping[str, str]

    def asked(self, language: str | None) -> str:
        """Give the question in a language, or in the one there is."""
        tags = [language, (language or "").partition("-")[0], "default"]
        found = next((self.question[tag] for tag in tags if tag and tag in self.question), None)
        return next(iter(self.question.values()), "") if found is None else found

    def rating(self, score: int) -> float:
        """Give an answer on the scale of all ratings, 0 to 10.

        Raises:
            ValueError: it is outside the survey's own scale.
        """
        low, high = RANGES[self.scale]
        if not low <= score <= high:
            raise ValueError(f"must be {low} to {high}")
        return (score - low) * 10 / (high - low)


@attrs.frozen(kw_only=True)
class SurveySettings:
    """The surveys.

    Attributes:
        url: Where links lead: the host's page, which hands what it gets to
            ``crm.outreach.surveys.receive``; None: answers come as replies alone.
        secret: What links are signed with.
        open: How long an answer is taken after the question went, in microseconds.
        surveys: The surveys, by name.
    """

    url: str | None = None
    secret: str | None = attrs.field(default=None, repr=False)
    open: int = 0
    surveys: Mapping[str, Survey] = attrs.field(factory=dict)

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> SurveySettings:
        """Read the section.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        key = "outreach.surveys"
        given = shape(section, Mapping[str, Any], key)
        url = shape(given.get("url"), str | None, f"{key}.url")
        secret = shape(given.get("secret"), str | None, f"{key}.secret")
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                refuse(f"{key}.url", "must be an address of the web", url)
            if secret is None or len(secret) < _SHORTEST:
                refuse(f"{key}.secret", f"must have at least {_SHORTEST} characters")
        return cls(
            url=url,
            secret=secret,
            open=duration(given.get("open", "30d"), f"{key}.open"),
            surveys={
                name: _survey(name, one, f"{key}.{name}")
                for name, one in given.items()
                if name not in _COMMON
            },
        )

    def variables(
        self, message_id: str, survey: str | None, language: str | None
    ) -> dict[str, str]:
        """Give the variables of a message that asks: ``question`` and ``survey_url``."""
        if survey is None or survey not in self.surveys:
            return {}
        given = {"question": self.surveys[survey].asked(language)}
        if self.url is not None and self.secret is not None:
            mark = "&" if urlsplit(self.url).query else "?"
            signed = token(self.secret, _MARK, message_id, survey)
            given["survey_url"] = f"{self.url}{mark}s={signed}"
        return given


def _survey(name: str, given: Any, key: str) -> Survey:
    table = shape(given, Mapping[str, Any], key)
    check_keys(table, ("question", "scale"), key)
    scale = shape(table.get("scale", NPS), str, f"{key}.scale")
    if scale not in SCALES:
        refuse(f"{key}.scale", f"must be {' or '.join(SCALES)}", scale)
    asked = table.get("question", {})
    if isinstance(asked, str):
        asked = {"default": asked}
    question = shape(asked, Mapping[str, str], f"{key}.question")
    if not question:
        refuse(f"{key}.question", "must say what is asked")
    return Survey(name=name, scale=scale, question=question)
