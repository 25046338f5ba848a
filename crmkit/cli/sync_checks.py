"""What the doctor looks at in sync: settings and mappings, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crmkit.care.words import many
from crmkit.cli.checks import Finding, notice, ok, problem
from crmkit.clock import DAY, micros
from crmkit.errors import CrmkitError
from crmkit.sync.checking import check_links
from crmkit.sync.settings import Link, read_link

if TYPE_CHECKING:
    from crmkit.crm import CRM


def sync(crm: CRM) -> Iterator[Finding]:
    """Check every connector's section, calling none: ``crmkit sync doctor`` asks the CRM itself."""
    well: list[Link] = []
    for name in crm.sync.names():
        try:
            well.append(_opened(crm, name))
        except CrmkitError as error:
            yield problem("connectors", f"{name}: {error}", "mend the setting; nothing is in step")
            continue
        yield from _waiting(crm, name)
    for found in check_links(well):
        yield problem("connectors", found.what, found.remedy)
    if well:
        names = ", ".join(link.name for link in well)
        yield ok("connectors", f"{names}; crmkit sync doctor asks the CRM itself")


def _opened(crm: CRM, name: str) -> Link:
    """Open it: nothing is connected by that, but a wrong setting is told."""
    link = read_link(name, crm.config.connector(name))
    spec = crm.plugins.connector(link.type)
    spec.open(spec.configure(link.settings, f"connectors.{name}")).close()
    return link


def _waiting(crm: CRM, name: str) -> Iterator[Finding]:
    """Name records that a side refused, fields that nobody decided, and runs that ended badly."""
    if held := len(crm.sync.quarantine(name)):
        found = f"{name} holds {many(held, 'record')} back"
        yield notice("quarantine", found, f"crmkit sync quarantine {name} says why")
    if asked := sum(one.took is None for one in crm.sync.conflicts(name)):
        found = f"{many(asked, 'field')} changed on both sides of {name} wait for an answer"
        yield notice("conflicts", found, f"crmkit sync conflicts {name} --open")
    last = next(iter(crm.sync.history(name, 1)), None)
    if last is None or last.started is None:
        yield notice("sync", f"{name} was never run", f"crmkit sync plan {name}, then run")
    elif last.stopped:
        found = f"the last run of {name} ended early: {last.stopped}"
        yield notice("sync", found, f"crmkit sync run {name} goes on from there")
    elif crm.session.now() - micros(last.started, "started") > DAY:
        found = f"{name} was not run for more than a day"
        yield notice("sync", found, f"crmkit sync run {name}, every few minutes or daily")
