"""The programs in examples/ are what a user starts from, so they run."""

from __future__ import annotations

import mailbox
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.hosts.kit import driven
from tests.postgres import database

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))


def run(
    folder: Path, *command: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, to its end and without a warning."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example(example: Path, tmp_path: Path) -> None:
    """Each example runs in an empty folder, to its end and without a warning.

    It runs once more where it left something there.
    """
    for _ in range(2):
        done = run(tmp_path, str(example))
        assert done.stderr == ""
        assert "lost on the way" not in done.stdout or "lost on the way: none" in done.stdout
        if not any(tmp_path.iterdir()):
            break


@pytest.mark.row("R38", "R217")
def test_greetings_go_out_one_by_one(tmp_path: Path) -> None:
    """Each in his language with what is his alone; without consent or a word of his, nothing."""
    done = run(tmp_path, str(FOLDER / "festive_greetings.py"))
    assert "sent now: {'accepted': 2}" in done.stdout
    again = run(tmp_path, str(FOLDER / "festive_greetings.py"))
    assert "sent now: {}" in again.stdout
    with closing(mailbox.mbox(tmp_path / "greetings.mbox")) as mails:
        texts = [str(mail.get_payload(decode=True), "utf-8") for mail in mails]
    assert [text.split("\n")[0] for text in texts] == ["王女士:", "Dear Ann Able,"]
    assert "祝您节日快乐!去年的龙井" in texts[0]
    assert "your sister" in texts[1]
    assert "李强: refused consent" in done.stdout
    assert "赵敏: refused content" in done.stdout


@pytest.mark.row("R35", "R55", "R271")
def test_a_team_and_its_spreadsheet_are_in_step(tmp_path: Path) -> None:
    """The shop's customers and everybody's score stand in the file; doing it again is nothing."""
    done = run(tmp_path, str(FOLDER / "sync_with_files.py")).stdout
    assert "planned, ours: 王梅" in done
    assert "planned, theirs: 李雷" in done
    assert "and again: 0\n" in done
    shown = re.findall(r"^(.+): ([\d.]+)$", done.partition("and again")[2], re.MULTILINE)
    assert [name for name, _ in shown] == ["Ann Able", "王梅", "李雷"]
    scores = {name: float(score) for name, score in shown}
    assert scores["Ann Able"] > scores["李雷"] > scores["王梅"]


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where a host's shop keeps its data: in a file by default, or where a URL says."""
    if request.param == "sqlite":
        return {}
    return {"SHOP_DATABASE": driven(database())}


def test_a_host_on_sqlalchemy(environment: dict[str, str], tmp_path: Path) -> None:
    """The shop takes orders and says why it takes no others; agenda and score come out."""
    for _ in range(2):
        done = run(tmp_path, str(FOLDER / "sqlalchemy_host"), environment=environment)
        assert done.stderr == ""
        statuses = re.findall(r"^(?:GET|POST) (/\w+)\S* -> (\d+)", done.stdout, re.MULTILINE)
        assert [path for path, status in statuses if status == "200"] == [
            *("/orders", "/orders", "/words", "/agenda", "/score"),
        ]
        assert [path for path, status in statuses if status == "422"] == ["/orders", "/orders"]
        assert '"code": "open_complaint"' in done.stdout


def test_a_channel_in_one_file(tmp_path: Path) -> None:
    """A whole plugin has fewer than sixty lines, and its tests hold it to every law it can break.

    The same tests fail where it takes the modem's HTTP 200 for a success.
    """
    shutil.copytree(FOLDER / "new_channel", tmp_path, dirs_exist_ok=True)
    module = tmp_path / "crmkit_modem.py"
    text = module.read_text("utf-8")
    assert len(text.splitlines()) < 60
    environment = {"PYTHONPATH": str(FOLDER.parent)}
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    passed = run(tmp_path, *command, environment=environment).stdout
    assert re.search(r"^[5-9]\d passed", passed, re.MULTILINE)
    module.write_text(text.replace('{"status": "queued", "id": sent}', "sent"), "utf-8")
    with pytest.raises(AssertionError, match="test_the_provider_s_own_errors"):
        run(tmp_path, *command, "-k", "own_errors", environment=environment)


@pytest.mark.row("R282")
def test_a_connector_in_one_file(tmp_path: Path) -> None:
    """A whole connector has fewer than 120 lines, and its tests hold it to every law it can break.

    The same tests fail where its cursor is an instant alone, as many a script's is.
    """
    shutil.copytree(FOLDER / "new_connector", tmp_path, dirs_exist_ok=True)
    module = tmp_path / "crmkit_club.py"
    text = module.read_text("utf-8")
    assert len(text.splitlines()) < 120
    environment = {"PYTHONPATH": str(FOLDER.parent)}
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    passed = run(tmp_path, *command, environment=environment).stdout
    assert re.search(r"^[7-9]\d passed", passed, re.MULTILINE), passed
    behind = "Cursor(found[-1].changed_at, found[-1].id)"
    assert behind in text
    module.write_text(text.replace(behind, "Cursor(found[-1].changed_at)"), "utf-8")
    with pytest.raises(AssertionError, match="test_one_instant_outnumbers_a_page"):
        run(tmp_path, *command, "-k", "one_instant", environment=environment)


def test_a_host_on_django(environment: dict[str, str], tmp_path: Path) -> None:
    """Its migrations make crmkit's tables too, its own tests pass, and its daily work is done."""
    manage = str(FOLDER / "django_app" / "manage.py")
    run(tmp_path, manage, "migrate", environment=environment)
    run(tmp_path, manage, "makemigrations", "--check", "--dry-run", environment=environment)
    tested = run(tmp_path, manage, "test", "shop", environment=environment)
    assert re.search(r"^Ran [1-9]\d* tests in .*\n\nOK$", tested.stderr, re.MULTILINE)
    run(tmp_path, manage, "advance", environment=environment)
