"""``crm.outreach``: one-to-one messages, from the preview to what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from crmkit.arguments import (
    choice,
    count,
    flag,
    optional_text,
    refuse,
    seq_of,
    text,
)
from crmkit.contracts.channel import Received
from crmkit.garbage import collecting_later
from crmkit.model.outreach import REASONS, STATES, Counts, LedgerRow, Preview
from crmkit.outreach import alerting, inbound, previewing, reconciling
from crmkit.outreach.consents import group_ids
from crmkit.outreach.dispatching import dispatch
from crmkit.outreach.ledger import listing
from crmkit.outreach.rehearsing import rehearse
from crmkit.outreach.setup import Setup
from crmkit.outreach.submitted import enter, mailing_of
from crmkit.outreach.suppression import Suppressed, suppress, unsuppress
from crmkit.outreach.surveys.namespace import Surveys
from crmkit.outreach.taking import address_of, each_of, ids_of
from crmkit.outreach.tasks import carried_out
from crmkit.value.roots import root_of

_REASON = 500


class Outreach:
    """Sends each the right message by the right channel, and never against his will."""

    def __init__(self, setup: Callable[[], Setup]) -> None:
        """Know how to get what outreach works with, when it is first needed."""
        self._setup_of = setup
        self._made: Setup | None = None

    @property
    def setup(self) -> Setup:
        """What outreach works with; read when it is first needed."""
        if self._made is None:
            self._made = self._setup_of()
        return self._made

    # -- before ------------------------------------------------------------------------

    def preview(  # noqa: PLR0913 - as `enqueue`
        self,
        ids: str | Iterable[str],
        *,
        purpose: str,
        occasion: str,
        channel: str | None = None,
        template: str | Mapping[str, Any],
        variables: Mapping[str, Any] | None = None,
        each: Mapping[str, Mapping[str, Any]] | None = None,
        expires: datetime | None = None,
        brief: Mapping[str, Any] | None = None,
    ) -> tuple[Preview, ...]:
        """Give exactly what each customer would get now, and why the others get nothing.

        Nothing is written. The arguments and errors are those of `enqueue`.
        """
        mailing = mailing_of(
            self.setup,
            purpose=purpose,
            occasion=occasion,
            channel=channel,
            template=template,
            variables=variables,
            expires=expires,
            brief=brief,
        )
        return tuple(previewing.preview(self.setup, ids_of(ids), mailing, each_of(each)))

    def enqueue(  # noqa: PLR0913 - what is sent, to whom, and who decided it
        self,
        ids: str | Iterable[str],
        *,
        purpose: str,
        occasion: str,
        channel: str | None = None,
        template: str | Mapping[str, Any],
        variables: Mapping[str, Any] | None = None,
        each: Mapping[str, Mapping[str, Any]] | None = None,
        expires: datetime | None = None,
        holdout: float | None = None,
        brief: Mapping[str, Any] | None = None,
        by: str | None = None,
    ) -> tuple[LedgerRow, ...]:
        """Enter one message a customer into the ledger; `dispatch` sends what is due.

        Who has one for this purpose and occasion already gets no second: he keeps his row. Where
        `channel` is named only one by that channel counts. Who may not be reached gets a row that
        says why.

        Args:
            ids: One customer's id, or many; records that were merged are one customer.
            purpose: ``transactional``, ``service``, ``care`` or ``marketing``.
            occasion: On the occasion of what, such as ``new-year-2027``; at most 200 characters.
            channel: By which; None: by the customer's own wish, what he answered to, or the
                default, and by the next one where that fails.
            template: Name of a template, or a mapping ``{subject, text, html}``.
            variables: Values for everybody: texts, numbers, days, lists and mappings of them. Where
                there are several customers they stay when one of them is erased, and so do template
                and brief: what is about one belongs into `each`.
            each: Further values for single customers, by the ids given; erased with them.
            expires: When it is no longer worth sending.
            holdout: Share of the customers, drawn by lot, who get nothing, 0.0 to 1.0; None: as
                ``[outreach] holdout`` says.
            brief: What a colleague must know where one carries it out: ``about``, ``avoid``,
                ``why``, ``kind`` (``call``, ``visit`` or ``gift``).
            by: Who decided it; None: the actor.

        Returns:
            A row a customer, in the order of `ids`.

        Raises:
            InvalidValueError: an argument makes no sense, or the template does not; `field` names
                it.
        """
        mailing = mailing_of(
            self.setup,
            purpose=purpose,
            occasion=occasion,
            channel=channel,
            template=template,
            variables=variables,
            expires=expires,
            brief=brief,
        )
        return enter(self.setup, ids, mailing, each=each, holdout=holdout, by=by)

    # -- sending -----------------------------------------------------------------------

    def dispatch(self, limit: int | None = None, *, dry_run: bool = False) -> Counts:
        """Send until nothing is due, and count the rows by the state they came to.

        Args:
            limit: Look at so many messages at most; None: at all that are due.
            dry_run: Send and write nothing; count the states they would come to if every
                channel took everything.

        Raises:
            PluginError: a plugin that may refuse messages is missing or raised: nothing was sent.
            RefusedError: this is the connection of a host's transaction (``crm.using``).
        """
        most = None if limit is None else count("limit", limit)
        if flag("dry_run", dry_run):
            return Counts.of(rehearse(self.setup, most))
        with collecting_later():
            return Counts.of(dispatch(self.setup, most))

    def alert(self, channel: str, text: str, *, occasion: str) -> LedgerRow:
        """Tell colleagues something by a staff bot, once an occasion.

        Args:
            channel: One that needs no customer's address.
            text: What to tell.
            occasion: What makes it one alert; the same again sends nothing.

        Raises:
            InvalidValueError: the channel reaches customers, or the text is empty.
            RefusedError: this is the connection of a host's transaction (``crm.using``).
        """
        return alerting.alert(self.setup, channel, text, occasion).record()

    # -- after -------------------------------------------------------------------------

    def ledger(  # noqa: PLR0913 - what it can be asked for
        self,
        customer_id: str | None = None,
        occasion: str | None = None,
        state: str | None = None,
        after: str | None = None,
        *,
        channel: str | None = None,
        limit: int | None = None,
    ) -> tuple[LedgerRow, ...]:
        """Give the messages that were entered, in that order, with what became of each and why.

        Args:
            customer_id: Only this customer's; those of records merged with his among them.
            occasion: Only of this occasion.
            state: Only in this state.
            after: Only behind the row with this id.
            channel: Only by this channel.
            limit: At most so many.

        Raises:
            InvalidValueError: there is no such state, or `after` is no id.
        """
        customer = optional_text("customer_id", customer_id)
        wanted = {
            "occasion": optional_text("occasion", occasion),
            "state": None if state is None else choice("state", state, STATES),
            "channel": optional_text("channel", channel),
        }
        behind = 0
        if after is not None:
            found = seq_of(text("after", after))
            behind = refuse("after", "must be a row's id", after) if found is None else found
        most = None if limit is None else count("limit", limit)
        with self.setup.session.store.read() as reader:
            ids = None if customer is None else group_ids(reader, root_of(reader, customer))
            rows = listing(reader, ids, after=behind, limit=most, **wanted)
            return tuple(one.record() for one in rows)

    def receive(
        self,
        channel: str,
        headers: Mapping[str, str],
        body: bytes | str,
        *,
        method: str = "POST",
        url: str = "",
    ) -> Received:
        """Take a call of a provider's webhook, or of a customer's link.

        Args:
            channel: Which channel it belongs to.
            headers: Its headers.
            body: Its body, byte for byte.
            method: Its HTTP method; GET and HEAD change nothing.
            url: The whole URL that was called, as the caller wrote it.

        Returns:
            What came in, and the answer to give.

        Raises:
            SignatureInvalid: it is forged or too old; nothing was changed.
            InvalidValueError: the channel takes no calls, or nobody can read this one although it
                is rightly signed; nothing was changed.
        """
        return inbound.receive(self.setup, channel, (headers, body), method, url)

    def poll(self, channel: str) -> Received:
        """Fetch receipts and replies where the provider has them fetched.

        Raises:
            InvalidValueError: this channel's are not fetched.
        """
        return inbound.poll(self.setup, channel)

    def reconcile(self) -> Counts:
        """Settle messages that nobody knows the fate of, and count them by the state they have now.

        A channel that can look up what it sent is asked; what it does not find stays ``unknown``,
        for that proves nothing, unless the channel's ``on_unknown`` is ``resend``.

        Raises:
            CrmkitError: a channel could not be asked; the others' were settled.
        """
        return Counts.of(reconciling.reconcile(self.setup))

    def settle(self, id: str, *, sent: bool, by: str | None = None) -> LedgerRow:  # noqa: A002
        """Say what became of an unknown message: it went, or it did not and goes again.

        Raises:
            DecisionNotFound: no message has that id.
            RefusedError: its fate is known.
        """
        who = self.setup.session.deciding("", by).by
        return reconciling.decide(self.setup, id, flag("sent", sent), who).record()

    def retry(self, id: str) -> LedgerRow:  # noqa: A002
        """Enter a message anew that was refused or given up, since what was wrong is mended.

        Raises:
            DecisionNotFound: no message has that id.
            RefusedError: it went, may have gone, waits as it is, or went on by another channel.
        """
        return reconciling.again(self.setup, id).record()

    def retry_all(
        self,
        *,
        occasion: str | None = None,
        channel: str | None = None,
        reason: str | None = None,
    ) -> tuple[LedgerRow, ...]:
        """Enter every message anew that `retry` would: after a wrong password, say.

        What went on by another channel stays as it is, and so does what nobody can mend.

        Args:
            occasion: Only of this occasion.
            channel: Only by this channel.
            reason: Only those refused for this reason.

        Raises:
            InvalidValueError: nothing says which, or there is no such reason.
        """
        wanted = {
            "occasion": optional_text("occasion", occasion),
            "channel": optional_text("channel", channel),
            "reason": None if reason is None else choice("reason", reason, REASONS),
        }
        if not any(wanted.values()):
            refuse("occasion", "must say which, or channel or reason must", occasion)
        return tuple(one.record() for one in reconciling.all_again(self.setup, wanted))

    def done(
        self,
        id: str,  # noqa: A002
        *,
        outcome: str | Mapping[str, Any],
        by: str | None = None,
    ) -> LedgerRow:
        """Record what came of a task that a colleague carried out; it becomes a touchpoint.

        Args:
            id: The task's row.
            outcome: What was said, or the fields of a touchpoint: ``text``, ``at``, ``rating``...
            by: Who carried it out; None: the actor.

        Raises:
            DecisionNotFound: no message has that id.
            RefusedError: it is no task that waits for an outcome.
            InvalidValueError: the outcome cannot be recorded.
        """
        return carried_out(self.setup, id, outcome, by).record()

    # -- never again -------------------------------------------------------------------

    def suppress(self, system: str, value: str, *, reason: str, channel: str | None = None) -> bool:
        """Let nothing go to an address any more, whoever has it; that outlives an erasure.

        Args:
            system: Which kind of address: ``email``, ``phone``...
            value: The address, as written.
            reason: Why; it is told wherever a message is refused.
            channel: Only by this channel; None: by every one that uses the address.

        Returns:
            Whether it was not suppressed before.

        Raises:
            InvalidValueError: the address is none.
            ConfigError: there is no erasure key, which is what addresses are hashed with.
        """
        pair, only = address_of(self.setup, system, value, channel)
        never = Suppressed(
            pair=pair,
            reason=text("reason", reason, _REASON, least=1),
            source=self.setup.session.deciding("").by or "",
            channel=only,
        )
        with self.setup.session.store.write() as writer:
            key, now = self.setup.key, self.setup.session.now()
            return suppress(writer, key, [never], now=now) == 1

    def unsuppress(self, system: str, value: str, *, channel: str | None = None) -> bool:
        """Let messages go to an address again; the arguments and errors are those of `suppress`.

        Returns:
            Whether it was suppressed.
        """
        pair, only = address_of(self.setup, system, value, channel)
        with self.setup.session.store.write() as writer:
            return unsuppress(writer, self.setup.key, [pair], channel=only) == 1

    @cached_property
    def surveys(self) -> Surveys:
        """Questions asked one to one, and what the answers add up to."""
        return Surveys(lambda: self.setup)
