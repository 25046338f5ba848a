"""What goes out by the three providers, and what their answers mean."""

from collections.abc import Callable
from email.header import decode_header, make_header
from typing import Any

import pytest

from crmkit.contracts.channel import (
    ACCEPTED,
    MISCONFIGURED,
    REFUSED,
    RETRY,
    UNKNOWN,
    Channel,
    Message,
    Template,
)
from crmkit.testing.plugins import check_installed
from crmkit.testing.simulators.base import Answer, Fault, Simulator, busy
from crmkit.testing.simulators.mailgun import Mailgun
from crmkit.testing.simulators.sendgrid import SendGrid
from crmkit.testing.simulators.ses import Ses

Make = Callable[..., Message]
PROVIDERS = ("mailgun", "sendgrid", "ses")
LINK = "https://shop.example/u/abc"


@pytest.fixture(params=PROVIDERS)
def both(request: pytest.FixtureRequest) -> tuple[Simulator, Channel]:
    """Give a simulator and the channel that sends to it, for each provider."""
    name = request.param
    return request.getfixturevalue(name), request.getfixturevalue(f"by_{name}")


def test_it_works_as_it_is_installed():
    """The entry point is found, the module loads, and its hook answers as it should."""
    assert check_installed("crmkit-esp").hooks == ("crmkit_channels",)


@pytest.mark.row("R30", "R31")
def test_mailgun_gets_a_form(mailgun: Mailgun, by_mailgun: Channel, message: Make):
    """Text, HTML, our id as a variable, our Message-ID, and one-click unsubscribing."""
    (receipt,) = by_mailgun.send([message(html="<p>Hi</p>", unsubscribe=LINK)])
    assert (receipt.outcome, receipt.provider_id) == (ACCEPTED, "crmkit.m1@mg.shop.example")
    (form,) = mailgun.sent
    assert str(make_header(decode_header(form.pop("to")))) == "陈 Wei <chen@example.com>"
    assert form == {
        "from": "Shop <hello@shop.example>",
        "subject": "新年快乐",
        "text": "Happy new year 🎉",
        "html": "<p>Hi</p>",
        "v:crmkit_id": "m1",
        "h:Message-ID": "<crmkit.m1@mg.shop.example>",
        "h:List-Unsubscribe": f"<{LINK}>",
        "h:List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_sendgrid_gets_json(sendgrid: SendGrid, by_sendgrid: Channel, message: Make):
    """The same, as SendGrid wants it."""
    (receipt,) = by_sendgrid.send([message(html="<p>Hi</p>", unsubscribe=LINK)])
    assert (receipt.outcome, receipt.provider_id) == (ACCEPTED, "sg1")
    assert sendgrid.sent == [
        {
            "personalizations": [
                {
                    "to": [{"email": "chen@example.com", "name": "陈 Wei"}],
                    "custom_args": {"crmkit_id": "m1"},
                }
            ],
            "from": {"email": "hello@shop.example", "name": "Shop"},
            "subject": "新年快乐",
            "headers": {
                "Message-ID": "<crmkit.m1@shop.example>",
                "List-Unsubscribe": f"<{LINK}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            "content": [
                {"type": "text/plain", "value": "Happy new year 🎉"},
                {"type": "text/html", "value": "<p>Hi</p>"},
            ],
        }
    ]


def test_ses_gets_json(ses: Ses, by_ses: Channel, message: Make):
    """The same, as SES wants it: our id as a tag, since it replaces the Message-ID."""
    (receipt,) = by_ses.send([message(name="", html="<p>Hi</p>", unsubscribe=LINK)])
    assert (receipt.outcome, receipt.provider_id) == (ACCEPTED, "ses-1")
    (body,) = ses.sent
    assert body["EmailTags"] == [{"Name": "crmkit_id", "Value": "m1"}]
    assert body["Destination"] == {"ToAddresses": ["chen@example.com"]}
    simple = body["Content"]["Simple"]
    assert simple["Subject"] == {"Data": "新年快乐", "Charset": "UTF-8"}
    assert simple["Body"]["Html"]["Data"] == "<p>Hi</p>"
    assert {one["Name"] for one in simple["Headers"]} == {
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "X-Crmkit-Id",
    }


def test_a_template_of_theirs_is_filled(
    mailgun: Mailgun,
    by_mailgun: Channel,
    sendgrid: SendGrid,
    by_sendgrid: Channel,
    ses: Ses,
    by_ses: Channel,
    message: Make,
):
    """Each provider gets his own template's name and its values, and no text beside it."""
    templated = message(template=Template(code="d-1", values={"name": "陈"}))
    for channel in (by_mailgun, by_sendgrid, by_ses):
        assert channel.send([templated])[0].outcome == ACCEPTED
    assert (mailgun.sent[0]["template"], mailgun.sent[0]["t:variables"]) == (
        "d-1",
        '{"name": "陈"}',
    )
    assert "text" not in mailgun.sent[0]
    assert sendgrid.sent[0]["template_id"] == "d-1"
    assert sendgrid.sent[0]["personalizations"][0]["dynamic_template_data"] == {"name": "陈"}
    assert ses.sent[0]["Content"]["Template"]["TemplateData"] == '{"name": "陈"}'


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "chen@example.com\r\nBcc: all@example.com"},
        {"name": "Chen\nBcc: all@example.com"},
        {"headers": {"X-Note": "a\r\nBcc: all@example.com"}},
        {"to": ""},
        {"to": "chen"},
        {"to": "chen@localhost"},
        {"to": "a@example.com, b@example.com"},
        {"to": "Chen <chen@example.com>"},
        {"to": "陈@example.com"},
        {"to": "chen@" + "x" * 70 + ".com"},
    ],
)
def test_a_bad_head_is_refused(
    both: tuple[Simulator, Channel], message: Make, wrong: dict[str, Any]
):
    """Line breaks in a head, and what is no address, cost their own message alone."""
    simulator, channel = both
    receipts = channel.send([message(id="bad", **wrong), message(id="good")])
    assert [one.outcome for one in receipts] == [REFUSED, ACCEPTED]
    assert len(simulator.calls) == 1


