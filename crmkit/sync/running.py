"""A run: every object of a connector read, then written, once, whatever was broken off before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import attrs

from crmkit.capture.ids import digest
from crmkit.clock import instant, micros
from crmkit.contracts.connector import Finding, RetryLater, SyncAborted, Synced
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import META, SYNC_RUN
from crmkit.garbage import collecting_later
from crmkit.model.sync import THEIRS, SyncPlan, SyncReport
from crmkit.sync.cases import Cases, count_quarantine
from crmkit.sync.checking import check_links, check_mapping
from crmkit.sync.concepts.scores import Scores
from crmkit.sync.deleting import finish_here
from crmkit.sync.fields import CONTACTS, CUSTOMERS, OPPORTUNITIES, SCORES, TOUCHPOINTS
from crmkit.sync.leases import Lease
from crmkit.sync.pairs import Pairs
from crmkit.sync.places import Place, read_place
from crmkit.sync.reading import read_there
from crmkit.sync.settings import FieldRule, Link, MappingRule, read_link
from crmkit.sync.setup import Opened, Setup
from crmkit.sync.track import CREATE, DELETE, UPDATE, Tally, Track
from crmkit.sync.waiting import read_waiting
from crmkit.sync.writing import write_changes

Step = Callable[[int], object]
_ORDER = (CUSTOMERS, CONTACTS, OPPORTUNITIES, TOUCHPOINTS)
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
    finally:
        opened.close()
    changes = tally.changes
    return SyncPlan(
        connector=name,
        creates=tuple(changes.get(CREATE, ())),
        updates=tuple(changes.get(UPDATE, ())),
        deletes=tuple(changes.get(DELETE, ())),
        conflicts=tuple(one for track in tracks for one in track.cases.conflicts),
        quarantined=tuple(one for track in tracks for one in track.cases.refused.values()),
        calls=calls,
        seconds=seconds,
    )


def findings(setup: Setup, opened: Opened) -> list[Finding]:
    """Hold everything against the CRM: credentials, account, objects, fields, owners.

    Raises:
        SyncAborted: the CRM cannot be asked.
    """
    links = [read_link(name, setup.settings(name)) for name in setup.names()]
    found = list(check_links(links))
    found += opened.connector.check()
    found += _check_account(setup, opened)
    for rule, rules in _objects(opened.link):
        found += check_mapping(rule, rules, opened.schema(rule.object))
    return found


def open_tracks(setup: Setup, opened: Opened, tally: Tally, *, retry: bool) -> list[Track]:
    """Make a track of each object, and see that its mapping fits what the CRM has.

    Raises:
        SyncAborted: it does not; the message names every fault.
    """
    bad = [one for one in findings(setup, opened) if one.fatal]
    if bad:
        told = "; ".join(f"{one.what}: {one.remedy}" for one in bad)
        raise SyncAborted(f"{opened.link.name}: {told}", findings=tuple(bad))
    tracks = [
        _track(setup, opened, rule, rules, tally, retry=retry)
        for rule, rules in _objects(opened.link)
    ]
    naming = [track for track in tracks if "customer" in track.kinds.values()]
    for track in tracks:
        track.related = lambda concept: [one for one in tracks if one.rule.concept == concept]
        track.dependents = naming if track.rule.concept == CUSTOMERS else ()
    return tracks


def _track(  # noqa: PLR0913 - what a track is made of
    setup: Setup,
    opened: Opened,
    rule: MappingRule,
    rules: Sequence[FieldRule],
    tally: Tally,
    *,
    retry: bool,
) -> Track:
    name, object_ = opened.link.name, rule.object
    with setup.session.store.read() as reader:
        place = read_place(reader, name, object_)
    known = digest("rules", repr(rule), repr(rules))
    if place.rules != known:  # another mapping: everything is looked at anew, on both sides
        place = Place(rules=known, deleted=place.deleted, swept=place.swept)
    concept = setup.concept(rule, name)
    concept.pairs = Pairs(name, object_, dry=tally.dry)
    scores = next((one for one in opened.link.mappings if _scores(one, object_)), None)
    return Track(
        session=setup.session,
        link=opened.link,
        spec=opened.spec,
        connector=opened.connector,
        rule=rule,
        rules=tuple(rules),
        schema=opened.schema(object_),
        concept=concept,
        normaliser=setup.normaliser,
        place=place,
        pairs=concept.pairs,
        cases=Cases(name, object_, dry=tally.dry),
        tally=tally,
        extra=None if scores is None else Scores(scores, setup.scores, setup.zone),
        retry=retry,
        merge=lambda keep, drop: concept.merge(keep, drop, f"merged in {name}"),
        erase=lambda key: concept.erase(key, f"deleted in {name}"),
    )


def _scores(rule: MappingRule, object_: str) -> bool:
    return rule.concept == SCORES and rule.object == object_


def _objects(link: Link) -> list[tuple[MappingRule, tuple[FieldRule, ...]]]:
    """Give each object's mapping, with the score's fields beside the customer's."""
    found = []
    for rule in link.mappings:
        if rule.concept != SCORES:
            more = [one for one in link.mappings if _scores(one, rule.object)]
            found.append((rule, (*rule.fields, *(field for one in more for field in one.fields))))
    return sorted(found, key=lambda pair: _ORDER.index(pair[0].concept))


