"""The ``file`` channel: what was accepted is in the file, once, whatever was killed meanwhile."""

from __future__ import annotations

import io
import json
import mailbox
import os
import re
import subprocess
import sys
from contextlib import closing
from email import message_from_bytes
from email.policy import default
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.channels.formats import JsonLines, Mbox
from crmkit.contracts.channel import Message, Template
from crmkit.errors import ConfigError
from tests.channels.opening import NOW, message, opened, outcomes

FORMATS = pytest.mark.parametrize("suffix", ["jsonl", "mbox"])
FULL = message(
    "m/1 ü",
    name="李雷",
    to="li@example.cn",
    subject="Tea",
    text="Hello\nFrom me\n>From you\n\nFrom 你",
    html="<p>你好</p>",
    template=Template(code="T1", signature="店", values={"a": "1"}),
    brief={"why": "birthday", "about": ["tea"]},
    headers={"X-Camp": "7"},
    unsubscribe="https://x.cn/u",
    owner="mei",
    due=NOW,
)


def held(path: Path) -> list[str]:
    """Give the ids a file holds, as another program reads them."""
    if path.suffix == ".jsonl":
        return [json.loads(line)["id"] for line in path.read_text("utf-8").splitlines()]
    return [mail["X-Crmkit-Id"] for mail in mails(path)]


def mails(path: Path) -> list[Any]:
    """Read a mailbox as a mail program does."""
    with closing(mailbox.mbox(path, create=False)) as box:
        return [message_from_bytes(mail.as_bytes(), policy=default) for mail in box]


@pytest.mark.row("R31")
def test_a_line_of_json_has_every_field(tmp_path: Path) -> None:
    """What carries the messages out later can make each of them again, the template too."""
    path = tmp_path / "out.jsonl"
    assert outcomes(opened("file", path=str(path)).send([FULL])) == {FULL.id: "accepted"}

    (line,) = path.read_text("utf-8").splitlines()
    record = json.loads(line)
    assert record.pop("at") == NOW.isoformat()
    assert Message.from_dict(record) == FULL
    assert "你" in line


@pytest.mark.row("R31")
def test_a_mailbox_is_read_by_mail_programs(tmp_path: Path) -> None:
    """Subject, address, text and HTML come out as they went in; mboxrd's quoting is taken back."""
    path = tmp_path / "out.mbox"
    opened("file", path=str(path)).send([FULL, message("m2", text="No address")])

    raw = path.read_bytes()
    assert b"\n>From me\n>>From you\n\n>From \xe4\xbd\xa0\n" in raw
    first, second = mails(path)
    assert first["To"] == "李雷 <li@example.cn>"
    assert first["Subject"] == "Tea"
    assert first["X-Camp"] == "7"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = first.get_body(("plain",)).get_content()
    assert re.sub("^>(>*From )", r"\1", text, flags=re.MULTILINE) == FULL.text + "\n"
    assert first.get_body(("html",)).get_content() == "<p>你好</p>\n"
    assert second["To"] == "c1@customers.invalid"


@FORMATS
def test_it_finds_what_it_wrote(tmp_path: Path, suffix: str) -> None:
    """What is in the file was accepted; what is not was surely not, and may go again."""
    channel = opened("file", path=str(tmp_path / f"out.{suffix}"))
    assert outcomes(channel.find(["m1"]).values()) == {"m1": "retry"}

    channel.send([message("m1"), FULL])

    assert outcomes(channel.find(["m1", FULL.id, "m9"]).values()) == {
        "m1": "accepted",
        FULL.id: "accepted",
        "m9": "retry",
    }


@FORMATS
def test_a_folder_that_is_away_proves_nothing(tmp_path: Path, suffix: str) -> None:
    """A disk that is not mounted is no reason to send everything again."""
    channel = opened("file", path=str(tmp_path / "away" / f"out.{suffix}"))

    assert channel.find(["m1"]) == {}
    assert outcomes(channel.send([message()])) == {"m1": "misconfigured"}


@FORMATS
def test_a_message_that_is_there_is_not_written_again(tmp_path: Path, suffix: str) -> None:
    """A second try, by this process after a failure or by another one, changes nothing."""
    path = tmp_path / f"out.{suffix}"
    slow, other = (opened("file", path=str(path)) for _ in range(2))
    slow.send([message("m0")])
    other.send([message("m1")])

    assert outcomes(slow.send([message("m1"), message("m2")])) == {
        "m1": "accepted",
        "m2": "accepted",
    }
    assert held(path) == ["m0", "m1", "m2"]


