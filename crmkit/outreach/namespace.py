"""``crm.outreach``: one-to-one messages, from the preview to what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import attrs

from crmkit.arguments import (
    ID_LIMIT,
    choice,
    count,
    flag,
    instance,
    mapping,
    number,
    optional_text,
    refuse,
    seq_of,
    text,
    texts,
)
from crmkit.clock import micros
from crmkit.contracts.channel import Received, Response
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, MESSAGE, META
from crmkit.errors import SignatureInvalid
from crmkit.model.consent import PURPOSES, SERVICE
from crmkit.model.outreach import STATES, Counts, LedgerRow, Preview
from crmkit.outreach import entering, reconciling
from crmkit.outreach.dispatching import dispatch
from crmkit.outreach.hearing import hear
from crmkit.outreach.ledger import Entry, by_numbers, entry, listing
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.rehearsing import rehearse
from crmkit.outreach.setup import Setup
from crmkit.outreach.tasks import carried_out
from crmkit.outreach.templates import Source
from crmkit.value.roots import root_of

_UNAUTHORISED = 401
_POLLS = 1_000
"""Pages fetched by one `poll` at most: a cursor that never rests is a fault of the channel."""


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
        mailing = self._mailing(purpose, occasion, channel, template, variables, expires, brief)
        own = _each(each)
        return tuple(entering.preview(self.setup, _ids(ids), mailing, own))

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

        Who has one for this purpose and occasion already gets no second: he keeps his row. Who may
        not be reached gets a row that says why.

        Args:
            ids: One customer's id, or many; records that were merged are one customer.
            purpose: ``transactional``, ``service``, ``care`` or ``marketing``.
            occasion: On the occasion of what, such as ``new-year-2027``; at most 200 characters.
            channel: By which; None: by the customer's own wish, what he answered to, or the
                default, and by the next one where that fails.
            template: Name of a template, or a mapping ``{subject, text, html}``.
            variables: Values for everybody: texts, numbers, days, lists and mappings of them.
            each: Further values for single customers, by the ids given.
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
        return self.enter(
            ids,
            purpose=purpose,
            occasion=occasion,
            channel=channel,
            template=template,
            variables=variables,
            each=each,
            expires=expires,
            holdout=holdout,
            brief=brief,
            by=by,
        )

    def enter(  # noqa: PLR0913 - as `enqueue`
        self,
        ids: str | Iterable[str],
        *,
        purpose: str,
        occasion: str,
        channel: str | None,
        template: str | Mapping[str, Any],
        variables: Mapping[str, Any] | None,
        each: Mapping[str, Mapping[str, Any]] | None = None,
        expires: datetime | None = None,
        holdout: float | None = None,
        brief: Mapping[str, Any] | None = None,
        by: str | None = None,
        survey: str | None = None,
    ) -> tuple[LedgerRow, ...]:
        """Enter messages as `enqueue` does; `survey` is the question they ask."""
        mailing = self._mailing(purpose, occasion, channel, template, variables, expires, brief)
        if survey is not None:
            mailing = attrs.evolve(mailing, survey=survey, kind="survey_sent")
        setup = self.setup
        given = setup.policy.holdout if holdout is None else holdout
        share = number("holdout", given, 0.0, 1.0)
        own = _each(each)
        deciding = setup.session.deciding("", by)
        made = entering.enqueue(setup, _ids(ids), mailing, deciding, own, share)
        return tuple(one.record() for one in made)

    # -- sending -----------------------------------------------------------------------

    def dispatch(self, limit: int | None = None, *, dry_run: bool = False) -> Counts:
        """Send until nothing is due, and count the rows by the state they came to.

        Args:
            limit: Look at so many messages at most; None: at all that are due.
            dry_run: Send and write nothing; count the states they would come to if every
                channel took everything.

        Raises:
            PluginError: a plugin that may refuse messages is missing or raised: nothing was sent.
        """
        most = None if limit is None else count("limit", limit)
        if flag("dry_run", dry_run):
            return Counts.of(rehearse(self.setup, most))
        return Counts.of(dispatch(self.setup, most))

    def alert(self, channel: str, text: str, *, occasion: str) -> LedgerRow:
        """Tell colleagues something by a staff bot, once an occasion.

        Args:
            channel: One that needs no customer's address.
            text: What to tell.
            occasion: What makes it one alert; the same again sends nothing.

        Raises:
            InvalidValueError: the channel reaches customers, or the text is empty.
        """
        line = self.setup.lines.get(_channel(channel))
        if line.spec.identity is not None or line.can("person"):
            refuse("channel", f"must reach colleagues, but {line.name} reaches customers", channel)
        said = _text("text", text, least=1)
        mailing = Mailing(
            purpose=SERVICE,
            occasion=_text("occasion", occasion, ID_LIMIT, least=1),
            channel=line.name,
            source=Source(forms={}),
            variables={"text": said},
        )
        setup = self.setup
        with setup.session.store.write() as writer:
            key = ("", SERVICE, mailing.occasion, line.name)
            there = [entry(row) for row in writer.fetch(MESSAGE, [key])]
            if there:
                return there[0].record()
            deciding = setup.session.deciding("")
            recorded = mailing.record(writer, deciding, None)
            new = Entry(
                customer="",
                purpose=SERVICE,
                occasion=mailing.occasion,
                channel=line.name,
                number=writer.sequence(1),
                mailing=recorded.number,
                at=deciding.now,
                planned=deciding.now,
                next=deciding.now,
            )
            writer.append(MESSAGE, [new])
        dispatch(setup, only=[new.number])
        with setup.session.store.read() as reader:
            return by_numbers(reader, [new.number])[0].record()

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
            ids = None if customer is None else _group(reader, customer)
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
            InvalidValueError: the channel takes no calls.
        """
        line = self.setup.lines.get(_channel(channel))
        if not line.can("receive"):
            refuse("channel", f"{line.name} takes no calls", channel)
        given = {str(k): str(v) for k, v in mapping("headers", headers, "a mapping").items()}
        raw = (
            body.encode()
            if isinstance(body, str)
            else bytes(instance("body", body, bytes, "bytes"))
        )
        verb = _text("method", method).upper()
        opened = self.setup.lines.open(line.name)
        try:
            deliveries, response = opened.receive(given, raw, method=verb, url=_text("url", url))
        except SignatureInvalid as error:
            error.channel = line.name  # type: ignore[attr-defined]
            raise
        if response.status == _UNAUTHORISED and not deliveries:
            message = f"the call to {line.name} is refused: its signature is wrong"
            raise SignatureInvalid(message, channel=line.name)
        if verb in ("GET", "HEAD"):
            return Received((), response)
        heard = hear(self.setup, line, tuple(deliveries))
        return Received(heard.known, response, heard.strangers)

    def poll(self, channel: str) -> Received:
        """Fetch receipts and replies where the provider has them fetched.

        Raises:
            InvalidValueError: this channel's are not fetched.
        """
        setup, line = self.setup, self.setup.lines.get(_channel(channel))
        if not line.can("poll"):
            refuse("channel", f"what becomes of {line.name}'s messages is not fetched", channel)
        name = f"poll:{line.name}"
        known: list[Any] = []
        strangers: list[Any] = []
        for _ in range(_POLLS):
            with setup.session.store.read() as reader:
                cursor = next((row[1] for row in reader.fetch(META, [(name,)])), None)
            page = setup.lines.open(line.name).poll(cursor)
            heard = hear(setup, line, tuple(page.deliveries))
            known += heard.known
            strangers += heard.strangers
            if page.cursor is not None and page.cursor != cursor:
                with setup.session.store.write() as writer:
                    writer.put(META, [(name, page.cursor)])
            if not page.deliveries or page.cursor in (None, cursor):
                break
        return Received(tuple(known), _DONE, tuple(strangers))

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
            RefusedError: it went, may have gone, or waits as it is.
        """
        return reconciling.again(self.setup, id).record()

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

    def close(self) -> None:
        """Close the channels; they open again where they are used again."""
        if self._made is not None:
            self._made.lines.close()

    def _mailing(  # noqa: PLR0913 - what all messages have in common
        self,
        purpose: str,
        occasion: str,
        channel: str | None,
        template: str | Mapping[str, Any],
        variables: Mapping[str, Any] | None,
        expires: datetime | None,
        brief: Mapping[str, Any] | None,
    ) -> Mailing:
        setup = self.setup
        named = None if channel is None else setup.lines.get(_channel(channel)).name
        ends = None if expires is None else micros(expires, "expires")
        return Mailing(
            purpose=choice("purpose", purpose, PURPOSES),
            occasion=_text("occasion", occasion, ID_LIMIT, least=1),
            channel=named,
            source=setup.templates.take(template),
            variables=_plain("variables", variables),
            expires=ends,
            brief=_plain("brief", brief),
        )


_DONE = Response()
_text = text


def _channel(name: object) -> str:
    return text("channel", name, ID_LIMIT, least=1)


def _ids(given: str | Iterable[str]) -> tuple[str, ...]:
    """Take one id or many."""
    if isinstance(given, str):
        return (text("ids", given, ID_LIMIT, least=1),)
    return texts("ids", given, ID_LIMIT)


def _each(given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, Any]]:
    found = mapping("each", {} if given is None else given, "a mapping of ids to values")
    return {
        text("each", one, ID_LIMIT): dict(_plain(f"each[{one!r}]", values))
        for one, values in found.items()
    }


def _plain(field: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Take values that can be kept as JSON; days and amounts are kept as they are written."""
    values = dict(mapping(field, {} if given is None else given, "a mapping of names to values"))
    try:
        plain: dict[str, Any] = json.loads(json.dumps(values, default=_written, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        refuse(field, f"must be texts, numbers, days, or lists and mappings of them: {error}")
    return plain


def _written(value: object) -> str:
    if isinstance(value, (date, Decimal)):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _group(reader: Reader, customer: str) -> list[str]:
    """Give every id that leads where this one leads."""
    root = root_of(reader, customer)
    return sorted({customer, *(row[0] for row in reader.fetch(CUSTOMER, [(root,)], by=("root",)))})
