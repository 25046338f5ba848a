"""Outreach on the command line: whom, what, and what became of it."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crmkit.channels.file import FileChannel
from crmkit.cli import main
from crmkit.cli.send import send
from tests.cli.kit import END, HOSTILE, Shop

CONFIG = """\
[agenda]
timezone = "UTC"

[channels.mail]
type = "file"
path = "sent.jsonl"

[channels.gone]
type = "file"
path = "no/such/folder/sent.jsonl"

[outreach.templates.birthday]
text = "{{ salutation }}: {{ gift }}"

[outreach.surveys.year]
question = "How likely are you to recommend us?"
"""
CARE = ("--purpose", "care", "--occasion", "birthday")
TEXT = ("--text", "Hello {{ customer.name }}")
MAIL = ("--channel", "mail")


@pytest.fixture
def firm(shop: Shop) -> Shop:
    """Give a shop with a channel, whose customers 0 to 3 agreed to be written to."""
    Path("crmkit.toml").write_text(CONFIG, "utf-8")
    with shop.open(clock=lambda: END) as crm:
        for number in range(4):
            crm.consents.grant(shop.id(number), "care", source="form", wording="v1")
    return shop


def written() -> list[str]:
    """Give what the file holds."""
    path = Path("sent.jsonl")
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]


@pytest.mark.row("R37")
def test_from_the_preview_to_the_ledger(firm: Shop):
    """A preview writes nothing, a second enqueue changes nothing, and nobody gets it twice."""
    ids = [firm.id(number) for number in (0, 1, 5)]
    shown = firm.json("send", "preview", *ids, *CARE, *TEXT, *MAIL)
    assert [(one["text"], one["reason"]) for one in shown][:2] == [
        ("Hello 王小明", None),
        ("Hello Ann Able", None),
    ]
    assert shown[2]["reason"] == "consent"
    assert "Hello 王小明" in firm.run("send", "preview", *ids, *CARE, *TEXT, *MAIL).stdout
    assert firm.json("send", "ledger") == []

    for _ in range(2):
        rows = firm.json("send", "enqueue", *ids, *CARE, *TEXT, *MAIL)
        assert [row["state"] for row in rows] == ["planned", "planned", "refused"]
    assert firm.json("send", "--dry-run") == {"accepted": 2}
    assert not Path("sent.jsonl").exists()
    assert firm.json("send") == {"accepted": 2}
    assert written() == ["Hello 王小明", "Hello Ann Able"]
    assert "Nothing is due" in firm.run("send").stderr
    assert len(firm.json("send", "ledger", "--occasion", "birthday")) == 3
    (row,) = firm.json("send", "ledger", "--customer", ids[2], "--state", "refused", *MAIL)
    assert row["reason"] == "consent"
    shown = firm.run("send", "ledger").stdout
    assert "王小明" in shown
    assert "birthday" in shown


def test_the_ledger_goes_by_pages(firm: Shop):
    """A page tells how to go on."""
    firm.run("send", "enqueue", "--all", *CARE, *TEXT, *MAIL)
    first = firm.run("send", "ledger", "--limit", "4")
    after = first.stderr.split("--after ")[1].strip()
    assert len(firm.json("send", "ledger", "--after", after, "--limit", "100")) == 6


@pytest.mark.row("R148")
def test_a_segment_is_written_to(firm: Shop):
    """By tier, stage, kind or movement, as listings narrow customers down."""
    tiers = {"core": [], "base": [], "key": []}  # type: dict[str, list[str]]
    for tier, ids in tiers.items():
        found = firm.json("customers", "--tier", tier)
        ids += [one["id"] for one in found]
        if ids:
            shown = firm.json("send", "preview", "--tier", tier, *CARE, *TEXT)
            assert [one["customer_id"] for one in shown] == ids
    assert sum(map(len, tiers.values())) == 10
    moved = [one["customer_id"] for one in firm.json("movers", "--limit", "100")]
    shown = firm.json("send", "preview", "--direction", "falling", *CARE, *TEXT, "--limit", "9")
    assert {one["customer_id"] for one in shown} <= set(moved)
    falling = ("--direction", "falling", "--since", "2026-01-01", "--kind", "organisation")
    assert firm.json("send", "preview", *falling, *CARE, *TEXT) == []
    said = firm.run("send", "preview", "--all", *CARE, *TEXT, "--limit", "3").stderr
    assert "first of 10 customers" in said


def test_ids_come_from_a_file_and_from_a_pipe(firm: Shop):
    """An id a line, so that any other command's JSON can be piped in."""
    ids = "\n".join(firm.id(number) for number in (2, 3, 2)) + "\n\n"
    Path("ids.txt").write_text(ids, "utf-8")
    words = ("send", "preview", *CARE, *TEXT, "--json", "--ids")
    from_file = firm.run(*words, "ids.txt").stdout
    assert len(json.loads(from_file)) == 2
    assert firm.run(*words, "-", input=ids).stdout == from_file