def _check_account(setup: Setup, opened: Opened) -> list[Finding]:
    """See that the credentials open the account that they opened before."""
    now = opened.connector.account()
    with setup.session.store.read() as reader:
        before = [row[1] for row in reader.fetch(META, [(_account(opened.link.name),)])]
    if now is None or not before or before[0] == now:
        return []
    return [
        Finding(
            what=f"the credentials open account {now}, where {before[0]} was in step so far",
            remedy="give the credentials of that account, or a section of its own to this one",
        )
    ]


def _note_account(setup: Setup, opened: Opened) -> None:
    """Keep which account it is before anything is written, though the run should be broken off."""
    # asked before the write begins: for the answer a token may have to be written down
    account, name = opened.connector.account(), _account(opened.link.name)
    with setup.session.store.read() as reader:
        known = [row[1] for row in reader.fetch(META, [(name,)])]
    if account is not None and known != [account]:
        with setup.session.store.write() as writer:
            writer.put(META, [(name, account)])


def _account(name: str) -> str:
    return f"sync.{name}.account"


def _run(
    setup: Setup, opened: Opened, lease: Lease, *, retry: bool, step: Step | None
) -> SyncReport:
    """Do a run whose lease is held, and keep what it did."""
    started = setup.session.now()
    number = _begin(setup, opened, started)
    tally = Tally(step=step)
    stopped, error = "", "it was broken off"
    tracks: list[Track] = []
    try:
        tracks = open_tracks(setup, opened, tally, retry=retry)
        _note_account(setup, opened)
        for track in tracks:
            track.renew = lease.renew
        for _ in range(_ROUNDS):
            tally.again = False
            _pass(tracks)
            if not tally.again:
                break
        error = ""
    except RetryLater as later:
        stopped, error = str(later), ""
    except SyncAborted as aborted:
        error = str(aborted)
        raise
    finally:
        report = _report(setup, opened, tally, tracks, started, stopped)
        _end(setup, opened, number, report, error)
    return report


def _pass(tracks: Sequence[Track]) -> None:
    """Read everything that is new there, then write everything that is new here."""
    with collecting_later():
        for track in tracks:
            read_there(track)
            finish_here(track)
        read_waiting(tracks)
        for track in tracks:
            write_changes(track)


def _begin(setup: Setup, opened: Opened, started: int) -> int:
    """Write down that a run began."""
    name = opened.link.name
    with setup.session.store.write() as writer:
        newest = writer.scan(SYNC_RUN, equal=(name,), reverse=True, limit=1)
        number = next((row[1] for row in newest), 0) + 1
        writer.put(SYNC_RUN, [(name, number, started, None, "{}")])
    return number


def _end(setup: Setup, opened: Opened, number: int, report: SyncReport, error: str) -> None:
    """Write down how it ended."""
    name, body = opened.link.name, report.to_dict() | {"error": error}
    written = json.dumps(body, ensure_ascii=False, sort_keys=True)
    started = micros(report.started) if report.started is not None else 0
    with setup.session.store.write() as writer:
        writer.put(SYNC_RUN, [(name, number, started, setup.session.now(), written)])


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


def history(reader: Reader, name: str, limit: int) -> tuple[SyncReport, ...]:
    """Give what the last runs did, the newest first; of one that was killed, only its beginning."""
    rows = reader.scan(SYNC_RUN, equal=(name,), reverse=True, limit=limit)
    return tuple(_told(row) for row in rows)


def _told(row: Row) -> SyncReport:
    name, _, started, finished, body = row
    if finished is None:
        stopped = "it was killed, or is under way"
        return SyncReport(connector=name, started=instant(started), stopped=stopped)
    plain = json.loads(body)
    error = plain.pop("error")
    report = SyncReport.from_dict(plain)
    return attrs.evolve(report, stopped=error) if error else report
