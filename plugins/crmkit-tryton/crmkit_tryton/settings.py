"""The settings of the connector."""

from __future__ import annotations

import attrs

from crmkit.contracts.limits import CallLimits
from crmkit.contracts.settings import Secret


def _bare(url: str) -> str:
    return url.rstrip("/")


def _web(_config: object, field: attrs.Attribute[str], value: str) -> None:
    if not value.startswith(("http://", "https://")):
        raise ValueError(f"'{field.name}' must begin with http:// or https://")


@attrs.frozen(kw_only=True)
class TrytonConfig:
    """How to reach a database of a Tryton server.

    Attributes:
        base_url: Where the server is, without the database: ``https://erp.example.com``.
        database: Name of the database.
        username: Login of the user that crmkit works as; his access rights hold.
        password: His password.
        page_size: Records in one page that is read, 1 to 1,000.
        on_delete: ``delete`` removes a record for good; ``archive`` makes it inactive, so that
            Tryton's people still find it.
        limits: How often the server may be called.
    """

    base_url: str = attrs.field(validator=_web, converter=_bare)
    database: str = attrs.field(validator=attrs.validators.min_len(1))
    username: str
    password: Secret
    page_size: int = attrs.field(
        default=200, validator=[attrs.validators.ge(1), attrs.validators.le(1000)]
    )
    on_delete: str = attrs.field(
        default="delete", validator=attrs.validators.in_(("delete", "archive"))
    )
    limits: CallLimits = attrs.field(factory=CallLimits)
