"""What SES tells through SNS: events, mails, the first greeting, forgeries."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1

from crmkit import SignatureInvalid
from crmkit.contracts.channel import Channel, Message
from crmkit.contracts.http import NotSent
from crmkit.testing.simulators.ses import Ses, Topic

CHEN = {"emailAddress": "chen@example.com"}
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"


@pytest.fixture(autouse=True)
def sent(by_ses: Channel, message: Callable[..., Message]) -> None:
    """Send the message that the events are about."""
    by_ses.send([message(name="")])


def bounce(kind: str, subtype: str, status: str | None = None) -> dict[str, Any]:
    who = {**CHEN, "status": status} if status else CHEN
    part = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [who]}
    return {"bounce": {**part, "timestamp": "2027-01-04T08:59:44.101Z"}}


@pytest.mark.parametrize(
    ("name", "more", "what", "permanent", "machine"),
    [
        ("Send", {"send": {}}, "sent", False, False),
        ("Delivery", {"delivery": {"recipients": ["chen@example.com"]}}, "delivered", False, False),
        ("Open", {"open": {"userAgent": AGENT}}, "opened", False, False),
        ("Open", {"open": {"userAgent": "Mozilla/5.0"}}, "opened", False, True),
        ("Click", {"click": {"link": "https://shop.example"}}, "clicked", False, False),
        ("Reject", {"reject": {"reason": "Bad content"}}, "failed", False, False),
        ("Rendering Failure", {"failure": {"errorMessage": "no x"}}, "failed", False, False),
        ("Bounce", bounce("Permanent", "General", "5.1.1"), "bounced", True, False),
        ("Bounce", bounce("Permanent", "NoEmail"), "bounced", True, False),
        ("Bounce", bounce("Permanent", "General", "5.7.1"), "bounced", False, False),
        ("Bounce", bounce("Transient", "General", "5.1.1"), "bounced", False, False),
        ("Bounce", bounce("Permanent", "OnAccountSuppressionList"), "failed", False, False),
        ("Complaint", {"complaint": {"complainedRecipients": [CHEN]}}, "complained", False, False),
        (
            "Subscription",
            {
                "subscription": {
                    "contact": "chen@example.com",
                    "newTopicPreferences": {"unsubscribeAll": True},
                }
            },
            "unsubscribed",
            False,
            False,
        ),
    ],
)
def test_events_are_told_in_our_words(
    ses: Ses,
    topic: Topic,
    by_ses: Channel,
    now: datetime,
    name: str,
    more: dict[str, Any],
    what: str,
    permanent: bool,
    machine: bool,
):
    """Each event of SES's is one of ours, with both ids and the address."""
    ((told,), response) = by_ses.receive({}, topic.posted(ses.event(name, **more), now))
    assert (told.what, told.permanent, told.machine) == (what, permanent, machine)
    assert (told.message_id, told.provider_id) == ("m1", "ses-1")
    assert (told.address, response.status) == ("chen@example.com", 200)


def test_a_notification_names_each_recipient(topic: Topic, by_ses: Channel, now: datetime):
    """Feedback notifications have another key, headers instead of tags, and several people."""
    mail = {"headers": [{"name": "Message-ID", "value": "<crmkit.m9@shop.example>"}]}
    people = [CHEN, {"emailAddress": "li@example.com"}, 7]
    part = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": people}
    event = {"notificationType": "Bounce", "bounce": part, "mail": mail}
    got, _ = by_ses.receive({}, topic.posted(event, now))
    assert [one.address for one in got] == ["chen@example.com", "li@example.com"]
    assert {one.message_id for one in got} == {"m9"}
    assert got[0].event_id != got[1].event_id


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "DeliveryDelay", "deliveryDelay": {"delayType": "MailboxFull"}},
        {"eventType": "Subscription", "subscription": {}},
        {"eventType": "Delivery", "delivery": {"recipients": 7}},
        {"eventType": "Bounce"},
        {"eventType": "InventedLater"},
        {},
        [],
    ],
)
def test_what_decides_nothing_is_not_told(topic: Topic, by_ses: Channel, now: datetime, event: Any):
    """Delays, and what is of another shape than documented."""
    assert by_ses.receive({}, topic.posted(event, now))[0] == ()


