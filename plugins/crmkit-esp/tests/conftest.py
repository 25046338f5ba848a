"""The three providers simulated, channels that send to them, and the keys that they sign with."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_esp import hooks
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.mailgun import Mailgun
from crmkit.testing.simulators.sendgrid import SendGrid
from crmkit.testing.simulators.ses import Ses, Topic

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
SENDER = "Shop <hello@shop.example>"


@pytest.fixture
def now() -> datetime:
    """Give the instant that every channel's clock shows."""
    return NOW


@pytest.fixture
def at(now: datetime) -> int:
    """Give the same in seconds since 1970."""
    return int(now.timestamp())


@pytest.fixture
def opened() -> Iterator[Callable[..., Channel]]:
    """Give a function that opens a channel whose clock stands still."""
    specs = {spec.name: spec for spec in hooks.crmkit_channels()}
    channels = []

    def make(type_: str, **settings: Any) -> Channel:
        usual = {"sender": SENDER, "allow_private": True}
        channel = specs[type_].open(specs[type_].configure({**usual, **settings}))
        channel.clock = lambda: NOW
        channels.append(channel)
        return channel

    yield make
    for channel in channels:
        channel.close()
        channel.close()


@pytest.fixture
def message() -> Callable[..., Message]:
    """Give a function that makes messages to one address."""

    def make(**more: Any) -> Message:
        usual = {
            "id": "m1",
            "customer_id": "c1",
            "to": "chen@example.com",
            "name": "陈 Wei",
            "purpose": "care",
            "subject": "新年快乐",
            "text": "Happy new year 🎉",
        }
        return Message(**{**usual, **more})

    return make


@pytest.fixture
def mailgun() -> Iterator[Mailgun]:
    with Mailgun() as simulator:
        yield simulator


@pytest.fixture
def by_mailgun(mailgun: Mailgun, opened: Callable[..., Channel]) -> Channel:
    return opened(
        "mailgun",
        domain=mailgun.domain,
        api_key=mailgun.api_key,
        webhook_signing_key=mailgun.webhook_signing_key,
        endpoint=mailgun.url,
    )


@pytest.fixture(scope="session")
def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def verification_key(curve_key: ec.EllipticCurvePrivateKey) -> str:
    """Give the public key as SendGrid shows it."""
    pem = curve_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return "".join(pem.decode().splitlines()[1:-1])


@pytest.fixture
def sendgrid(curve_key: ec.EllipticCurvePrivateKey) -> Iterator[SendGrid]:
    with SendGrid(lambda data: curve_key.sign(data, ec.ECDSA(SHA256()))) as simulator:
        yield simulator


@pytest.fixture
def by_sendgrid(
    sendgrid: SendGrid, verification_key: str, opened: Callable[..., Channel]
) -> Channel:
    return opened(
        "sendgrid",
        api_key=sendgrid.api_key,
        webhook_verification_key=verification_key,
        endpoint=sendgrid.url,
    )


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def certificate(rsa_key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(rsa_key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(rsa_key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


@pytest.fixture
def ses() -> Iterator[Ses]:
    with Ses() as simulator:
        yield simulator


@pytest.fixture
def topic(rsa_key: rsa.RSAPrivateKey, certificate: bytes) -> Topic:
    return Topic(lambda data: rsa_key.sign(data, padding.PKCS1v15(), SHA256()), certificate)


@pytest.fixture
def by_ses(ses: Ses, topic: Topic, opened: Callable[..., Channel]) -> Channel:
    channel = opened(
        "ses",
        region=ses.region,
        access_key_id=ses.access_key_id,
        secret_access_key=ses.secret_access_key,
        topics=[topic.arn],
        endpoint=ses.url,
    )
    channel.sns.get = topic.get  # type: ignore[attr-defined]
    return channel
