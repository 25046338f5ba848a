"""One signed call to Tencent Cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import attrs

from crmkit.contracts.http import Http, Reply
from crmkit.contracts.reading import mapping
from crmkit_sms.settings import TencentSettings
from crmkit_sms.tencent.signing import authorization

VERSION = "2021-01-11"


@attrs.frozen
class Interface:
    """Calls Tencent Cloud in the name of one API key.

    Attributes:
        settings: The key and the address.
        http: What it calls by.
    """

    settings: TencentSettings
    http: Http

    def call(self, action: str, parameters: Mapping[str, Any], now: datetime) -> Reply:
        """Make one call.

        Args:
            action: Such as ``SendSms``.
            parameters: Its parameters.
            now: The present instant, that the call is signed for.

        Raises:
            NotSent: Tencent surely did not get it.
            Unclear: it may have got it.
        """
        settings = self.settings
        body = json.dumps(parameters, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Host": urlsplit(settings.endpoint).netloc.rpartition("@")[2],
        }
        timestamp = int(now.timestamp())
        signed = authorization(
            settings.secret_id,
            settings.secret_key.reveal(),
            headers=headers,
            body=body,
            timestamp=timestamp,
        )
        headers |= {
            "Authorization": signed,
            "X-TC-Action": action,
            "X-TC-Timestamp": str(timestamp),
            "X-TC-Version": VERSION,
            "X-TC-Region": settings.region,
        }
        return self.http.call(
            "POST", settings.endpoint.rstrip("/") + "/", headers=headers, body=body
        )


def said(reply: Reply) -> tuple[Mapping[str, Any], str, str]:
    """Give what an answer holds under ``Response``, and the code and words of its error."""
    response = mapping(reply.json(), "Response")
    error = mapping(response, "Error")
    if not error:
        return response, "", ""
    return response, str(error.get("Code") or "UnknownError"), str(error.get("Message") or "")
