"""What ``crmkit import`` and ``crmkit demo`` both do: files in, then everybody's stage and tier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.cli.doubles import Sample
from crmkit.cli.failing import wrong
from crmkit.cli.progress import Step, counted
from crmkit.cli.rejects import Rejects
from crmkit.cli.scouting import Unusable
from crmkit.clock import instant
from crmkit.contracts.tables import FED
from crmkit.errors import DecisionNotFound
from crmkit.model.serial import Record

if TYPE_CHECKING:
    from datetime import datetime

    from crmkit.capture.files import Reading
    from crmkit.crm import CRM
    from crmkit.model.lifecycle import AdvanceReport
    from crmkit.model.log import Decision


@attrs.frozen(kw_only=True)
class Imported(Record):
    """What became of the lines of one file.

    Attributes:
        file: Its name.
        run: Id of the import, to take it back with; empty where nothing was new.
        new: Lines that brought something new.
        changed: Customers that were known otherwise.
        known: Lines that were known already.
        rejected: Lines that could not be taken.
        skipped: Lines that the mapping leaves out.
        reasons: How many of them for which reason.
        collisions: Keys met that point at more than one customer.
        captured: New touchpoints that came as a by-product of work.
        typed: New touchpoints that a person typed.
        unpriced: Currencies for which the value model has no rate.
        source: Source of the records that name none; empty for customers.
        named: Whether somebody said so; else it is the file's name.
        elsewhere: Another source that the same records are known from; empty: none.
        unusable: How many different e-mail addresses and telephones identify nobody.
        examples: The first of them.
        national: Whether telephones among them want the setting `region`.
        lacking: Fields that every touchpoint needs, and no column gives.
    """

    file: str
    run: str = ""
    new: int = 0
    changed: int = 0
    known: int = 0
    rejected: int = 0
    skipped: int = 0
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    collisions: int = 0
    captured: int = 0
    typed: int = 0
    unpriced: tuple[str, ...] = ()
    source: str = ""
    named: bool = True
    elsewhere: str = ""
    unusable: int = 0
    examples: tuple[str, ...] = ()
    national: bool = False
    lacking: tuple[str, ...] = ()


def take_in(
    crm: CRM,
    path: Path,
    mapping: Path | None,
    source: str | None,
    rejects: Rejects,
    step: Step,
    *,
    customers: bool = False,
) -> Imported:
    """Import one file: touchpoints, or customers.

    Args:
        crm: The open workspace.
        path: CSV or JSON Lines, plain or gzipped.
        mapping: Which column is what.
        source: Name of the system; None: the mapping's, or else the file's name.
        rejects: Takes what cannot be taken in.
        step: Told how many lines were read.
        customers: The lines are customers.
    """
    from crmkit.capture.files import read_customers, read_touchpoints
    from crmkit.capture.normalise import Normaliser

    before = rejects.count
    reading = read_customers(path, mapping) if customers else read_touchpoints(path, mapping)
    keys = Unusable(Normaliser(crm.config.region))
    lines = keys.watch(counted(reading, step))
    if customers:
        imported = _customers(crm, path, reading, lines, rejects)
    else:
        imported = _touchpoints(crm, path, source or reading.source, lines, rejects)
    return attrs.evolve(
        imported,
        rejected=rejects.count - before,
        skipped=sum(reading.skipped.values()),
        reasons=dict(reading.skipped),
        unusable=len(keys.found),
        examples=keys.examples,
        national=keys.national,
        lacking=reading.lacking,
    )


def _customers(
    crm: CRM, path: Path, reading: Reading, lines: Iterable[Any], rejects: Rejects
) -> Imported:
    saved = crm.customers.save_all(
        lines, on_reject=lambda refused: rejects.add(reading.placed(refused))
    )
    return Imported(
        file=path.name,
        run=saved.run,
        new=saved.new,
        changed=saved.changed,
        known=saved.unchanged,
        collisions=saved.collisions,
    )


def _touchpoints(
    crm: CRM, path: Path, given: str | None, lines: Iterable[Any], rejects: Rejects
) -> Imported:
    if given is None and not path.is_file():
        wrong(f"{path} is a pipe, whose name says nothing: name the source, --source NAME")
    named = given or path.name.partition(".")[0]
    sample = Sample(crm, named)
    report = crm.capture(lines if given else sample.watch(lines), named, on_reject=rejects.add)
    elsewhere = None if given else sample.known_elsewhere(crm, report.run)
    return Imported(
        file=path.name,
        run=report.run,
        new=report.new,
        known=report.duplicate,
        captured=report.captured,
        typed=report.typed,
        source=named,
        named=given is not None,
        elsewhere=elsewhere or "",
        collisions=report.collisions,
        unpriced=report.unpriced,
    )


def take_back(crm: CRM, run: str) -> Decision:
    """Take one import back, of touchpoints or of customers.

    Raises:
        DecisionNotFound: no import has that id, or nothing of it is left.
    """
    reason = "crmkit import --undo"
    try:
        return crm.customers.undo(run, reason=reason)
    except DecisionNotFound:
        return crm.touchpoints.undo(run, reason=reason)


def fit(crm: CRM) -> None:
    """Fit the value model's scales and half-lives to the data, and put it in force."""
    model = crm.value.calibrate()
    if crm.value.model() != model:
        crm.value.use(model, reason="calibrated from the command line")


def advance(crm: CRM, *, replay: bool = False) -> AdvanceReport:
    """Apply the rules to everybody; with `replay`, step by step from the first touchpoint on."""
    return crm.lifecycle.advance(first(crm) if replay else None)


def first(crm: CRM) -> datetime | None:
    """Give the instant of the earliest touchpoint; None: there is none."""
    with crm.session.store.read() as reader:
        instants = [row[0] for row in reader.scan(FED, columns=("at", "void")) if row[1] is None]
    return instant(min(instants)) if instants else None