def test_a_template_and_its_variables(firm: Shop):
    """A variable that is missing is told, and never blank."""
    words = ("send", "preview", firm.id(1), *CARE, *MAIL, "--template", "birthday")
    assert firm.json(*words)[0]["reason"] == "content"
    assert firm.json(*words, "--var", "gift=tea=2")[0]["text"] == "Ann Able: tea=2"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name whom"),
        (("ID", "--all"), "name whom"),
        (("--stage", "nowhere"), "no stage 'nowhere'"),
        (("ID", "--var", "gift"), "NAME=VALUE"),
        (("ID", "--template", "birthday"), "say what"),
        (("ID", "--channel", "pigeon"), "pigeon"),
        (("ID", "--ids", "nowhere.txt"), "nowhere.txt"),
    ],
)
def test_mistakes_are_one_line(firm: Shop, words: tuple[str, ...], told: str):
    """What cannot be meant is told, and nothing is entered."""
    named = [firm.id(1) if word == "ID" else word for word in words]
    for command in ("preview", "enqueue"):
        assert told in firm.run("send", command, *named, *CARE, *TEXT, code=2).stderr
    assert firm.json("send", "ledger") == []


def test_more_mistakes(firm: Shop):
    """No such template, no such message, and an instant that messages cannot be sent at."""
    words = ("send", "preview", firm.id(1), *CARE)
    assert "wedding" in firm.run(*words, "--template", "wedding", code=2).stderr
    assert "subject" in firm.run(*words, "--template", "birthday", "--subject", "x", code=2).stderr
    assert "say what" in firm.run(*words, code=2).stderr
    assert "--dry-run" in firm.run("send", "--at", "2026-05-01", code=2).stderr
    for name in ("retry", "settle"):
        more = ("--sent",) if name == "settle" else ()
        assert "no message" in firm.run("send", name, "99", *more, code=2).stderr
    assert "fetched" in firm.run("send", "poll", "mail", code=2).stderr
    assert "customers" in firm.run("send", "alert", "task", "x", "--occasion", "y", code=2).stderr
    assert "no survey" in firm.run("send", "results", "month", code=2).stderr


def test_what_was_mended_goes_again(firm: Shop):
    """A channel that takes nothing ends with 1; after a consent, `retry` enters it anew."""
    nobody = firm.id(6)
    firm.run("send", "enqueue", nobody, *CARE, *TEXT, *MAIL)
    (row,) = firm.json("send", "ledger")
    firm.run("consents", "grant", nobody, "--purpose", "care", "--source", "a call")
    assert "is planned" in firm.run("send", "retry", row["id"]).stderr
    _change_his_mind(firm, nobody)
    again = firm.json("send", "retry", row["id"])
    assert (again["id"], again["state"]) == (row["id"], "planned")
    _change_his_mind(firm, nobody)
    assert [one["id"] for one in firm.json("send", "retry", *CARE[2:])] == [row["id"]]
    assert firm.json("send") == {"accepted": 1}
    said = firm.run("send", "retry", row["id"], code=3).stderr
    assert "is accepted" in said
    assert "is accepted" in firm.run("send", "settle", row["id"], "--sent", code=3).stderr
    firm.run("send", "enqueue", firm.id(1), *CARE, *TEXT, "--channel", "gone")
    assert firm.json("send", "reconcile") == {}
    assert "No message is unknown" in firm.run("send", "reconcile").stderr
    done = firm.run("send", "--json", code=1)
    assert json.loads(done.stdout).keys() & {"failed", "refused", "unknown"}


