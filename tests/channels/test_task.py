"""The ``task`` channel: what a colleague has to do, in his calendar, until it is done."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.channels.calendars import document, entry, read
from crmkit.channels.feeds import KEPT, Folder, blocks, filename
from crmkit.channels.task import TaskChannel, TaskSettings
from crmkit.channels.visible import visible
from crmkit.errors import ConfigError
from tests.channels.opening import NOW, SPECS, message, opened, outcomes

BRIEF = {
    "kind": "call",
    "phone": "+86 138 0000 0000",
    "why": "生日;送茶, \\ 问候",
    "about": ["tea", "the new shop"],
    "touches": ["2026-10-01 visit"],
    "avoid": ["the divorce"],
}
TASK = message("m1", name="李雷", brief=BRIEF, owner="li.wei", occasion="birthday", text="恭喜")


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    return opened("task", folder=str(tmp_path), zone="Asia/Shanghai", lang="zh")


def entries(path: Path) -> list[Any]:
    """Give what a calendar program reads from a feed."""
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    assert calendar.errors == []
    found = [part for part in calendar.walk() if part.name in ("VEVENT", "VTODO")]
    assert all(part.errors == [] for part in found)
    return found


@pytest.mark.row("R28", "R29", "R39")
def test_a_task_stands_in_the_colleagues_calendar(channel: TaskChannel, tmp_path: Path) -> None:
    """Whom to call, on what number, why, what to talk about and what to leave out."""
    assert outcomes(channel.send([TASK])) == {"m1": "accepted"}

    (event,) = entries(tmp_path / "li.wei.ics")
    assert event.name == "VEVENT"
    assert event["summary"] == "致电李雷"
    assert event["uid"] == "m1@crmkit"
    assert event["sequence"] == 0
    assert event["status"] == "CONFIRMED"
    assert event.decoded("dtstamp") == NOW
    assert event["description"] == (
        "电话: +86 138 0000 0000\n缘由: 生日;送茶, \\ 问候\n关于:\n- tea\n- the new shop\n"
        "最近联系:\n- 2026-10-01 visit\n勿提:\n- the divorce\n\n恭喜"
    )
    assert entries(tmp_path / "tasks" / "m1.ics") == [event]


@pytest.mark.row("R29", "R43")
@pytest.mark.parametrize(
    ("kind", "en", "zh"),
    [
        ("call", "Call Ann", "致电Ann"),
        ("visit", "Visit Ann", "拜访Ann"),
        ("gift", "Gift for Ann", "为Ann准备礼物"),
        ("meeting", "Meet Ann", "与Ann会面"),
        ("phone conference", "phone conference: Ann", "phone conference:Ann"),
        (None, "Contact: Ann", "联系:Ann"),
    ],
)
def test_what_is_to_be_done_is_said_first(tmp_path: Path, kind: str, en: str, zh: str) -> None:
    """A call, a visit, a gift or a meeting, in the colleague's language."""
    for lang, wanted in (("en", en), ("zh", zh)):
        channel = opened("task", folder=str(tmp_path), lang=lang)
        channel.send([message(lang, name="Ann", brief={"kind": kind}, owner=lang)])
        assert entries(tmp_path / f"{lang}.ics")[0]["summary"] == wanted


@pytest.mark.row("R42")
def test_what_belongs_to_nobody_is_the_teams(channel: TaskChannel, tmp_path: Path) -> None:
    """A get-together that no account manager leads stands in the team's calendar."""
    channel.send([message(brief={"kind": "get-together"}), message("m2", owner="team")])

    (event,) = entries(tmp_path / "team.ics")
    assert event["uid"] == "m1@crmkit"
    assert sorted(path.name for path in tmp_path.glob("*.ics")) == [
        f"{filename('team')}.ics",
        "team.ics",
    ]


@pytest.mark.row("R28")
def test_without_a_folder_a_task_is_still_a_task() -> None:
    """No settings at all: the ledger and the agenda show it, and no library is needed."""
    spec = SPECS["task"]
    channel = spec.open(spec.configure({}))

    assert spec.identity is None
    assert "person" in spec.capabilities
    assert outcomes(channel.send([TASK])) == {"m1": "accepted"}
    assert outcomes(channel.find(["m1"]).values()) == {"m1": "accepted"}
    assert not channel.finished("m1")
    TaskChannel().close()


