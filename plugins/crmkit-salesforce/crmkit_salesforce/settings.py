"""The settings of the connector."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import attrs

from crmkit.contracts.limits import CallLimits
from crmkit.contracts.settings import Secret

LOGIN = "https://login.salesforce.com"
DOORS = ("login.salesforce.com", "test.salesforce.com")
"""Hosts where one only logs in; the organisation itself is elsewhere."""
OBJECTS = ("Contact", "Account", "Lead", "Opportunity", "Task", "Event")
MOST = 2000
"""Rows of a page, at most."""


def _version(_config: object, field: attrs.Attribute[str], value: str) -> None:
    if not re.fullmatch(r"v?\d{2,3}\.0", value):
        raise ValueError(f"'{field.name}' must be one of the API's versions, such as 59.0")


@attrs.frozen(kw_only=True)
class SalesforceConfig:
    """How to reach an organisation.

    Attributes:
        base_url: The organisation's own address (``https://shop.my.salesforce.com``), or the place
            to log in, which then tells that address.
        client_id: Consumer key of the connected app.
        client_secret: Its secret.
        refresh_token: What an access token is got with; None: the app logs in by itself (the
            client credentials flow).
        access_token: A session's id, used as it is until it ends.
        version: Version of the API.
        page_size: Rows of a page of changes; Salesforce gives 200 to 2,000.
        limits: How often to call.
        objects: Names of the objects that are kept in step, the customers' one first.
        webhook_token: What the address of an outbound message must carry as ``token``; None:
            outbound messages are refused.
        organization: Id of the organisation whose outbound messages are taken; None: any that
            knows the token.
    """

    base_url: str = LOGIN
    client_id: str = ""
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    access_token: Secret | None = None
    version: str = attrs.field(default="59.0", validator=_version)
    page_size: int = attrs.field(default=MOST, validator=attrs.validators.ge(1))
    limits: CallLimits = attrs.field(factory=CallLimits)
    objects: tuple[str, ...] = attrs.field(default=OBJECTS, validator=attrs.validators.min_len(1))
    webhook_token: Secret | None = None
    organization: str | None = None

    def __attrs_post_init__(self) -> None:
        if urlsplit(self.base_url).scheme not in ("http", "https"):
            raise ValueError("'base_url' must begin with https://")
        if self.logs_in:
            return
        if not self.access_token:
            raise ValueError(
                "'client_id' is missing: give it with client_secret and refresh_token, or give an "
                "access_token"
            )
        if self.at_door:
            raise ValueError(
                "'base_url' must be the organisation's own address where an access_token is given"
            )

    @property
    def logs_in(self) -> bool:
        """Whether tokens are fetched; otherwise the one that was given is used."""
        return bool(self.client_id and (self.refresh_token or self.client_secret))

    @property
    def at_door(self) -> bool:
        """Whether the address is Salesforce's own place to log in."""
        return urlsplit(self.base_url).hostname in DOORS
