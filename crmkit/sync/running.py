"""A run: every object of a connector read, then written, once, whatever was broken off before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crmkit.clock import instant
from crmkit.contracts.connector import RetryLater, SyncAborted, Synced
from crmkit.garbage import collecting_later
from crmkit.model.sync import THEIRS, SyncPlan, SyncReport
from crmkit.sync.cases import count_quarantine, read_conflicts
from crmkit.sync.deleting import finish_here
from crmkit.sync.leases import Lease
from crmkit.sync.pairs import MAKING
from crmkit.sync.reading import read_there
from crmkit.sync.runs import begin, end
from crmkit.sync.setup import Opened, Setup
from crmkit.sync.tally import CREATE, DELETE, UPDATE, Tally
from crmkit.sync.track import Track
from crmkit.sync.tracks import note_account, open_tracks
from crmkit.sync.waiting import read_waiting
from crmkit.sync.writing import write_changes

Step = Callable[[int], object]
_ROUNDS = 3
"""Times that everything is read and written, where what was written asks for it."""


def run(setup: Setup, name: str, *, retry: bool, step: Step | None) -> SyncReport:
    """Bring both sides into step.

    Raises:
        SyncAborted: nothing more can work until somebody acts.
        SyncBusy: another run of this connector is under way.
    """
    link = setup.link(name)
    opened = setup.open(link)
    lease = Lease(setup.session.store, name)
    try:
        lease.take()
        try:
            report = _run(setup, opened, lease, retry=retry, step=step)
        finally:
            lease.give_back()
    finally:
        opened.close()
    setup.told(
        Synced(
            connector=name,
            created=report.created,
            updated=report.updated,
            deleted=report.deleted,
            conflicts=report.conflicts,
            quarantined=report.quarantined,
            finished=report.finished,
        )
    )
    return report


def plan(setup: Setup, name: str, *, step: Step | None) -> SyncPlan:
    """Find what a run would do, without touching either side; raises as `run`."""
    opened = setup.open(setup.link(name))
    tally = Tally(dry=True, step=step)
    try:
        tracks = open_tracks(setup, opened, tally, retry=False)
        _pass(tracks)
        calls, seconds = _cost(opened, tracks, tally)
        with setup.session.store.read() as reader:
            held = [one for track in tracks for one in track.cases.standing(reader)]
            met = [one for track in tracks for one in track.cases.conflicts]
            waiting = [one for one in read_conflicts(reader, name) if one.took is None]
    finally:
        opened.close()
    changes = tally.changes
    return SyncPlan(
        connector=name,
        creates=tuple(changes.get(CREATE, ())),
        updates=tuple(changes.get(UPDATE, ())),
        deletes=tuple(changes.get(DELETE, ())),
        conflicts=tuple({one.id: one for one in (*waiting, *met)}.values()),
        quarantined=tuple(held),
        calls=calls,
        seconds=seconds,
    )


def _run(
    setup: Setup, opened: Opened, lease: Lease, *, retry: bool, step: Step | None
) -> SyncReport:
    """Do a run whose lease is held, and keep what it did."""
    started = setup.session.now()
    number = begin(setup, opened, started)
    tally = Tally(step=step)
    stopped, error = "", "it was broken off"
    tracks: list[Track] = []
    try:
        tracks = open_tracks(setup, opened, tally, retry=retry)
        note_account(setup, opened)
        for track in tracks:
            track.renew = lease.renew
        stopped = _rounds(setup, tracks, tally)
        error = ""
    except RetryLater as later:
        stopped, error = str(later), ""
    except SyncAborted as aborted:
        error = str(aborted)
        raise
    finally:
        report = _report(setup, opened, tally, tracks, started, stopped)
        end(setup, opened, number, report, error)
    return report


def _rounds(setup: Setup, tracks: Sequence[Track], tally: Tally) -> str:
    """Read and write as often as what was written asks for it; say why more rounds would not do."""
    lost = ""
    for _ in range(_ROUNDS):
        tally.again, tally.lost = False, ""
        _pass(tracks)
        lost = tally.lost or lost
        if not tally.again:
            break
    if not lost or tally.lost:
        return tally.lost
    with setup.session.store.read() as reader:
        making = any(any(track.pairs.in_state(reader, MAKING)) for track in tracks)
    return lost if making else ""


def _pass(tracks: Sequence[Track]) -> None:
    """Read everything that is new there, then write everything that is new here."""
    with collecting_later():
        for track in tracks:
            read_there(track)
            finish_here(track)
        read_waiting(tracks)
        for track in tracks:
            write_changes(track)


def _report(  # noqa: PLR0913 - what a report tells
    setup: Setup,
    opened: Opened,
    tally: Tally,
    tracks: Sequence[Track],
    started: int,
    stopped: str,
) -> SyncReport:
    counts = tally.counts
    with setup.session.store.read() as reader:
        quarantined = count_quarantine(reader, opened.link.name)
    return SyncReport(
        connector=opened.link.name,
        read=tally.read,
        written=sum(counts.values()),
        unchanged=tally.unchanged,
        conflicts=sum(len(track.cases.conflicts) for track in tracks),
        quarantined=quarantined,
        created=counts.get(CREATE, 0),
        updated=counts.get(UPDATE, 0),
        deleted=counts.get(DELETE, 0),
        stopped=stopped,
        started=instant(started),
        finished=instant(setup.session.now()),
    )


def _cost(opened: Opened, tracks: Sequence[Track], tally: Tally) -> tuple[int, float]:
    """Give the writing calls of a plan, and the least time that the limits leave for them."""
    calls = 0
    for track in tracks:
        for what in (CREATE, UPDATE, DELETE):
            changes = tally.changes.get(what, ())
            count = sum(one.side == THEIRS and one.object == track.entity for one in changes)
            calls += -(-count // max(1, track.schema.batch))
    return calls, opened.connector.seconds(calls)
