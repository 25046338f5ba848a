"""How the program ends: exit codes, one clear line, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.kit import Shop, process, python_path, run

WRONG = [
    (("score", "nobody"), "nobody"),
    (("score", "--email", "nobody@example.com"), "crmkit customers TEXT"),
    (("score",), "name one customer"),
    (("score", "x", "--email", "a@example.com"), "name one customer"),
    (("score", "--identity", "shop"), "SYSTEM=VALUE"),
    (("movers", "--since", "yesteryear"), "30d"),
    (("movers", "--since", "1d", "--until", "9d"), "until"),
    (("customers", "--limit", "0"), "limit"),
    (("customers", "--after", "no place"), "after"),
    (("erase", "nobody", "--reason", "asked", "--yes"), "nobody"),
    (("new-plugin", "channel", "Not A Name"), "pigeon"),
    (("new-plugin", "pigeon"), "channel"),
    (("new-plugin", "pigeon", "channel"), "indicator"),
    (("agenda", "--owner", "nobody"), "there is: none yet"),
    (("customers", "--stage", "bought"), "development, maintenance"),
    (("customers", "--kind", "firm"), "organisation"),
    (("no-such-command",), "no-such-command"),
]


@pytest.mark.parametrize(("words", "named"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_use_is_2(sold: Shop, words: tuple[str, ...], named: str):
    """What another command line would mend ends with 2 and says what to write."""
    done = sold.run(*words, code=2)
    assert named in done.stderr
    assert "Traceback" not in done.output
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("url = ", "crmkit.toml"),
        ('uri = "memory://"', "did you mean 'url'"),
        ('url = "memory://"\n[people.lin]\nreports_to = "nobody"', "people.lin.reports_to"),
        ('url = "nowhere"', "://"),
        ('url = "${NOT_SET_ANYWHERE}"', "NOT_SET_ANYWHERE"),
        ("", "--url"),
        ('url = "memory://"\nx = ' + "9" * 5000, "crmkit.toml: cannot be read"),
        ('url = "memory://"\nx = ' + "[" * 5000, "crmkit.toml: cannot be read"),
        ('url = "memory://"\nlifecycle.file = "\\u0000"', "rule file"),
        ('url = "memory://"\nlifecycle.file = "crmkit.toml"', "rule file"),
    ],
    ids=lambda value: value[:40],
)
def test_a_wrong_configuration_is_2(text: str, named: str):
    """A wrong setting is one line that names the file or the key."""
    Path("crmkit.toml").write_text(text, "utf-8")
    done = run("advance", code=2)
    assert named in done.stderr
    assert "Traceback" not in done.output


def test_a_missing_configuration_is_2():
    """A file that was named and is not there is wrong use."""
    assert "there is no such file" in run("--config", "gone.toml", "pyramid", code=2).stderr


def test_a_broken_database_is_3():
    """A file that is no database ends with 3 and says what to check."""
    Path("shop.db").write_bytes(b"no database at all" * 100)
    done = run("--url", "sqlite:///shop.db", "pyramid", code=3)
    assert "shop.db" in done.stderr
    assert "Traceback" not in done.output


def test_a_password_is_never_shown():
    """What the database is opened with stays out of every message."""
    done = run("--url", "nosuch://lin:hunter2@db/shop", "pyramid", code=3)
    assert "hunter2" not in done.output


def test_a_closed_pipe_ends_quietly(sold: Shop, tmp_path: Path):
    """``| head`` ends the program without a word."""
    reader, writer = os.pipe()
    os.close(reader)  # nobody reads any more
    for words in (["customers", "--json"], ["customers"], ["report", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "crmkit.cli", "--url", sold.url, *words],
            env=python_path() | {"COLUMNS": "80"},
            cwd=tmp_path,
            stdout=writer,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        assert (done.stderr, done.returncode) == ("", 0)
    os.close(writer)


def test_an_encoding_that_lacks_letters_costs_nothing(sold: Shop, tmp_path: Path):
    """JSON stays valid, and a table is still printed, where output is no Unicode."""
    for words in (["customers", "--json"], ["customers"]):
        done = process(
            "--url", sold.url, *words, cwd=tmp_path, environ={"PYTHONIOENCODING": "ascii"}
        )
        assert (done.stderr, done.returncode) == ("", 0)
        assert "Ann Able" in done.stdout


def test_version():
    """``--version`` tells which crmkit it is."""
    assert run("--version").stdout.startswith("crmkit ")
