"""The providers' own clients beside ours: the same signatures, the same call on the wire."""

import time
from collections.abc import Callable
from datetime import datetime

import botocore.session
import pytest
from crmkit_esp.sigv4 import Signer
from mailgun.client import Client as MailgunClient
from mailgun.security import SecurityGuard
from sendgrid import SendGridAPIClient
from sendgrid.helpers import mail
from sendgrid.helpers.eventwebhook import EventWebhook

from crmkit.contracts.channel import ACCEPTED, Channel, Message, Template
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import digest
from crmkit.testing.simulators.base import Call
from crmkit.testing.simulators.mailgun import Mailgun
from crmkit.testing.simulators.sendgrid import SendGrid
from crmkit.testing.simulators.ses import Ses

pytestmark = pytest.mark.row("R30")
Make = Callable[..., Message]
LINK = "https://shop.example/u/abc"
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


@pytest.fixture(params=["text", "template"])
def written(request: pytest.FixtureRequest, message: Make) -> Message:
    """Give a message with all there can be in one, and one by a template of the provider's."""
    template = Template(code="d-1", values={"name": "陈 & O”Neil 🧧"})
    forms = {"text": {"html": "<p>Hi</p>"}, "template": {"template": template}}
    return message(unsubscribe=LINK, **forms[request.param])


def alike(theirs: Call, ours: Call, *names: str) -> None:
    """Hold two calls against each other: where they went, and the named headers."""
    assert (theirs.method, theirs.target) == (ours.method, ours.target)
    assert {name: theirs.headers[name] for name in names} == {
        name: ours.headers[name] for name in names
    }


def test_mailgun_is_told_what_its_client_tells(
    mailgun: Mailgun, by_mailgun: Channel, written: Message
):
    """The same form to the same path, by the same login; and it is looked up the same way."""
    assert by_mailgun.send([written])[0].outcome == ACCEPTED
    client = MailgunClient(auth=("api", mailgun.api_key), api_url=mailgun.url)
    answer = client.messages.create(domain=mailgun.domain, data=mailgun.sent[0])
    assert answer.status_code == 200
    ours, theirs = mailgun.calls
    alike(theirs, ours, "authorization", "content-type")
    assert theirs.body == ours.body

    wanted = mailgun.sent[0]["h:Message-ID"].strip("<>")
    assert [*by_mailgun.find([written.id])] == [written.id]
    found = client.events.get(domain=mailgun.domain, filters={"limit": 1, "message-id": wanted})
    assert len(found.json()["items"]) == 2
    ours, theirs = mailgun.calls[2:]
    alike(theirs, ours, "authorization")


@pytest.mark.parametrize("key", ["signing-key", "密钥"])
def test_mailgun_signs_what_we_sign(mailgun: Mailgun, key: str):
    """Its client believes the signatures that we would, and no others."""
    mailgun.webhook_signing_key = key
    now = int(time.time())  # what its client compares with is the machine's clock
    given = mailgun.signature(now)
    assert given["signature"] == digest(key, f"{now}{given['token']}").hex()
    assert SecurityGuard.verify_webhook(key, **given)
    assert not SecurityGuard.verify_webhook("other", **given)
    assert not SecurityGuard.verify_webhook(key, **{**given, "token": "other"})


def by_sendgrids_client(message: Message) -> mail.Mail:
    """Write a message as SendGrid's own client does."""
    letter = mail.Mail(
        mail.From("hello@shop.example", "Shop"),
        mail.To(message.to, message.name),
        message.subject,
    )
    letter.add_custom_arg(mail.CustomArg("crmkit_id", message.id, p=0))
    for name, value in {
        "Message-ID": f"<crmkit.{message.id}@shop.example>",
        "List-Unsubscribe": f"<{LINK}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }.items():
        letter.add_header(mail.Header(name, value))
    if message.template is None:
        letter.add_content(mail.Content("text/plain", message.text))
        letter.add_content(mail.Content("text/html", message.html))
    else:
        letter.template_id = message.template.code
        letter.personalizations[0].dynamic_template_data = dict(message.template.values)
    return letter


def test_sendgrid_is_told_what_its_client_tells(
    sendgrid: SendGrid, by_sendgrid: Channel, written: Message
):
    """The same JSON to the same path, by the same key."""
    assert by_sendgrid.send([written])[0].outcome == ACCEPTED
    client = SendGridAPIClient(sendgrid.api_key, host=sendgrid.url)
    assert client.send(by_sendgrids_client(written)).status_code == 202
    ours, theirs = sendgrid.calls
    alike(theirs, ours, "authorization")
    assert theirs.json() == ours.json()


def test_sendgrids_verifier_believes_the_same(sendgrid: SendGrid, verification_key: str, at: int):
    """What the simulator signs is what SendGrid's own verifier accepts."""
    headers, body = sendgrid.posted([{"event": "open"}], at)
    verifier = EventWebhook(verification_key)
    assert verifier.verify_signature(body.decode(), headers[SIGNATURE], headers[TIMESTAMP])
    assert not verifier.verify_signature(body.decode(), headers[SIGNATURE], "1")


@pytest.mark.parametrize("token", [None, "session/token=="])
def test_aws_signs_what_we_sign(
    ses: Ses, opened: Callable[..., Channel], written: Message, token: str | None
):
    """Its client takes our body for one, posts the same, and signs it as we do."""
    keys = {"access_key_id": ses.access_key_id, "secret_access_key": ses.secret_access_key}
    session = {"session_token": token} if token else {}
    channel = opened("ses", region=ses.region, endpoint=ses.url, **keys, **session)
    assert channel.send([written])[0].outcome == ACCEPTED
    client = botocore.session.get_session().create_client(
        "sesv2",
        region_name=ses.region,
        endpoint_url=ses.url,
        aws_session_token=token,
        **{f"aws_{name}": value for name, value in keys.items()},
    )
    assert client.send_email(**ses.sent[0])["MessageId"] == "ses-2"
    ours, theirs = ses.calls
    alike(theirs, ours, "content-type", "host", *(["x-amz-security-token"] if token else []))
    assert theirs.json() == ours.json()

    signer = Signer(
        service="ses",
        region=ses.region,
        access_key_id=ses.access_key_id,
        secret_access_key=Secret(ses.secret_access_key),
        session_token=Secret(token) if token else None,
    )
    for call in (theirs, ours):
        when = datetime.fromisoformat(call.headers["x-amz-date"])
        signed = signer.headers(ses.url + call.path, call.body, when)
        assert call.headers["authorization"] == signed["Authorization"]
