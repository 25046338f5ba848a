"""The settings of the three channels, called as each provider calls them."""

from __future__ import annotations

import re

import attrs

from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import TOLERANCE

_SENDER = re.compile(r"[^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+")
_PAGE = re.compile(r"https?://[!-~]{1,600}(?<![#>])")
_HOUR = 3600.0


def _sender(_config: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _SENDER.fullmatch(value):
        message = f"'{attribute.name}' must be an address, or a name with <address> behind it"
        raise ValueError(message)


def _page(_config: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not _PAGE.fullmatch(value):
        raise ValueError(f"'{attribute.name}' must be the https:// address of a page, without #")


@attrs.frozen(kw_only=True)
class EspConfig:
    """What the settings of all three have in common.

    Attributes:
        sender: Address that messages are from, with a name or without.
        unsubscribe_url: Page that hands its calls to ``crm.outreach.receive``; every message gets
            a link to it that carries a signed token. None: messages have no link of ours.
        secret: Signs those links.
        allow_private: Whether `endpoint` may be a private address.
    """

    sender: str = attrs.field(validator=_sender)
    unsubscribe_url: str | None = attrs.field(default=None, validator=_page)
    secret: Secret | None = None
    allow_private: bool = False

    def __attrs_post_init__(self) -> None:
        if self.unsubscribe_url and not self.secret:
            raise ValueError("'secret' is needed to sign unsubscribe links")


@attrs.frozen(kw_only=True)
class MailgunConfig(EspConfig):
    """Settings of a Mailgun channel.

    Attributes:
        domain: The sending domain.
        api_key: Private API key, or the domain's sending key.
        webhook_signing_key: Signs what Mailgun posts; without it nothing is received.
        tolerance: Seconds that a posted call may be old.
        endpoint: ``https://api.eu.mailgun.net`` for domains in the EU.
    """

    domain: str = attrs.field(validator=attrs.validators.matches_re(r"[A-Za-z0-9.-]+"))
    api_key: Secret
    webhook_signing_key: Secret | None = None
    tolerance: float = float(TOLERANCE)
    endpoint: str = "https://api.mailgun.net"


@attrs.frozen(kw_only=True)
class SendGridConfig(EspConfig):
    """Settings of a SendGrid channel.

    Attributes:
        api_key: API key that may send.
        webhook_verification_key: Public key of the signed event webhook, in base64 as SendGrid
            shows it; without it nothing is received.
        tolerance: Seconds that a posted call may be old.
        endpoint: ``https://api.eu.sendgrid.com`` for subusers in the EU.
    """

    api_key: Secret
    webhook_verification_key: str | None = None
    tolerance: float = float(TOLERANCE)
    endpoint: str = "https://api.sendgrid.com"


@attrs.frozen(kw_only=True)
class SesConfig(EspConfig):
    """Settings of an Amazon SES channel.

    Attributes:
        region: Such as ``eu-central-1``.
        access_key_id: Of a user who may ``ses:SendEmail``.
        secret_access_key: His secret.
        session_token: Where the key is a temporary one.
        configuration_set: The set whose events SNS posts.
        topics: ARNs of the SNS topics that are believed; anybody can have a topic that signs.
        confirm: Whether a subscription to one of `topics` is confirmed at once; otherwise
            somebody visits its URL.
        tolerance: Seconds that a posted call may be old; SNS repeats one for up to an hour.
        endpoint: Empty: SES in `region`.
    """

    region: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z]{2}(-[a-z]+)+-\d+"))
    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    configuration_set: str | None = None
    topics: tuple[str, ...] = ()
    confirm: bool = True
    tolerance: float = _HOUR
    endpoint: str = ""
