"""The settings of the connector."""

from __future__ import annotations

import re

import attrs

from crmkit.contracts.limits import CallLimits
from crmkit.contracts.settings import Secret

BASE_URL = "https://api.hubapi.com"
LIMITS = CallLimits(per_second=10, burst=100)
"""What the smallest account takes: 100 calls in any 10 seconds."""
SEARCHES = CallLimits(per_second=5, burst=5)
"""What HubSpot's search takes, beside the limits of all other calls."""
_VERSION = re.compile(r"v3|\d{4}-\d{2}")


def _version(_config: object, field: attrs.Attribute[str], value: str) -> None:
    if not _VERSION.fullmatch(value):
        raise ValueError(f"'{field.name}' must be v3, or a date such as 2026-03")


@attrs.frozen(kw_only=True)
class HubSpotConfig:
    """How to reach an account: by a private app's token, or by OAuth.

    Attributes:
        base_url: Where HubSpot is.
        access_token: Token of a private app; it does not end, and is not used beside OAuth.
        client_id: Of an app that uses OAuth.
        client_secret: Of that app, or of the private one: it signs webhooks.
        refresh_token: What the account's administrator allowed that app.
        version: ``v3``, or the date of a dated API such as ``2026-03``.
        page_size: Records in a page of changes, 2 to 200.
        limits: What the account takes: 100 calls in any 10 seconds, as the smallest one does.
        search_limits: What its search takes; None: 5 calls a second where `base_url` is
            HubSpot's own, and `limits` elsewhere.

    Raises:
        ValueError: it has neither the token nor all three of OAuth.
    """

    base_url: str = BASE_URL
    access_token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    version: str = attrs.field(default="v3", validator=_version)
    page_size: int = attrs.field(
        default=100, validator=[attrs.validators.ge(2), attrs.validators.le(200)]
    )
    limits: CallLimits = LIMITS
    search_limits: CallLimits | None = None

    def __attrs_post_init__(self) -> None:
        if self.access_token or self.oauth:
            return
        raise ValueError("give 'access_token', or client_id, client_secret and refresh_token")

    @property
    def oauth(self) -> bool:
        """Whether tokens are fetched."""
        return bool(self.client_id and self.client_secret and self.refresh_token)

    @property
    def searching(self) -> CallLimits:
        """The limits of the search that hold."""
        usual = SEARCHES if self.base_url.rstrip("/") == BASE_URL else self.limits
        return self.search_limits or usual