def test_the_same_event_may_come_again(ses: Ses, topic: Topic, by_ses: Channel, now: datetime):
    """SNS delivers at least once; the certificate is fetched once."""
    body = topic.posted(ses.event("Send"), now)
    assert by_ses.receive({}, body)[0] == by_ses.receive({}, body)[0] != ()
    assert topic.fetched == [topic.certificate_url]


def test_version_1_is_believed(
    ses: Ses, topic: Topic, by_ses: Channel, rsa_key: rsa.RSAPrivateKey, now: datetime
):
    """SNS signs with SHA-1 until a topic is set to the newer version."""
    topic.sign = lambda data: rsa_key.sign(data, padding.PKCS1v15(), SHA1())
    posted = json.loads(topic.posted(ses.event("Send"), now))
    assert by_ses.receive({}, json.dumps({**posted, "SignatureVersion": "1"}).encode())[0]


@pytest.mark.parametrize(
    "change",
    [
        {"Message": '{"eventType": "Complaint"}'},
        {"Message": "half \ud83d"},
        {"MessageId": "other"},
        {"Subject": "added"},
        {"Signature": ""},
        {"Signature": None},
        {"Signature": "é"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"TopicArn": "arn:aws:sns:eu-central-1:666666666666:ses"},
        {"Type": "SubscriptionConfirmation"},
        {"Type": None},
        {"Timestamp": "2027-01-04T09:00:01.000Z"},
        {"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "https://evil.example/SimpleNotificationService-0.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem"},
        {"SigningCertURL": "https://bucket.s3.eu-central-1.amazonaws.com/x.pem"},
        {
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"
        },
    ],
)
def test_a_forgery_is_refused(
    ses: Ses, topic: Topic, by_ses: Channel, now: datetime, change: dict[str, Any]
):
    """Nothing signed may be changed, and no certificate comes from another place than SNS's."""
    posted = json.loads(topic.posted(ses.event("Send"), now))
    with pytest.raises(SignatureInvalid):
        by_ses.receive({}, json.dumps({**posted, **change}).encode())
    assert not [url for url in topic.fetched if "evil" in url or "s3" in url]


@pytest.mark.parametrize("topics", [[], ["arn:aws:sns:eu-central-1:123456789012:other"]])
def test_anybodys_topic_is_not_ours(
    ses: Ses,
    topic: Topic,
    opened: Callable[..., Channel],
    now: datetime,
    topics: list[str],
):
    """SNS signs for everybody who has an account there: only listed topics are believed."""
    channel = opened(
        "ses", region=ses.region, access_key_id="a", secret_access_key="b", topics=topics
    )
    channel.sns.get = topic.get  # type: ignore[attr-defined]
    for body in (topic.posted(ses.event("Send"), now), topic.greeting(now)):
        with pytest.raises(SignatureInvalid, match="topic"):
            channel.receive({}, body)
    assert topic.fetched == []


@pytest.mark.parametrize("ago", [timedelta(hours=2), timedelta(hours=-2)])
def test_an_old_call_is_refused(
    ses: Ses, topic: Topic, by_ses: Channel, now: datetime, ago: timedelta
):
    """SNS repeats for up to an hour; what is older is a replay."""
    assert by_ses.receive({}, topic.posted(ses.event("Send"), now - timedelta(minutes=50)))[0]
    with pytest.raises(SignatureInvalid):
        by_ses.receive({}, topic.posted(ses.event("Send"), now - ago))


def test_a_certificate_that_cannot_be_had_refuses(
    ses: Ses, topic: Topic, by_ses: Channel, now: datetime
):
    """Nothing is believed unseen; the next call asks again."""
    body, certificate = topic.posted(ses.event("Send"), now), topic.certificate
    topic.certificate = b"no certificate"
    with pytest.raises(SignatureInvalid):
        by_ses.receive({}, body)
    topic.certificate = certificate
    assert by_ses.receive({}, body)[0]


def test_our_topics_subscription_is_confirmed(topic: Topic, by_ses: Channel, now: datetime):
    """Its URL is visited, once it is known to be SNS's; then SNS begins to post."""
    got, response = by_ses.receive({}, topic.greeting(now))
    assert (got, response.status) == ((), 200)
    assert topic.fetched == [topic.certificate_url, topic.subscribe_url]


def test_a_confirmation_that_fails_is_asked_for_again(topic: Topic, by_ses: Channel, now: datetime):
    """SNS repeats its greeting where we answer with a failure."""
    known = topic.get

    def down(url: str) -> Any:
        if url == topic.subscribe_url:
            raise NotSent("down")
        return known(url)

    by_ses.sns.get = down  # type: ignore[attr-defined]
    assert by_ses.receive({}, topic.greeting(now))[1].status == 500


def test_only_sns_is_visited(topic: Topic, by_ses: Channel, now: datetime):
    """A signed URL that leads elsewhere is not called; an unsubscription changes nothing."""
    topic.subscribe_url = "https://evil.example/?Action=ConfirmSubscription&Token=1"
    with pytest.raises(SignatureInvalid):
        by_ses.receive({}, topic.greeting(now))
    assert by_ses.receive({}, topic.greeting(now, "UnsubscribeConfirmation"))[1].status == 200
    assert topic.subscribe_url not in topic.fetched


def test_confirming_may_be_left_to_a_person(
    ses: Ses, topic: Topic, opened: Callable[..., Channel], now: datetime
):
    """With ``confirm = false`` nothing is visited."""
    channel = opened(
        "ses",
        region=ses.region,
        access_key_id="a",
        secret_access_key="b",
        topics=[topic.arn],
        confirm=False,
    )
    channel.sns.get = topic.get  # type: ignore[attr-defined]
    channel.receive({}, topic.greeting(now))
    assert topic.fetched == [topic.certificate_url]


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000, b"x" * 2**20, b"{}"])
def test_odd_bodies_are_refused(by_ses: Channel, body: bytes):
    """What is no message of SNS is nobody's."""
    with pytest.raises(SignatureInvalid):
        by_ses.receive({}, body)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_changes_nothing(topic: Topic, by_ses: Channel, now: datetime, method: str):
    """A greeting that is not posted confirms nothing."""
    assert by_ses.receive({}, topic.greeting(now), method=method)[0] == ()
    assert topic.fetched == []


