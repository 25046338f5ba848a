"""``crmkit demo``: a year of a real shop, through the same functions as every other command."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from crmkit.cli.agenda import show_agenda
from crmkit.cli.demo_send import more, send_day
from crmkit.cli.demo_server import protocol
from crmkit.cli.importing import show_imported
from crmkit.cli.imports import Imported, advance, fit, take_in
from crmkit.cli.movers import show_movers
from crmkit.cli.output import say
from crmkit.cli.progress import watched
from crmkit.cli.pyramid import show_pyramid
from crmkit.cli.rejects import Rejects
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, midnight
from crmkit.demo import DATA, DAY, MAPPING

if TYPE_CHECKING:
    from crmkit.crm import CRM

CONFIG = """\
# The configuration that `crmkit demo` wrote. Change it and look again.
url = "sqlite:///crmkit-demo.db"
currency = "GBP"

[agenda]
timezone = "Europe/London"
"""
_QUARTER = timedelta(days=90)
_MOVERS = 5
_CONTACTS = 8


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--send", is_flag=True, help="Write to its customers, by a mail server of its own.")
@pass_settings
def demo(settings: Settings, folder: Path | None, send: bool) -> None:
    """Try everything on a year of a real shop's invoices, and leave the database to play with.

    Writes crmkit-demo.db, its configuration and its mapping into FOLDER, or into this one. With
    --send messages of one day go to a mail server on this machine, which delivers nothing.
    """
    if send:
        protocol()  # told at once, not after the import
    place = folder or Path()
    place.mkdir(parents=True, exist_ok=True)
    config, mapping = place / "crmkit-demo.toml", place / "crmkit-demo-mapping.toml"
    if not config.exists():  # what somebody changed since stays
        config.write_text(CONFIG, "utf-8")
    if not mapping.exists():
        mapping.write_bytes(MAPPING.read_bytes())
    here = attrs.evolve(settings, config=config, url=f"sqlite:///{place / 'crmkit-demo.db'}")
    click.get_current_context().obj = here
    taken, rejected = _import(here, mapping)
    say("A year of a gift shop's invoices (D. Chen, Online Retail, UCI, CC BY 4.0)", "")
    show_imported([taken], rejected)
    end = midnight(DAY, here.zone)
    at = When(end.isoformat(), end)
    with here.open(at) as crm:
        with watched("Fitting the value model, working out tiers and stages", None):
            if taken.new:
                fit(crm)
            advance(crm)
        fallen = _show(crm)
    if send:
        send_day(here, place, end)
    say("", *_next(place, at, fallen, more() if send else ()))


def _import(settings: Settings, mapping: Path) -> tuple[Imported, Rejects]:
    rejected = Rejects()
    with settings.open() as crm, watched("Importing the invoices", None) as step:
        return take_in(crm, DATA, mapping, None, rejected, step), rejected


def _show(crm: CRM) -> str:
    """Answer three questions as of the data's end; give who fell most."""
    now = crm.session.clock()
    say("", f"Who carries the shop, as of {now:%Y-%m-%d}?", "")
    show_pyramid(crm.value.pyramid(), crm.value.model().currency)
    say("", "Who fell, more than his own rhythm explains, in the last 90 days?", "")
    fallen = crm.value.movers(now - _QUARTER, direction="falling", limit=_MOVERS)
    show_movers(crm, fallen)
    say("", f"Whom to contact on {now:%Y-%m-%d}, why, and about what?", "")
    show_agenda(crm, crm.care.agenda(now.date(), limit=_CONTACTS))
    return fallen[0].customer_id if fallen else "ID"


def _next(place: Path, at: When, who: str, further: Iterable[str] = ()) -> list[str]:
    """Name what to try."""
    start = "crmkit --config crmkit-demo.toml"
    day = f"--at {at.text[:10]}"
    go = [] if place == Path() else [f"  cd {place}"]
    if shutil.which("crmkit") is None and sys.prefix != sys.base_prefix:
        folder = Path(sys.prefix)
        here = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
        activate = here / ("Scripts" if os.name == "nt" else "bin") / "activate"
        go.insert(0, f"  {'' if os.name == 'nt' else 'source '}{activate}")
    return [
        "Go on with:",
        *go,
        f"  {start} movers {day} --since 30d --direction rising --tier base",
        f"  {start} explain {who} {day} --since 90d",
        f"  {start} score {who} {day}",
        f"  {start} agenda {day} --lang zh",
        f"  {start} report {day}",
        f"  {start} doctor",
        *further,
        "  crmkit import --help     your own data: crmkit-demo-mapping.toml shows how",
    ]
