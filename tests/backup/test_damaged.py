"""A file that is not a whole backup is named, and nothing was touched."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

import crmkit
from crmkit.backups import members
from crmkit.backups.members import Members
from tests.backup.kit import connect, fill, held, sqlite


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "b"
    with connect("memory://") as crm:
        fill(crm)
        crmkit.backup(crm, path)
    return path.read_bytes()


def ends(data: bytes, folder: Path) -> list[int]:
    """Give where each member ends: the places where a cut leaves something well formed."""
    path = folder / "whole"
    path.write_bytes(data)
    with path.open("rb") as file:
        parts = Members(file, "b")
        found = [parts.bytes for _ in parts]
    return [*found[1:], parts.bytes]


def refused(path: Path, data: bytes, words: str | None = None) -> None:
    path.write_bytes(data)
    with pytest.raises(crmkit.BackupError, match=words) as caught:
        crmkit.read_backup(path)
    assert caught.value.file == str(path)  # type: ignore[attr-defined]


@pytest.mark.row("R68")
def test_cut_short_anywhere(tmp_path: Path, whole: bytes) -> None:
    """However much is missing, it is no backup: at the end of a part too, and in its last byte."""
    some = random.Random(7).sample(range(1, len(whole)), 150)
    for place in {*ends(whole, tmp_path)[:-1], *some, len(whole) - 1}:
        refused(tmp_path / "b", whole[:place], "b is cut short: its end is missing")
    refused(tmp_path / "b", b"", "cut short")


@pytest.mark.row("R68")
def test_any_bit_counts(tmp_path: Path, whole: bytes) -> None:
    """One bit that is another, wherever it is, is noticed."""
    chance = random.Random(7)
    places = {*chance.sample(range(len(whole)), 300), *range(40), *range(-200, 0)}
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        refused(tmp_path / "b", bytes(flipped), "is damaged|is cut short|is no backup of crmkit")


def test_parts_that_are_lacking_or_twice(tmp_path: Path, whole: bytes) -> None:
    """Each part is whole by itself: what vouches for all of them is the end."""
    cuts = [0, *ends(whole, tmp_path)]
    parts = [whole[a:b] for a, b in pairwise(cuts)]
    for place in range(1, len(parts) - 1):
        refused(tmp_path / "b", b"".join(parts[:place] + parts[place + 1 :]))
        refused(tmp_path / "b", b"".join([*parts[:place], parts[place], *parts[place:]]))
    refused(tmp_path / "b", whole + whole, "something stands behind its end")
    refused(tmp_path / "b", whole + b"\n", "does not begin as it must")


@pytest.mark.parametrize(
    "other",
    [
        b"SQLite format 3\0" + bytes(100),
        gzip.compress(b'{"some": "thing"}\n', mtime=0),
        b"{}",
        members.HEAD + bytes(30),
    ],
)
def test_other_files(tmp_path: Path, other: bytes) -> None:
    """Another kind of file is named as such."""
    refused(tmp_path / "b", other, "is no backup of crmkit|is damaged")


def rewritten(whole: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    """Give a backup whose first line says something else, and which is right otherwise."""
    lines = gzip.decompress(whole).split(b"\n")[:-1]
    head = json.loads(lines[0])
    change(head)
    file = io.BytesIO()
    pen = members.Pen(file)
    for line in [json.dumps(head, separators=(",", ":")).encode(), *lines[1:-1]]:
        pen.write(line + b"\n")
        pen.close_member()
    end = json.loads(lines[-1]) | {"sha256": pen.hash.hexdigest()}
    pen.write(json.dumps(end).encode() + b"\n")
    pen.close_member(members.stored)
    return file.getvalue()


@pytest.mark.parametrize("what", ["format", "schema"])
def test_a_newer_version_is_named(tmp_path: Path, whole: bytes, what: str) -> None:
    """What a newer crmkit wrote is not guessed at."""
    newer = rewritten(whole, lambda head: head.update({what: 99, "version": "9.1"}))
    refused(tmp_path / "b", newer, "was written by crmkit 9.1 .* newer than this one")
    (tmp_path / "same").write_bytes(rewritten(whole, lambda _: None))
    assert crmkit.read_backup(tmp_path / "same").parts


def test_nothing_is_touched(tmp_path: Path, whole: bytes) -> None:
    """The whole file is read before the first row is written."""
    with connect(sqlite(tmp_path)) as crm:
        fill(crm, people=3)
        before = held(crm)
        for data in (whole[:-30], whole[:200] + b"?" + whole[201:], b"other"):
            (tmp_path / "b").write_bytes(data)
            with pytest.raises(crmkit.BackupError):
                crmkit.restore(crm, tmp_path / "b", replace=True)
            assert held(crm) == before
        with pytest.raises(FileNotFoundError):
            crmkit.restore(crm, tmp_path / "none", replace=True)
