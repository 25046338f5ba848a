"""An erasure within a host's transaction: it is in the journal once the host has committed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit.capture import journal
from crmkit.errors import StoreError
from tests.hosts.kit import Shop, order


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal, of which nothing is there yet."""
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", "the key of these tests, long enough")
    monkeypatch.setenv("CRMKIT_ERASURE_JOURNAL", str(tmp_path / "erased"))
    return tmp_path / "erased"


@pytest.fixture
def ann(shop: Shop) -> str:
    """A customer."""
    shop.crm.capture([order(1)], source="shop")
    found = shop.crm.customers.find(email="ann@example.com")
    assert found
    return found.id


@pytest.mark.parametrize("commits", [True, False], ids=["committed", "undone"])
def test_it_is_noted_where_the_host_commits(
    shop: Shop, engine: sa.Engine, path: Path, ann: str, commits: bool
) -> None:
    """A journal tells of nobody whose erasure was undone."""
    with engine.connect() as connection:
        shop.crm.using(connection).customers.erase(ann, reason="asked")
        assert list(journal.read(path)) == []
        (connection.commit if commits else connection.rollback)()
    assert [one.ids for one in journal.read(path)] == ([(ann,)] if commits else [])
    assert shop.captured() == ([] if commits else ["o-1"])


def test_a_journal_that_cannot_be_opened_is_told_before_the_commit(
    shop: Shop, engine: sa.Engine, path: Path, ann: str
) -> None:
    """Nobody is erased, and whatever else the host does can be committed."""
    path.mkdir()
    with engine.begin() as connection:
        with pytest.raises(StoreError, match=r"cannot be noted in .*: nobody was erased"):
            shop.crm.using(connection).customers.erase(ann, reason="asked")
        connection.exec_driver_sql("INSERT INTO sale (id) VALUES (1)")
    assert shop.look() == (1, ["o-1"])


def test_a_line_that_fails_after_the_commit_is_in_the_log(
    shop: Shop, engine: sa.Engine, path: Path, ann: str, caplog: pytest.LogCaptureFixture
) -> None:
    """He was erased: the log says so, and holds the line that the journal misses."""
    with engine.begin() as connection, caplog.at_level(logging.ERROR):
        shop.crm.using(connection).customers.erase(ann, reason="asked")
        path.unlink()
        path.mkdir()
    assert shop.captured() == []
    said = caplog.text
    assert f"{ann} was erased, and is not in the journal {path}" in said
    assert "nobody was erased" not in said
    path.rmdir()
    (line,) = [one for one in said.splitlines() if "This is the line: " in one]
    path.write_text(line.partition("This is the line: ")[2])
    assert [one.ids for one in journal.read(path, named=True)] == [(ann,)]