def test_a_part_that_is_empty_is_left_out(
    mailgun: Mailgun,
    by_mailgun: Channel,
    sendgrid: SendGrid,
    by_sendgrid: Channel,
    ses: Ses,
    by_ses: Channel,
    message: Make,
):
    """HTML may go alone; a message without anything in it goes nowhere."""
    for channel in (by_mailgun, by_sendgrid, by_ses):
        bare, empty = message(text="", html="<p>Hi</p>"), message(id="m2", text=" ")
        assert [one.outcome for one in channel.send([bare, empty])] == [ACCEPTED, REFUSED]
    assert "text" not in mailgun.sent[0]
    assert [part["type"] for part in sendgrid.sent[0]["content"]] == ["text/html"]
    assert set(ses.sent[0]["Content"]["Simple"]["Body"]) == {"Html"}


def test_ses_gets_a_sender_in_ascii(ses: Ses, opened: Callable[..., Channel], message: Make):
    """Its API takes names in other scripts only as a header spells them."""
    channel = opened(
        "ses",
        region=ses.region,
        access_key_id=ses.access_key_id,
        secret_access_key="s",
        sender="商店 <hello@shop.example>",
        endpoint=ses.url,
    )
    assert channel.send([message()])[0].outcome == ACCEPTED
    sender = ses.sent[0]["FromEmailAddress"]
    assert sender.isascii()
    assert str(make_header(decode_header(sender))) == "商店 <hello@shop.example>"


def test_a_subject_loses_its_line_breaks(mailgun: Mailgun, by_mailgun: Channel, message: Make):
    """A template may have made them: the message goes, on one line."""
    by_mailgun.send([message(subject="Hello\r\nBcc: all@example.com\u2028!")])
    assert mailgun.sent[0]["subject"] == "Hello Bcc: all@example.com !"


def test_a_domain_is_written_in_ascii(mailgun: Mailgun, by_mailgun: Channel, message: Make):
    """Whoever has a domain in his own script is reached."""
    by_mailgun.send([message(to="chen@例子.中国", name="")])
    assert mailgun.sent[0]["to"] == "chen@xn--fsqu00a.xn--fiqs8s"


