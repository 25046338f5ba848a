"""Rows that come again: changed, deleted, turned back; and loads that were killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import crmkit_dlt
import dlt
import pytest
from dlt_kit import ORDERS, TABLES, order, orders, said

import crmkit

pytestmark = pytest.mark.row("R55")
GONE = {"columns": {"gone": {"data_type": "bool", "hard_delete": True}}}


def items(url: str) -> dict[str, str | None]:
    """Give what each of Ann's orders was for."""
    return {one.id: one.item for one in said(url)}


@pytest.mark.parametrize("how", ["merge", "replace"])
def test_a_changed_row_corrects(run: Any, url: str, how: str):
    """What changed is a correction by dlt, with what it said before; the rest stays as it is."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    run(orders(order(1), order(2), write_disposition=how), into)
    run(orders(order(1, Item=None, Sum="13"), write_disposition=how), into)
    assert items(url) == {"1": None, "2": "tea"}
    assert said(url)[0].amount == Decimal(13)
    counts = into.intake.report["orders"]
    assert (counts.new, counts.changed, counts.rejected) == (2, 1, 0)
    with crmkit.connect(url) as crm:
        decision = crm.touchpoints.corrections("shop", "1")["1"]
        assert (decision.by, decision.reason) == ("dlt", "changed in orders")


def test_a_row_that_turns_back_is_turned_back(run: Any, url: str):
    """Tea, then coffee, then tea again is tea; delivered once more it is known."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    for item in ("tea", "coffee", "tea"):
        run(orders(order(1, Item=item)), into)
        assert items(url) == {"1": item}
    run(orders(order(1)), into)
    counts = into.intake.report["orders"]
    assert (counts.new, counts.changed, counts.known) == (1, 2, 1)


def test_what_a_person_corrected_stays(run: Any, url: str):
    """A row that says nothing new does not undo what somebody put right; a changed one does."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    run(orders(order(1)), into)
    with crmkit.connect(url, actor="lin") as crm:
        crm.touchpoints.correct("shop", "1", {"item": "white tea"}, reason="she told me")
    run(orders(order(1)), into)
    assert items(url) == {"1": "white tea"}
    run(orders(order(1, Item="coffee")), into)
    assert items(url) == {"1": "coffee"}


def test_a_row_may_pass_to_another_customer(run: Any, url: str):
    """And back."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    for whose in ("ann@example.com", "bob@example.com", "ann@example.com"):
        run(orders(order(1, Mail=whose)), into)
        assert [one.id for one in said(url, whose)] == ["1"]
    assert said(url, "bob@example.com") == []


def test_versions_in_one_load_end_with_the_last(run: Any, url: str):
    """Of a row that comes several times, the last counts; also where that is its end."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    first, last = order(1, Item="coffee", gone=False), order(1, gone=False)
    run(orders(last, first, last, order(2), order(2, gone=True), **GONE), into)
    assert items(url) == {"1": "tea"}


def test_a_deleted_row_is_retracted(run: Any, url: str):
    """By its key alone; once more changes nothing, and what was retracted stays away."""
    into = crmkit_dlt.destination(url, tables=TABLES)
    run(orders(order(1), order(2), **GONE), into)
    for _ in range(2):
        run(orders({"No": 1, "gone": True}, {"No": 9, "gone": True}, **GONE), into)
    assert items(url) == {"2": "tea"}
    run(orders(order(1), **GONE), into)
    assert items(url) == {"2": "tea"}
    counts = into.intake.report["orders"]
    assert (counts.deleted, counts.known, counts.rejected) == (1, 4, 0)
    run(orders(order(1, Item="coffee"), **GONE), into)  # it is another: somebody must look at it
    assert into.intake.report["orders"].rejected == 1


def test_append_rejects_what_changed(run: Any, url: str):
    """What happened stays: other content under a known id is rejected, and the first holds."""
    refused: list[tuple[str, crmkit.Rejection]] = []
    into = crmkit_dlt.destination(url, tables=TABLES, on_reject=lambda *one: refused.append(one))
    run(orders(order(1), write_disposition="append"), into)
    run(orders(order(1, Item="coffee"), order(2), write_disposition="append"), into)
    assert items(url) == {"1": "tea", "2": "tea"}
    ((table, rejection),) = refused
    assert (table, rejection.field) == ("orders", "id")
    assert "other content" in rejection.reason


KILLED = """
import os, sys
sys.path[:0] = {path!r}
import crmkit_dlt, dlt
from dlt_kit import TABLES, order, orders
url, folder, kill = sys.argv[1], sys.argv[2], sys.argv[3] == "kill"
into = crmkit_dlt.destination(url, tables=TABLES, batch_size=10)
take, taken = into.intake.take, []
def killed(items, table):
    take(items, table)
    taken.append(len(items))
    if kill and len(taken) == 3:
        os.kill(os.getpid(), {signal})  # the batch is in, and dlt does not know yet
