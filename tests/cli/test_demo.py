"""``crmkit demo`` from an empty folder, and what it leaves behind."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

import crmkit
from crmkit.cli.demo import _next
from crmkit.cli.demo_send import send_day
from crmkit.cli.settings import Settings
from crmkit.cli.when import When
from tests.cli.kit import process, run

CONFIG = ("--config", "crmkit-demo.toml")
AT = ("--at", "2011-12-10")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo once, and give its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = process("demo", cwd=folder)
    assert (done.stderr, done.returncode) == ("", 0)
    return folder, done.stdout


def test_it_shows_and_leaves(shown: tuple[Path, str]):
    """It answers its three questions, and leaves database, configuration and mapping."""
    folder, text = shown
    assert {path.name for path in folder.iterdir()} >= {
        "crmkit-demo.db",
        "crmkit-demo.toml",
        "crmkit-demo-mapping.toml",
    }
    for part in ("CC BY 4.0", "share of revenue", "Who fell", "Whom to contact", "Go on with:"):
        assert part in text


def test_its_figures_are_those_of_the_commands(shown: tuple[Path, str]):
    """Nothing is written into the demo: the commands print the same of the same database."""
    folder, text = shown
    for words in (
        ("pyramid", *AT),
        ("movers", *AT, "--since", "90d", "--direction", "falling", "--limit", "5"),
        ("agenda", *AT, "--limit", "8"),
    ):
        done = process(*CONFIG, *words, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout in text


def test_its_states_are_those_of_its_model(shown: tuple[Path, str]):
    """Nothing is refolded at every look: the states are of the model that was put in force."""
    folder, _ = shown
    found = json.loads(process(*CONFIG, "doctor", "--json", cwd=folder).stdout)
    assert "states" not in {row["check"] for row in found}


def test_its_last_lines_run(shown: tuple[Path, str]):
    """Every command that it ends with does something."""
    folder, text = shown
    tail = text.split("Go on with:")[1]
    lines = re.findall(r"^  crmkit (.+?)(?:   .*)?$", tail, re.MULTILINE)
    assert len(lines) >= 5
    for line in lines:
        done = process(*line.split(), cwd=folder)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        assert done.stdout


def test_it_names_the_environment_to_step_into(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Who ran it by its path is told how the lines that it ends with find `crmkit`."""
    at = When.parse("2011-12-10")
    monkeypatch.setattr("sys.prefix", str(Path.cwd() / ".venv"))
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert _next(Path("there"), at, "ID")[1:3] == ["  source .venv/bin/activate", "  cd there"]
    monkeypatch.setattr("shutil.which", lambda _: str(tmp_path / "crmkit"))
    assert _next(Path(), at, "ID")[1].startswith("  crmkit --config")


@pytest.mark.slow("imports a year of invoices a second time")
def test_it_can_be_run_again(shown: tuple[Path, str]):
    """A second time everything is known already, and the answers are the same."""
    folder, text = shown
    done = process("demo", cwd=folder)
    assert done.returncode == 0, done.stderr
    start = "Who carries the shop"
    assert done.stdout.split(start)[1] == text.split(start)[1]


def test_its_figures_add_up(shown: tuple[Path, str]):
    """The tiers' shares of revenue and value are shares, and the top 20 % carry most."""
    folder, _ = shown
    tiers = json.loads(process(*CONFIG, "pyramid", *AT, "--json", cwd=folder).stdout)
    assert sum(tier["revenue_share"] for tier in tiers) == pytest.approx(1)
    assert sum(tier["value_share"] for tier in tiers) == pytest.approx(1)
    assert sum(tier["count"] for tier in tiers) == 759
    assert sum(tier["revenue_share"] for tier in tiers[:2]) > 0.5


