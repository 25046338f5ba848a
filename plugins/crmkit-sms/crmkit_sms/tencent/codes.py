"""What Tencent Cloud's codes mean (cloud.tencent.com/document/product/382/59177)."""

from __future__ import annotations

from crmkit.contracts.answers import Codes, Meaning
from crmkit.contracts.channel import MISCONFIGURED, REFUSED, RETRY, UNKNOWN

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

CODES = Codes(
    {
        **dict.fromkeys(_PERSON.split(), Meaning(REFUSED)),
        **dict.fromkeys(_SETTINGS.split(), Meaning(MISCONFIGURED)),
        **dict.fromkeys(_NOBODY_KNOWS.split(), Meaning(UNKNOWN)),
        "FailedOperation.MarketingSendTimeConstraint": Meaning(RETRY),
    },
    families=(
        ("LimitExceeded", Meaning(RETRY)),
        ("RequestLimitExceeded", Meaning(RETRY)),
        ("ResourceUnavailable", Meaning(RETRY)),
        ("InternalError", Meaning(RETRY)),
    ),
    # Signature, template, application, account, rights: the rest of the list.
    otherwise=Meaning(MISCONFIGURED),
)
"""What each code means for a message."""