def test_a_missing_library_is_told_when_the_channel_is_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not when the first task is due; and what to install is said."""
    monkeypatch.setitem(sys.modules, "icalendar", None)

    with pytest.raises(ConfigError, match=r"pip install 'crmkit\[calendar\]'"):
        opened("task", folder=str(tmp_path))
    opened("task")


# -- when ------------------------------------------------------------------------------


def _times(folder: Path, due: datetime | None, **look: Any) -> tuple[datetime, datetime]:
    opened("task", folder=str(folder), **look).send([message(due=due)])
    (event,) = entries(folder / "team.ics")
    return event.decoded("dtstart"), event.decoded("dtend" if "dtend" in event else "due")


@pytest.mark.parametrize(
    ("zone", "due", "begins"),
    [
        ("Asia/Shanghai", None, "2026-11-20T01:00Z"),
        ("Asia/Shanghai", "2026-11-30T17:00Z", "2026-12-01T01:00Z"),
        ("America/New_York", "2027-03-13T20:00Z", "2027-03-13T14:00Z"),
        ("America/New_York", "2027-03-14T20:00Z", "2027-03-14T13:00Z"),
        ("UTC", "2027-03-14T20:00Z", "2027-03-14T09:00Z"),
        ("Pacific/Kiritimati", "2026-12-31T11:00Z", "2026-12-31T19:00Z"),
    ],
)
def test_a_task_begins_at_the_colleagues_own_hour(
    tmp_path: Path, zone: str, due: str | None, begins: str
) -> None:
    """Nine o'clock where he is, on the day it is due there, whatever the clocks do."""
    begin, end = _times(tmp_path, None if due is None else _at(due), zone=zone)

    assert begin == _at(begins)
    assert end - begin == timedelta(minutes=30)
    raw = (tmp_path / "team.ics").read_bytes()
    assert (f"BEGIN:VTIMEZONE\r\nTZID:{zone}\r\n".encode() in raw) == (zone != "UTC")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_hour_that_does_not_exist_becomes_the_next(tmp_path: Path) -> None:
    """On the night the clocks go forward 02:30 is 03:30, and half an hour stays half an hour."""
    due = _at("2027-03-14T12:00Z")
    begin, end = _times(tmp_path, due, zone="America/New_York", start="02:30", minutes=60)

    assert (begin.hour, begin.minute) == (3, 30)
    assert begin.astimezone(UTC) == _at("2027-03-14T07:30Z")
    assert end.astimezone(UTC) - begin.astimezone(UTC) == timedelta(minutes=60)


def test_tasks_can_be_a_to_do_list(tmp_path: Path) -> None:
    """``entry = "todo"``: a VTODO with a due time, completed when it is done."""
    channel = opened("task", folder=str(tmp_path), entry="todo")
    channel.send([TASK, message("m2", owner="li.wei")])
    first, _ = entries(tmp_path / "li.wei.ics")
    assert (first.name, first["status"]) == ("VTODO", "NEEDS-ACTION")

    assert channel.finished("m1", "reached him; will come")
    assert channel.finished("m2", done=False)

    assert entries(tmp_path / "li.wei.ics") == []
    (done,) = entries(tmp_path / "tasks" / "m1.ics")
    assert (done["status"], done["comment"]) == ("COMPLETED", "reached him; will come")
    assert done.decoded("completed") == NOW
    assert entries(tmp_path / "tasks" / "m2.ics")[0]["status"] == "CANCELLED"


# -- changes ---------------------------------------------------------------------------


def test_a_task_that_is_over_leaves_the_calendar(channel: TaskChannel, tmp_path: Path) -> None:
    """Its file says that it is cancelled, with the same UID and a higher sequence."""
    channel.send([TASK, message("m2", owner="li.wei")])

    assert channel.finished("m1", "done\r\nATTENDEE:x")
    assert not channel.finished("m1")
    assert not channel.finished("m9")

    assert [event["uid"] for event in entries(tmp_path / "li.wei.ics")] == ["m2@crmkit"]
    raw = (tmp_path / "tasks" / "m1.ics").read_bytes()
    assert b"\r\nMETHOD:CANCEL\r\n" in raw
    assert b"\r\nATTENDEE" not in raw
    (event,) = entries(tmp_path / "tasks" / "m1.ics")
    assert (event["uid"], event["sequence"], event["status"]) == ("m1@crmkit", 1, "CANCELLED")

    assert outcomes(channel.send([TASK])) == {"m1": "accepted"}
    assert [event["uid"] for event in entries(tmp_path / "li.wei.ics")] == ["m2@crmkit"]


