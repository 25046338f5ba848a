"""Bytes as files have them: encodings, lines without an end, pipes, and what is no file."""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from crmkit.capture import decoding, opening
from crmkit.capture.files import read_touchpoints
from crmkit.capture.mapping import load_mapping
from crmkit.errors import MappingError
from crmkit.model.touchpoint import Rejection

TEXT = (
    "id,kind,at,email,name\n"
    "1,visit,2026-05-01T10:00:00Z,ann@example.com,王小明\n"
    "2,visit,2026-05-01T10:00:00Z,bob@example.com,Bob\n"
)
WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


def names(path: Path, mapping: dict[str, Any] | None = None) -> list[str]:
    """Give the names that were read, and the reasons where a line was not."""
    read = read_touchpoints(path, None if mapping is None else load_mapping(mapping))
    return [
        one.reason if isinstance(one, Rejection) else one["customer"].get("name", "")
        for one in read
    ]


def write(folder: Path, data: bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz"])
def test_wide_letters_are_noticed_and_read(tmp_path: Path, encoding: str, name: str) -> None:
    """UTF-16 and UTF-32, with a mark or without, are refused with the line that reads them."""
    data = TEXT.encode(encoding)
    path = write(tmp_path, gzip.compress(data) if name.endswith("gz") else data, name)
    with pytest.raises(MappingError) as error:
        names(path)
    assert f'encoding = "{encoding}"' in str(error.value)
    assert names(path, {"encoding": encoding}) == ["王小明", "Bob"]


def test_wide_lines_at_fault_are_told(tmp_path: Path) -> None:
    """Half a character costs its line; a file that is nothing of the kind is refused."""
    data = TEXT.encode("utf-16-le")
    at = len(TEXT.splitlines()[0]) * 2 + 20
    torn = write(tmp_path, b"\xff\xfe" + data[:at] + b"\x00\xd8" + data[at:] + b"x")
    first, second, third = names(torn, {"encoding": "utf-16-le"})
    assert first.startswith("line 2 is not UTF-8")
    assert second == "Bob"
    assert third.startswith("line 4 is not UTF-8")
    with pytest.raises(MappingError):
        names(write(tmp_path, TEXT.encode()), {"encoding": "utf-16"})
    line = json.dumps({"id": "1", "customer": {"name": "王"}}, ensure_ascii=False) + "\r\n"
    path = write(tmp_path, line.encode("utf-16"), "in.jsonl")
    assert names(path, {"encoding": "UTF_16"}) == ["王"]


CHINESE = ["陆", "陆游", "隆", "蒙", "计", "王", "李", "王小明", "仑"]
"""The first five read as other characters of UTF-8 where they are written in GB18030."""


@pytest.mark.parametrize(
    ("encoding", "called"),
    [("gb18030", CHINESE), ("utf-8", CHINESE), ("gb18030", ["陆", "陆"]), ("latin-1", ["é", "ü"])],
    ids=["gb18030", "utf-8", "two", "latin-1"],
)
def test_pairs_of_bytes_are_one_character(tmp_path: Path, encoding: str, called: list[str]) -> None:
    """The encoding that the mapping names is believed, until the file shows that it is UTF-8."""
    rows = (f"{n},visit,2026-05-01T10:00:00Z,a{n}@b.org,{name}\n" for n, name in enumerate(called))
    path = write(tmp_path, (TEXT.splitlines()[0] + "\n" + "".join(rows)).encode(encoding))
    declared = "latin-1" if encoding == "latin-1" else "gb18030"
    assert names(path, {"encoding": declared}) == called


def test_ends_of_lines(tmp_path: Path) -> None:
    """CR LF is an end of a line; a lone CR is not, and is told."""
    assert names(write(tmp_path, TEXT.replace("\n", "\r\n").encode())) == ["王小明", "Bob"]
    with pytest.raises(MappingError, match="carriage return"):
        names(write(tmp_path, TEXT.replace("\n", "\r").encode()))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_a_line_without_end_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, wide: bool
) -> None:
    """What is longer than any record is passed over and told with its number, never held whole."""
    monkeypatch.setattr(decoding, "LONGEST_LINE", 1_000)
    long = "x" * 5_500
    if name == "in.csv":
        first, second, third = TEXT.splitlines()
        text = f'{first}\n{second}\n3,visit,2026-05-01T10:00:00Z,e@b.org,"{long}"\n{third}\n'
        text += f'4,visit,2026-05-01T10:00:00Z,"f@b.org\n{long}",x\n{third}\n'
    else:
        text = "\n".join(
            json.dumps({"id": "1", "kind": "visit", "name": each})
            for each in ("王小明", long, "Bob", long, "Bob")
        )
    mapping = {"encoding": "utf-16"} if wide else None
    path = write(tmp_path, text.encode("utf-16" if wide else "utf-8"), name)
    found = names(path, mapping)
    assert [one for one in found if "line" not in one] == ["王小明", "Bob", "Bob"]
    told = [one for one in found if "longer than 1,000 bytes" in one]
    assert told[0].startswith("line 3" if name == "in.csv" else "line 2")
    assert all(len(one) < 1_500 for one in found)
    with pytest.raises(MappingError, match="longer"):
        names(write(tmp_path, b"x" * 5_000))


pipes = pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")


@pipes
def test_a_pipe_is_read_as_it_comes(tmp_path: Path) -> None:
    """What another program writes is imported while it is written."""
    path = tmp_path / "in.csv"
    os.mkfifo(path)

    def produce() -> None:
        with path.open("wb") as out:
            out.write(TEXT.encode()[:30])
            out.flush()
            out.write(TEXT.encode()[30:])

    other = threading.Thread(target=produce)
    other.start()
    assert names(path) == ["王小明", "Bob"]
    other.join()


@pipes
def test_a_pipe_that_nobody_fills_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import never waits for ever."""
    monkeypatch.setattr(opening, "_PATIENCE", 0.05)
    path = tmp_path / "in.csv"
    os.mkfifo(path)
    with pytest.raises(MappingError, match="nobody wrote"):
        names(path)


@pipes
def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A device would never end; a folder is the system's own error, and names itself."""
    with pytest.raises(MappingError, match="is no file"):
        names(Path("/dev/zero"))
    with pytest.raises(OSError, match=tmp_path.name):
        names(tmp_path)
