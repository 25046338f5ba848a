"""What comes back is what was there: every row, every answer, on every store."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmkit
from crmkit.backups import loading, restoring, writing
from crmkit.contracts.tables import PAIR, SYNC_CASE, TABLES
from tests import mariadb
from tests.backup.kit import DAY, NOW, Clock, answers, connect, fill, held, purchase, rows, sqlite
from tests.mariadb_server import missing
from tests.postgres import database

PEOPLE = ("ann", "bob", "cy", "dee")
ACTS = ("purchase", "complaint", "merge", "unmerge", "correct", "retract", "grant", "advance")


def act(crm: crmkit.CRM, clock: Clock, number: int, what: str, who: str, whom: str) -> None:
    """Let one thing happen; what is not possible does not."""
    clock.now += DAY / 7
    first, second = (crm.customers.find(email=f"{name}@example.com") for name in (who, whom))
    if what in ("purchase", "complaint") or first is None or second is None:
        given = {} if what == "purchase" else {"rating": number % 11, "text": f"{number}: 不好 🙁"}
        kind = what if given else "purchase"
        crm.capture([purchase(number, who, at=clock.now, kind=kind, **given)], source=whom)
    elif what == "merge" and first.id != second.id:
        crm.customers.merge(first.id, second.id, reason="the same")
    elif what == "unmerge":
        for merge in [one for one in crm.changes() if getattr(one.record, "kind", "") == "merge"]:
            try:
                crm.customers.unmerge(merge.record.id)
            except crmkit.DecisionNotFound:
                continue
    elif what in ("correct", "retract"):
        done = crm.touchpoints.of(first.id)
        if done and what == "correct":
            crm.touchpoints.correct(
                done[0].source, done[0].id, {"item": f"{whom} {number}"}, reason="typing"
            )
        elif done:
            crm.touchpoints.retract(done[0].source, done[0].id, reason="wrong")
    elif what == "grant":
        crm.consents.grant(first.id, "marketing", source="form")
    else:
        crm.lifecycle.advance()


@pytest.mark.row("R68")
@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(st.sampled_from(ACTS), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
        max_size=25,
    )
)
def test_any_history_comes_back(story: list[tuple[str, str, str]]) -> None:
    """Backed up and restored elsewhere, a workspace is the same row by row, and says the same."""
    clock, file = Clock(), io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        with connect("memory://", clock) as crm:
            for number, one in enumerate(story):
                act(crm, clock, number, *one)
            crmkit.backup(crm, file)
            before, said = held(crm), answers(crm)
        with connect(sqlite(Path(folder)), clock) as other:
            crmkit.restore(other, io.BytesIO(file.getvalue()))
            assert held(other) == before
            assert answers(other) == said


@pytest.mark.row("R66")
def test_from_one_store_into_the_next(tmp_path: Path) -> None:
    """SQLite, PostgreSQL, memory and SQLite again: what began is what ends, and life goes on."""
    clock = Clock()
    urls = [sqlite(tmp_path), database(), "memory://", sqlite(tmp_path, "last")]
    with connect(urls[0], clock) as crm:
        fill(crm)
        crmkit.backup(crm, tmp_path / "0")
        before, said = held(crm), answers(crm)
    for number, url in enumerate(urls[1:], 1):
        with connect(url, clock) as crm:
            crmkit.restore(crm, tmp_path / str(number - 1))
            assert held(crm) == before
            assert answers(crm) == said
            crmkit.backup(crm, tmp_path / str(number))
            assert crm.capture([purchase(5_000, "p1"), purchase(1, "p1")], source="shop").new == 1


@pytest.mark.row("R66")
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_mariadb_too(tmp_path: Path) -> None:
    """Into MariaDB, over what is there, and out of it again."""
    with connect("memory://") as crm, connect(mariadb.database()) as other:
        fill(crm)
        crmkit.backup(crm, tmp_path / "a")
        crmkit.restore(other, tmp_path / "a")
        assert held(other) == held(crm)
        other.capture([purchase(800, "late")], source="shop")
        with pytest.raises(crmkit.RefusedError, match="1 touchpoint captured since"):
            crmkit.restore(other, tmp_path / "a")
        crmkit.restore(other, tmp_path / "a", replace=True)
        crmkit.backup(other, tmp_path / "b")
        with connect(sqlite(tmp_path)) as last:
            crmkit.restore(last, tmp_path / "b")
            assert held(last) == held(crm)


def later(crm: crmkit.CRM) -> None:
    crm.capture([purchase(700, "late"), purchase(701, "p1")], source="shop")
    known = crm.customers.find(email="p1@example.com")
    assert known
    crm.value.override(known.id, crm.value.model().indicators[0].name, 1.0, reason="other")


def renamed(crm: crmkit.CRM) -> None:
    known = crm.customers.find(email="p1@example.com")
    assert known
    crm.customers.save(crmkit.Customer(id=known.id, name="Another"))


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        (later, "2 touchpoints captured since 2026-06-01 12:00 UTC, 1 decision, 1 customer"),
        (renamed, "1 customer"),
    ],
)
def test_what_would_be_lost_is_told(
    tmp_path: Path, change: Callable[[crmkit.CRM], None], counted: str
) -> None:
    """A database that knows more than the backup is not touched, unless it was said."""
    with connect(sqlite(tmp_path)) as crm:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        before = held(crm)
        change(crm)
        after = held(crm)
        with pytest.raises(crmkit.RefusedError, match=f"^{counted} would be lost") as caught:
            crmkit.restore(crm, tmp_path / "b")
        assert held(crm) == after
        done = crmkit.restore(crm, tmp_path / "b", replace=True)
        assert done.lost == caught.value.lost  # type: ignore[attr-defined]
        assert held(crm) == before


def test_another_firms_backup_is_refused(tmp_path: Path) -> None:
    """Nothing in common: everything would be lost, and none of it is mixed in where it is."""
    with connect("memory://") as crm, connect("memory://", Clock(NOW + DAY)) as other:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        other.capture([purchase(1, "zoe")], source="shop")
        with pytest.raises(crmkit.RefusedError, match=r"1 touchpoint .* 1 customer would be lost"):
            crmkit.restore(other, tmp_path / "b")
        crmkit.restore(other, tmp_path / "b", replace=True)
        assert held(other) == held(crm)


def test_twice_is_once(tmp_path: Path) -> None:
    """Restoring again finds nothing to lose, and changes nothing."""
    with connect("memory://") as crm, connect(sqlite(tmp_path)) as other:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        for _ in range(3):
            crmkit.restore(other, tmp_path / "b")
            assert held(other) == held(crm)


def test_a_cursor_of_a_log_that_is_gone_is_refused(tmp_path: Path) -> None:
    """Who follows learns that the log was taken back; who was not so far goes on."""
    with connect(sqlite(tmp_path)) as crm:
        fill(crm)
        early, *_, last = crm.changes()
        crmkit.backup(crm, tmp_path / "b")
        crm.capture([purchase(800, "late")], source="shop")
        ahead = crm.changes()[-1]
        crmkit.restore(crm, tmp_path / "b", replace=True)
        crm.capture([purchase(801, "later"), purchase(802, "later")], source="shop")
        with pytest.raises(crmkit.InvalidValueError, match="restored from a backup: follow it an"):
            crm.changes(after=ahead.cursor)
        new = [one for one in crm.changes(after=last.cursor) if one.what == "touchpoint"]
        assert [one.record.id for one in new] == ["o-801", "o-802"]
        assert len(crm.changes(after=early.cursor)) == len(crm.changes()) - 1
        assert crm.changes(after=new[-1].cursor) == crm.changes(after=new[0].cursor)[1:]
        # Taken back once more, the cursors of the time in between lead nowhere either.
        crmkit.restore(crm, tmp_path / "b", replace=True)
        crm.capture([purchase(803, "latest")], source="shop")
        for old in (ahead, new[0], new[-1]):
            with pytest.raises(crmkit.InvalidValueError, match="follow it anew"):
                crm.changes(after=old.cursor)
        assert crm.changes(after=last.cursor)[-2].record.id == "o-803"
        for odd in ("-5", "x-", "00-1-2", "a b-3"):
            with pytest.raises(crmkit.InvalidValueError, match="after"):
                crm.changes(after=odd)


def test_no_number_is_given_twice(tmp_path: Path) -> None:
    """What providers and people have seen of a lost log is never the name of something else."""
    with connect(sqlite(tmp_path)) as crm, connect("memory://") as other:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        crm.capture([purchase(n, "late") for n in range(800, 850)], source="shop")
        given = max(int(one.cursor) for one in crm.changes())
        crmkit.restore(other, tmp_path / "b")
        for one in (crm, other):
            if one is crm:
                crmkit.restore(one, tmp_path / "b", replace=True)
            one.capture([purchase(900, "new")], source="shop")
            assert int(one.changes(limit=10_000)[-1].cursor.rpartition("-")[2]) > given


def test_workspaces_stay_apart(tmp_path: Path) -> None:
    """One comes back while the other goes on; and each is found by its name."""
    url = sqlite(tmp_path)
    with connect(url) as crm, connect(url, workspace="other") as other:
        fill(crm)
        other.capture([purchase(1, "zoe")], source="shop")
        crmkit.backup([crm, other], tmp_path / "b")
        before = held(crm)
        crm.capture([purchase(801, "late")], source="shop")
        other.capture([purchase(2, "zoe")], source="shop")
        kept = held(other)
        crmkit.restore(crm, tmp_path / "b", replace=True)
        assert (held(crm), held(other)) == (before, kept)
    with connect("memory://", workspace="third") as crm:
        with pytest.raises(crmkit.InvalidValueError, match=r"holds .'default', 'other'."):
            crmkit.restore(crm, tmp_path / "b")
        crmkit.restore(crm, tmp_path / "b", workspace="default")
        assert held(crm) == before


def test_numbers_of_two_databases_do_not_fit_into_one_file(tmp_path: Path) -> None:
    """SQLite numbers all workspaces of a file together: the error says what to do."""
    with connect("memory://") as crm, connect(sqlite(tmp_path), workspace="other") as other:
        fill(crm)
        fill(other)
        crmkit.backup(crm, tmp_path / "b")
        kept = held(other)
        with (
            connect(sqlite(tmp_path)) as mine,
            pytest.raises(crmkit.StoreError, match="Restore it into a database of its own"),
        ):
            crmkit.restore(mine, tmp_path / "b")
        assert held(other) == kept


def test_who_writes_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed after the look at the database is not lost without a word."""
    with connect(sqlite(tmp_path)) as crm, connect(sqlite(tmp_path)) as busy:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        refuse = restoring._refuse_loss

        def slowly(*args: object) -> None:
            busy.capture([purchase(800, "late")], source="shop")
            refuse(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(restoring, "_refuse_loss", slowly)
        with pytest.raises(crmkit.StoreBusy, match="somebody wrote to the database meanwhile"):
            crmkit.restore(crm, tmp_path / "b")
        assert busy.customers.find(email="late@example.com")


def test_a_table_of_an_older_version_is_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup from before a table or a column was there restores as an upgrade would leave it."""
    with connect("memory://") as crm, connect(sqlite(tmp_path)) as other:
        fill(crm)
        monkeypatch.setattr(writing, "TABLES", [t for t in TABLES if t not in (PAIR, SYNC_CASE)])
        monkeypatch.setattr("crmkit.stores.sql.schema.VERSION", 3)
        crmkit.backup(crm, tmp_path / "b")
        monkeypatch.undo()
        assert crmkit.read_backup(tmp_path / "b").schema == 3
        crmkit.restore(other, tmp_path / "b")
        assert held(other) == held(crm)


def test_a_store_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends a restore half-way, the database is as it was."""
    with connect(sqlite(tmp_path)) as crm:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        crm.capture([purchase(800, "late")], source="shop")
        before = rows(crm.session.store, but=set())
        for place in ("_added", "waiting"):
            with monkeypatch.context() as patch:
                patch.setattr(loading, place, lambda *_: 1 / 0)
                patch.setattr(f"crmkit.backups.restoring.{place}", lambda *_: 1 / 0, raising=False)
                with pytest.raises(ZeroDivisionError):
                    crmkit.restore(crm, tmp_path / "b", replace=True)
            assert rows(crm.session.store, but=set()) == before
