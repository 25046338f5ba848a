"""What Aliyun's codes mean (help.aliyun.com/document_detail/101346.html)."""

from __future__ import annotations

from crmkit.contracts.answers import Codes, Meaning
from crmkit.contracts.channel import MISCONFIGURED, REFUSED, RETRY, UNKNOWN

_LATER = (
    "isv.BUSINESS_LIMIT_CONTROL isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL isv.SMS_OVER_LIMIT "
    "isv.QPS_LIMIT_CONTROL isp.SYSTEM_ERROR isp.GATEWAY_ERROR ServiceUnavailable InternalError"
)
_PERSON = (  # this number, or what is said to this customer
    "isv.MOBILE_NUMBER_ILLEGAL MOBILE_NUMBER_ILLEGAL isv.DOMESTIC_NUMBER_NOT_SUPPORTED "
    "isv.BLACK_KEY_CONTROL_LIMIT isv.SMS_CONTENT_ILLEGAL isv.TEMPLATE_PARAMS_ILLEGAL "
    "isv.PARAM_LENGTH_LIMIT isv.PARAM_NOT_SUPPORT_URL isv.INVALID_JSON_PARAM"
)
_SETTINGS = (  # template, signature, account, rights
    "isv.TEMPLATE_MISSING_PARAMETERS isv.EXTEND_CODE_ERROR isv.OUT_OF_SERVICE "
    "isv.AMOUNT_NOT_ENOUGH AMOUNT_NOT_ENOUGH isp.RAM_PERMISSION_DENY isv.DENY_IP_RANGE"
)

CODES = Codes(
    {
        **dict.fromkeys(_LATER.split(), Meaning(RETRY)),
        **dict.fromkeys(_PERSON.split(), Meaning(REFUSED)),
        **dict.fromkeys(_SETTINGS.split(), Meaning(MISCONFIGURED)),
        # This very call came before: what became of it then is not said.
        "SignatureNonceUsed": Meaning(UNKNOWN),
    },
    families=(
        ("Throttling", Meaning(RETRY)),
        ("isp.", Meaning(RETRY)),
        ("isv.SMS_TEMPLATE", Meaning(MISCONFIGURED)),
        ("isv.SMS_TEST", Meaning(MISCONFIGURED)),
        ("isv.SMS_SIGN", Meaning(MISCONFIGURED)),
        ("isv.SIGN_", Meaning(MISCONFIGURED)),
        ("isv.ACCOUNT_", Meaning(MISCONFIGURED)),
        ("isv.PRODUCT_", Meaning(MISCONFIGURED)),
        ("isv.", Meaning(REFUSED)),
    ),
    # The gate before the service speaks without a prefix: keys, signatures, rights.
    otherwise=Meaning(MISCONFIGURED),
)
"""What each code means for a message. Some of `isv.` that nobody listed is about this message, as
far as is known; the next ones go on."""
