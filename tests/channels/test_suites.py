"""Every channel of the core keeps every law of `ChannelSuite`."""

from __future__ import annotations

import json
import mailbox
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crmkit.channels.standard_webhooks import keys, sign
from crmkit.contracts.channel import Channel, Template
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite, Incoming
from crmkit.testing.channel_faults import PATIENCE
from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.webhook import SECRET, WebhookReceiver
from tests.channels.email_server import TAKE_AND_CUT, MailServer, Talk
from tests.channels.opening import SPECS

HOLIDAY = Template(code="SMS_1", signature="好店", values={"name": "王芳", "day": "1 May"})
ARCHIVE = "archive@shop.example"


class TestConsole(ChannelSuite):
    """It prints what it is given, and escapes what a terminal would obey."""

    template = HOLIDAY
    breaks_are_escaped = True

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["console"]


class FileLaws(ChannelSuite):
    """What a file has in common, however it is written: all that was sent can be seen in it."""

    template = HOLIDAY

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["file"]

    @pytest.fixture
    def settings(self, simulator: Path) -> Mapping[str, Any]:
        return {"path": str(simulator)}

    def wire(self, simulator: Path) -> bytes:
        return simulator.read_bytes() if simulator.exists() else b""


class TestJsonLines(FileLaws):
    """``file`` with one line of JSON a message, in which breaks are escaped."""

    breaks_are_escaped = True

    @pytest.fixture
    def simulator(self, tmp_path: Path) -> Path:
        return tmp_path / "messages.jsonl"

    def arrived(self, simulator: Path) -> list[str]:
        return [json.loads(line)["id"] for line in self.wire(simulator).splitlines()]


class TestMbox(FileLaws):
    """``file`` as a mailbox, where a break in a header would begin another one."""

    @pytest.fixture
    def simulator(self, tmp_path: Path) -> Path:
        return tmp_path / "messages.mbox"

    def arrived(self, simulator: Path) -> list[str]:
        with closing(mailbox.mbox(simulator)) as box:
            return [mail["X-Crmkit-Id"] for mail in box]


class TestTask(ChannelSuite):
    """A task without a folder stands in the ledger alone: nothing leaves crmkit."""

    breaks_are_escaped = True

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["task"]


class TestCalendar(TestTask):
    """A task in a folder, where each is a file of its own."""

    @pytest.fixture
    def simulator(self, tmp_path: Path) -> Path:
        return tmp_path / "calendars"

    @pytest.fixture
    def settings(self, simulator: Path) -> Mapping[str, Any]:
        return {"folder": str(simulator)}

    def wire(self, simulator: Path) -> bytes:
        return b"".join(file.read_bytes() for file in simulator.rglob("*.ics"))

    def arrived(self, simulator: Path) -> list[str]:
        return [file.stem for file in simulator.glob("tasks/*.ics")]


class TestWebhook(ChannelSuite):
    """A service of the host's, whose every 2xx means success."""

    template = HOLIDAY
    any_answer_is_success = True
    breaks_are_escaped = True
    failures = (
        (Answer({"error": "no such person"}), "refused"),
        (Answer({"ok": False}), "refused"),
        (Answer({"error": "twice"}, 409), "refused"),
        (Answer(b"gone", 410), "misconfigured"),
        (Answer(b"early", 425), "retry"),
        (Answer(b"out of order", 500), "unknown"),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["webhook"]

    @pytest.fixture
    def simulator(self) -> Iterator[WebhookReceiver]:
        with WebhookReceiver() as running:
            yield running

    @pytest.fixture
    def settings(self, simulator: WebhookReceiver) -> Mapping[str, Any]:
        return {"endpoint": simulator.url, "secret": SECRET, "allow_private": True}

    def arrived(self, simulator: WebhookReceiver) -> list[str]:
        return list(simulator.taken)

    def signed_call(
        self, channel: Channel, simulator: WebhookReceiver, body: bytes | None = None
    ) -> Incoming:
        content = [{"type": "delivered", "message_id": "m1"}, {"type": "replied", "address": "+1"}]
        headers, told = simulator.event(content)
        if body is None:
            return Incoming(headers=headers, body=told)
        return Incoming(headers=sign(keys([SECRET]), "evt_1", channel.clock(), body), body=body)


class PostOffice(MailServer):
    """A mail server whose next letter meets trouble; blind copies lie in a maildir."""

    def __init__(self, archive: Path) -> None:
        super().__init__(answer=self.trouble)
        self.archive = archive
        self.next: str | None = None
        for folder in ("new", "cur", "tmp"):
            (archive / folder).mkdir(parents=True)

    def trouble(self, talk: Talk, command: str) -> bytes | None:
        del talk
        if command == "BODY" and self.next is not None:
            what, self.next = self.next, None
            if what == "slow":
                time.sleep(2 * PATIENCE)
            return {"full": b"451 4.3.2 later\r\n", "cut": TAKE_AND_CUT}.get(what)
        return None

    def file(self) -> None:
        for number, mail in enumerate(self.taken):
            if ARCHIVE in mail.to:
                (self.archive / "new" / f"1.{number}").write_bytes(mail.data)


class TestEmail(ChannelSuite):
    """SMTP, with an archive in which what was taken is found again."""

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["email"]

    @pytest.fixture
    def simulator(self, tmp_path: Path) -> Iterator[PostOffice]:
        with closing(PostOffice(tmp_path / "archive")) as office:
            yield office

    @pytest.fixture
    def settings(self, simulator: PostOffice, request: pytest.FixtureRequest) -> Mapping[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": simulator.port,
            "sender": "Shop <news@shop.example>",
            "secret": "hunter2-hunter2",
            "unsubscribe_url": "https://shop.example/stop",
            "archive": f"maildir:{simulator.archive}",
            "archive_address": ARCHIVE,
            "timeout": PATIENCE if "hurried" in request.fixturenames else 5,
        }

    @pytest.fixture
    def hurried(self) -> None:
        """Name it only: `settings` then has a short timeout."""

    def fail(self, simulator: PostOffice, trouble: str) -> None:
        if trouble == "busy":
            pytest.skip("SMTP has no way to say for how long a server is busy")
        simulator.next = trouble

    def wire(self, simulator: PostOffice) -> bytes:
        return b"\n".join(packet for talk in simulator.talks for packet in talk.packets)

    def arrived(self, simulator: PostOffice) -> list[str]:
        found = [re.search(rb"^Message-ID: <crmkit\.([^@]+)@", m.data) for m in simulator.taken]
        return [one[1].decode() for one in found if one is not None]

    def happen(self, channel: Channel, simulator: PostOffice) -> None:
        del channel
        simulator.file()