def test_run_again_it_keeps_what_somebody_changed(shown: tuple[Path, str]):
    """The configuration says "change it and look again"; the model is fitted once."""
    folder, _ = shown
    config = folder / "crmkit-demo.toml"
    before = config.read_text("utf-8")
    config.write_text(before + "\n[people.lin]\nname = 'Lin'\n", "utf-8")
    assert process("demo", cwd=folder).returncode == 0
    assert "[people.lin]" in config.read_text("utf-8")
    config.write_text(before, "utf-8")
    done = process(*CONFIG, "doctor", "--json", cwd=folder)
    (model,) = [row for row in json.loads(done.stdout) if row["check"] == "model"]
    assert str(model).count("calibrated") == 1


@pytest.fixture(scope="module")
def sent(shown: tuple[Path, str]) -> tuple[Path, str]:
    """Write to the customers of a copy of its database; give the folder and what was printed."""
    pytest.importorskip("aiosmtpd")
    folder = shown[0].parent / "sent"
    shutil.copytree(shown[0], folder)
    return folder, printed(folder)


def printed(folder: Path) -> str:
    """Write to the demo's customers, and give what is printed."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        send_day(Settings(no_plugins=True), folder, datetime(2011, 12, 10, tzinfo=UTC))
    return stream.getvalue()


def became(folder: Path) -> Counter[tuple[str, str, str | None]]:
    """Count the demo's messages by channel, state and reason."""
    with crmkit.connect(f"sqlite:///{folder / 'crmkit-demo.db'}", plugins=[]) as crm:
        return Counter((one.channel, one.state, one.reason) for one in crm.outreach.ledger())


@pytest.mark.row("R37", "R39")
def test_a_day_of_messages_is_sent(sent: tuple[Path, str]):
    """Mail arrives at a real server; the rest is held back, for every reason there is."""
    folder, text = sent
    counts = became(folder)
    (arrived,) = re.findall(r"^(\d+) mails arrived\.$", text, re.MULTILINE)
    assert int(arrived) == counts["email", "accepted", None] > 50
    assert re.search(r"^    Dear M[rs] \w+,$", text, re.MULTILINE)
    assert "invented" in text
    assert {reason for _, state, reason in counts if state in ("planned", "refused")} == {
        *("consent", "suppressed", "quiet_hours", "cap", "address", "content"),
    }
    assert counts["task", "accepted", None] > 0
    assert counts["email", "bounced", "provider"] > 0
    shown = re.findall(r"^\S+ +(?:with a colleague|\w+) .*?(\d+) +\d{5}", text, re.MULTILINE)
    assert sum(map(int, shown)) == sum(counts.values())


def test_nobody_is_written_to_twice(sent: tuple[Path, str]):
    """The second time the same messages are known, and none arrives."""
    folder, _ = sent
    before = became(folder)
    assert "\n0 mails arrived" in printed(folder)
    assert became(folder) == before


@pytest.mark.slow("imports a year of invoices a second and a third time")
def test_it_sends_when_it_is_told_to(tmp_path: Path):
    """From an empty folder, and once more; what it names to go on with finds the messages."""
    pytest.importorskip("aiosmtpd")
    told = []
    for _ in range(2):
        done = process("demo", "there", "--send", cwd=tmp_path)
        assert (done.stderr, done.returncode) == ("", 0)
        told.append(done.stdout)
    assert "\n0 mails arrived" not in told[0]
    assert "\n0 mails arrived" in told[1]
    lines = re.findall(r"^  crmkit (--config crmkit-demo-send.toml .+)$", told[1], re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        done = process(*line.split(), cwd=tmp_path / "there")
        assert done.returncode == 0, done.stderr
        assert "2011" in done.stdout


def test_without_a_mail_server_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever lacks the extra is told at once, and nothing is imported."""
    monkeypatch.setitem(sys.modules, "aiosmtpd.smtp", None)
    assert "crmkit[demo]" in run("demo", tmp_path / "there", "--send", code=2).stderr
    assert not (tmp_path / "there").exists()
