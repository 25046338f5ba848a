"""One signed call to one of Aliyun's interfaces."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import attrs

from crmkit.contracts.http import Http, Reply
from crmkit_sms.aliyun.signing import authorization, query_string
from crmkit_sms.settings import AliyunSettings

VERSION = "2017-05-25"
_NOTHING = hashlib.sha256(b"").hexdigest()


@attrs.frozen
class Interface:
    """Calls Aliyun in the name of one access key.

    Attributes:
        settings: The key and the addresses.
        http: What it calls by.
    """

    settings: AliyunSettings
    http: Http

    def call(self, endpoint: str, action: str, query: Mapping[str, str], now: datetime) -> Reply:
        """Make one call.

        Args:
            endpoint: Where to.
            action: Such as ``SendSms``.
            query: Its parameters.
            now: The present instant, that the call is signed for.

        Raises:
            NotSent: Aliyun surely did not get it.
            Unclear: it may have got it.
        """
        host = urlsplit(endpoint).netloc.rpartition("@")[2]
        headers = {
            "host": host,
            "x-acs-action": action,
            "x-acs-content-sha256": _NOTHING,
            "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-version": VERSION,
        }
        written = query_string(query)
        secret = self.settings.access_key_secret.reveal()
        headers["Authorization"] = authorization(
            self.settings.access_key_id,
            secret,
            method="POST",
            path="/",
            query=written,
            headers=headers,
        )
        headers["Accept"] = "application/json"
        return self.http.call("POST", f"{endpoint.rstrip('/')}/?{written}", headers=headers)
