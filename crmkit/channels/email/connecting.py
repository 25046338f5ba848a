"""Opening a connection to the mail server, and saying what is wrong where that fails."""

from __future__ import annotations

import smtplib
import socket
import ssl
from selectors import EVENT_READ
from threading import Thread

import attrs

from crmkit.channels.email.replies import Reply, meaning, shown
from crmkit.channels.email.settings import AUTO, STARTTLS, TLS, EmailSettings, revealed
from crmkit.channels.email.turns import Turns
from crmkit.contracts.channel import MISCONFIGURED, RETRY
from crmkit.errors import CrmkitError

_AGES = 86_400.0  # seconds: each step of connecting has a limit of its own


class Unreachable(CrmkitError):  # noqa: N818 - says what it is
    """No message can go now; `outcome` is ``retry`` or ``misconfigured``, `code` the server's."""

    def __init__(self, why: str, outcome: str, code: str | None = None) -> None:
        """Keep what a receipt needs."""
        super().__init__(why, outcome=outcome, code=code)
        self.outcome = outcome
        self.code = code


@attrs.frozen
class Opened:
    """A connection after EHLO, STARTTLS and AUTH, and what the server offers.

    Attributes:
        sock: The socket, secured where it is to be.
        pipelining: Whether several commands may go in one packet (RFC 2920).
        utf8: Whether it takes addresses beyond ASCII (RFC 6531).
        size: Whether MAIL may tell the size (RFC 1870).
        largest: Bytes of the largest message it takes; 0: it does not say.
    """

    sock: socket.socket
    pipelining: bool
    utf8: bool
    size: bool
    largest: int


def connect(settings: EmailSettings) -> Opened:
    """Open a connection that is ready for mail.

    Raises:
        Unreachable: there is none; it says whether trying again later may help.
    """
    host, port = settings.host, settings.at_port
    where = f"{host}:{port}"
    try:
        client = _greeted(settings)
        try:
            return _ready(client, settings)
        except BaseException:
            client.close()
            raise
    except smtplib.SMTPResponseException as error:  # AUTH, too
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        reply = Reply(error.smtp_code, text)
        outcome = meaning(reply, of_sender=True)
        outcome = RETRY if isinstance(error, smtplib.SMTPConnectError) else outcome
        raise Unreachable(
            f"{where} does not let us in: {shown(text)}", outcome, reply.both
        ) from None
    except ssl.SSLCertVerificationError as error:
        why = f"the certificate of {where} is not trusted: {error.verify_message}"
        raise Unreachable(why, MISCONFIGURED) from None
    except ValueError:  # smtplib writes logins in ASCII; a host's name may be none
        why = f"{where}: the host, the user or the password has characters that cannot be sent"
        raise Unreachable(why, MISCONFIGURED) from None
    except OSError as error:  # smtplib's own errors are some, too
        gone = isinstance(error, smtplib.SMTPServerDisconnected)
        unable = isinstance(error, smtplib.SMTPException) and not gone
        why = f"{where} cannot be reached: {type(error).__name__}: {shown(str(error))}"
        raise Unreachable(why, MISCONFIGURED if unable else RETRY) from None


def opening(settings: EmailSettings) -> Turns[Opened]:
    """Open a connection as `connect` does, in a thread of its own: others go on meanwhile.

    Raises:
        Unreachable: there is none.
    """
    made: list[Opened | BaseException] = []
    ended, signal = socket.socketpair()

    def open_it() -> None:
        try:
            made.append(connect(settings))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            made.append(error)
        finally:
            signal.close()

    with ended:
        Thread(target=open_it, daemon=True).start()
        yield ended, EVENT_READ, _AGES
    (found,) = made
    if isinstance(found, BaseException):
        raise found
    return found


def trusted(ca_file: str | None) -> ssl.SSLContext:
    """Make what certificates are checked with.

    Raises:
        Unreachable: the file of certificates cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        why = f"ca_file {ca_file} cannot be read: {error.strerror}"
        raise Unreachable(why, MISCONFIGURED) from None


def _greeted(settings: EmailSettings) -> smtplib.SMTP:
    host, port, wait = settings.host, settings.at_port, settings.timeout
    if settings.security == TLS:
        return smtplib.SMTP_SSL(host, port, timeout=wait, context=trusted(settings.ca_file))
    return smtplib.SMTP(host, port, timeout=wait)


def _ready(client: smtplib.SMTP, settings: EmailSettings) -> Opened:
    """Say hello, secure the connection and log in, as far as the settings want it."""
    client.ehlo_or_helo_if_needed()
    offered = client.has_extn("starttls")
    secured = settings.security == TLS
    if settings.security == STARTTLS or (settings.security == AUTO and offered):
        client.starttls(context=trusted(settings.ca_file))
        client.ehlo_or_helo_if_needed()
        secured = True
    if settings.user:
        if settings.security == AUTO and not secured:
            raise smtplib.SMTPNotSupportedError(
                "it offers no STARTTLS, and a password does not go over an open line "
                '(tls = "none" allows it)'
            )
        client.login(settings.user, revealed(settings.password))
    sock = client.sock
    if sock is None:
        raise smtplib.SMTPServerDisconnected("the connection was closed")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    features = client.esmtp_features
    largest = features.get("size", "").strip()
    return Opened(
        sock,
        pipelining="pipelining" in features,
        utf8="smtputf8" in features,
        size="size" in features,
        largest=int(largest) if largest.isdigit() else 0,
    )
