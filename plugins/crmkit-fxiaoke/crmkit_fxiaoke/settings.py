"""The settings, and with them all that could not be confirmed about the platform.

Where a fact is not certain, it is a setting whose default is the likeliest; the README lists them.
"""

from __future__ import annotations

import re
from typing import Literal
from zoneinfo import ZoneInfo

import attrs

from crmkit.contracts.limits import CallLimits
from crmkit.contracts.settings import Secret

BASE_URL = "https://open.fxiaoke.com"
LIMITS = CallLimits(per_second=5, burst=100, wait=5.0)
"""100 calls of one interface in 20 seconds."""
STANDARD = (
    "AccountObj",
    "ContactObj",
    "LeadsObj",
    "NewOpportunityObj",
    "ActiveRecordObj",
    "SalesOrderObj",
)
"""Objects that are always offered: 客户, 联系人, 线索, 商机, 销售记录, 销售订单."""
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


def _aes_key(_config: object, field: attrs.Attribute[Secret | None], value: Secret | None) -> None:
    if value is not None and not _AES_KEY.fullmatch(value.reveal()):
        raise ValueError(f"'{field.name}' must be the 43 signs that the platform shows")


def _zone(_config: object, field: attrs.Attribute[str], value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # the name may be a path, or a folder's
        raise ValueError(f"'{field.name}' must be a time zone such as Asia/Shanghai") from None


@attrs.frozen(kw_only=True)
class Names:
    """How the platform spells the fields that every object has.

    Attributes:
        id: Id of a record.
        changed: When it was last changed, in milliseconds since 1970.
        created: When it was made.
        life: Whether it is in use; one of the setting ``voided`` says that it is not.
        deleted: A flag that says the same; none is sent where the object has none.
        owner: Who looks after it: a list of one ``openUserId``.
        record_type: Its kind of record (业务类型).
    """

    id: str = "_id"
    changed: str = "last_modified_time"
    created: str = "create_time"
    life: str = "life_status"
    deleted: str = "is_deleted"
    owner: str = "owner"
    record_type: str = "record_type"


@attrs.frozen(kw_only=True)
class Operators:
    """How the platform spells the comparisons of a query.

    Attributes:
        equal: The same.
        at_least: The same or more.
        more: More.
        among: One of several.
    """

    equal: str = "EQ"
    at_least: str = "GTE"
    more: str = "GT"
    among: str = "IN"


@attrs.frozen(kw_only=True)
class Codes:
    """What the platform's ``errorCode`` means; a code that is in none of them refuses one record.

    From the vendor's table (developer.fxiaoke.com/openapi_v2/start/guide/codes.html), of which
    only 20016 was ever seen to hold.

    Attributes:
        expired: The token is to be fetched anew.
        throttled: Too many calls for the moment.
        daily: The day's calls are spent; they are counted anew from midnight.
        busy: The platform is unwell: the same call may succeed later.
        fatal: Nothing works until somebody acts: credentials, permissions, a quota never bought.
        throttle_words: What a message of an unknown code holds where it means ``throttled``.
        gone_words: What the refusal to show a record holds where there is none, or it is void.
    """

    expired: tuple[int, ...] = (20016, 20005)
    throttled: tuple[int, ...] = (30004, 14001)
    daily: tuple[int, ...] = (30002,)
    busy: tuple[int, ...] = (-1, -2, 50009)
    fatal: tuple[int, ...] = (
        *(10006, 11001, 11002, 11013, 15003, 20006),
        *(20015, 20017, 20020, 20021, 20022, 30003),
    )
    throttle_words: tuple[str, ...] = ("频率", "频次", "limit", "too many")
    gone_words: tuple[str, ...] = (
        *("不存在", "作废", "已删除", "被删除", "找不到"),
        *("not exist", "not found", "deleted"),
    )


@attrs.frozen(kw_only=True)
class FxiaokeConfig:
    """How to reach a company on the platform.

    Attributes:
        base_url: Where the platform is; companies on other clouds have their own host.
        app_id: Id of the application: ``FSAID_...``.
        app_secret: Its secret.
        permanent_code: The company's permanent code for it.
        mobile: Mobile number of the employee in whose name calls are made, an administrator.
        open_user_id: His ``FSUID_...`` instead, which saves asking for it.
        token: Token of the pushes; None: pushes are refused.
        encoding_aes_key: Key of the pushes.
        page_size: Records in a page, 1 to 1000; of custom objects never more than 100.
        limits: How often one interface may be called.
        objects: Objects to offer beside the standard ones, such as ``Shop__c``.
        on_delete: ``void`` (作废, which people can take back), or ``delete``: for good after that.
        voided: Values of `Names.life` that say that a record is void.
        time_zone: IANA name; dates are midnights there, and a day's calls are counted by it.
        numbers: How numbers are written: as JSON ``number`` or as ``text``; what JSON would round
            is always text.
        empty: How a field is emptied: with ``null`` or an empty ``text``.
        owner_by: Which call changes an owner: ``update``, ``changeOwner``, or ``auto``: the first,
            and the second once it was seen not to work.
        record_type: Given to new records of objects that demand one.
        trigger_workflow: Whether what is written starts the company's workflows.
        trigger_approval: Whether it starts its approvals.
        trace: Whether each call bears a ``thirdTraceId``.
        push_tolerance: Seconds that a push may be old, or ahead of our clock.
        names: See `Names`.
        operators: See `Operators`.
        codes: See `Codes`.
    """

    base_url: str = BASE_URL
    app_id: str
    app_secret: Secret
    permanent_code: Secret
    mobile: str | None = None
    open_user_id: str | None = None
    token: Secret | None = None
    encoding_aes_key: Secret | None = attrs.field(default=None, validator=_aes_key)
    page_size: int = attrs.field(
        default=100, validator=[attrs.validators.ge(1), attrs.validators.le(1000)]
    )
    limits: CallLimits = LIMITS
    objects: tuple[str, ...] = ()
    on_delete: Literal["void", "delete"] = "void"
    voided: tuple[str, ...] = ("invalid",)
    time_zone: str = attrs.field(default="Asia/Shanghai", validator=_zone)
    numbers: Literal["number", "text"] = "number"
    empty: Literal["null", "text"] = "null"
    owner_by: Literal["auto", "update", "changeOwner"] = "auto"
    record_type: str = "default__c"
    trigger_workflow: bool = False
    trigger_approval: bool = False
    trace: bool = False
    push_tolerance: float = attrs.field(default=500.0, validator=attrs.validators.gt(0))
    names: Names = Names()
    operators: Operators = Operators()
    codes: Codes = Codes()

    def __attrs_post_init__(self) -> None:
        if not self.mobile and not self.open_user_id:
            raise ValueError("'mobile' is required, or open_user_id")
