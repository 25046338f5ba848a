"""A backup is whole or not there."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import threading
from pathlib import Path
from typing import IO, Any

import pytest

import crmkit
from crmkit.backups import writing
from crmkit.contracts.tables import TOUCHPOINT
from tests.backup.kit import connect, fill, purchase, rows, sqlite


@pytest.mark.row("R68")
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_it_holds_every_row(tmp_path: Path, kind: str) -> None:
    """What a backup says it holds is what the database holds."""
    with connect("memory://" if kind == "memory" else sqlite(tmp_path)) as crm:
        fill(crm)
        written = crmkit.backup(crm, tmp_path / "shop.backup")
        (part,) = written.parts
        found = rows(crm.session.store, but=set())
        assert dict(part.rows) == {name: len(some) for name, some in found.items()}
        assert (part.workspace, written.taken) == ("default", crm.session.clock())
    assert crmkit.read_backup(tmp_path / "shop.backup") == written


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    """The file holds personal data: nobody else may read it, whatever the umask."""
    before = os.umask(0)
    try:
        with connect("memory://") as crm:
            crmkit.backup(crm, tmp_path / "b")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["b"]


def test_any_gunzip_reads_it(tmp_path: Path) -> None:
    """Without crmkit too the data can be read: JSON, a line each."""
    with connect("memory://") as crm:
        crm.capture([purchase(1, "ann", text='two\nlines, "quoted" 引')], source="shop")
        crmkit.backup(crm, tmp_path / "b")
    text = gzip.decompress((tmp_path / "b").read_bytes()).decode()
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    assert lines[0]["crmkit"] == "backup"
    assert lines[-1]["end"] == "backup"
    place = next(n for n, line in enumerate(lines) if "table" in line)
    names = [one.partition(":")[0] for one in lines[place]["columns"]]
    row = dict(zip(names, lines[place + 1], strict=True))
    assert (row["id"], row["text"], row["amount"]) == ("o-1", 'two\nlines, "quoted" 引', "880.00")


def test_an_older_backup_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """A nightly backup may have one name; that of the database is refused."""
    with connect(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
        fill(crm)
        written = crmkit.backup(crm, tmp_path / "b")
        assert crmkit.read_backup(tmp_path / "b") == written
        with pytest.raises(crmkit.BackupError, match="is no backup of crmkit: name another"):
            crmkit.backup(crm, tmp_path / "shop.db")
        assert len(list(crm.customers.search().items)) == 6


class _Full(io.BytesIO):
    """A disk that is full after some bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(28, "No space left on device", "b")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 100, 3_000])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """The older backup stays, and no part of the newer one."""
    with connect("memory://") as crm:
        fill(crm)
        older = crmkit.backup(crm, tmp_path / "b")
        fill_disk = writing._write

        def failing(sessions: Any, file: IO[bytes], name: str, step: Any) -> Any:
            full = _Full(room)
            try:
                return fill_disk(sessions, full, name, step)
            finally:
                file.write(full.getvalue())

        monkeypatch.setattr(writing, "_write", failing)
        with pytest.raises(OSError, match=r"No space left.*make room there") as caught:
            crmkit.backup(crm, tmp_path / "b")
    assert (caught.value.errno, caught.value.filename) == (28, str(tmp_path / "b"))
    assert [one.name for one in tmp_path.iterdir()] == ["b"]
    assert crmkit.read_backup(tmp_path / "b") == older


def test_what_cannot_be_read_back_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that gives back other bytes than it was given is noticed at once."""

    class Wrong(io.FileIO):
        def write(self, data: Any, /) -> int:
            return super().write(bytes(data[:-1]) + b"?")

    monkeypatch.setattr("builtins.open", lambda handle, mode: Wrong(handle, mode.replace("b", "")))
    with connect("memory://") as crm, pytest.raises(crmkit.BackupError, match="damaged"):
        crmkit.backup(crm, tmp_path / "b")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("R68")
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_others_go_on_writing(tmp_path: Path, kind: str) -> None:
    """It holds one instant: of each batch committed meanwhile everything, or nothing."""
    with connect("memory://" if kind == "memory" else sqlite(tmp_path)) as crm:
        fill(crm)
        stop = threading.Event()
        written = []

        def capture() -> None:
            number = 1_000
            while not stop.is_set():
                batch = [purchase(number + n, f"w{n}", at=crm.session.clock()) for n in range(7)]
                crm.capture(batch, source="writer")
                written.append(number)
                number += 7

        thread = threading.Thread(target=capture)
        thread.start()
        try:
            for number in range(5):
                taken = crmkit.backup(crm, tmp_path / f"{number}")
                (part,) = taken.parts
                extra = part.rows["touchpoint"] - 32
                assert extra % 7 == 0
        finally:
            stop.set()
            thread.join()
        assert len(written) > 1


def test_a_stream_takes_it_too(tmp_path: Path) -> None:
    """What is piped on is the same bytes."""
    with connect("memory://") as crm:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        stream = io.BytesIO()
        written = crmkit.backup(crm, stream)
    assert stream.getvalue() == (tmp_path / "b").read_bytes()
    assert written.name == "-"
    assert crmkit.read_backup(io.BytesIO(stream.getvalue())) == written


def test_several_workspaces_in_one_file(tmp_path: Path) -> None:
    """Each is a part of its own."""
    with connect("memory://w") as crm, connect("memory://w", workspace="other") as other:
        fill(crm)
        other.capture([purchase(1, "zoe")], source="shop")
        written = crmkit.backup([crm, other], tmp_path / "b")
    found = {part.workspace: part.rows[TOUCHPOINT.name] for part in written.parts}
    assert found == {"default": 32, "other": 1}
    with pytest.raises(crmkit.InvalidValueError, match="crm must be an open workspace"):
        crmkit.backup([], tmp_path / "c")


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """A device, or a pipe, under that name is refused before anything waits for it."""
    os.mkfifo(tmp_path / "pipe")
    with connect("memory://") as crm, pytest.raises(crmkit.BackupError, match="is no file"):
        crmkit.backup(crm, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_goes_on_leading_where_it_leads(tmp_path: Path) -> None:
    """The backup is written where the link leads to, on whichever disk that is."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "newest").symlink_to(tmp_path / "disk" / "b")
    with connect("memory://") as crm:
        written = crmkit.backup(crm, tmp_path / "newest")
    assert (tmp_path / "newest").is_symlink()
    assert crmkit.read_backup(tmp_path / "disk" / "b", name=written.name) == written