def _change_his_mind(firm: Shop, who: str) -> None:
    """Let a customer take his consent back until his message was refused, and give it again."""
    firm.run("consents", "withdraw", who, "--source", "a call")
    firm.run("send", code=1)
    firm.run("consents", "grant", who, "--purpose", "care", "--source", "a call")


def test_what_nobody_knows_is_settled_by_a_person(firm: Shop, monkeypatch: pytest.MonkeyPatch):
    """A channel broke down in the middle: of each message somebody says what became of it."""
    ids = [firm.id(number) for number in (0, 1)]
    firm.run("send", "enqueue", *ids, *CARE, *TEXT, *MAIL)

    def die(*_: object) -> None:
        raise OSError("the line is dead")

    with monkeypatch.context() as broken:
        broken.setattr(FileChannel, "send", die)
        assert json.loads(firm.run("send", "--json", code=1).stdout) == {"unknown": 2}
    one, other = (row["id"] for row in firm.json("send", "ledger"))
    assert "is accepted" in firm.run("send", "settle", one, "--sent").stderr
    told = firm.json("send", "settle", other, "--not-sent")
    assert (told["id"], told["state"]) == (other, "planned")


@pytest.mark.row("R39")
def test_a_task_is_carried_out(firm: Shop):
    """What came of a call is recorded, and is a touchpoint."""
    who = firm.id(2)
    firm.run("send", "enqueue", who, *CARE, *TEXT, "--channel", "task")
    firm.run("send")
    (row,) = firm.json("send", "ledger")
    said = firm.run("send", "done", row["id"], "--outcome", HOSTILE, "--kind", "visit").stderr
    assert "delivered" in said
    assert "\x1b" not in said
    firm.run("send", "enqueue", firm.id(3), *CARE, *TEXT, "--channel", "task")
    firm.run("send")
    (other,) = firm.json("send", "ledger", "--customer", firm.id(3))
    told = firm.json("send", "done", other["id"], "--outcome", "he laughed")
    assert (told["id"], told["state"]) == (other["id"], "delivered")
    with firm.open(clock=lambda: END) as crm:
        assert "visit" in {one.kind for one in crm.touchpoints.of(who)}


@pytest.mark.row("R34", "R228")
def test_a_survey_is_asked_and_added_up(firm: Shop):
    """The question goes out as a message; nobody answered yet."""
    words = ("ask", "year", firm.id(0), firm.id(1), *CARE, "--text", "{{ question }}", *MAIL)
    assert [row["state"] for row in firm.json("send", *words)] == ["planned", "planned"]
    firm.run("send")
    assert written() == ["How likely are you to recommend us?"] * 2
    assert firm.json("send", "results", "year")["sent"] == 2
    assert "0 of 2 answered (0.0%)" in firm.run("send", "results", "year").stdout


def test_json_is_alone_where_messages_are_printed(firm: Shop):
    """What the console channel shows stands with the notes, where JSON was asked for."""
    for occasion, words in (("a", ()), ("b", ("--json",))):
        said = ("--purpose", "care", "--occasion", occasion, *TEXT, "--channel", "console")
        firm.run("send", "enqueue", firm.id(1), *said)
        done = firm.run("send", *words)
        assert "Hello Ann Able" in (done.stderr if words else done.stdout)
        assert not words or json.loads(done.stdout) == {"accepted": 1}
    alert = ("send", "alert", "console", "the disk is full", "--occasion", "disk-7", "--json")
    done = firm.run(*alert)
    told = json.loads(done.stdout)
    assert (told["occasion"], told["state"]) == ("disk-7", "accepted")
    assert "the disk is full" in done.stderr


