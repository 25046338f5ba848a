"""``crmkit demo`` from an empty folder, and what it leaves behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from crmkit.cli.demo import _next
from crmkit.cli.when import When
from tests.cli.kit import process

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
