"""The settings of a WhatsApp channel."""

from __future__ import annotations

import attrs

from crmkit.contracts.settings import Secret

LONGEST = 4096
"""Characters of a free text, as the Cloud API takes them."""


@attrs.frozen(kw_only=True)
class WhatsAppConfig:
    """Settings of a WhatsApp channel, called as Meta calls them.

    Attributes:
        phone_number_id: Id of the sending number (not the number itself).
        access_token: Token of a system user with ``whatsapp_business_messaging``.
        app_secret: Secret of the app, which signs what it posts; without it nothing is received.
        verify_token: The word agreed on when the webhook is set up.
        language: Language of a template where a message names none.
        version: Version of the Graph API.
        endpoint: Where the Graph API is.
        allow_private: Whether `endpoint` may be a private address.
    """

    phone_number_id: str = attrs.field(validator=attrs.validators.matches_re(r"\d+"))
    access_token: Secret
    app_secret: Secret | None = None
    verify_token: Secret | None = None
    language: str = "en_US"
    version: str = attrs.field(default="v24.0", validator=attrs.validators.matches_re(r"v\d+\.\d+"))
    endpoint: str = "https://graph.facebook.com"
    allow_private: bool = False
