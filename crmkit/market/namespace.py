"""``crm.market``: competitors and their promotions, how buying develops, and word of mouth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from crmkit.arguments import ID_LIMIT, choice, optional_text, refuse
from crmkit.arguments import text as a_text
from crmkit.capture.normalise import Normaliser
from crmkit.clock import instant, micros
from crmkit.contracts.session import Session
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.market import competitors, promotions
from crmkit.market.behaviour import behaviour
from crmkit.market.referrals import referral_share
from crmkit.model.market import (
    NOTE_KINDS,
    TREND_BY,
    BuyingBehaviour,
    Competitor,
    MarketNote,
    Promotion,
    ReferralShare,
)
from crmkit.value.basis import Defaults, read_basis


@attrs.frozen
class Market:
    """What goes on around the firm.

    Attributes:
        session: The open workspace.
        defaults: Value model and kinds that hold before anything was decided.
        region: Country that phone numbers without a country code belong to.
    """

    session: Session
    defaults: Defaults
    region: str | None = None

    # -- competitors -------------------------------------------------------------------

    def competitor(  # noqa: PLR0913 - everything that is known of one
        self,
        name: str,
        *,
        products: Iterable[str] | None = None,
        prices: Mapping[str, Decimal | str] | None = None,
        currency: str | None = None,
        strategy: str | None = None,
        strengths: Iterable[str] | None = None,
        weaknesses: Iterable[str] | None = None,
        source: str | None = None,
        by: str | None = None,
    ) -> Competitor:
        """Record what was found out about a competitor (R276).

        What is left out stays as it was known. Every recording is a version; all are kept.

        Args:
            name: Who.
            products: Products and services he offers.
            prices: What he asks, by product.
            currency: ISO 4217 code of the prices.
            strategy: His market strategy.
            strengths: What he is better at.
            weaknesses: What he is worse at.
            source: Where this comes from.
            by: Who records it; None: the actor.

        Raises:
            InvalidValueError: a price is no amount, or has no currency; `field` names it.
        """
        said = {
            "products": competitors.words("products", products),
            "prices": competitors.prices(prices, currency),
            "strategy": optional_text("strategy", strategy),
            "strengths": competitors.words("strengths", strengths),
            "weaknesses": competitors.words("weaknesses", weaknesses),
            "source": optional_text("source", source),
        }
        return competitors.record(self.session, name, said, by)

    def competitors(self) -> tuple[Competitor, ...]:
        """Give the newest version of each competitor, in the order they were first recorded."""
        with self.session.store.read() as reader:
            return tuple(competitors.COMPETITORS.all(reader))

    def versions(self, name: str) -> tuple[Competitor, ...]:
        """Give everything that was ever recorded of a competitor, oldest first."""
        with self.session.store.read() as reader:
            return competitors.versions(reader, name)

    def promotion(
        self, competitor: str, start: datetime, end: datetime, *, by: str | None = None
    ) -> Promotion:
        """Record a competitor's promotion window, both ends inclusive; the score reads it.

        The same window of the same competitor is recorded once.

        Raises:
            InvalidValueError: the end lies before the start, or nobody is named.
        """
        return promotions.record(self.session, competitor, start, end, by)

    def promotions(self) -> tuple[Promotion, ...]:
        """Give every window that was recorded, oldest record first."""
        with self.session.store.read() as reader:
            return promotions.read(reader)

    # -- reports, news and what the log tells ------------------------------------------

    def note(  # noqa: PLR0913 - what a note says
        self,
        title: str,
        *,
        kind: str = NOTE_KINDS[0],
        text: str = "",
        source: str = "",
        at: datetime | None = None,
        competitor: str | None = None,
        category: str | None = None,
        by: str | None = None,
    ) -> MarketNote:
        """Record something read or reckoned about the market (R277).

        Args:
            title: What it is about.
            kind: ``report news trend behaviour``.
            text: What it says.
            source: Where it stands.
            at: When it was published; None: now.
            competitor: Whom it is about.
            category: Which class of goods it is about.
            by: Who records it; None: the actor.

        Raises:
            InvalidValueError: the title is empty, or there is no such kind.
        """
        deciding = self.session.deciding("", by)
        made = MarketNote(
            state=choice("kind", kind, NOTE_KINDS),
            title=a_text("title", title, least=1),
            text=a_text("text", text),
            source=a_text("source", source),
            at=instant(deciding.now if at is None else micros(at)),
            competitor=optional_text("competitor", competitor, ID_LIMIT),
            category=optional_text("category", category, ID_LIMIT),
            recorded_by=deciding.by,
        )
        with self.session.store.write() as writer:
            return competitors.NOTES.open(writer, deciding, made, "recorded")

    def notes(
        self, *, kind: str | None = None, competitor: str | None = None
    ) -> tuple[MarketNote, ...]:
        """Give what was recorded about the market, in the order of recording.

        Raises:
            InvalidValueError: there is no such kind.
        """
        kinds = () if kind is None else (choice("kind", kind, NOTE_KINDS),)
        named = optional_text("competitor", competitor)
        with self.session.store.read() as reader:
            found = competitors.NOTES.all(reader, states=kinds)
        return tuple(one for one in found if named in (None, one.competitor))

    def behaviour(
        self, since: datetime, until: datetime | None = None, *, by: str = TREND_BY[0]
    ) -> BuyingBehaviour:
        """Tell how buying developed, month by month, from the log (R277).

        Args:
            since: From here on.
            until: To before here; None: now.
            by: By which classes: ``category``, ``item`` or ``channel``.

        Raises:
            InvalidValueError: `until` lies before `since`, or there are no such classes.
        """
        choice("by", by, TREND_BY)
        span = self._span(since, until)
        zone = AgendaPolicy.of(self.session.settings.get("agenda", {})).zone
        with self.session.store.read() as reader:
            layout = read_basis(reader, self.defaults).layout
            return behaviour(reader, layout, zone, span, by)

    def referral_share(self, since: datetime, until: datetime | None = None) -> ReferralShare:
        """Tell how many of those who first bought in a period came by word of mouth (R279).

        Counted are those whom a referral named before their first purchase, and those whose record
        says ``acquired_by="referral"``.

        Raises:
            InvalidValueError: `until` lies before `since`.
        """
        span = self._span(since, until)
        with self.session.store.read() as reader:
            layout = read_basis(reader, self.defaults).layout
            return referral_share(reader, layout, Normaliser(self.region), span)

    def _span(self, since: datetime, until: datetime | None) -> tuple[int, int]:
        """Give both ends of a period; what happens at this very moment is in it."""
        low = micros(since, "since")
        high = self.session.now() + 1 if until is None else micros(until, "until")
        if high < low:
            refuse("until", f"lies before since ({since})", until)
        return low, high
