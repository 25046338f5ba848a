"""``crmkit backup`` and what it says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

import crmkit
from crmkit.cli import main
from tests.backup.kit import connect, fill, sqlite


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
    assert "No such file or directory" in said
