"""The program on PostgreSQL: another URL, and nothing else that anybody would notice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit.masking import masked
from tests.cli.kit import END, Shop, process, records, run
from tests.cli.story import Story, looks
from tests.postgres import ODD, database

SECRET = "hunter2"
VISITS = "id,kind,at,email\n" + "".join(
    f"v-{n},visit,2026-04-01T00:00:00Z,c{n % 40}@example.com\n" for n in range(2000)
)


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a database whose settings are odd in every way; its URL holds a password."""
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", "outside of every database")
    return database(**ODD).replace("//postgres:@", f"//postgres:{SECRET}@")


def test_every_command_tells_what_it_tells_on_sqlite(url: str, monkeypatch: pytest.MonkeyPatch):
    """From the first doctor to the last: word for word, and the password is in none of it."""
    wanted, found = (told(where, monkeypatch) for where in ("sqlite:///shop.db", url))
    for one, other in zip(wanted, found, strict=True):
        assert one == other
    assert SECRET not in str(found)


def told(url: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Live through the story in one database; give each command, and what it told."""
    story = Story(url, monkeypatch)
    story.tell()
    return [(what, text.replace(masked(url), "URL")) for what, text in story.told.items()]


def test_two_processes_import_one_file(url: str, tmp_path: Path):
    """Each record comes in once; the URL is taken from the environment, which nobody else sees."""
    Path("visits.csv").write_text(VISITS, "utf-8")

    def work(*words: str) -> Any:
        done = process(*words, "--json", cwd=tmp_path, environ={"CRMKIT_URL": url})
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    with ThreadPoolExecutor() as pool:
        (one,), (other,) = pool.map(work, ["import"] * 2, ["visits.csv"] * 2)
    assert (one["new"] + other["new"], one["known"] + other["known"]) == (2000, 2000)
    assert work("report")["touchpoints"] == 2000


@pytest.mark.parametrize(
    "words",
    [
        ("URL", "migrate"),
        ("migrate", "URL"),
        ("--URL",),
        ("--config", "URL", "migrate"),
        ("import", "URL"),
        ("import", "orders.csv", "--map", "URL"),
        ("pyramid", "--at", "URL"),
        ("customers", "--tier", "URL"),
        ("--url", "URL", "score", "URL"),
        ("--url", "URL", "done", "URL", "--outcome", "URL"),
        ("--url", "URL", "import", "--undo", "URL"),
        ("--url", "URL", "customers", "--stage", "URL"),
        ("--url", "URL", "customers", "--after", "URL"),
        ("new-plugin", "URL"),
        ("new-plugin", "channel", "URL"),
    ],
    ids=" ".join,
)
def test_a_url_in_the_wrong_place_is_shown_without_its_password(url: str, words: tuple[str, ...]):
    """Who forgets an option, or puts it behind the wrong one, does not find his password told."""
    Path("orders.csv").write_text(VISITS, "utf-8")
    done = run(*(word.replace("URL", url) for word in words), code=2)
    assert SECRET not in done.output
    assert "Error: " in done.stderr


def test_a_configuration_holds_the_url_and_a_file_its_password(url: str):
    """The password stands where only the program reads it, whatever is in it."""
    Path("password").write_text(f"{SECRET}\n", "utf-8")
    Path("crmkit.toml").write_text(f'url = "{url.replace(SECRET, "${file:password}")}"\n', "utf-8")
    done = run("migrate")
    assert "The schema of postgresql://postgres:***@/crmkit_" in done.stderr
    run("doctor")
    Path("password").write_text("hunter2@home\n", "utf-8")
    done = run("migrate", code=2)
    assert "write one inside a password as %40" in done.stderr
    assert SECRET not in done.output


def test_two_commands_move_a_workspace(shop: Shop, url: str, tmp_path: Path):
    """Every look at the copy shows what it shows in the file, and both go on alike."""
    file = str(tmp_path / "shop.backup")
    for words in (("--url", shop.url, "backup", file), ("--url", url, "restore", file)):
        assert run(*words).exit_code == 0
    for words in looks():
        at = () if words == ("collisions",) else ("--at", END.isoformat())
        assert run("--url", url, *words, *at).output == shop.run(*words, *at).output
    with shop.open() as there, crmkit.connect(url, plugins=[]) as here:
        one, other = (
            [(change.what, change.customer_id, change.record) for change in crm.changes(limit=1000)]
            for crm in (there, here)
        )
        assert one == other
        for crm in (there, here):
            done = crm.capture([records()[0] | {"id": "later"}], "shop")
            assert (done.new, done.rejections) == (1, 0)
