"""Twilio's signature of the calls it makes (twilio.com/docs/usage/security).

It holds no instant, so a call that was heard may be heard again; the same event changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from crmkit.contracts.signatures import base64_digest, refuse, same

_PORTS = {"https": 443, "http": 80}


def signature(token: str, url: str, fields: Iterable[tuple[str, str]] = ()) -> str:
    """Give ``X-Twilio-Signature``: of the address and the fields of the form, sorted.

    Args:
        token: The account's auth token.
        url: The whole address, as Twilio called it.
        fields: Names and values; one that comes twice counts once.
    """
    joined = "".join(name + value for name, value in sorted(set(fields)))
    return base64_digest(token, url + joined, "sha1")


def check(
    token: str, url: str, given: str, body: bytes, fields: Iterable[tuple[str, str]] | None
) -> None:
    """Refuse a call that Twilio did not sign.

    Args:
        token: The account's auth token.
        url: The whole address, as Twilio called it.
        given: What the header says.
        body: The body.
        fields: The form's names and values; None: the body is no form, and the address must hold
            its hash as ``bodySHA256``.

    Raises:
        SignatureInvalid: the signature, or the hash, is missing or wrong.
    """
    if not given:
        refuse("it has no X-Twilio-Signature")
    try:
        spellings = _with_and_without_port(url)
        hashed = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    except ValueError:
        refuse("its address cannot be read")
    if fields is None and not same(hashed.lower(), hashlib.sha256(body).hexdigest()):
        refuse("its body is not the one that was signed")
    listed = list(fields or ())
    # Twilio is not consistent about the port; both are compared, so that the time tells nothing.
    if not any([same(given, signature(token, one, listed)) for one in spellings]):  # noqa: C419
        refuse("its signature is wrong; the address must be given as Twilio called it")


def _with_and_without_port(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return (
        url,
        parts._replace(netloc=host).geturl(),
        parts._replace(netloc=f"{host}:{port}").geturl(),
    )