def test_a_changed_task_is_the_same_task(channel: TaskChannel, tmp_path: Path) -> None:
    """The same UID with the next sequence; a second try without a change changes nothing."""
    channel.send([TASK])
    channel.send([TASK])
    assert entries(tmp_path / "li.wei.ics")[0]["sequence"] == 0

    channel.send([message("m1", name="李雷", owner="li.wei", due=NOW + timedelta(days=3))])
    (event,) = entries(tmp_path / "li.wei.ics")
    assert event["sequence"] == 1
    assert event.decoded("dtstart") == _at("2026-11-23T01:00Z")


def test_a_task_that_changes_hands_changes_calendars(channel: TaskChannel, tmp_path: Path) -> None:
    """It does not stay in the calendar of whom it no longer concerns."""
    channel.send([TASK])
    for owner in ("韩梅", "a;b,c\\d", "Ann Li", None):
        channel.send([message("m1", name="李雷", brief=BRIEF, owner=owner)])
        open_in = {path.name for path in tmp_path.glob("*.ics") if entries(path)}
        assert open_in == {f"{filename(owner) if owner else 'team'}.ics"}
        assert (tmp_path / "li.wei.ics").exists()


def test_an_id_of_any_signs_is_found_and_closed(channel: TaskChannel, tmp_path: Path) -> None:
    """What a calendar or a file name would have to escape is no obstacle."""
    ids = ["a;b,c\\d", "é/%", "x" * 200]
    assert set(outcomes(channel.send([message(name) for name in ids])).values()) == {"accepted"}
    assert len(entries(tmp_path / "team.ics")) == 3
    assert set(outcomes(channel.find(ids).values()).values()) == {"accepted"}

    assert [channel.finished(name) for name in ids] == [True, True, True]
    assert entries(tmp_path / "team.ics") == []


def test_a_task_is_found_by_its_id(channel: TaskChannel) -> None:
    """After a crash: what is in the folder was accepted; the rest may go, as it can do no harm."""
    channel.send([TASK])
    told = outcomes(channel.find(["m1", "m2"]).values())
    assert told == {"m1": "accepted", "m2": "retry"}


def test_what_nobody_closed_leaves_the_feed_in_the_end(tmp_path: Path) -> None:
    """A feed does not grow for ever; the task's own file stays."""
    opened("task", folder=str(tmp_path)).send([message("old"), message("new", due=NOW + KEPT)])
    later = opened("task", NOW + KEPT + timedelta(days=1), folder=str(tmp_path))
    later.send([message("m3")])

    assert {event["uid"] for event in entries(tmp_path / "team.ics")} == {
        "new@crmkit",
        "m3@crmkit",
    }
    assert (tmp_path / "tasks" / "old.ics").exists()


# -- odd input -------------------------------------------------------------------------


def test_no_text_can_add_a_line(channel: TaskChannel, tmp_path: Path) -> None:
    """Line breaks, semicolons and control characters of a customer stay text."""
    evil = "x\r\nEND:VEVENT\rBEGIN:VEVENT\nUID:y\x1b[2J\x00;,\\n\u2028"
    brief = {"kind": evil, "why": evil, "about": [evil], "phone": evil}
    channel.send([message(name=evil, brief=brief, text=evil, owner="a\r\nb", occasion=evil)])

    (path,) = tmp_path.glob("*.ics")
    (event,) = entries(path)
    assert event["uid"] == "m1@crmkit"
    raw = path.read_bytes()
    assert not {b"\x1b", b"\x00"} & {bytes([byte]) for byte in raw}
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert raw.count(b"\nBEGIN:VEVENT") == raw.count(b"\nEND:VEVENT") == 1


@settings(max_examples=80)
@given(
    text=st.text() | st.text("漢👩‍👩‍👧שa", min_size=20, max_size=200),
    name=st.text(max_size=80),
)
def test_any_text_comes_back(text: str, name: str) -> None:
    """Lines are folded at 75 octets and never inside a character; CJK, emoji, right to left."""
    look = TaskSettings(lang="zh", zone="Asia/Shanghai").look()
    raw = document(entry(message(name=name, text=text), look, NOW))

    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert all(line.decode() is not None for line in raw.split(b"\r\n"))
    part = read(raw)
    assert str(part["description"]).removeprefix("\n") == visible(text)
    assert len(blocks(raw)) == 2


