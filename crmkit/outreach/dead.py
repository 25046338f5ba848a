"""Addresses that a provider called dead at once: a bounce that came before the message went.

His code is kept and no words of his: they often repeat the address, which shall outlive no erasure.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from crmkit.errors import ConfigError
from crmkit.model.outreach import REFUSED
from crmkit.outreach.ledger import Entry
from crmkit.outreach.lines import Line
from crmkit.outreach.recipients import reached_as, read_recipients
from crmkit.outreach.setup import Setup
from crmkit.outreach.suppression import Suppressed, suppress

_LOG = logging.getLogger(__name__)


def bury(setup: Setup, line: Line, refused: Sequence[Entry]) -> None:
    """Suppress addresses that the provider called dead as he was handed a message for them.

    Where there is no key for that, what he answered stays written down all the same.
    """
    dead = [one for one in refused if one.state == REFUSED]
    if not dead:
        return
    try:
        with setup.session.store.write() as writer:
            recipients = read_recipients(writer, {one.customer for one in dead})
            known = ((one, recipients[one.customer]) for one in dead if one.customer in recipients)
            entries = [
                Suppressed(
                    pair=reached_as(whose, line, one),
                    reason=f"it was refused for good: {one.code or 'no such address'}",
                    source=line.name,
                )
                for one, whose in known
            ]
            suppress(writer, setup.key, entries, now=setup.session.now())
    except ConfigError as error:
        _LOG.warning("dead addresses of %s are not suppressed: %s", line.name, error)
