"""What callers give to be sent: taken strictly, and entered into the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from crmkit.arguments import ID_LIMIT, choice, number, text
from crmkit.clock import micros
from crmkit.garbage import collecting_later
from crmkit.model.consent import PURPOSES
from crmkit.model.outreach import LedgerRow
from crmkit.outreach import entering
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.setup import Setup
from crmkit.outreach.taking import channel_name, each_of, ids_of, plain_of


def mailing_of(  # noqa: PLR0913 - what all messages have in common
    setup: Setup,
    *,
    purpose: str,
    occasion: str,
    channel: str | None,
    template: str | Mapping[str, Any],
    variables: Mapping[str, Any] | None,
    expires: datetime | None,
    brief: Mapping[str, Any] | None = None,
) -> Mailing:
    """Take what all messages of one call have in common; the arguments are ``enqueue``'s.

    Raises:
        InvalidValueError: an argument makes no sense, or the template does not; `field` names it.
    """
    named = None if channel is None else setup.lines.get(channel_name(channel)).name
    ends = None if expires is None else micros(expires, "expires")
    return Mailing(
        purpose=choice("purpose", purpose, PURPOSES),
        occasion=text("occasion", occasion, ID_LIMIT, least=1),
        channel=named,
        source=setup.templates.take(template),
        variables=plain_of("variables", variables),
        expires=ends,
        brief=plain_of("brief", brief),
    )


def enter(  # noqa: PLR0913 - as ``enqueue``
    setup: Setup,
    ids: str | Iterable[str],
    mailing: Mailing,
    *,
    each: Mapping[str, Mapping[str, Any]] | None = None,
    holdout: float | None = None,
    by: str | None = None,
) -> tuple[LedgerRow, ...]:
    """Enter one message a customer; the arguments are ``enqueue``'s, and so are the errors."""
    given = setup.policy.holdout if holdout is None else holdout
    share = number("holdout", given, 0.0, 1.0)
    own = each_of(each)
    deciding = setup.session.deciding("", by)
    with collecting_later():
        made = entering.enqueue(setup, ids_of(ids), mailing, deciding, own, share)
        return tuple(one.record() for one in made)
