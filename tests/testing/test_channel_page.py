"""The page on channels tells what is so: its plugin keeps every law, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

from crmkit.config import Config
from crmkit.contracts.channel import CAPABILITIES, DELIVERIES, OUTCOMES
from crmkit.testing import ChannelSuite
from crmkit.testing.channel_base import ChannelLaws
from tests.pages import ROOT, blocks
from tests.testing.biting import run_pytest

PAGE = ROOT / "docs" / "channels.md"
TEXT = PAGE.read_text("utf-8")


def rows(heading: str) -> list[str]:
    """Give the first cells of the table whose first heading is this one, word by word."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert table, heading
    cells = [line.split("|")[1] for line in table[1].splitlines()]
    return [word for cell in cells for word in re.findall(r"`(\w+)", cell)]


def test_the_channel_of_the_page_keeps_every_law(tmp_path: Path) -> None:
    """Its files, written out, pass the tests that the page shows; what comes in is tried too."""
    for block in blocks(PAGE):
        if block.file:
            (tmp_path / block.file).write_text(block.text, "utf-8")
    section = Config.load(tmp_path / "crmkit.toml").channels["coffee_house"]
    assert set(section) == {"type", "key", "on_unknown"}
    done = run_pytest("-W", "error", "-rs", str(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^1\d\d passed", done.stdout, re.MULTILINE), done.stdout
    assert "'receive'" not in done.stdout
    assert "simulator" not in done.stdout


def test_its_tables_are_complete() -> None:
    """Every outcome, capability and delivery is told of, and none that is not."""
    assert rows("outcome") == list(OUTCOMES)
    assert set(rows("word")) == CAPABILITIES
    assert " ".join(f"`{word}`" for word in DELIVERIES) in TEXT


def test_what_may_be_overridden_is_there() -> None:
    """The page names what an author may override, all of it, as the suite spells it."""
    named = rows("name")
    assert [name for name in named if not hasattr(ChannelSuite, name)] == []
    hooks = {name for name in vars(ChannelLaws) if not name.startswith("_")}
    assert hooks - set(named) == {"channel", "contract", "messages", "methods"}
