"""The settings, and where Zoho is: each data centre is a Zoho of its own.

Source: https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html
"""

from __future__ import annotations

from urllib.parse import urlsplit

import attrs

from crmkit.contracts.limits import CallLimits
from crmkit.contracts.settings import Secret

DATA_CENTRES = {
    "us": ("https://accounts.zoho.com", "https://www.zohoapis.com"),
    "eu": ("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
    "in": ("https://accounts.zoho.in", "https://www.zohoapis.in"),
    "au": ("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
    "jp": ("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
    "cn": ("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
    "ca": ("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
    "sa": ("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
    "uk": ("https://accounts.zoho.uk", "https://www.zohoapis.uk"),
}
"""Where tokens are given, and where records are, by data centre."""
LIMITS = CallLimits(concurrent=5)
"""What the smallest edition takes: five calls at the same time."""
PAGE = 200
"""Records that Zoho gives at most in one page."""
_API, _TOKEN = "/crm/v8", "/oauth/v2/token"
_DOMAINS = tuple(api.removeprefix("https://www") for _, api in DATA_CENTRES.values())
_TOKEN_LENGTH = 50  # characters that Zoho keeps of a channel's token


def _short(_config: object, field: attrs.Attribute[Secret | None], value: Secret | None) -> None:
    if value is not None and not 0 < len(value.reveal()) <= _TOKEN_LENGTH:
        raise ValueError(f"'{field.name}' must have 1 to {_TOKEN_LENGTH} characters")


@attrs.frozen(kw_only=True)
class ZohoConfig:
    """How to reach one organisation's Zoho CRM.

    Attributes:
        client_id: Of the client registered in Zoho's API console.
        client_secret: Of that client.
        refresh_token: What a user of the organisation granted it.
        data_centre: Where the organisation is: ``us eu in au jp cn ca sa uk``.
        base_url: Where records are; None: the data centre's.
        accounts_url: Where tokens are given; None: the data centre's.
        page_size: Records in one page, 1 to 200.
        limits: What Zoho takes; its smallest edition takes five calls at the same time.
        parent: Module that notes, calls and tasks belong to, where a field of theirs may lead to
            any.
        notify_token: What Zoho must say in each notification, 1 to 50 characters; None:
            notifications are refused.
        channel_id: The only channel whose notifications are taken, a number; None: any.
    """

    client_id: str
    client_secret: Secret
    refresh_token: Secret
    data_centre: str = attrs.field(
        default="us", validator=attrs.validators.in_(tuple(DATA_CENTRES))
    )
    base_url: str | None = None
    accounts_url: str | None = None
    page_size: int = attrs.field(
        default=PAGE, validator=[attrs.validators.ge(1), attrs.validators.le(PAGE)]
    )
    limits: CallLimits = LIMITS
    parent: str = "Contacts"
    notify_token: Secret | None = attrs.field(default=None, validator=_short)
    channel_id: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.matches_re(r"\d+"))
    )

    @property
    def token_url(self) -> str:
        """Where an access token is given."""
        accounts = self.accounts_url or DATA_CENTRES[self.data_centre][0]
        return accounts.rstrip("/").removesuffix(_TOKEN) + _TOKEN

    def api_url(self, domain: str | None) -> str:
        """Give where records are.

        Args:
            domain: What came with the token; followed only where no `base_url` is set, and only
                to one of Zoho's own hosts, sandboxes among them.
        """
        if self.base_url is not None:
            return self.base_url.rstrip("/").removesuffix(_API) + _API
        parts = urlsplit(domain or "")
        if parts.scheme == "https" and f".{parts.netloc}".endswith(_DOMAINS):
            return f"https://{parts.netloc}{_API}"
        return DATA_CENTRES[self.data_centre][1] + _API