RAW = (
    "From: =?utf-8?b?6ZmI?= <Chen@Example.com>\r\nMessage-ID: <reply-1@example.com>\r\n"
    "In-Reply-To: <crmkit.m1@shop.example>\r\nContent-Type: text/{kind}; charset={charset}\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
)


@pytest.mark.parametrize("encoding", ["UTF8", "BASE64"])
@pytest.mark.parametrize(
    ("kind", "charset", "text"),
    [("plain", "utf-8", "好的"), ("html", "utf-8", "<p>好的</p>"), ("plain", "x-odd", "好的")],
)
def test_a_reply_is_read(
    topic: Topic,
    by_ses: Channel,
    now: datetime,
    encoding: str,
    kind: str,
    charset: str,
    text: str,
):
    """A mail that SES passes on through the topic: its words, its sender, what it answers."""
    raw = RAW.format(kind=kind, charset=charset, text=text)
    content = base64.b64encode(raw.encode()).decode() if encoding == "BASE64" else raw
    mail = {"messageId": "in-1", "timestamp": "2027-01-04T08:00:00.000Z"}
    receipt = {"action": {"type": "SNS", "encoding": encoding}}
    event = {"notificationType": "Received", "mail": mail, "receipt": receipt, "content": content}
    ((told,), _) = by_ses.receive({}, topic.posted(event, now))
    assert (told.what, told.address, told.message_id) == ("replied", "chen@example.com", "m1")
    assert told.text == "好的" or charset == "x-odd"
    assert told.at == now - timedelta(hours=1)


def test_a_mail_in_a_bucket_is_told_without_its_text(topic: Topic, by_ses: Channel, now: datetime):
    """SES may keep the mail itself; that somebody answered is told all the same."""
    headers = [{"name": "From", "value": "chen@example.com"}]
    mail = {"messageId": "in-1", "headers": headers}
    event = {"notificationType": "Received", "mail": mail, "receipt": {"action": {"type": "S3"}}}
    ((told,), _) = by_ses.receive({}, topic.posted(event, now))
    assert (told.address, told.text, told.event_id) == ("chen@example.com", "", "in-1")
