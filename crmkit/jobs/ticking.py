"""Periodic jobs: which are due now, and handing each slot in once, whoever looks at the clock.

Any number of workers may tick. The id of a periodic job does not tell its slot, so that what was
missed while nobody worked is made up for by one run. Of what takes longer than its period one waits
at most, beside the one that runs, where the queue goes by the id: the embedded runner and
Procrastinate do; another may keep every one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from threading import Event

from crmkit.clock import instant
from crmkit.contracts.runner import Job
from crmkit.contracts.store import Reader
from crmkit.jobs.core import Core
from crmkit.jobs.declared import JOBS, Declared
from crmkit.jobs.naming import job_id
from crmkit.jobs.notes import Which, note_slots, read_slots, word
from crmkit.jobs.opening import Desk
from crmkit.jobs.periods import slot

_logger = logging.getLogger("crmkit.jobs")
_TICK, _LONGEST = 1.0, 60.0
"""Seconds between two looks at the clock, and the most where the queue cannot be reached."""

Due = Mapping[str, tuple[int, Job]]
"""Jobs by `word`, each with when its slot began."""


def which(core: Core, declared: Declared) -> Iterator[Which]:
    """Give the jobs of one kind that there are here: one, or one for each channel or connector."""
    if declared.each is None:
        yield declared.name, None
        return
    for one in declared.each(core):
        yield declared.name, one


def find_due(
    core: Core, periods: Mapping[str, int | None], zone: tzinfo, reader: Reader
) -> dict[str, tuple[int, Job]]:
    """Give the jobs whose present slot nobody has submitted yet."""
    now, noted = core.session.now(), read_slots(reader)
    due = {}
    for name, period in periods.items():
        if period is None:
            continue
        start = slot(now, period, zone)
        for found in which(core, JOBS[name]):
            if start > noted.get(word(found), start - 1):
                due[word(found)] = start, make_job(core, found, start)
    return due


def make_job(core: Core, found: Which, start: int) -> Job:
    """Make a job that is due since its slot began, which hurries no job that is to be tried again.

    A queue tells it by its instant from what somebody wants at once.
    """
    name, of = found
    workspace = core.session.store.workspace
    return Job(
        id=job_id(name, workspace, of, (0, 1), None),
        name=name,
        workspace=workspace,
        args={} if of is None else {"of": of},
        not_before=instant(start),
    )


def tick(desk: Desk, core: Core, find: Callable[[Reader], Due]) -> tuple[Job, ...]:
    """Submit what is due, and note that it was; give what was submitted.

    A runner that takes part in the transaction gets each slot once. Another gets it before it is
    noted: twice where two look at the same time, never not at all.
    """
    store = core.session.store
    with store.read() as reader:
        due = find(reader)
    if not due:
        return ()
    if not desk.is_transactional:
        with desk.runner() as runner:
            runner.submit(_jobs(due))
    with store.write() as writer:
        if desk.is_transactional:
            due = find(writer)
            with desk.runner() as runner:
                runner.submit(_jobs(due), writer=writer)
        note_slots(writer, {name: start for name, (start, _) in due.items()})
    return _jobs(due)


def keep_ticking(tick_once: Callable[[], object], ended: Event) -> None:
    """Tick until the end; a queue or a database that is away is asked again, ever less often."""
    pause, said = _TICK, ""
    while not ended.is_set():
        try:
            tick_once()
        except Exception as error:  # noqa: BLE001 - a thread that ended would be missed by nobody
            if str(error) != said:
                said = str(error)
                _logger.error("no job can be submitted, and it is tried again: %s", said)  # noqa: TRY400 - one line says it
            pause = min(_LONGEST, 2 * pause)
        else:
            pause, said = _TICK, ""
        ended.wait(pause)


def _jobs(due: Due) -> tuple[Job, ...]:
    return tuple(job for _, job in due.values())