into.intake.take = killed
rows = [order(n, Item="tea") for n in range(100)] if kill else []
pipeline = dlt.pipeline("shop", destination=into, pipelines_dir=folder)
pipeline.run(orders(*rows))
print(sum(taken))
"""


def test_a_killed_load_goes_on(url: str, tmp_path: Path):
    """A process killed between a batch and dlt's note of it: the next takes up there, once each."""
    code = KILLED.format(path=[p for p in sys.path if p], signal=int(signal.SIGKILL))

    def start(how: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-c", code, url, str(tmp_path / "dlt"), how]
        return subprocess.run(
            arguments, capture_output=True, text=True, check=False, env=dict(os.environ)
        )

    assert start("kill").returncode == -signal.SIGKILL
    assert len(said(url)) == 30
    again = start("go on")
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1] == "80"  # the batch in between is delivered twice
    assert len(said(url)) == 100


def test_a_database_that_fails_is_tried_again(run: Any, url: str, monkeypatch: pytest.MonkeyPatch):
    """A store that fails once costs nothing: dlt delivers the batch again."""
    failures = iter([crmkit.StoreBusy("somebody else writes")])
    capture = crmkit.CRM.capture

    def failing(*args: Any, **more: Any) -> Any:
        for failure in failures:
            raise failure
        return capture(*args, **more)

    monkeypatch.setattr(crmkit.CRM, "capture", failing)
    run(orders(order(1)), crmkit_dlt.destination(url, tables=TABLES))
    assert items(url) == {"1": "tea"}


def test_a_load_waits_until_the_database_can_be_opened(run: Any, tmp_path: Path):
    """Where nothing can be opened nothing is lost: the package stays with the pipeline."""
    folder = tmp_path / "later"
    url = f"sqlite:///{folder / 'shop.db'}"
    with pytest.raises(Exception, match="later"):
        run(orders(order(1)), crmkit_dlt.destination(url, tables=TABLES))
    folder.mkdir()
    pipeline = run(orders(), crmkit_dlt.destination(url, tables=TABLES))
    assert not pipeline.has_pending_data
    assert items(url) == {"1": "tea"}


def test_strict_loads_wait_for_a_mended_mapping(run: Any, url: str):
    """A rejected row fails the load with its reason; mended, the next run loses nothing."""
    wrong = {"orders": crmkit_dlt.Touchpoints(ORDERS | {"decimal": ","})}
    rows = [order(1, Sum="12,50"), order(2, Sum="x"), order(3, Sum="1,00")]
    into = crmkit_dlt.destination(url, tables=wrong, strict=True)
    with pytest.raises(Exception, match="amount must be") as error:
        run(orders(*rows, columns={"Sum": {"data_type": "text"}}), into)
    assert "table 'orders'" in str(error.value)
    assert list(items(url)) == ["1", "3"]
    fields = ORDERS["fields"] | {"amount": {"template": "{Sum}", "replace": {"x": "0"}}}
    mended = {"orders": crmkit_dlt.Touchpoints(ORDERS | {"decimal": ",", "fields": fields})}
    pipeline = run(orders(), crmkit_dlt.destination(url, tables=mended, strict=True))
    assert isinstance(pipeline, dlt.Pipeline)
    assert list(items(url)) == ["1", "2", "3"]
