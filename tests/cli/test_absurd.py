"""Arguments that make no sense, everywhere: one clear line and a code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import click
import pytest
from click.testing import CliRunner

from crmkit.cli import main
from crmkit.cli.commands import COMMANDS
from tests.cli.kit import Shop, process, python_path, run

ABSURD = [
    "", " ", "-1", str(2**70), "1e999", "9999-12-31", "0001-01-01", "9999-12-31T23:59:59-14:00",
    "2000y", "a\0b", "\udcff", "\x1b[31m\u202e", "x" * 10_000, "%s{x}[red]", "=", "email=", "'; --",
    "--", "+86", "no/such/file", "ID", "ID:9999-12-31",
]  # fmt: skip
NEEDED = {
    "score": ["ID"], "explain": ["ID"], "export": ["ID"], "erase": ["ID", "--yes"],
    "done": ["ID:2026-05-01"], "snooze": ["ID:2026-05-01"], "resolve": ["1", "apart"],
    "form": ["087"], "read-form": ["form.xlsx"], "import": ["orders.csv"],
    "new-plugin": ["channel", "pigeon"],
}  # fmt: skip
"""What a command wants beside its options, so that the absurd one is what it stumbles over."""
WRITING = frozenset({"import", "advance", "done", "snooze", "resolve", "erase"})


def parameters() -> Iterator[tuple[str, str]]:
    """Give every command with each of its parameters that takes a value, and the global ones.

    The demo is left out: any folder will do, and it takes long.
    """
    for spec in COMMANDS:
        for one in spec.load().params if spec.name != "demo" else ():
            if isinstance(one, click.Argument) or not one.is_flag:
                yield spec.name, one.opts[0] if isinstance(one, click.Option) else "ARGUMENT"
    for one in main.params:
        if isinstance(one, click.Option) and not one.is_flag:
            yield "crmkit", one.opts[0]


def around(command: str, option: str) -> list[str]:
    """Give what else stands on the command line."""
    needed = NEEDED.get(command, [])[option == "ARGUMENT" :]
    for spec in COMMANDS:
        if spec.name == command:
            for one in spec.load().params:
                if isinstance(one, click.Option) and one.required and one.opts[0] != option:
                    needed = [*needed, one.opts[0], "2026-05-05" if one.name == "until" else "ok"]
    return needed


ALL = pytest.param(1, marks=pytest.mark.slow("every value with every parameter"), id="all")
"""Ordinarily each parameter meets a fifth of the values, and each value a fifth of those."""


@pytest.mark.parametrize("share", [pytest.param(5, id="some"), ALL])
@pytest.mark.parametrize(("command", "option"), list(dict.fromkeys(parameters())))
def test_no_argument_is_a_mistake_in_crmkit(
    request: pytest.FixtureRequest, command: str, option: str, share: int
):
    """Whatever stands for a value, the program ends with 0 to 3 and says what is wrong."""
    shop: Shop = request.getfixturevalue("shop" if command in WRITING else "sold")
    Path("orders.csv").write_text(
        "id,kind,at,email\n1,visit,2026-04-01T00:00:00Z,a@b.org\n", "utf-8"
    )
    one = shop.id(1)
    for absurd in ABSURD[crc32(f"{command} {option}".encode()) % share :: share]:
        named = [absurd] if option == "ARGUMENT" else [option, absurd]
        if command == "crmkit":
            words = ["--url", shop.url, *named, "customers", "--json"]
        else:
            words = ["--url", shop.url, command, *around(command, option), *named]
        done = CliRunner().invoke(main, [word.replace("ID", one) for word in words], input="")
        shown = f"{words}\n{done.output[-2_000:]}\n{done.exception!r}"
        assert isinstance(done.exception, SystemExit | None), shown
        assert 0 <= done.exit_code <= 3, shown
        assert "mistake in crmkit" not in done.output, shown
        assert "Traceback" not in done.output, shown
        assert "\x1b" not in done.output, shown


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("agenda --at 9999-12-31", 2),
        ("agenda --day 0001-01-01", 2),
        ("movers --since 2020y", 2),
        ("explain ID --since 30y --at 1901-01-01", 2),
        ("customers --limit 1180591620717411303424", 2),
        ("agenda --limit 0", 2),
        ("movers --limit -5", 2),
        ("--url sqlite:///x.db?timeout=abc pyramid", 2),
        ("--url sqlite:///%00 pyramid", 2),
        ("--url sqlite://host/x.db migrate", 2),
        ("--config . pyramid", 2),
        ("import .", 2),
        ("import fifo.csv --undo 1", 2),
        ("import empty.csv", 2),
        ("import wide.csv", 2),
        ("import orders.csv --map below.toml", 2),
        ("import orders.csv --map zlib.toml", 2),
        ("import orders.csv --rejects orders.csv", 2),
        ("import orders.csv --rejects no/such/folder", 3),
    ],
)
def test_one_line_and_a_code(sold: Shop, tmp_path: Path, words: str, code: int):
    """What is absurd ends the program with one line, and nothing is done."""
    head = "id,kind,at,email\n"
    (tmp_path / "orders.csv").write_text(head, "utf-8")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "fifo.csv").touch()
    (tmp_path / "wide.csv").write_text(head, "utf-16-le")
    skip = '[[skip]]\nwhen = { column = "id", below = "x" }\n'
    (tmp_path / "below.toml").write_text(skip, "utf-8")
    (tmp_path / "zlib.toml").write_text('encoding = "zlib"\n', "utf-8")
    named = [sold.id(1) if word == "ID" else word for word in words.split()]
    given = () if "--url" in named else ("--url", sold.url)
    done = run(*given, *named, code=code)
    told(done.stdout, done.stderr)
    assert (tmp_path / "orders.csv").read_text("utf-8") == head


def told(stdout: str, stderr: str) -> None:
    assert stdout == ""
    assert "mistake" not in stderr
    assert "Traceback" not in stderr
    assert "Error: " in stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [("agenda --limit 0", 2), ("import orders.csv --rejects no/such/folder", 3)],
)
def test_in_a_process_of_its_own(sold: Shop, tmp_path: Path, words: str, code: int):
    """A real process ends in the same way: one of each code."""
    (tmp_path / "orders.csv").write_text("id,kind,at,email\n", "utf-8")
    done = process("--url", sold.url, *words.split(), cwd=tmp_path)
    assert done.returncode == code, done.stderr
    told(done.stdout, done.stderr)


def test_a_first_of_january_long_ago_is_not_today(sold: Shop):
    """The first day that there is was taken for today once."""
    assert "1900" in sold.run("pyramid", "--at", "0001-01-01", code=2).stderr
    sold.run("pyramid", "--at", "today")


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="standard input has no name")
def test_a_pipe_has_no_name_of_its_own(tmp_path: Path):
    """Of what another program writes the source must be named; a file's name is its source."""
    data = "id,kind,at,email\n1,visit,2026-04-01T00:00:00Z,a@b.org\n"
    url = f"sqlite:///{tmp_path}/x.db"
    for named, code in (((), 2), (("--source", "shop"), 0)):
        done = subprocess.run(
            [sys.executable, "-m", "crmkit.cli", "--url", url, "import", "/dev/stdin", *named],
            env={**os.environ, **python_path()},
            input=data,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert ("--source NAME" in done.stderr) is (code == 2)
    assert "a@b.org" in run("--url", url, "customers").stdout