def test_a_brief_of_a_megabyte_is_shortened(channel: TaskChannel, tmp_path: Path) -> None:
    """A calendar program could not show it; the ledger keeps it whole."""
    channel.send([message(text="漢" * 350_000)])

    (event,) = entries(tmp_path / "team.ics")
    assert len(event["description"]) == 100_000


@pytest.mark.row("R39")
def test_hundreds_of_tasks_are_a_calendar(channel: TaskChannel, tmp_path: Path) -> None:
    """In batches, as they are handed over; each stands in the feed once."""
    for first in range(0, 300, 100):
        batch = [message(f"m{n}", name="李雷", owner="mei") for n in range(first, first + 100)]
        assert set(outcomes(channel.send(batch)).values()) == {"accepted"}

    assert {event["uid"] for event in entries(tmp_path / "mei.ics")} == {
        f"m{n}@crmkit" for n in range(300)
    }


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "a/b", "..", ".", "-", "team", "CON", "a\0b", "x" * 300, "\ud83d"],
)
def test_no_name_leads_out_of_the_folder(channel: TaskChannel, tmp_path: Path, name: str) -> None:
    """Neither an owner nor an id is ever a path."""
    told = channel.send([message(name, owner=name)])

    assert {one.outcome for one in told} <= {"accepted", "refused"}
    (tmp_path / "tasks").mkdir(exist_ok=True)
    for path in tmp_path.rglob("*"):
        assert path.parent in (tmp_path, tmp_path / "tasks")
    assert not list(tmp_path.parent.glob("x*.ics"))


@given(st.text(), st.text())
def test_no_two_names_share_a_file(one: str, other: str) -> None:
    """Whatever is replaced or cut is told apart, also where capitals are not."""
    folder = Folder(Path())
    if one != other:
        assert filename(one) != filename(other)
        assert str(folder.task(one)).casefold() != str(folder.task(other)).casefold()


def test_one_task_that_cannot_be_written_costs_no_other(channel: TaskChannel) -> None:
    """A day beyond the calendar's end is refused alone."""
    far = message("m2", due=datetime.max.replace(tzinfo=UTC))
    assert outcomes(channel.send([message("m1"), far, message("m3")])) == {
        "m1": "accepted",
        "m2": "refused",
        "m3": "accepted",
    }


def test_a_damaged_file_is_written_anew(channel: TaskChannel, tmp_path: Path) -> None:
    """What somebody broke by hand does not stop the rest."""
    channel.send([TASK])
    (tmp_path / "tasks" / "m1.ics").write_text("broken")
    (tmp_path / "li.wei.ics").write_text("broken")

    assert outcomes(channel.send([TASK])) == {"m1": "accepted"}
    assert len(entries(tmp_path / "li.wei.ics")) == 1
    assert len(entries(tmp_path / "tasks" / "m1.ics")) == 1


def test_a_folder_that_is_a_file_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """The whole batch waits until somebody mends it."""
    (tmp_path / "x").write_text("")
    channel = opened("task", folder=str(tmp_path / "x"))

    assert outcomes(channel.send([TASK])) == {"m1": "misconfigured"}


def _write(folder: str, first: int) -> None:
    channel = opened("task", folder=folder)
    for number in range(first, first + 20, 2):
        channel.send([message(f"m{n}", owner="mei") for n in (number, number + 1)])


def test_several_processes_fill_one_calendar(tmp_path: Path) -> None:
    """Three dispatchers at once lose no task."""
    spawn = get_context("fork" if sys.platform != "win32" else "spawn")
    workers = [spawn.Process(target=_write, args=(str(tmp_path), n)) for n in (0, 100, 200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(entries(tmp_path / "mei.ics")) == 60
    assert not list(tmp_path.rglob(".*")), "no unfinished file is left behind"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_strangers_cannot_read_the_calendars(channel: TaskChannel, tmp_path: Path) -> None:
    """A web server of the owner's group can; nobody else on the machine."""
    channel.send([TASK])

    for path in (tmp_path / "li.wei.ics", tmp_path / "tasks" / "m1.ics"):
        assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("start", "9"),
        ("start", "24:00"),
        ("minutes", 0),
        ("zone", "Mars"),
        ("lang", "de"),
        ("entry", "x"),
    ],
)
def test_a_wrong_setting_is_named(key: str, value: Any) -> None:
    """One line, with the key, before anything is written."""
    with pytest.raises(ConfigError, match=rf"^channels\.task\.{key}: "):
        opened("task", **{key: value})
