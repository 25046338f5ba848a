"""Doing one job, and noting what became of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from crmkit.contracts.runner import VERSION, Job
from crmkit.errors import JobUnknown, StoreError
from crmkit.jobs.core import Core
from crmkit.jobs.declared import JOBS, Declared
from crmkit.jobs.notes import note_last
from crmkit.plugins.records import cause_of

_logger = logging.getLogger("crmkit.jobs")


Told = Callable[[Job, Mapping[str, Any] | Exception, float], object]
"""Told of a job that was done or failed, and after how many seconds; from any thread."""


def run(
    core: Core, job: Job, stopped: Callable[[], bool], told: Told | None = None
) -> Mapping[str, Any]:
    """Do a job; give what it came to.

    Args:
        core: The connection.
        job: What to do.
        stopped: Tells whether the worker was told to stop.
        told: Told how it went.

    Raises:
        JobUnknown: this release knows no such job, or it is another workspace's.
    """
    declared = _known(core, job)
    began = time.monotonic()
    try:
        result = declared.do(core, job, stopped)
    except Exception as error:
        _note(core, job, began, {"error": cause_of(error)})
        _tell(told, job, error, began)
        raise
    _note(core, job, began, {"result": dict(result)})
    _tell(told, job, result, began)
    return result


def _tell(told: Told | None, job: Job, came: Mapping[str, Any] | Exception, began: float) -> None:
    """Tell how a job went; what the listener raises undoes nothing of it."""
    if told is None:
        return
    try:
        told(job, came, time.monotonic() - began)
    except Exception as error:  # noqa: BLE001 - a done job is done
        _logger.warning("who is told of jobs failed at %s: %s", job.id, cause_of(error))


def _known(core: Core, job: Job) -> Declared:
    """See that the job is one of this release and of this workspace."""
    workspace = core.session.store.workspace
    if job.workspace != workspace:
        _leave(job, f"it is of workspace {job.workspace!r}, this worker's is {workspace!r}")
    declared = JOBS.get(job.name)
    if declared is None:
        _leave(job, f"there are {', '.join(JOBS)}")
    wanted = {"of"} if declared.each is not None else set()
    if job.version > VERSION or set(job.args) != wanted or (job.shards > 1 > declared.sharded):
        _leave(job, "it asks for what this release cannot do")
    return declared


def _leave(job: Job, why: str) -> NoReturn:
    message = (
        f"the job {job.id} ({job.name!r}) is not known here: {why}. It is left to a worker that "
        "knows it: run the release that submitted it"
    )
    raise JobUnknown(message, job=job)


def _note(core: Core, job: Job, began: float, facts: Mapping[str, Any]) -> None:
    """Note what became of it; where that cannot be, the job counts all the same."""
    seconds = round(time.monotonic() - began, 3)
    noted = {"at": core.session.now(), "seconds": seconds, **facts}
    try:
        with core.session.store.write() as writer:
            note_last(writer, (job.name, job.args.get("of")), noted)
    except StoreError as error:
        _logger.warning("what became of %s could not be noted: %s", job.id, error)
