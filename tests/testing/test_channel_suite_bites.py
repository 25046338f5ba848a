"""The channel suite is worth something: it fails on channels that break one law each."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.testing import ChannelSuite
from tests.testing.biting import laws_of, outcomes_of, run_pytest
from tests.testing.broken_channels import BROKEN
from tests.testing.post_office import Sound

CHANNELS = Path(__file__).with_name("broken_channels.py")
LAWS = laws_of(ChannelSuite)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Run every broken law on the channel that breaks it, and all laws on a sound one."""
    report = tmp_path_factory.mktemp("bites") / "report.xml"
    return outcomes_of(CHANNELS, BROKEN, "TestSound", LAWS, report, crashes=True)


@pytest.mark.parametrize("channel", BROKEN, ids=lambda channel: channel.__name__)
def test_a_broken_channel_fails(channel: type[Sound], outcomes: dict[tuple[str, str], str]) -> None:
    """The law that this channel breaks is noticed by the test that states it."""
    assert outcomes[f"Test{channel.__name__}", channel.notices] == "failed", channel.__doc__


@pytest.mark.parametrize("law", LAWS)
def test_a_sound_channel_passes(law: str, outcomes: dict[tuple[str, str], str]) -> None:
    """A channel that breaks nothing keeps every law, and none is skipped: none merely fails."""
    assert outcomes["TestSound", law] == "passed"


def test_every_law_is_one_sentence() -> None:
    """Every test of the suite says in a docstring which law it states."""
    assert len(LAWS) > 43
    assert [name for name, law in LAWS.items() if not (law.__doc__ or "").endswith(".")] == []


def test_a_suite_without_its_fixture_says_what_to_do(tmp_path: Path) -> None:
    """An author who forgets the spec reads which fixture to override."""
    text = "from crmkit.testing import ChannelSuite\n\nclass TestMine(ChannelSuite):\n    pass\n"
    tmp_path.joinpath("test_mine.py").write_text(text)
    done = run_pytest("-k", "test_closing_twice", "test_mine.py", folder=tmp_path)
    assert "Override the fixture spec" in done.stdout
    assert "1 error" in done.stdout


MODEST = '''
import pytest
from crmkit.contracts.channel import Channel, Receipt
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite


class Pigeon(Channel):
    def __init__(self, config):
        """Take no settings."""

    def send(self, messages):
        return [self.fly(message) for message in messages]

    def fly(self, message):
        if not message.to or {"\\r", "\\n"} & {*message.to, *message.name}:
            return Receipt.refused(message, "no pigeon flies there")
        return Receipt.accepted(message)


class TestPigeon(ChannelSuite):
    @pytest.fixture
    def spec(self):
        return ChannelSpec(name="pigeon", identity="email", open=Pigeon)
'''


def test_a_small_channel_is_asked_for_no_more_than_it_can_do(tmp_path: Path) -> None:
    """Laws that need what the author did not give are skipped, and say what to give."""
    tmp_path.joinpath("test_pigeon.py").write_text(MODEST)
    done = run_pytest("-rs", "test_pigeon.py", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    for word in ("`simulator`", "'receive'", "'find'", "'poll'", "'template'", "thread_safe"):
        assert word in done.stdout
