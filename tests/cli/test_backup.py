"""``crmkit backup`` and what it says."""

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

import crmkit
from crmkit.cli import main
from tests.backup.kit import connect, fill, held, purchase, sqlite


def run(*words: str, fed: bytes | None = None) -> tuple[int, bytes, str]:
    done = CliRunner().invoke(main, ["--no-plugins", *words], input=fed)
    return done.exit_code, done.stdout_bytes, done.stderr


@pytest.fixture
def shop(tmp_path: Path) -> str:
    with connect(sqlite(tmp_path)) as crm:
        fill(crm)
    return sqlite(tmp_path)


@pytest.mark.row("R68")
def test_it_says_what_is_in_it_and_what_is_not(tmp_path: Path, shop: str) -> None:
    """Whoever takes a backup learns that the key of the erasures is to be kept apart."""
    code, out, said = run("--url", shop, "backup", str(tmp_path / "b"))
    assert (code, out) == (0, b"")
    assert "default: 6 customers, 32 touchpoints" in said
    assert "read back and whole" in said
    assert f"Not in it: the erasure key ({tmp_path / 'shop.erasure-key'})" in said
    assert crmkit.read_backup(tmp_path / "b").parts[0].rows["customer"] == 6


def test_other_workspaces_are_named(tmp_path: Path, shop: str) -> None:
    """Nobody believes that all is saved while another tenant's data are not."""
    with connect(shop, workspace="acme") as crm:
        fill(crm)
    code, _, said = run("--url", shop, "backup", str(tmp_path / "b"))
    assert code == 0
    assert "Not in this backup: 1 other workspace of this database (acme)" in said
    code, _, said = run("--url", shop, "backup", "--all", str(tmp_path / "b"))
    assert code == 0
    assert [one.workspace for one in crmkit.read_backup(tmp_path / "b").parts] == [
        "acme",
        "default",
    ]
    code, _, said = run("--url", shop, "--workspace", "acne", "backup", str(tmp_path / "c"))
    assert code == 2
    assert "there is no workspace 'acne' in this database, but acme, default" in said
    assert not (tmp_path / "c").exists()


def test_a_pipe_takes_it(shop: str) -> None:
    """What goes to the output is a backup, and nothing else."""
    code, out, said = run("--url", shop, "backup", "-")
    assert code == 0
    assert "not read back" in said
    assert crmkit.read_backup(io.BytesIO(out)).parts[0].rows["customer"] == 6


def test_a_wrong_name_costs_nothing(tmp_path: Path, shop: str) -> None:
    """The database itself is no place for its backup."""
    before = (tmp_path / "shop.db").read_bytes()
    code, _, said = run("--url", shop, "backup", str(tmp_path / "shop.db"))
    assert code == 3
    assert "is there and is no backup of crmkit" in said
    assert (tmp_path / "shop.db").read_bytes() == before
    code, _, said = run("--url", shop, "backup", str(tmp_path / "nowhere" / "b"))
    assert code == 3
    assert f"{tmp_path / 'nowhere' / 'b'}: No such file or directory; no backup was written" in said
    assert "name a file in a folder that is there" in said


def test_a_full_disk_is_told_with_the_file(
    tmp_path: Path, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system names no file when a disk is full; one line says which it was, and what to do."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    code, out, said = run("--url", shop, "backup", str(tmp_path / "b"))
    assert (code, out) == (3, b"")
    assert said.splitlines()[-1] == (
        f"Error: {tmp_path / 'b'}: No space left on device; no backup was written: make room "
        "there, or name a file on another disk"
    )
    assert not list(tmp_path.glob("*b.*part"))


@pytest.mark.row("R68")
def test_it_comes_back(tmp_path: Path, shop: str) -> None:
    """From file to file by two commands; and what nobody can know is said."""
    assert run("--url", shop, "backup", str(tmp_path / "b"))[0] == 0
    config = tmp_path / "new.toml"
    config.write_text(f'url = "{sqlite(tmp_path, "new")}"\n')
    code, out, said = run("--config", str(config), "restore", str(tmp_path / "b"))
    assert (code, out) == (0, b"")
    assert "Workspace default is as it was on" in said
    assert "No journal of erasures was found" in said
    with connect(shop) as crm, connect(sqlite(tmp_path, "new")) as other:
        assert held(other) == held(crm)


def test_checking_touches_nothing(tmp_path: Path, shop: str) -> None:
    """It tells what is in the file, and makes no database."""
    run("--url", shop, "backup", str(tmp_path / "b"))
    code, _, said = run(
        "--url", sqlite(tmp_path, "none"), "restore", "--check", str(tmp_path / "b")
    )
    assert code == 0
    assert "6 customers, 32 touchpoints" in said
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes()[:-1])
    code, _, said = run("--url", shop, "restore", str(tmp_path / "b"))
    assert code == 3
    assert "b is cut short: its end is missing. Nothing was touched" in said


