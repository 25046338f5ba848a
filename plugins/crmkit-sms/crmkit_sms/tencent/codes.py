"""What Tencent Cloud's codes mean (cloud.tencent.com/document/product/382/59177)."""

from __future__ import annotations

from crmkit.contracts.channel import MISCONFIGURED, REFUSED, RETRY, UNKNOWN
from crmkit_sms.answers import CodeFamilies

_PERSON = (  # this number, or what is said to this customer
    "FailedOperation.PhoneNumberInBlacklist FailedOperation.PhoneNumberParseFail "
    "FailedOperation.ContainSensitiveWord InvalidParameter.DirtyWordFound "
    "InvalidParameterValue.IncorrectPhoneNumber InvalidParameterValue.ContentLengthLimit "
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter "
    "InvalidParameterValue.TemplateParameterFormatError "
    "InvalidParameterValue.TemplateParameterLengthLimit "
    "LimitExceeded.AppCountryOrRegionInBlacklist UnsupportedOperation.UnsupportedRegion "
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone "
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone "
    "UnsupportedOperation.ContainDomesticPhoneNumber"
)
_SETTINGS = (
    "InternalError.RequestTimeException InternalError.RestApiInterfaceNotExist "
    "InternalError.SigFieldMissing InternalError.SigVerificationFail"
)
# What timed out behind the gate may have been sent.
_NOBODY_KNOWS = "InternalError.Timeout InternalError.SendAndRecvFail"

CODES = CodeFamilies(
    {
        **dict.fromkeys(_PERSON.split(), REFUSED),
        **dict.fromkeys(_SETTINGS.split(), MISCONFIGURED),
        **dict.fromkeys(_NOBODY_KNOWS.split(), UNKNOWN),
        "FailedOperation.MarketingSendTimeConstraint": RETRY,
    },
    (
        ("LimitExceeded", RETRY),
        ("RequestLimitExceeded", RETRY),
        ("ResourceUnavailable", RETRY),
        ("InternalError", RETRY),
    ),
    # Signature, template, application, account, rights: the rest of the list.
    otherwise=MISCONFIGURED,
)
"""What each code means for a message."""
