"""Settings of the e-mail channel."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import attrs

from crmkit.channels.email.addresses import BadAddress, address, mailbox
from crmkit.contracts.settings import Secret

TLS, STARTTLS, NONE, AUTO = "tls", "starttls", "none", "auto"
_PORTS = {TLS: 465, STARTTLS: 587, NONE: 25}
TOKEN = "{token}"  # noqa: S105 - a place to fill in


def _sender(_settings: object, attribute: attrs.Attribute[str], value: str) -> None:
    try:
        mailbox(value)
    except BadAddress as error:
        raise ValueError(f"'{attribute.name}': {error}") from None


def _plain_address(
    _settings: object, attribute: attrs.Attribute[str | None], value: str | None
) -> None:
    """Check an address that may have a place for a token."""
    try:
        _ = value is None or address(value.replace(TOKEN, "t", 1))
    except BadAddress as error:
        raise ValueError(f"'{attribute.name}': {error}") from None


def _web(_settings: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is None:
        return
    clean = value.isascii() and value.isprintable() and not set(value) & set(' <>",')
    if not clean or not value.startswith(("https://", "http://")):
        raise ValueError(f"'{attribute.name}' must be the https address of a page")


def _place(
    _settings: object, attribute: attrs.Attribute[Secret | None], value: Secret | None
) -> None:
    if value and not value.reveal().startswith(("maildir:", "imap://", "imaps://")):
        raise ValueError(
            f"'{attribute.name}' must be maildir:PATH, imaps://USER:PASSWORD@HOST/FOLDER "
            "or imap://... (with STARTTLS)"
        )


@attrs.frozen(kw_only=True)
class EmailSettings:
    """Where mail is handed over, from whom it comes, and where its echo is read.

    Attributes:
        host: SMTP server.
        port: Its port; None: 465 for `tls` "tls", 587 with a user or for "starttls", 25 otherwise.
        tls: ``tls`` from the first byte, ``starttls``, ``none``, or ``auto``: STARTTLS where the
            server offers it, nothing to this machine itself, and no password over an open line.
            None: ``tls`` on port 465, ``starttls`` on 587, ``auto`` otherwise. True: one of the
            first two, by the port; False: ``none``.
        user: Whom to log in as; None, or empty as an unset variable leaves it: nobody.
        password: His password.
        sender: ``Name <address>`` or an address; what customers see.
        connections: Most connections at a time, 1 to 64.
        unsubscribe_url: Page that calls ``crm.outreach.receive``; a signed token is put where it
            says ``{token}``, or else at its end. None: no one-click unsubscribing.
        secret: Signs the tokens of links and return paths.
        archive: Mailbox of `archive_address`, where a blind copy of each message is found again:
            ``maildir:PATH``, ``imaps://USER:PASSWORD@HOST/FOLDER`` or ``imap://...``. None: none.
        archive_address: Where the blind copies go; None: to the sender's address.
        bounces: Mailbox where bounces, complaints and replies come in, written as `archive` is.
        return_path: Where bounces go, such as ``bounces+{token}@shop.example``; None: the sender's
            address, with ``+{token}`` before its @ where `bounces` is set.
        reply_to: Where replies go, with or without a ``{token}``; None: to the sender.
        ca_file: Certificates (PEM) to trust instead of the system's.
        timeout: Seconds to wait for the server at each step, above 0.
    """

    host: str = attrs.field(validator=attrs.validators.min_len(1))
    port: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(
            [attrs.validators.ge(1), attrs.validators.le(65535)],
        ),
    )
    tls: str | bool | None = attrs.field(
        default=None,
        validator=attrs.validators.in_((TLS, STARTTLS, NONE, AUTO, True, False, None)),
    )
    user: str | None = None
    password: Secret | None = None
    sender: str = attrs.field(validator=_sender)
    connections: int = attrs.field(
        default=4, validator=[attrs.validators.ge(1), attrs.validators.le(64)]
    )
    unsubscribe_url: str | None = attrs.field(default=None, validator=_web)
    secret: Secret | None = None
    archive: Secret | None = attrs.field(default=None, validator=_place)
    archive_address: str | None = attrs.field(default=None, validator=_plain_address)
    bounces: Secret | None = attrs.field(default=None, validator=_place)
    return_path: str | None = attrs.field(default=None, validator=_plain_address)
    reply_to: str | None = attrs.field(default=None, validator=_plain_address)
    ca_file: str | None = None
    timeout: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))

    def __attrs_post_init__(self) -> None:
        """Refuse what fits no other setting."""
        signed = (self.unsubscribe_url, self.bounces, TOKEN in f"{self.return_path}{self.reply_to}")
        if any(signed) and not self.secret:
            raise ValueError("'secret' is needed to sign unsubscribe links and return paths")
        if bool(self.user) != bool(self.password):
            raise ValueError("'user' and 'password' go together")

    @property
    def security(self) -> str:
        """How the connection is secured: ``tls starttls none auto``."""
        security = self.tls
        if security is None:
            security = {465: TLS, 587: STARTTLS}.get(self.port or 0, AUTO)
        elif isinstance(security, bool):
            security = (TLS if self.port == _PORTS[TLS] else STARTTLS) if security else NONE
        return NONE if security == AUTO and self.local else security

    @property
    def at_port(self) -> int:
        """The port to connect to."""
        return self.port or _PORTS.get(self.security) or _PORTS[STARTTLS if self.user else NONE]

    @property
    def local(self) -> bool:
        """Whether the server is this machine itself."""
        return is_local(self.host)

    @property
    def blind_copy(self) -> str | None:
        """Where the blind copies go; None: there is no archive."""
        return (self.archive_address or mailbox(self.sender)[1]) if self.archive else None

    @property
    def envelope(self) -> str:
        """Where bounces go, with ``{token}`` where each message has its own."""
        if self.return_path or not self.bounces:
            return self.return_path or mailbox(self.sender)[1]
        local, _, domain = mailbox(self.sender)[1].rpartition("@")
        return f"{local}+{TOKEN}@{domain}"


def is_local(host: str) -> bool:
    """Tell whether a host is this machine itself, by its name alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def revealed(secret: Secret | None) -> Any:
    """Give what a secret holds; None where there is none."""
    return secret.reveal() if secret else None
