"""Laws of submitting: what is queued, when, and in which transaction."""

# ruff: noqa: S101 - a law is an assertion, and its numbers are its point
from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta, timezone

import pytest

from crmkit.contracts.runner import Job, Runner
from crmkit.contracts.specs import RunnerSpec
from crmkit.contracts.store import Store
from crmkit.testing.kit import needs
from crmkit.testing.runner_base import Done, Hands, Open, RunnerLaws, job

MANY = 200


class QueueLaws(RunnerLaws):
    """One law a test."""

    def test_a_job_arrives_as_it_was_submitted(self, runner: Runner, clock: Hands) -> None:
        """Every field comes back equal: nested arguments, any script, an instant of any offset."""
        begins = clock().astimezone(timezone(timedelta(hours=8))) - timedelta(hours=1)
        args = {
            "n": 7,
            "text": "重建 \N{SMILING FACE WITH SMILING EYES} \\ ' % {}",
            "list": [1, None],
        }
        sent = Job(
            id="rebuild:default:1of3",
            name="rebuild",
            shard=1,
            shards=3,
            args={**args, "deep": {"a": [True, 0.5, {}]}},
            not_before=begins,
        )
        done = Done()
        runner.submit([sent])
        runner.work(done, until_idle=True)
        assert done.jobs == [sent]
        assert json.loads(json.dumps(done.jobs[0].to_dict())) == done.jobs[0].to_dict()

    def test_a_job_has_the_longest_id(self, runner: Runner) -> None:
        """An id of 200 characters, none of which a queue's own names would have, is kept whole."""
        long = ("sync:a b/c;'\"%s:" + "x" * 200)[:200]
        done = Done()
        runner.submit([job(1, id=long), job(2, id=long[:-1] + "y")])
        runner.work(done, until_idle=True)
        assert sorted(one.id for one in done.jobs) == [long, long[:-1] + "y"]

    def test_submitting_does_nothing_yet(self, runner: Runner) -> None:
        """Who submits waits for nobody: jobs are done by who works."""
        done = Done()
        runner.submit([job()])
        assert done.jobs == []
        runner.work(done, until_idle=True)
        assert done.numbers() == [0]

    def test_nothing_submitted_is_nothing(self, runner: Runner) -> None:
        """No job at all is no mistake."""
        done = Done()
        runner.submit([])
        runner.work(done, until_idle=True)
        assert done.jobs == []

    def test_submit_is_all_or_none(self, runner: Runner) -> None:
        """Where one of several cannot be queued, none is."""
        with pytest.raises(Exception, match=r"(?s).*"):
            runner.submit([job(1), job(2), job(3, args={"n": object()})])
        done = Done()
        runner.work(done, until_idle=True)
        assert done.jobs == []

    def test_many_at_once(self, runner: Runner) -> None:
        """Hundreds of jobs are all done."""
        done = Done()
        runner.submit([job(number) for number in range(MANY)])
        runner.work(done, until_idle=True)
        assert done.numbers() == list(range(MANY))

    def test_the_same_id_twice_does_no_harm(self, runner: Runner) -> None:
        """What waits already may be submitted again: it is done once, or twice, and never lost."""
        done = Done()
        runner.submit([job(1), job(1)])
        runner.submit([job(1), job(2)])
        runner.work(done, until_idle=True)
        assert set(done.numbers()) == {1, 2}

    def test_what_is_submitted_during_its_own_run_is_done_again(self, runner: Runner) -> None:
        """A run may have read already what the second one is for."""
        done = Done(lambda _: runner.submit([job(1)]) if len(done.jobs) == 1 else None)
        runner.submit([job(1)])
        runner.work(done, until_idle=True)
        assert done.numbers() == [1, 1]

    def test_a_job_is_submitted_anew_once_it_was_done(self, runner: Runner) -> None:
        """An id that was done is none that is remembered."""
        done = Done()
        for _ in range(2):
            runner.submit([job(1)])
            runner.work(done, until_idle=True)
        assert done.numbers() == [1, 1]

    def test_another_process_s_job_is_done(self, opened: Open) -> None:
        """What one runner was handed, another does, even where the first was closed."""
        first, second = opened(), opened()
        first.submit([job(1)])
        first.close()
        done = Done()
        second.work(done, until_idle=True)
        assert done.numbers() == [1]

    def test_it_waits_for_its_instant(self, runner: Runner, clock: Hands) -> None:
        """A job is not done before its time, and done then; until then nobody waits for it."""
        done = Done()
        runner.submit([job(1, not_before=clock() + timedelta(hours=20)), job(2)])
        runner.work(done, until_idle=True)
        assert done.numbers() == [2]
        self.pass_time(runner)
        runner.work(done, until_idle=True)
        assert done.numbers() == [1, 2]

    def test_a_job_goes_with_the_transaction(
        self, runner: Runner, spec: RunnerSpec, store: Store
    ) -> None:
        """It is queued where the transaction is committed."""
        needs(spec, "transactional")
        done = Done()
        with store.write() as writer:
            runner.submit([job(1), job(2)], writer=writer)
        runner.work(done, until_idle=True)
        assert done.numbers() == [1, 2]

    def test_a_transaction_that_is_undone_takes_its_job_along(
        self, runner: Runner, spec: RunnerSpec, store: Store
    ) -> None:
        """It was never queued where the transaction is undone."""
        needs(spec, "transactional")
        done = Done()
        with suppress(_Undo), store.write() as writer:
            runner.submit([job(1)], writer=writer)
            raise _Undo
        runner.work(done, until_idle=True)
        assert done.jobs == []


class _Undo(Exception):  # noqa: N818 - no error: a test asks for a rollback
    """Raised inside a block by a test."""
