"""``crm.jobs``: the work that a CRM does by itself, here or on a task queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cached_property, partial
from threading import Event, Thread
from typing import Any

from crmkit.arguments import callback, choice, count, flag, instance, optional_text, refuse
from crmkit.clock import instant, micros
from crmkit.contracts.runner import Job
from crmkit.errors import RefusedError
from crmkit.jobs.core import Core
from crmkit.jobs.declared import JOBS
from crmkit.jobs.naming import job_id
from crmkit.jobs.notes import read_last, read_slots, word
from crmkit.jobs.opening import Desk
from crmkit.jobs.periods import read_periods, slot
from crmkit.jobs.running import Told, run
from crmkit.jobs.ticking import find_due, keep_ticking, tick, which
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.model.jobs import JobState

MOST_SHARDS = 1000


def _never() -> bool:
    return False


class Jobs:
    """What is to be done by itself: periodic work, and work that was asked for."""

    def __init__(self, core: Core, desk: Desk) -> None:
        """Open nothing yet."""
        self._core, self._desk = core, desk

    @cached_property
    def _periods(self) -> dict[str, int | None]:
        return read_periods(self._core.session.settings.get("jobs", {}))

    @cached_property
    def _find(self) -> Callable[..., Any]:
        return partial(find_due, self._core, self._periods, self._zone)

    @cached_property
    def _zone(self) -> tzinfo:
        return AgendaPolicy.of(self._core.session.settings.get("agenda", {})).zone

    # -- asking for work ---------------------------------------------------------------

    def submit(
        self,
        name: str,
        *,
        of: str | None = None,
        shards: int = 1,
        not_before: datetime | None = None,
    ) -> tuple[Job, ...]:
        """Ask for a job to be done by a worker, soon; give what was queued.

        On the connection that ``crm.using`` gave it is queued where the host commits, and never
        where the host undoes. A runner that is not transactional gets it after that commit: where
        its queue is away at that moment the job is lost, and that is logged.

        What waits already is not queued twice by a runner that goes by ids, as the embedded one
        does: what failed and waits there for its next try is tried at once where no instant is
        given, with all its tries before it.

        Args:
            name: ``dispatch poll reconcile sync advance funnel feedback rebuild``.
            of: Which channel (``poll``) or connector (``sync``); None: each there is.
            shards: Into how many jobs it is split by customers, 1 to 1000; ``rebuild`` can be.
            not_before: Earliest instant to start; None: at once.

        Raises:
            InvalidValueError: there is no such job, or it cannot be split; `field` names which.
            PluginError: the queue cannot be reached; nothing was queued.
        """
        declared = JOBS[choice("name", name, JOBS)]
        parts = count("shards", shards, 1)
        if parts > (MOST_SHARDS if declared.sharded else 1):
            split = [one.name for one in JOBS.values() if one.sharded]
            refuse(
                "shards", f"must be 1: only {', '.join(split)} is split, into 1000 at most", parts
            )
        if not_before is not None:
            micros(not_before, "not_before")
        there = [one for _, one in which(self._core, declared)]
        if optional_text("of", of) is not None:
            there = [one for one in there if one == of]
            if not there:
                refuse("of", f"must be one that {name} is done for", of)
        workspace = self._core.session.store.workspace
        jobs = tuple(
            Job(
                id=job_id(name, workspace, one, (shard, parts), not_before),
                name=name,
                workspace=workspace,
                shard=shard,
                shards=parts,
                args={} if one is None else {"of": one},
                not_before=not_before,
            )
            for one in there
            for shard in range(parts)
        )
        self._hand_in(jobs)
        return jobs

    def due(self) -> tuple[Job, ...]:
        """Give the periodic jobs that nobody has submitted for the present slot of their period.

        Raises:
            ConfigError: a setting under ``[jobs]`` is wrong; `key` names it.
        """
        with self._core.session.store.read() as reader:
            return tuple(job for _, job in self._find(reader).values())

    def tick(self) -> tuple[Job, ...]:
        """Submit what `due` gives; any number of processes may do so, as often as they want.

        Raises:
            PluginError: the queue cannot be reached; it is submitted with the next tick. Others are
                those of `due`.
            RefusedError: this is the connection of a host's transaction (``crm.using``).
        """
        self._refuse_hosted()
        return tick(self._desk, self._core, self._find)

    # -- doing it ----------------------------------------------------------------------

    def run(self, job: Job) -> Mapping[str, Any]:
        """Do one job now, as a worker does; give what it came to, by name.

        Raises:
            JobUnknown: it is another release's, or another workspace's: give it back to the queue.
            CrmkitError: what the job itself raises: try it again later.
            RefusedError: this is the connection of a host's transaction (``crm.using``).
        """
        self._refuse_hosted()
        instance("job", job, Job, "a Job, as submit gives them")
        return run(self._core, job, _never)

    def work(
        self, *, until_idle: bool = False, stop: Event | None = None, told: Told | None = None
    ) -> None:
        """Be a worker: submit what is due and do what is queued, until stopped.

        Any number of processes may work at once. One that is killed loses nothing: another does
        what it was at.

        Args:
            until_idle: Return once no job is due.
            stop: Set from another thread, or by a signal's handler: end after the present batch.
            told: Told of every job that was done or failed, by the thread that did it.

        Raises:
            PluginError: the runner is missing; or the queue cannot be reached and `until_idle` was
                asked for.
            ConfigError: a setting under ``[runner]`` or ``[jobs]`` is wrong; `key` names it.
            RefusedError: this is the connection of a host's transaction (``crm.using``).
        """
        self._refuse_hosted()
        if stop is not None:
            instance("stop", stop, Event, "a threading.Event")
        callback("told", told)
        stop = stop or Event()
        do = partial(run, self._core, stopped=stop.is_set, told=told)
        with self._desk.runner() as runner:
            self.due()  # what is wrong in the configuration ends it here
            if flag("until_idle", until_idle):
                self.tick()
                runner.work(do, until_idle=True, stop=stop)
                return
            ended = Event()
            ticker = Thread(
                target=keep_ticking, args=(self.tick, ended), name="crmkit-tick", daemon=True
            )
            ticker.start()
            try:
                runner.work(do, stop=stop)
            finally:
                ended.set()
                ticker.join()

    def list(self) -> tuple[JobState, ...]:
        """Give every job there is: its period, when it is due, what became of it last.

        Raises:
            ConfigError: a setting under ``[jobs]`` is wrong; `key` names it.
        """
        with self._core.session.store.read() as reader:
            slots, last = read_slots(reader), read_last(reader)
        found = []
        for name, declared in JOBS.items():
            period = self._periods.get(name)
            for one in which(self._core, declared):
                start, facts = slots.get(word(one)), last.get(word(one), {})
                found.append(
                    JobState(
                        name=name,
                        of=one[1],
                        summary=declared.summary,
                        every=None if period is None else timedelta(microseconds=period),
                        next=None if period is None else self._next(period, start),
                        last=instant(facts["at"]) if facts else None,
                        seconds=facts.get("seconds"),
                        result=facts.get("result"),
                        error=facts.get("error"),
                    )
                )
        return tuple(found)

    # -- inside ------------------------------------------------------------------------

    def _next(self, period: int, last: int | None) -> datetime:
        """Give when the slot begins that is handed in next; now, where it has begun."""
        now = self._core.session.now()
        start = slot(now, period, self._zone)
        return instant(now if last is None or last < start else start + period)

    def _hand_in(self, jobs: tuple[Job, ...]) -> None:
        """Queue jobs in the host's transaction, where there is one."""
        store = self._core.session.store
        if not store.hosted:
            self._submit(jobs)
        elif self._desk.is_transactional:
            with store.write() as writer:
                self._submit(jobs, writer=writer)
        else:
            with store.read():  # which begins the host's transaction, where nothing has yet
                store.after_commit(partial(self._submit, jobs))

    def _submit(self, jobs: tuple[Job, ...], **more: Any) -> None:
        with self._desk.runner() as runner:
            runner.submit(jobs, **more)

    def _refuse_hosted(self) -> None:
        if self._core.session.store.hosted:
            message = (
                "jobs are worked by the connection that crmkit.connect gave, not by one of "
                "crm.using(...): what they do is committed as they go"
            )
            raise RefusedError(message)
