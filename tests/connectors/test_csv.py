"""The connector ``csv``: a folder of files that people edit by hand, kept in step both ways."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from crmkit.connectors.csv.connector import CsvConnector
from crmkit.connectors.csv.settings import CsvSettings
from crmkit.contracts.connector import (
    Connector,
    Cursor,
    Remote,
    RetryLater,
    SyncAborted,
    Upsert,
    WriteLost,
)
from crmkit.plugins.manager import PluginManager

HEAD = "id,name,email\r\n"
ANN, BOB = "1,Ann,ann@example.com\r\n", "2,王芳,wang@example.com\r\n"
FIELDS = ("name", "email")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., CsvConnector]:
    def one(**settings: Any) -> CsvConnector:
        return CsvConnector(CsvSettings(folder=str(tmp_path), **settings))

    return one


def put(file: Path, *rows: str, head: str = HEAD) -> None:
    file.write_bytes((head + "".join(rows)).encode())


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def read(
    connector: Connector, cursor: Cursor | None = None, fields: Sequence[str] = FIELDS
) -> tuple[list[Remote], Cursor]:
    found: list[Remote] = []
    while True:
        page = connector.changes("customers", cursor, fields=fields)
        found += page.records
        cursor = page.cursor
        if not page.more:
            return found, cursor


def test_it_is_built_in(tmp_path: Path, file: Path) -> None:
    """Nothing is installed for it, and it is opened by its settings."""
    put(file, ANN)
    manager = PluginManager(discover=False)
    connector = manager.open_connector("csv", {"folder": str(tmp_path), "page_size": 10})
    assert connector.entities() == ["customers"]
    assert [remote.values["name"] for remote in read(connector)[0]] == ["Ann"]


def test_a_row_edited_by_hand_is_the_only_change(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """Neither what was read before nor another process's look makes a row change again."""
    put(file, ANN, BOB)
    _, cursor = read(opened())
    put(file, ANN, BOB.replace("王芳", "王小芳"))
    found, later = read(opened(), cursor)
    assert [(one.id, one.values["name"]) for one in found] == [("2", "王小芳")]
    assert read(opened(), later) == ([], later)


