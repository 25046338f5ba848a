"""Every job there is, declared once: what it calls, how often, and what it is split by.

Each may run twice, or twice at the same time: messages are claimed before they go, a run of a
connector holds a lease, moves are recorded only where nobody else made them meanwhile, and a page
of receipts that is read again tells nothing new.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from crmkit.contracts.runner import Job
from crmkit.errors import ConfigError, PluginError
from crmkit.jobs.core import Core
from crmkit.outreach.lines import Lines
from crmkit.sync.leases import SyncBusy

_logger = logging.getLogger("crmkit.jobs")
Stopped = Callable[[], bool]
Result = Mapping[str, Any]
"""What a job came to, as JSON values."""
_AT_ONCE = 5000
"""Messages between two looks at whether the worker was told to stop."""
_said: WeakKeyDictionary[Lines, set[str]] = WeakKeyDictionary()
"""What was logged of a connection's channels: every look at the clock comes by them."""


@attrs.frozen(kw_only=True)
class Declared:
    """One kind of job.

    Attributes:
        name: What it is called in `Job.name` and under ``[jobs]``.
        summary: What it does, in a line.
        do: Does it; asks now and then whether the worker shall stop, and then leaves the rest.
        every: How often by default, as ``[jobs]`` has it; ``off``: not unless it is configured;
            None: only when somebody asks for it.
        each: Gives the channels or connectors that there is a job for each of, under ``of`` in
            `Job.args`; None: there is one job.
        sharded: Whether it can be split by customers.
    """

    name: str
    summary: str
    do: Callable[[Core, Job, Stopped], Result]
    every: str | None = None
    each: Callable[[Core], Iterable[str]] | None = None
    sharded: bool = False


def _dispatch(core: Core, _job: Job, stopped: Stopped) -> Result:
    states: dict[str, int] = {}
    while not stopped():
        counts = core.outreach.dispatch(_AT_ONCE)
        if not sum(counts.values()):
            break
        for state, count in counts.items():
            states[state] = states.get(state, 0) + count
    return states


def _poll(core: Core, job: Job, _stopped: Stopped) -> Result:
    received = core.outreach.poll(job.args["of"])
    return {"receipts": len(received.receipts), "strangers": len(received.strangers)}


def _polled(core: Core) -> Iterable[str]:
    """Name the channels that are polled; a broken one is left out, and costs only itself."""
    lines = core.outreach.setup.lines
    return [name for name in lines.configured if _is_polled(lines, name)]


def _is_polled(lines: Lines, name: str) -> bool:
    try:
        return lines.get(name).can("poll")
    except (PluginError, ConfigError) as error:
        said = _said.setdefault(lines, set())
        if name not in said:
            said.add(name)
            _logger.warning("the channel %s is not polled: %s", name, error)
        return False


def _reconcile(core: Core, _job: Job, _stopped: Stopped) -> Result:
    return core.outreach.reconcile().to_dict()


def _sync(core: Core, job: Job, _stopped: Stopped) -> Result:
    try:
        report = core.sync.run(job.args["of"])
    except SyncBusy as busy:  # whoever is at it reads what there is
        return {"busy": str(busy)}
    counts = {"read": report.read, "written": report.written, "quarantined": report.quarantined}
    return counts | ({"stopped": report.stopped} if report.stopped else {})


def _advance(core: Core, _job: Job, _stopped: Stopped) -> Result:
    report = core.lifecycle.advance()
    return {"customers": report.customers, "stages": report.stages, "tiers": report.tiers}


def _funnel(core: Core, _job: Job, _stopped: Stopped) -> Result:
    return {"moved": len(core.funnel.advance())}


def _feedback(core: Core, _job: Job, _stopped: Stopped) -> Result:
    return {"cases": len(core.feedback.take())}


def _rebuild(core: Core, job: Job, _stopped: Stopped) -> Result:
    return {"customers": core.value.rebuild(shard=job.shard, shards=job.shards)}


JOBS = {
    one.name: one
    for one in (
        Declared(name="dispatch", summary="Send what is due.", do=_dispatch, every="10s"),
        Declared(
            name="poll",
            summary="Fetch receipts and replies.",
            do=_poll,
            every="1m",
            each=_polled,
        ),
        Declared(
            name="reconcile",
            summary="Look up messages that nobody knows the fate of.",
            do=_reconcile,
            every="10m",
        ),
        Declared(
            name="sync",
            summary="Keep an external CRM in step.",
            do=_sync,
            every="15m",
            each=lambda core: core.sync.names(),
        ),
        Declared(
            name="advance",
            summary="Bring everybody to his tier and stage.",
            do=_advance,
            every="1h",
        ),
        Declared(
            name="funnel",
            summary="Move opportunities by what was captured.",
            do=_funnel,
            every="1h",
        ),
        Declared(
            name="feedback",
            summary="Open cases for feedback that has none.",
            do=_feedback,
            every="off",
        ),
        Declared(
            name="rebuild",
            summary="Work out every customer's value anew.",
            do=_rebuild,
            sharded=True,
        ),
    )
}
"""By name, in the order that lists have them."""
