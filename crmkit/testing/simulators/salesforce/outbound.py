"""Outbound messages: what Salesforce posts when a rule of the organisation fires.

Wire: https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_wsdl.htm
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
xmlns:xsd="http://www.w3.org/2001/XMLSchema" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>{organization}</OrganizationId>
   <ActionId>04k000000000001AAA</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/59.0</EnterpriseUrl>
   <PartnerUrl>https://example.my.salesforce.com/services/Soap/u/59.0</PartnerUrl>
{notifications}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>"""
_NOTIFICATION = """   <Notification>
    <Id>04l{number:012d}AAA</Id>
    <sObject xsi:type="sf:{entity}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>{id}</sf:Id>
    </sObject>
   </Notification>"""


def outbound(
    records: Sequence[tuple[str, str]], *, organization: str = "00D000000000001AAA"
) -> tuple[dict[str, str], bytes]:
    """Make the call that tells of records: its headers and its body.

    Args:
        records: Object and id of each; one message tells of up to 100.
        organization: Whose message it is.
    """
    told = (
        _NOTIFICATION.format(number=number, entity=escape(entity), id=escape(id_))
        for number, (entity, id_) in enumerate(records, 1)
    )
    body = _ENVELOPE.format(organization=escape(organization), notifications="\n".join(told))
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    return headers, body.encode()