def test_what_would_be_lost_is_asked_for(tmp_path: Path, shop: str) -> None:
    """Newer data are not overwritten by a habit; erasures alone stop nobody, and stay."""
    run("--url", shop, "backup", str(tmp_path / "b"))
    run("--url", shop, "erase", "--email", "p0@example.com", "--reason", "asked", "--yes")
    code, _, said = run("--url", shop, "restore", str(tmp_path / "b"))
    assert code == 0
    assert "Erased again, since they were after the backup: 1 customer." in said
    with connect(shop) as crm:
        assert crm.customers.find(email="p0@example.com") is None
        crm.capture([purchase(900, "late")], source="shop")
    code, _, said = run("--url", shop, "restore", str(tmp_path / "b"))
    assert code == 3
    assert "would be lost" in said
    assert "--replace" in said
    code, _, said = run("--url", shop, "restore", "--replace", str(tmp_path / "b"))
    assert code == 0
    assert "Lost: 1 touchpoint, 1 customer." in said


def test_every_workspace_keeps_its_name(tmp_path: Path, shop: str) -> None:
    """A backup of several restores all of them, or the one that is named, by a pipe too."""
    with connect(shop, workspace="acme") as crm:
        crm.capture([purchase(1, "zoe")], source="shop")
    run("--url", shop, "backup", "--all", str(tmp_path / "b"))
    new = sqlite(tmp_path, "new")
    code, _, said = run("--url", new, "restore", "-", fed=(tmp_path / "b").read_bytes())
    assert code == 0, said
    for name in ("acme", "default"):
        with connect(shop, workspace=name) as crm, connect(new, workspace=name) as other:
            assert held(other) == held(crm)
    one = sqlite(tmp_path, "one")
    code, _, said = run("--url", one, "--workspace", "acne", "restore", str(tmp_path / "b"))
    assert code == 2
    assert "holds the workspaces acme, default, and no 'acne'" in said
    assert run("--url", one, "--workspace", "acme", "restore", str(tmp_path / "b"))[0] == 0
    with connect(one) as crm:
        assert crm.session.store.workspaces() == ["acme"]
    run("--url", one, "--workspace", "acme", "backup", str(tmp_path / "c"))
    code, _, said = run("--url", one, "--workspace", "zeta", "restore", str(tmp_path / "c"))
    assert code == 3  # SQLite: its numbers are those of acme beside it
    assert "Restore it into a database of its own" in said
    two = sqlite(tmp_path, "two")
    assert run("--url", two, "--workspace", "zeta", "restore", str(tmp_path / "c"))[0] == 0
    with connect(two, workspace="zeta") as crm:
        assert crm.customers.find(email="zoe@example.com")


def test_a_database_that_nobody_ever_wrote_to_is_told(tmp_path: Path) -> None:
    """Whoever misspells the database's name does not believe that it is saved."""
    code, _, said = run("--url", f"sqlite:///{tmp_path}/shpo.db", "backup", str(tmp_path / "b"))
    assert code == 0
    assert "Nothing was ever written to sqlite:///" in said


def test_an_empty_database_takes_no_backup_s_place(tmp_path: Path) -> None:
    """A job that is run from another folder would otherwise empty the backup every night."""
    one, file = sqlite(tmp_path, "one"), tmp_path / "good"
    with connect(one) as crm:
        fill(crm)
    assert run("--url", one, "backup", str(file))[0] == 0
    whole = file.read_bytes()
    code, _, said = run("--url", f"sqlite:///{tmp_path}/elsewhere.db", "backup", str(file))
    assert code == 2
    assert "see that the URL is the right one" in said
    assert file.read_bytes() == whole


def test_json_and_nothing_else(tmp_path: Path, shop: str) -> None:
    """What a program asks for: what was written, what a file holds, what a restore has done."""
    file = str(tmp_path / "b")
    code, out, said = run("--url", shop, "backup", "--json", file)
    assert (code, said) == (0, "")
    written = json.loads(out)
    assert written["parts"][0]["rows"]["customer"] == 6
    code, out, said = run("--url", shop, "restore", "--check", "--json", file)
    assert (code, json.loads(out), said) == (0, written, "")
    code, out, said = run("--url", f"sqlite:///{tmp_path / 'new.db'}", "restore", "--json", file)
    (restored,) = json.loads(out)
    assert (code, restored["workspace"], restored["rows"]["customer"]) == (0, "default", 6)
    assert "Workspace" not in said  # what a person must see to is told all the same
    assert "No journal of erasures was found" in said


def test_json_has_no_place_beside_a_backup(shop: str) -> None:
    """The output is the backup itself."""
    code, out, said = run("--url", shop, "backup", "--json", "-")
    assert (code, out) == (2, b"")
    assert "--json goes with a FILE" in said