def test_one_bad_recipient_fails_alone(both: tuple[Simulator, Channel], message: Make):
    """Whom the provider does not take is refused; the others get their mail."""
    simulator, channel = both
    if isinstance(simulator, Ses):
        simulator.refuses["no@example.com"] = "MessageRejected"
    else:
        simulator.refuses.add("no@example.com")  # type: ignore[attr-defined]
    batch = [
        message(id=f"m{n}", to=to) for n, to in enumerate(("a@x.org", "no@example.com", "b@x.org"))
    ]
    assert [one.outcome for one in channel.send(batch)] == [ACCEPTED, REFUSED, ACCEPTED]
    assert len(simulator.sent) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fault", "outcome", "after"),
    [
        (busy(17), RETRY, 17),
        (busy(status=503), RETRY, None),
        (Fault(answer=Answer(b"<html>", 500)), UNKNOWN, None),
        (Fault(answer=Answer({}, 502)), UNKNOWN, None),
        (Fault(answer=Answer({"message": "Forbidden"}, 401)), MISCONFIGURED, None),
        (Fault(answer=Answer({"message": "sandbox"}, 403)), MISCONFIGURED, None),
        (Fault(answer=Answer([], 400)), MISCONFIGURED, None),
        (Fault(answer=Answer(b"", 413)), REFUSED, None),
        (Fault(answer=Answer(b"", 302, {"Location": "http://127.0.0.1:1/"})), MISCONFIGURED, None),
        (Fault(cut=True), UNKNOWN, None),
    ],
)
def test_an_answer_means_what_is_to_be_done(
    both: tuple[Simulator, Channel],
    message: Make,
    fault: Fault,
    outcome: str,
    after: float | None,
):
    """By the HTTP status where nothing else is said; doubt is told as doubt."""
    simulator, channel = both
    simulator.fail(fault)
    (receipt,) = channel.send([message()])
    assert (receipt.outcome, receipt.after) == (outcome, after)


@pytest.mark.parametrize("name", ["by_mailgun", "by_ses"])
def test_success_without_an_id_is_unknown(request: pytest.FixtureRequest, message: Make, name: str):
    """Both answer with an id; an HTTP 200 without one may be anybody's."""
    channel = request.getfixturevalue(name)
    request.getfixturevalue(name.removeprefix("by_")).fail(Fault(answer=Answer(b"<html>", 200)))
    assert channel.send([message()])[0].outcome == UNKNOWN


@pytest.mark.parametrize(
    ("kind", "said", "outcome"),
    [
        ("TooManyRequestsException", "", RETRY),
        ("LimitExceededException", "", RETRY),
        ("MessageRejected", "content", REFUSED),
        ("MessageRejected", "Email address is not verified.", MISCONFIGURED),
        ("AccountSuspendedException:http://x/", "", MISCONFIGURED),
    ],
)
def test_ses_names_its_errors(
    ses: Ses, by_ses: Channel, message: Make, kind: str, said: str, outcome: str
):
    """A limit passes; an unverified sender is for somebody to mend."""
    ses.fail(Fault(answer=Answer({"message": said}, 400, {"x-amzn-ErrorType": kind})))
    assert by_ses.send([message()])[0].outcome == outcome


def test_nobody_there_is_tried_again(opened: Callable[..., Channel], message: Make):
    """A connection that never stood took nothing."""
    channel = opened("sendgrid", api_key="k", endpoint="http://127.0.0.1:9")
    assert channel.send([message()])[0].outcome == RETRY


def test_mailgun_finds_what_it_took(mailgun: Mailgun, by_mailgun: Channel, message: Make):
    """After a cut connection the message is found by our id, and the one never sent is not."""
    mailgun.fail(Fault(cut=True))
    assert by_mailgun.send([message()])[0].outcome == UNKNOWN
    found = by_mailgun.find(["m1", "m2"])
    assert {id_: one.outcome for id_, one in found.items()} == {"m1": ACCEPTED}
    mailgun.fail(busy(), Fault(answer=Answer(b"?")))
    assert by_mailgun.find(["m1", "m1"]) == {}


def test_settings_are_checked(opened: Callable[..., Channel]):
    """A sender that is none, or a region that is none, is one line that names the setting."""
    for wrong in ({"sender": "Shop"}, {"sender": "a@b\r\nX: y"}, {"region": "https://evil/"}):
        settings = {"region": "us-east-1", "access_key_id": "a", "secret_access_key": "b", **wrong}
        with pytest.raises(ValueError, match=next(iter(wrong))):
            opened("ses", **settings)


def test_no_credential_is_shown(both: tuple[Simulator, Channel], message: Make):
    """Neither a receipt nor a repr has it, whatever the provider quotes."""
    simulator, channel = both
    key = getattr(simulator, "api_key", None) or simulator.secret_access_key  # type: ignore[attr-defined]
    simulator.fail(Fault(answer=Answer({"message": key, "errors": [{"message": key}]}, 401)))
    assert key not in repr(channel.send([message()]))
    assert key not in repr(vars(channel))
