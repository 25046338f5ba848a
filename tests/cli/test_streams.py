"""Streams as programs are given them: without letters, closed, full, or read by nobody."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.kit import END, NAMES, Shop, process, python_path

ENCODINGS = [
    "cp1252",
    "latin-1",
    "ascii",
    "cp437",
    "shift_jis",
    "gb18030",
    "utf-16",
    "cp1252:replace",
]
needs_a_shell = pytest.mark.skipif(sys.platform == "win32", reason="a Unix shell closes streams")


OTHERS = [pytest.param(one, marks=pytest.mark.slow("every encoding")) for one in ENCODINGS[1:]]


@pytest.mark.parametrize("encoding", [ENCODINGS[0], *OTHERS])
def test_letters_that_an_encoding_lacks_are_written_out(sold: Shop, tmp_path: Path, encoding: str):
    """A listing is printed in any encoding, and JSON holds every name exactly."""
    charset, _, errors = encoding.partition(":")
    for words in (
        ("customers",),
        ("agenda", "--lang", "zh", "--at", END.isoformat()),
        ("score", "--email", "王@example.com"),
    ):
        done = shell(sold, words, tmp_path, PYTHONIOENCODING=encoding)
        said = done.stdout + done.stderr
        assert done.returncode == (2 if words[0] == "score" else 0), said
        assert b"mistake" not in said
        if words == ("customers",) and charset in ("cp1252", "latin-1") and not errors:
            assert rb"\u738b\u5c0f\u660e" in done.stdout
    done = shell(sold, ("customers", "--json"), tmp_path, PYTHONIOENCODING=encoding)
    assert sorted(row["name"] for row in json.loads(done.stdout.decode(charset))) == sorted(NAMES)


@needs_a_shell
@pytest.mark.parametrize(
    "closed",
    [
        "<&- >&- 2>&-",
        *(pytest.param(one, marks=pytest.mark.slow("every stream")) for one in ("<&-", ">&-")),
    ],
)
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("customers",), 0),
        (("--help",), 0),
        (("score", "nobody"), 2),
        (("erase", "ID", "--reason", "asked"), 2),
        (("import", "orders.csv", "--json"), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_closed_stream_is_nowhere(
    shop: Shop, tmp_path: Path, closed: str, words: tuple[str, ...], code: int
):
    """What is closed is neither written to nor read from, and the exit code is the usual one."""
    (tmp_path / "orders.csv").write_text("id,kind,at,email\n", "utf-8")
    named = tuple(shop.id(1) if word == "ID" else word for word in words)
    done = shell(shop, named, tmp_path, closed)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Warning" not in done.stderr
    assert shop.id(1)


@needs_a_shell
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize(
    ("words", "full", "code"),
    [
        ("customers", ">/dev/full", 3),
        ("--help", ">/dev/full", 3),
        ("score nobody", ">/dev/full", 2),
        ("customers", "2>/dev/full", 0),
        ("score nobody", "2>/dev/full", 3),
        ("customers", ">/dev/full 2>&1", 3),
    ],
)
def test_a_full_disk_is_told_or_fails(sold: Shop, tmp_path: Path, words: str, full: str, code: int):
    """What could not be written is no success; where it can be said, it is one line."""
    done = shell(sold, tuple(words.split()), tmp_path, full)
    assert done.returncode == code
    if code == 3 and full == ">/dev/full":
        assert done.stderr == b"Error: No space left on device\n"


@needs_a_shell
@pytest.mark.parametrize("both", ["", "2>&1"])
@pytest.mark.parametrize("words", ["customers", "--help", "customers --help"])
def test_nobody_reads_any_more(sold: Shop, tmp_path: Path, both: str, words: str):
    """``| head`` ends a listing and a help page without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    done = shell(sold, tuple(words.split()), tmp_path, both, stdout=writer)
    os.close(writer)
    assert (done.stderr, done.returncode) == (b"", 0)


def test_a_broken_pipe_elsewhere_is_a_failure(tmp_path: Path):
    """A connection of a plugin that breaks is not taken for a reader that has seen enough."""
    (tmp_path / "crmkit_torn.py").write_text(
        "import click\n"
        "from crmkit import hookimpl\n"
        "from crmkit.contracts.specs import CommandSpec\n"
        "@click.command()\n"
        "def tear():\n"
        "    raise BrokenPipeError(32, 'Broken pipe')\n"
        "@hookimpl\n"
        "def crmkit_commands():\n"
        "    yield CommandSpec(name='tear', command=tear, summary='Tears.')\n",
        "utf-8",
    )
    facts = tmp_path / "crmkit_torn-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: crmkit-torn\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[crmkit]\ntorn = crmkit_torn\n")
    done = process("tear", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "Error: Broken pipe\n")


def shell(
    shop: Shop,
    words: tuple[str, ...],
    cwd: Path,
    streams: str = "",
    *,
    stdout: int = subprocess.PIPE,
    **environ: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run the program with its streams as a shell's redirections make them."""
    command = [sys.executable, "-W", "error", "-m", "crmkit.cli", "--url", shop.url, *words]
    shown = f"exec {shlex.join(command)} {streams}"
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    return subprocess.run(
        command if not streams else ["/bin/sh", "-c", shown],
        cwd=cwd,
        # As a user has it: Python writes when its buffer is full, and once more at its end.
        env={**inherited, **python_path(), **environ},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
