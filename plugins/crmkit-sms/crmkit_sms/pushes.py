"""Calls that come in from providers who sign nothing (Aliyun, Tencent): a secret address instead.

Whoever knows the address could tell lies about messages, so it must be long, secret, and served
over TLS only. The same event may come twice: what is known changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from crmkit.contracts.channel import Response
from crmkit.contracts.reading import posted
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import refuse, same
from crmkit_sms.entries import listed

NOT_POSTED = Response(405, b"", {"Allow": "POST"})
"""Answer to a GET or HEAD, which change nothing."""


def check_token(token: Secret | None, url: str) -> None:
    """Refuse a call whose address does not end in the token, nor has it as ``token=``.

    Raises:
        SignatureInvalid: the token is missing or wrong, or none is set.
    """
    if not token:
        refuse("set receipt_token: this provider signs nothing")
    try:
        parts = urlsplit(url)
        given = [unquote(parts.path.rsplit("/", 1)[-1]), *parse_qs(parts.query).get("token", ())]
    except ValueError:
        refuse("its address cannot be read")
    # All are compared, so that the time tells nothing of where it stood.
    if not any([same(one, token.reveal()) for one in given]):  # noqa: C419
        refuse("the token in its address is missing or wrong")


def entries(body: bytes) -> list[Mapping[str, Any]]:
    """Give the objects of a JSON body, one or a list of them.

    Raises:
        InvalidValueError: the body is no JSON.
    """
    return listed(posted(body)) or []
