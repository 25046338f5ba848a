"""``crmkit demo --send``: a day's messages of the gift shop, to a mail server on this machine."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.care.words import many
from crmkit.cli.demo_people import bought, invent, presents
from crmkit.cli.demo_server import Sink, body, serving
from crmkit.cli.output import columns, say, table
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings
from crmkit.demo import OUTREACH
from crmkit.model.outreach import FAILED, PLANNED, REFUSED, LedgerRow

if TYPE_CHECKING:
    from crmkit.crm import CRM

CONFIG = "crmkit-demo-send.toml"
_RETURNED = "crmkit-demo-returned"
_MORNING = timedelta(hours=9, minutes=30)
_EXPIRES = datetime(2011, 12, 24, tzinfo=UTC)
_TIERS = ("key", "core")
_CARE, _GREETING = "agenda-2011-12-10", "christmas-2011"
_HELD = columns("occasion! state reason! messages# such_as! why~")
_UNSAID = {"with a colleague": "no e-mail may go to him, or none reaches him: he is called"}
_SHOWN = ("From", "To", "Subject", "List-Unsubscribe")


def send_day(settings: Settings, place: Path, midnight: datetime) -> None:
    """Send the messages of a day, and show what arrived, what was held back and why.

    Args:
        settings: Whose plugins and actor are used.
        place: Folder of the demo's database.
        midnight: When the day begins.
    """
    from crmkit.connecting import connect

    config = place / CONFIG
    if not config.exists():  # what somebody changed since stays
        config.write_bytes(OUTREACH.read_bytes())
    now = midnight + _MORNING
    with serving(place / _RETURNED) as (sink, port):
        with (
            connect(
                f"sqlite:///{place / 'crmkit-demo.db'}",
                config=_on_port(config, place, port),
                actor=settings.actor,
                clock=lambda: now,
                plugins=settings.plugins,
            ) as crm,
            watched("Writing to customers", None),
        ):
            _write(crm)
            rows = crm.outreach.ledger()
            numbers = _numbers(crm, rows)
        _show(now, sink, rows, numbers)


def _on_port(config: Path, place: Path, port: int) -> dict[str, Any]:
    """Give the configuration, with the port that is free and the maildir in the demo's folder."""
    settings = tomllib.loads(config.read_text("utf-8"))
    here = {"port": port, "bounces": f"maildir:{place / _RETURNED}"}
    settings.setdefault("channels", {}).setdefault("email", {}).update(here)
    return settings


def _write(crm: CRM) -> None:
    """Write to whom the agenda names; hear what came back; then greet key and core customers."""
    due = [one.customer_id for one in crm.care.agenda(crm.session.clock().date())]
    best = [one.id for tier in _TIERS for one in crm.customers.search(tier=tier, limit=1_000).items]
    invent(crm, dict.fromkeys([*due, *best]))
    outreach = crm.outreach
    outreach.enqueue(
        due,
        purpose="care",
        occasion=_CARE,
        template="how-it-sells",
        each=dict(bought(crm, due)),
        expires=_EXPIRES,
        brief={"kind": "call"},
    )
    outreach.dispatch()
    outreach.poll("email")
    outreach.dispatch()
    outreach.enqueue(
        best,
        purpose="marketing",
        occasion=_GREETING,
        channel="email",
        template="christmas",
        each=dict(presents(crm, best)),
        expires=_EXPIRES,
    )
    outreach.dispatch()
    outreach.poll("email")


def _entered(crm: CRM, occasion: str) -> list[str]:
    """Give whom an earlier run chose: what was sent since has changed the agenda."""
    return [row.customer_id for row in crm.outreach.ledger(occasion=occasion)]


def _show(now: datetime, sink: Sink, rows: Iterable[LedgerRow], numbers: dict[str, str]) -> None:
    say(
        "",
        f"A day's messages, {now:%Y-%m-%d %H:%M}, to a mail server on this machine",
        "(names, addresses, consents and presents are invented; goods, days, countries are real)",
        "",
        f"{many(len(sink.mails), 'mail')} arrived"
        + ("." if sink.mails else ": whom the ledger knows to have his, gets nothing again."),
    )
    for mail in sorted(sink.mails, key=lambda one: str(one["To"]))[:1]:
        say("", "One of them:", "")
        say(*(f"    {name}: {mail[name]}" for name in _SHOWN))
        say("    ", *(f"    {line}" for line in body(mail).splitlines()))
    found: dict[tuple[str, ...], list[LedgerRow]] = {}
    for row in rows:
        found.setdefault(_why(row), []).append(row)
    say("", "What became of every message, and why:", "")
    table(
        _HELD,
        (
            (*why, len(same), numbers[same[0].customer_id], same[0].detail or _UNSAID.get(why[1]))
            for why, same in sorted(found.items())
        ),
    )


def _why(row: LedgerRow) -> tuple[str, str, str]:
    """Give what rows are counted by; a task that a colleague has is a reason of its own."""
    held = row.state in (PLANNED, REFUSED, FAILED)
    state = "with a colleague" if row.channel == "task" and not held else row.state
    return row.occasion, state, row.reason or ""


def _numbers(crm: CRM, rows: Iterable[LedgerRow]) -> dict[str, str]:
    """Give the shop's own numbers of customers."""
    ids = {row.customer_id for row in rows}
    return {one: crm.customers.get(one).known_as for one in ids}


def more() -> list[str]:
    """Name what to try after that."""
    start = f"  crmkit --config {CONFIG} send"
    return [
        f"{start} ledger --state planned",
        f"{start} ledger --occasion {_GREETING} --limit 9",
    ]