def test_what_a_spreadsheet_does_to_a_file_is_no_change(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """Another order of rows and columns, a mark, line ends, quotes, an empty column and row."""
    put(file, ANN, BOB)
    _, cursor = read(opened())
    text = '\ufeffemail,id,name,note\n"wang@example.com","2",王芳,\n,,,\nann@example.com,1,Ann,\n'
    file.write_text(text, "utf-8", newline="")
    assert read(opened(), cursor) == ([], cursor)
    opened().upsert("customers", [Upsert(key="a", remote_id="1", values={"note": "new"})])
    assert file.read_bytes().startswith("\ufeffemail,id,name,note\nwang@".encode())


def test_two_edits_within_one_tick_are_seen(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """A file that kept its size and its instant is read all the same."""
    connector = opened()
    put(file, ANN)
    stamp = file.stat().st_mtime_ns
    _, cursor = read(connector)
    put(file, ANN.replace("Ann", "Eva"))
    os.utime(file, ns=(stamp, stamp))
    assert [one.values["name"] for one in read(connector, cursor)[0]] == ["Eva"]


def test_a_clock_that_goes_back_hides_nothing(file: Path, tmp_path: Path) -> None:
    """What changed later comes later, whatever the clock says."""
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    connector = CsvConnector(CsvSettings(folder=str(tmp_path)), clock=lambda: now[0])
    put(file, ANN)
    _, cursor = read(connector)
    now[0] -= timedelta(days=1)
    put(file, ANN, BOB)
    assert [one.id for one in read(connector, cursor)[0]] == ["2"]


def test_a_removed_row_is_no_id_any_more(file: Path, opened: Callable[..., CsvConnector]) -> None:
    """A sweep finds what is left, page by page, and a read by id says that a row is gone."""
    put(file, ANN, BOB, "3,Cid,\r\n")
    connector = opened(page_size=1)
    read(connector)
    put(file, ANN, "3,Cid,\r\n")
    ids, after = [], None
    while True:
        page = connector.ids("customers", after)
        ids += page.ids
        after = page.after
        if after is None:
            break
    assert ids == ["1", "3"]
    fetched = connector.fetch("customers", ["2", "1"], fields=["name"])
    assert [(one.id, one.deleted) for one in fetched] == [("2", True), ("1", False)]


def test_a_removed_row_is_among_the_changes(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """It comes once, as deleted; one that was put back is there again."""
    put(file, ANN, BOB)
    connector = opened()
    _, cursor = read(connector)
    put(file, BOB)
    found, cursor = read(opened(), cursor)
    assert [(one.id, one.deleted, dict(one.values)) for one in found] == [("1", True, {})]
    assert read(opened(), cursor) == ([], cursor)
    put(file, ANN, BOB)
    found, cursor = read(connector, cursor)
    assert [(one.id, one.deleted) for one in found] == [("1", False)]
    connector.delete("customers", ["1"])
    assert [(one.id, one.deleted) for one in read(connector, cursor)[0]] == [("1", True)]


def test_rows_without_an_id_get_one(file: Path, opened: Callable[..., CsvConnector]) -> None:
    """Always the same one; reading writes nothing, and the next write puts it into the file."""
    put(file, ANN, ",Cid,\r\n", ",Cid,\r\n")
    before = file.read_bytes()
    found, cursor = read(opened())
    ids = sorted(one.id for one in found if one.values["name"] == "Cid")
    assert len(set(ids)) == 2
    assert file.read_bytes() == before
    opened().upsert("customers", [Upsert(key="a", remote_id="1", values={"name": "Anna"})])
    assert sorted(row["id"] for row in rows_of(file)) == ["1", *ids]
    assert [one.id for one in read(opened(), cursor)[0]] == ["1"]


def test_a_lost_memory_loses_no_change(file: Path, opened: Callable[..., CsvConnector]) -> None:
    """Where what was remembered is gone or broken, every row counts as changed."""
    put(file, ANN, BOB)
    _, cursor = read(opened())
    memory = file.parent / ".crmkit" / "customers.json"
    for broken in (b"", b"{", b'{"rows": 1}', b'{"version": 1, "last": 0, "rows": {"1": []}}'):
        memory.write_bytes(broken)
        found, cursor = read(opened(), cursor)
        assert [one.id for one in found] == ["1", "2"]


BROKEN = {
    "empty": b"",
    "half a quote": b'id,name,email\r\n1,"Ann',
    "half a row": b"id,name,email\r\n1,Ann,ann@example.com\r\n2,B",
    "half a cell": b"id,name,email\r\n1,Ann,ann@exam",
    "half a line end": b"id,name,email",
    "a cell too many": b"id,name,email\r\n1,Ann,ann@example.com,x\r\n",
    "after a quote": b'id,name,email\r\n1,"Ann"x,\r\n',
    "latin": "id,name,email\r\n1,Zoë,\r\n".encode("latin-1"),
    "utf-16": "id,name,email\r\n".encode("utf-16"),
    "zeros": b"id,name,email\r\n" + bytes(20),
    "no id": b"name,email\r\nAnn,\r\n",
    "one id twice": b"id,name,email\r\n1,Ann,\r\n1,Bob,\r\n",
    "one name twice": b"id,name,name\r\n1,Ann,\r\n",
    "no name": b"id,name,\r\n1,Ann,\r\n",
    "semicolons": b"id;name;email\r\n1;Ann;\r\n",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_stops_everything(
    data: bytes, file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """It is named, no row counts as gone, nothing is written; mended, it goes on where it was."""
    put(file, ANN, BOB)
    connector = opened()
    _, cursor = read(connector)
    file.write_bytes(data)
    record = Upsert(key="a", match=("name", "New"), values={"name": "New"})
    for act in (
        lambda: read(connector, cursor),
        lambda: connector.ids("customers", None),
        lambda: connector.upsert("customers", [record]),
        lambda: connector.delete("customers", ["1"]),
    ):
        with pytest.raises(SyncAborted, match=r"customers\.csv"):
            act()
    assert file.read_bytes() == data
    assert [finding.fatal for finding in connector.check()] == [True]
    put(file, ANN, BOB)
    assert read(connector, cursor) == ([], cursor)
    assert connector.check() == []


def test_a_file_may_never_have_ended_its_last_line(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """Some editors write none: only an end that was there and is lost is suspicious."""
    put(file, ANN.strip())
    _, cursor = read(opened())
    put(file, ANN.strip().replace("Ann", "Eva"))
    assert [one.values["name"] for one in read(opened(), cursor)[0]] == ["Eva"]
    opened().upsert("customers", [Upsert(key="a", remote_id="1", values={"name": "Ann"})])
    assert file.read_bytes().endswith(b"\r\n")


def test_a_file_that_is_gone_deletes_nobody(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """A file that was moved away stops the run; what remembers it says what it had."""
    put(file, ANN, BOB)
    file.with_name("customers.schema.toml").write_text("[fields.name]\n")
    read(opened())
    file.unlink()
    with pytest.raises(SyncAborted, match="it had 2 rows"):
        opened().ids("customers", None)


SCHEMA = """
[fields.name]
required = true
length = 9
[fields.score]
type = "number"
[fields.vip]
type = "flag"
[fields.born]
type = "date"
[fields.seen]
type = "instant"
[fields.tags]
type = "list"
[fields.tier]
type = "choice"
choices = ["key", "core"]
"""


def test_a_schema_beside_the_file_gives_types(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """Typed values come back equal, and columns only it knows are made with the first write."""
    file.with_name("customers.schema.toml").write_text(SCHEMA)
    values = {
        "name": "王芳",
        "score": Decimal("77.50"),
        "vip": False,
        "born": "1990-02-28",
        "seen": "2026-05-01T10:00:00.000001+08:00",
        "tags": ["a; b", "", "[c]"],
        "tier": "core",
    }
    connector = opened()
    (made,) = connector.upsert("customers", [Upsert(key="a", values=values)])
    assert made.done == "created"
    (found,), _ = read(connector, fields=list(values))
    assert found.values == values
    assert (found.id, found.changed_at) == (made.remote_id, made.changed_at)
    assert rows_of(file)[0]["score"] == "77.50"
    schema = connector.schema("customers")
    assert {field.name: field.type for field in schema.fields}["tags"] == "list"


def test_a_typing_error_stays_in_its_row(file: Path, opened: Callable[..., CsvConnector]) -> None:
    """A cell that is not what its column holds is given as it stands, so nothing is lost."""
    file.with_name("customers.schema.toml").write_text('[fields.score]\ntype = "number"\n')
    put(file, "1,12\r\n", "2,a lot\r\n", "3,NaN\r\n", head="id,score\r\n")
    found, _ = read(opened(), fields=["score"])
    assert [one.values["score"] for one in found] == [12, "a lot", "NaN"]


@pytest.mark.parametrize(
    "text", ['[fields.a]\ntype = "colour"', "[fields", "[columns.a]", "fields = 1"]
)
def test_a_wrong_schema_is_named(
    text: str, file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """A schema nobody can read stops the run by its file's name."""
    put(file, ANN)
    file.with_name("customers.schema.toml").write_text(text)
    with pytest.raises(SyncAborted, match=r"customers\.schema\.toml"):
        opened().schema("customers")


def test_a_batch_is_written_record_by_record(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """Each of a batch has its result: made, changed, as it was, refused with the column."""
    put(file, ANN, BOB, "3,Bea,ann@example.com\r\n")
    file.with_name("customers.schema.toml").write_text("[fields.name]\nrequired = true\n")
    ours = [
        Upsert(key="new", match=("email", "Eva@example.com"), values={"name": "Eva"}),
        Upsert(key="again", match=("email", "eva@example.com"), values={"name": "Eva"}),
        Upsert(key="changed", match=("email", "WANG@example.com"), values={"name": "王"}),
        Upsert(key="same", remote_id="1", values={"name": "Ann"}),
        Upsert(key="two", match=("email", "ann@example.com"), values={"name": "?"}),
        Upsert(key="gone", remote_id="9", values={"name": "?"}),
        Upsert(key="column", remote_id="1", values={"nmae": "?"}),
        Upsert(key="id", remote_id="1", values={"id": "7"}),
        Upsert(key="match", match=("mail", "x"), values={"name": "?"}),
        Upsert(key="type", remote_id="1", values={"name": 7}),
        Upsert(key="none", remote_id="1", values={"name": None}),
        Upsert(key="nameless", values={"email": "x@example.com"}),
        Upsert(key="letter", remote_id="1", values={"name": "\ud800"}),
        Upsert(key="nul", remote_id="1", values={"name": "a\0"}),
    ]
    results = {result.key: result for result in opened().upsert("customers", ours)}
    done = {key: result.done for key, result in results.items() if result.done}
    assert done == {
        "new": "created",
        "again": "unchanged",
        "changed": "updated",
        "same": "unchanged",
    }
    assert {key: results[key].field for key in results if key not in done} == {
        "two": None,
        "gone": None,
        "column": "nmae",
        "id": "id",
        "match": "mail",
        **dict.fromkeys(["type", "none", "nameless", "letter", "nul"], "name"),
    }
    assert all(result.reason for result in results.values() if not result.done)
    assert [row["name"] for row in rows_of(file)] == ["Ann", "王", "Bea", "Eva"]
    assert results["again"].remote_id == results["new"].remote_id


@pytest.mark.parametrize(
    "text",
    ["a\rb", "a\r\nb\n", ' " ', "=1+1", "'=1", "+86 138", "-", "@x", "'", "👩‍👧 𠮷", "a,b;c\td"],
)
def test_any_text_comes_back(text: str, file: Path, opened: Callable[..., CsvConnector]) -> None:
    """In a file of either kind of line ends, and no formula of it is run by a spreadsheet."""
    for ending in ("\n", "\r\n"):
        file.write_bytes(f"id,name,email{ending}1,Ann,{ending}".encode())
        opened().upsert("customers", [Upsert(key="a", remote_id="1", values={"name": text})])
        assert read(opened())[0][0].values["name"] == text
        assert not rows_of(file)[0]["name"].startswith(("=", "@"))


def test_a_row_changed_since_is_not_overwritten(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """An edit by hand between our read and our write is a conflict."""
    put(file, ANN)
    connector = opened()
    (ann,), _ = read(connector)
    put(file, ANN.replace("Ann", "Anna"))
    record = Upsert(key="a", remote_id="1", values={"name": "Eva"}, unchanged_since=ann.changed_at)
    (result,) = connector.upsert("customers", [record])
    assert (result.done, result.conflict) == (None, True)
    assert rows_of(file)[0]["name"] == "Anna"


def test_a_file_that_is_open_is_left_alone(file: Path, opened: Callable[..., CsvConnector]) -> None:
    """A spreadsheet that has it open would write its own rows over ours."""
    put(file, ANN)
    lock = file.with_name(".~lock.customers.csv#")
    lock.touch()
    record = Upsert(key="a", remote_id="1", values={"name": "Anna"})
    with pytest.raises(RetryLater, match="close it"):
        opened().upsert("customers", [record])
    assert rows_of(file)[0]["name"] == "Ann"
    lock.unlink()
    assert opened().upsert("customers", [record])[0].done == "updated"


def test_an_edit_in_the_midst_of_a_write_is_kept(
    file: Path, opened: Callable[..., CsvConnector], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person saves while we make up the new file is read first, and written with ours."""
    put(file, ANN, BOB)
    connector = opened()
    render, edits = "crmkit.connectors.csv.sheet.render", [ANN.replace("Ann", "Anna")]

    from crmkit.connectors.csv import sheet  # noqa: PLC0415 - the one that is patched

    whole = sheet.render

    def slowly(*given: Any) -> bytes:
        if edits:
            put(file, edits.pop(), BOB)
        return whole(*given)

    monkeypatch.setattr(render, slowly)
    (result,) = connector.upsert(
        "customers", [Upsert(key="a", remote_id="2", values={"name": "W"})]
    )
    assert result.done == "updated"
    assert [row["name"] for row in rows_of(file)] == ["Anna", "W"]


def test_a_write_that_fails_leaves_the_file(
    file: Path, opened: Callable[..., CsvConnector], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs nothing of what was there."""
    put(file, ANN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = file.read_bytes()
    connector = opened()
    read(connector)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(SyncAborted, match="No space"):
            connector.upsert("customers", [Upsert(key="a", values={"name": "Eva"})])
    assert file.read_bytes() == before
    assert sorted(path.name for path in file.parent.iterdir()) == [".crmkit", "customers.csv"]


def test_a_write_that_is_not_remembered_is_lost_and_found(
    file: Path, opened: Callable[..., CsvConnector], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the file and what remembers it, the next process sees what was written."""
    put(file, ANN)
    connector = opened()
    _, cursor = read(connector)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("crmkit.connectors.csv.index.store", full)
        with pytest.raises(WriteLost, match="No space"):
            connector.upsert("customers", [Upsert(key="a", values={"name": "Eva"})])
    for reader in (connector, opened()):
        assert [one.values["name"] for one in read(reader, cursor)[0]] == ["Eva"]


def _add(folder: str, first: int) -> None:
    connector = CsvConnector(CsvSettings(folder=folder))
    for number in range(first, first + 10):
        record = Upsert(key="a", match=("email", f"{number}@x.com"), values={"name": "N"})
        connector.upsert("customers", [record])


def test_several_processes_write_one_file(file: Path, tmp_path: Path) -> None:
    """None overwrites what another wrote meanwhile."""
    put(file, ANN)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add, args=(str(tmp_path), n * 10)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    emails = {row["email"] for row in rows_of(file)}
    assert emails == {"ann@example.com", *(f"{number}@x.com" for number in range(20))}


def _go_on(folder: str, told: Connection) -> None:
    connector = CsvConnector(CsvSettings(folder=folder))
    while True:
        record = Upsert(key="a", values={"name": "N" * 500})
        (result,) = connector.upsert("customers", [record])
        told.send(result.remote_id)


def test_a_killed_process_leaves_a_whole_file(file: Path, tmp_path: Path) -> None:
    """Whatever was acknowledged is there, nobody waits for the dead, and reading goes on."""
    put(file, ANN)
    context = multiprocessing.get_context("spawn")
    acknowledged = {"1"}
    for number in range(3):
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_go_on, args=(str(tmp_path), theirs), daemon=True)
        worker.start()
        acknowledged |= {ours.recv() for _ in range(3 + 4 * number)}
        worker.kill()
        worker.join()
        while ours.poll():
            acknowledged.add(ours.recv())
    found, _ = read(CsvConnector(CsvSettings(folder=str(tmp_path))))
    assert acknowledged <= {one.id for one in found}
    assert len(found) <= len(acknowledged) + 3
    assert all(row["name"] in ("Ann", "N" * 500) for row in rows_of(file))


def test_thousands_of_rows_are_written_at_once(
    file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """A batch rewrites the file once, not once a row, and pages give every row once."""
    put(file)
    connector = opened(page_size=700)
    batch = [
        Upsert(key=str(n), match=("email", f"{n}@x.com"), values={"name": f"N{n}"})
        for n in range(connector.schema("customers").batch)
    ]
    made = connector.upsert("customers", batch)
    found, _ = read(connector)
    assert sorted(one.id for one in found) == sorted(str(one.remote_id) for one in made)
    assert {one.changed_at for one in found} == {made[0].changed_at}
    assert len(json.loads((file.parent / ".crmkit/customers.json").read_bytes())["rows"]) == 5000


@pytest.mark.parametrize("name", ["../customers", "nobody", ".~lock", ""])
def test_an_object_that_is_no_file_is_none(
    name: str, file: Path, opened: Callable[..., CsvConnector]
) -> None:
    """No name leads out of the folder, or makes a file that nobody asked for."""
    put(file, ANN)
    with pytest.raises(SyncAborted, match="there is neither"):
        opened().schema(name)


def test_a_column_that_is_gone_is_named(file: Path, opened: Callable[..., CsvConnector]) -> None:
    """A column that a person removed stops the run, rather than emptying a field of everybody."""
    put(file, ANN)
    with pytest.raises(SyncAborted, match="no column 'phone'"):
        opened().changes("customers", None, fields=["phone"])


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    """A folder that is not there stops the run, and the check says so."""
    connector = CsvConnector(CsvSettings(folder=str(tmp_path / "none")))
    with pytest.raises(SyncAborted, match="none"):
        connector.entities()
    assert len(connector.check()) == 1