@FORMATS
def test_wherever_a_write_was_cut_the_next_one_mends_it(tmp_path: Path, suffix: str) -> None:
    """A process killed at any byte of a record leaves a file that is whole after the next send."""
    path = tmp_path / f"out.{suffix}"
    opened("file", path=str(path)).send([message("m1")])
    start = path.stat().st_size
    opened("file", path=str(path)).send([message("m2", text="二\n\nFrom here\n", subject="s")])
    whole = path.read_bytes()

    near = {*range(start, start + 12), *range(len(whole) - 12, len(whole) + 1)}
    for cut in sorted(near | {*range(start, len(whole), 11)}):
        path.write_bytes(whole[:cut])
        channel = opened("file", path=str(path))
        (found,) = channel.find(["m2"]).values()
        channel.send([message("m3")])
        there = ["m1", "m2", "m3"] if found.outcome == "accepted" else ["m1", "m3"]
        assert held(path) == there, cut
        if cut == len(whole):
            assert found.outcome == "accepted"


@FORMATS
def test_what_others_wrote_stays(tmp_path: Path, suffix: str) -> None:
    """A file of another program is not shortened, whatever its last line looks like."""
    path = tmp_path / f"out.{suffix}"
    theirs = b"From a@b.co Fri Nov 20 08:30:00 2026\nSubject: x\n\nbody without an end"
    path.write_bytes(theirs if suffix == "mbox" else b'{"event": 1}\n{"event": 2')
    before = path.read_bytes()

    opened("file", path=str(path)).send([message("m1")])

    assert path.read_bytes().startswith(before + b"\n")
    assert outcomes(opened("file", path=str(path)).find(["m1"]).values()) == {"m1": "accepted"}


@FORMATS
def test_one_message_that_cannot_be_written_costs_no_other(tmp_path: Path, suffix: str) -> None:
    """A line break in a name would begin a header: in a mailbox that message alone is refused."""
    path = tmp_path / f"out.{suffix}"
    bad = [
        message("m2", name="a\r\nBcc: x@y.z"),
        message("m3", to="a@b.co\nBcc: x@y.z"),
        message("m4", headers={"X-A": "b\nBcc: x@y.z"}),
        message("m6", headers={"X-A: 1\nBcc": "x@y.z"}),
    ]
    receipts = opened("file", path=str(path)).send([message("m1"), *bad, message("m5")])

    told = outcomes(receipts)
    assert (told["m1"], told["m5"]) == ("accepted", "accepted")
    refused = "refused" if suffix == "mbox" else "accepted"
    assert {told[f"m{n}"] for n in (2, 3, 4, 6)} == {refused}
    assert b"\nBcc:" not in path.read_bytes()


def test_a_line_break_in_a_subject_is_a_blank(tmp_path: Path) -> None:
    """A template may have put it there; the mail goes, and no header is begun."""
    path = tmp_path / "out.mbox"
    opened("file", path=str(path)).send([message(subject="Tea\r\nBcc: x@y.z")])

    (mail,) = mails(path)
    assert mail["Subject"] == "Tea Bcc: x@y.z"
    assert mail["Bcc"] is None


def test_long_headers_come_back(tmp_path: Path) -> None:
    """Names and subjects of up to 998 characters are folded, and read as they were."""
    name, subject = "漢 字" * 300, "x" * 400 + " " + "é" * 500
    path = tmp_path / "out.mbox"
    channel = opened("file", path=str(path))
    channel.send([message(name=name, subject=subject, to="a@b.co"), message("m2")])

    first, second = mails(path)
    assert first["Subject"].strip() == subject  # a word too long for a line begins one
    assert first["To"].addresses[0].display_name == name
    assert second["X-Crmkit-Id"] == "m2"
    assert outcomes(channel.find(["m1"]).values()) == {"m1": "accepted"}
    for field in ("name", "subject", "to"):
        endless = message("m3", **{field: "x" * 1_000_000})
        assert outcomes(channel.send([endless])) == {"m3": "refused"}


