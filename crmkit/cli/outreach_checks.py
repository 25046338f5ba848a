"""What the doctor looks at in outreach: channels, messages that wait, zones, consents."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from crmkit.capture.customer_rows import read_customers
from crmkit.care.words import many
from crmkit.cli.checks import Finding, notice, ok, problem
from crmkit.clock import DAY
from crmkit.contracts.tables import CUSTOMER, DECISION
from crmkit.errors import ConfigError, InvalidValueError, PluginError
from crmkit.model.outreach import FAILED, PLANNED, UNKNOWN
from crmkit.outreach.consented import KIND, Statement
from crmkit.outreach.ledger import due, in_state
from crmkit.outreach.zones import zones_of
from crmkit.paging import pages

if TYPE_CHECKING:
    from crmkit.contracts.store import Reader
    from crmkit.crm import CRM
    from crmkit.outreach.setup import Setup

_PAGE = 1_000
_NEWEST = 10_000
"""Consents that are looked through: a name that was mistyped is found soon after, or never."""


def outreach(crm: CRM) -> Iterator[Finding]:
    """Check the settings, open every configured channel, and name what waits for somebody."""
    try:
        setup = crm.outreach.setup
    except (ConfigError, PluginError) as error:
        yield problem("outreach", str(error), "mend the setting")
        return
    yield from _channels(setup)
    with setup.session.store.read() as reader:
        yield from _messages(reader, setup.session.now())
        yield from _zones(reader, setup)
        yield from _consents(reader, {*setup.lines.configured, *crm.plugins.channels()})


def _channels(setup: Setup) -> Iterator[Finding]:
    """Open each: nothing is connected by that, but a wrong setting is told."""
    well = []
    for name in setup.lines.configured:
        try:
            setup.lines.open(name)
            well.append(name)
        except (ConfigError, InvalidValueError, PluginError) as error:
            yield problem("channels", f"{name}: {error}", "mend the setting; its messages wait")
    if well:
        yield ok("channels", ", ".join(well))


def _messages(reader: Reader, now: int) -> Iterator[Finding]:
    """Name messages that nobody knows the fate of, that were given up, that nobody sends."""
    if unknown := sum(1 for _ in in_state(reader, UNKNOWN)):
        found = f"nobody knows whether {many(unknown, 'message')} went"
        yield notice("messages", found, "crmkit send reconcile, then crmkit send settle")
    if given_up := sum(1 for one in in_state(reader, FAILED) if one.next is None):
        found = f"{many(given_up, 'message was', 'messages were')} given up"
        remedy = "crmkit send ledger --state failed says why; crmkit send retry enters one anew"
        yield notice("messages", found, remedy)
    if waiting := len(due(reader, (PLANNED, FAILED), now - DAY, None)):
        found = f"{many(waiting, 'message has', 'messages have')} been due for more than a day"
        yield notice("messages", found, "crmkit send, every few minutes or daily")


def _zones(reader: Reader, setup: Setup) -> Iterator[Finding]:
    """Count whose quiet hours nobody knows: where no zones are candidates, they get nothing."""
    quiet = setup.policy.quiet
    if quiet is None or quiet.candidate_zones:
        return
    rows = reader.scan(CUSTOMER, columns=("id", "root"))
    roots = [one for one, root in rows if one == root]
    lost = 0
    for page in pages(roots, _PAGE):
        customers = read_customers(reader, page)
        lost += sum(zones_of(one, setup.region) is None for one in customers)
    if lost:
        yield notice(
            "zones",
            f"nobody knows when it is quiet for {many(lost, 'customer')}: what is not "
            "transactional waits for ever",
            "give them a time zone or an address; or set outreach.quiet_hours.candidate_zones",
        )


def _consents(reader: Reader, channels: Collection[str]) -> Iterator[Finding]:
    """Name what consents take for a channel and is none: an objection to that stops nothing.

    Whoever said the same of a channel that is here since, or of all, is out of it.
    """
    rows = reader.scan(DECISION, by=("kind", "seq"), equal=(KIND,), reverse=True, limit=_NEWEST)
    strange: dict[tuple[str, str], str] = {}
    for one in map(Statement.of, reversed(list(rows))):
        if one.channel is None or one.channel in channels:
            strange.pop((one.customer, one.purpose), None)
        else:
            strange[one.customer, one.purpose] = one.channel
    if strange:
        names = ", ".join(sorted({*strange.values()}))
        yield notice(
            "consents",
            f"{many(len(strange), 'consent or objection is', 'consents or objections are')} about "
            f"channels that are not here: {names}",
            "configure them; or record each once more by the name that the channel has here",
        )