@pytest.mark.row("R74")
def test_an_address_is_suppressed_and_let_in_again(firm: Shop):
    """By a person, who says why; whoever has the address gets nothing meanwhile."""
    address = ("email", "c1@example.com")
    said = firm.run("send", "suppress", *address, "--reason", "his lawyer wrote").stderr
    assert "is suppressed" in said
    assert "already" in firm.run("send", "suppress", *address, "--reason", "again").stderr
    assert "is let in again" in firm.run("send", "unsuppress", *address).stderr
    assert "was not suppressed" in firm.run("send", "unsuppress", *address).stderr
    named = {"system": "email", "address": "c1@example.com", "channel": None}
    for changed in (True, False):
        told = firm.json("send", "suppress", *address, "--reason", "his lawyer wrote")
        assert told == named | {"suppressed": True, "changed": changed}
    for changed in (True, False):
        told = firm.json("send", "unsuppress", *address)
        assert told == named | {"suppressed": False, "changed": changed}


def test_the_doctor_looks_at_outreach(firm: Shop):
    """Wrong settings, what nobody sends, and whose quiet hours nobody knows."""
    config = Path("crmkit.toml")
    found = firm.run("doctor").stdout
    assert "mail, gone" in found
    with firm.open(config=str(config), clock=lambda: END) as crm:
        said = {"purpose": "care", "template": {"text": "Hello"}}
        crm.outreach.enqueue(firm.id(1), **said, occasion="late", channel="mail")
    assert "due for more than a day" in firm.run("doctor").stdout
    config.write_text(CONFIG + '[outreach.quiet_hours]\nstart = "21:00"\n', "utf-8")
    assert "nobody knows when it is quiet for 10 customers" in firm.run("doctor").stdout
    config.write_text(CONFIG.replace("sent.jsonl", "sent.txt"), "utf-8")
    found = firm.run("doctor", code=1).stdout
    assert "channels.mail" in found
    assert "set the format" in found
    config.write_text(CONFIG + "[outreach.caps]\npigeon = { max = 1 }\n", "utf-8")
    assert "outreach.caps.pigeon" in firm.run("doctor", code=1).stdout


def test_the_doctor_names_consents_to_channels_that_are_not_here(firm: Shop):
    """An objection to a channel whose name was mistyped stops nothing, until it is said again."""
    with firm.open(config="crmkit.toml", clock=lambda: END) as crm:
        for channel in ("mail", "file", "email", None):
            crm.consents.withdraw(firm.id(1), "marketing", channel, source="a call")
        assert "not here" not in firm.run("doctor").stdout
        crm.consents.withdraw(firm.id(1), "marketing", "mial", source="a call")
        crm.consents.grant(firm.id(2), "marketing", "mial", source="a call")
    told = "consents or objections are about channels that are not here: mial"
    assert f"2 {told}" in firm.run("doctor").stdout
    with firm.open(config="crmkit.toml", clock=lambda: END) as crm:
        for number in (1, 2):
            crm.consents.withdraw(firm.id(number), "marketing", "mail", source="a call")
    assert "not here" not in firm.run("doctor").stdout


def test_no_argument_is_a_mistake_in_crmkit(firm: Shop):
    """Whatever stands for a value, the program ends with 0 to 3 and says what is wrong."""
    needed = {
        "preview": ["ID", *CARE, *TEXT], "enqueue": ["ID", *CARE, *TEXT], "settle": ["1", "--sent"],
        "retry": ["1"], "done": ["1", "--outcome", "x"], "poll": ["mail"], "results": ["year"],
        "suppress": ["email", "a@b.org", "--reason", "x"], "unsuppress": ["email", "a@b.org"],
        "alert": ["mail", "x", "--occasion", "y"], "ask": ["year", "ID", *CARE, *TEXT],
    }  # fmt: skip
    one = firm.id(6)
    for name, command in send.commands.items():
        given = [one if word == "ID" else word for word in needed.get(name, [])]
        for option in command.params:
            if isinstance(option, click.Option) and not option.is_flag:
                for absurd in (str(2**70), "\udcff\x1b[31m"):
                    words = ["--url", firm.url, "send", name, *given, option.opts[0], absurd]
                    done = CliRunner().invoke(main, words, input="")
                    told = f"{words}\n{done.output[-2_000:]}\n{done.exception!r}"
                    assert isinstance(done.exception, SystemExit | None), told
                    assert 0 <= done.exit_code <= 3, told
                    assert "mistake in crmkit" not in done.output, told
                    assert "\x1b" not in done.output, told