@FORMATS
def test_long_and_foreign_texts_come_back(tmp_path: Path, suffix: str) -> None:
    """A megabyte on one line, emoji, right-to-left script and a NUL are written and found again."""
    texts = ["x" * 1_000_000, "👩‍👩‍👧 שלום\u202bعربي\u2028", "a\0b", "\r\r\n"]
    sent = [message(f"m{n}", text=text) for n, text in enumerate(texts)]
    path = tmp_path / f"out.{suffix}"
    channel = opened("file", path=str(path))

    assert set(outcomes(channel.send(sent)).values()) == {"accepted"}
    assert set(outcomes(channel.find([one.id for one in sent]).values()).values()) == {"accepted"}
    if suffix == "mbox":
        contents = [mail.get_content() for mail in mails(path)]
        assert contents[0].strip() == texts[0]
        assert contents[1].strip() == texts[1].strip()
        assert contents[2].strip() == texts[2]


@settings(max_examples=60)
@given(
    texts=st.lists(
        st.text() | st.sampled_from(["From ", ">From x", "\n\nFrom a", "\r"]), max_size=4
    ),
    subject=st.text(),
    name=st.text(),
)
def test_any_text_is_one_record(texts: list[str], subject: str, name: str) -> None:
    """Whatever stands in a text, subject or name, a file holds as many records as were written."""
    for kind in (JsonLines(), Mbox()):
        written, sent = b"", []
        for number, text in enumerate(texts):
            one = message(f"{number}", text=text, subject=subject, name=name)
            try:
                written += kind.encode(one, NOW)
            except ValueError:
                assert isinstance(kind, Mbox)
                continue
            sent.append(one.id)
        found = list(kind.scan(io.BytesIO(written)))
        assert [name for name, _ in found] == sent
        assert not found or found[-1][1] == len(written)


def _write(path: str, first: int) -> None:
    channel = opened("file", path=path)
    for number in range(first, first + 40, 4):
        batch = [message(f"m{n}", text="From\n" * 300) for n in range(number, number + 4)]
        assert set(outcomes(channel.send(batch)).values()) == {"accepted"}


@FORMATS
def test_several_processes_write_one_file(tmp_path: Path, suffix: str) -> None:
    """Three processes at once lose nothing and break no record."""
    path = tmp_path / f"out.{suffix}"
    spawn = get_context("fork" if sys.platform != "win32" else "spawn")
    workers = [spawn.Process(target=_write, args=(str(path), n)) for n in (0, 100, 200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    wanted = {f"m{n}" for first in (0, 100, 200) for n in range(first, first + 40)}
    assert sorted(held(path)) == sorted(wanted)


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is POSIX's")
@FORMATS
def test_a_full_disk_leaves_nothing_of_a_batch(tmp_path: Path, suffix: str) -> None:
    """A batch that does not fit is taken back whole and tried again later."""
    path = tmp_path / f"out.{suffix}"
    code = (
        "import resource, sys\n"
        "from tests.channels.opening import message, opened, outcomes\n"
        f"channel = opened('file', path={str(path)!r})\n"
        "channel.send([message('m1')])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        "print(outcomes(channel.send([message('m2'), message('m3', text='x' * 5000)])))\n"
        "print(outcomes(channel.send([message('m4')])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == ["{'m2': 'retry', 'm3': 'retry'}", "{'m4': 'accepted'}"]
    assert held(path) == ["m1", "m4"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
@pytest.mark.parametrize("path", ["/dev/full", "/dev/zero"])
def test_a_device_is_no_file(path: str) -> None:
    """It is not read, which would never end, and nothing is put beside it."""
    with closing(opened("file", path=path, format="jsonl")) as channel:
        assert outcomes(channel.send([message()])) == {"m1": "misconfigured"}
        assert channel.find(["m1"]) == {}
    assert not Path(f"{path}.lock").exists()


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    """It holds names, addresses and what was written to whom."""
    path = tmp_path / "out.jsonl"
    opened("file", path=str(path)).send([message()])

    assert path.stat().st_mode & 0o077 == 0


def test_the_suffix_says_the_format(tmp_path: Path) -> None:
    """A suffix that says nothing needs the format; opening makes no file."""
    for name in ("a.mbox", "a.JSONL", "a.ndjson"):
        opened("file", path=str(tmp_path / name))
    opened("file", path=str(tmp_path / "a.txt"), format="mbox").close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a list of names

    with pytest.raises(ConfigError, match=r"^channels\.file\.path: .*set the format, too$"):
        opened("file", path="a.txt")
    with pytest.raises(ConfigError, match=r"^channels\.file\.path: is required$"):
        opened("file")
    with pytest.raises(ConfigError, match="'mbox', 'jsonl'"):
        opened("file", path="a.txt", format="csv")
