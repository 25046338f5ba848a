"""What the doctor looks at, each as one or more findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from crmkit.capture.mapping import near
from crmkit.care.statistics import gather
from crmkit.care.words import many
from crmkit.cli.progress import watched
from crmkit.contracts.tables import STATE
from crmkit.lifecycle.rules import offered_rules
from crmkit.model.serial import Record
from crmkit.model.statistics import NOBODY, Statistics
from crmkit.model.touchpoint import KINDS
from crmkit.model.value import ValueModel
from crmkit.plugins.declarations import in_words
from crmkit.plugins.manager import PluginManager
from crmkit.value.basis import read_basis
from crmkit.value.former import FORMER
from crmkit.value.history import TODAY

if TYPE_CHECKING:
    from crmkit.crm import CRM

OK = "ok"
NOTICE = "notice"
PROBLEM = "problem"


@attrs.frozen
class Finding(Record):
    """One thing that was looked at.

    Attributes:
        check: What was looked at.
        state: ``ok``, ``notice`` (worth knowing) or ``problem`` (must be mended).
        found: What was found.
        remedy: What to do about it; empty where there is nothing to do.
    """

    check: str
    state: str
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Finding:
    """Say that all is well."""
    return Finding(check, OK, found)


def notice(check: str, found: str, remedy: str = "") -> Finding:
    """Say what is worth knowing."""
    return Finding(check, NOTICE, found, remedy)


def problem(check: str, found: str, remedy: str) -> Finding:
    """Say what must be mended."""
    return Finding(check, PROBLEM, found, remedy)


def plugins(manager: PluginManager) -> Iterator[Finding]:
    """Check that every plugin loads, and every hook answers."""
    offered_rules(manager)  # which looks at them
    rows = manager.report()
    for row in rows:
        if row.status not in ("ok", "off"):
            found = f"{row.name} of {row.distribution} {row.version}: {row.cause or row.status}"
            yield problem("plugins", found, "mend, upgrade or remove it, or use --no-plugins")
    if all(row.status in ("ok", "off") for row in rows):
        yield ok("plugins", ", ".join(row.name for row in rows if row.status == "ok"))


def missing(crm: CRM) -> Iterator[Finding]:
    """Name the plugins that the data rely on, and that are installed no more."""
    for one in crm.missing_plugins():
        whose = one.distribution
        yield problem(
            "plugins",
            f"{whose} is missing, which declared {in_words(one.declared)}",
            "install it again, or, where it was removed for good, "
            f"crmkit plugins --forget {whose} --reason WHY",
        )


def data(crm: CRM) -> Iterator[Finding]:
    """Check what is in the database.

    Raises:
        PluginError: a plugin that the data rely on is missing or broken.
    """
    with crm.session.store.read() as reader, watched("Counting", None) as step:
        basis = read_basis(reader, crm.value.defaults)
        counts = gather(reader, step=step)
        fed = basis.setting(basis.layout, crm.session.now(), TODAY).fed
        layouts = reader.scan(STATE, columns=("layout",))
        served = (basis.layout.id, basis.layout.id_of(FORMER))
        stale = sum(1 for (found,) in layouts if found not in served)
    model = basis.layout.model
    yield ok("model", f"{model.version}, in {model.currency}, {len(fed)} indicators")
    yield from _currencies(counts, model)
    yield from _kinds(model, {*KINDS, *crm.plugins.touchpoint_kinds()})
    if counts.touchpoints:
        yield from _sources(model, fed)
    if stale:
        yield notice(
            "states",
            f"the states of {many(stale, 'customer')} are of another model: "
            "they are refolded when read",
            "crmkit rebuild does it at once",
        )
    yield from _customers(counts, set(crm.config.people))
    yield from _retention(crm)
    yield from _key_accounts(crm)
    if late := len(crm.feedback.list(overdue=True)):
        yield notice(
            "feedback",
            f"{many(late, 'case is', 'cases are')} past due",
            "crmkit feedback lists them, overdue first",
        )


def _currencies(counts: Statistics, model: ValueModel) -> Iterator[Finding]:
    """Name money that does not count."""
    unpriced = [code for code in counts.by_currency if model.rate(code) is None]
    for code in unpriced:
        yield problem(
            "currencies",
            f"{counts.by_currency[code]} touchpoints are in {code}, for which the model has no "
            "rate: kept, not counted",
            f'currency = "{code}" in crmkit.toml before the first import makes it the '
            f"model's own; otherwise give the model a rate for {code}",
        )
    if not unpriced:
        yield ok("currencies", ", ".join(counts.by_currency) or "none")


def _kinds(model: ValueModel, known: set[str]) -> Iterator[Finding]:
    """Name kinds of which nothing is ever captured: misspelt ones, or of a plugin left out."""
    for one in model.indicators:
        for kind in sorted({*one.kinds, *one.opportunity} - known):
            yield problem(
                "indicators",
                f"{one.name} goes by {kind!r}, which is no kind of touchpoint{near(kind, known)}",
                "mend the model, or install the plugin that declares the kind",
            )


def _sources(model: ValueModel, fed: Sequence[bool]) -> Iterator[Finding]:
    """Name the indicators that nothing is ever captured for."""
    pairs = zip(model.indicators, fed, strict=True)
    silent = [one.name for one, is_fed in pairs if not is_fed and not one.within]
    if silent:
        yield notice(
            "indicators",
            f"no source feeds {', '.join(silent)}: their weight is shared out",
            "capture what they measure, or leave it so",
        )


def _customers(counts: Statistics, people: set[str]) -> Iterator[Finding]:
    """Name what waits for somebody about customers."""
    if counts.collisions:
        yield notice(
            "collisions",
            f"{many(counts.collisions, 'key points', 'keys point')} at more than one customer",
            "crmkit collisions lists them, crmkit resolve decides",
        )
    if counts.customers and not counts.by_tier:
        yield notice(
            "lifecycle",
            "no tiers and stages were recorded yet",
            "crmkit advance, daily from then on",
        )
    unknown = [one for one in counts.by_owner if one != NOBODY and one not in people]
    if unknown and people:
        yield notice("people", f"owners {', '.join(unknown)} stand in no [people]", "add them")


def _retention(crm: CRM) -> Iterator[Finding]:
    """Name ended customers whose record need not be kept any longer (R253)."""
    over = crm.lifecycle.endings(due=True)
    if over:
        yield notice(
            "retention",
            f"the records of {len(over)} ended customers have been kept as long as the policy says",
            "crmkit endings --due lists them; crmkit erase forgets one",
        )


def _key_accounts(crm: CRM) -> Iterator[Finding]:
    """Name what waits for somebody about key accounts: a review, promises to keep (R263, R265)."""
    now = crm.session.clock()
    accounts = crm.key_accounts.list()
    waiting = [one for one in accounts if one.review_due <= now]
    if waiting:
        found = f"the review of {len(waiting)} key accounts is due"
        yield notice("key accounts", found, "crmkit key-account review")
    if accounts and not crm.key_accounts.settings.criteria:
        yield notice(
            "key accounts",
            "no criteria say who is one",
            "criteria under [key_accounts] in the configuration",
        )
    late = crm.key_accounts.promises(due=now)
    if late:
        yield notice(
            "promises",
            f"{many(len(late), 'promise')} to key accounts should have been kept by now",
            "crmkit promises --due now lists them; crmkit key-account settle",
        )
