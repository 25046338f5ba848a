"""Outbound messages: XML that Salesforce posts when a rule of the organisation fires.

They carry no signature. Who posts must know a token in the address, and the organisation's id;
what they tell is only which records to read again. Wire:
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm
"""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import parse_qs, urlsplit
from xml.parsers import expat

from crmkit.contracts.channel import Response
from crmkit.contracts.connector import Hint
from crmkit.contracts.signatures import refuse, same
from crmkit_salesforce.api import same_id
from crmkit_salesforce.settings import SalesforceConfig

_LONGEST = 4 * 1024 * 1024  # bytes: a message tells of 100 records
_DEEPEST = 12
_OUT = "http://soap.sforce.com/2005/09/outbound"
_TYPE = "http://www.w3.org/2001/XMLSchema-instance type"
_ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    f'<notificationsResponse xmlns="{_OUT}"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


def received(
    config: SalesforceConfig, body: bytes, method: str, url: str
) -> tuple[tuple[Hint, ...], Response]:
    """Read an outbound message and acknowledge it.

    Raises:
        SignatureInvalid: the token is missing or wrong, it is another organisation's, or no such
            message.
    """
    if config.webhook_token is None:
        refuse("no webhook_token is set")
    given = parse_qs(urlsplit(url).query).get("token", [""])[0]
    if not same(given, config.webhook_token.reveal()):
        refuse("the token of its address is missing or wrong")
    if method.upper() != "POST" or len(body) > _LONGEST:
        refuse("it is no outbound message")
    message = _Message()
    try:
        message.read(body)
    except (expat.ExpatError, _NotOurs, ValueError, LookupError):
        refuse("it is no outbound message")
    wanted = config.organization
    if wanted and same_id(message.organization) != same_id(wanted):
        refuse("it is another organisation's")
    hints = tuple(Hint(entity=name, ids=tuple(ids)) for name, ids in message.records.items())
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return hints, Response(body=_ACK.encode(), headers=headers)


class _NotOurs(Exception):  # noqa: N818 - becomes a refusal
    """It has what no outbound message has."""


class _Message:
    """Gathers what an outbound message tells; entities are not read, so that none can expand."""

    def __init__(self) -> None:
        self.organization = ""
        self.records: dict[str, dict[str, None]] = defaultdict(dict)
        self._path: list[str] = []
        self._entity, self._text = "", ""

    def read(self, body: bytes) -> None:
        """Read one.

        Raises:
            ExpatError: it is no XML.
            _NotOurs: it has a document type, or is nested as none is.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refused
        parser.StartElementHandler = self._started
        parser.CharacterDataHandler = self._said
        parser.EndElementHandler = self._ended
        parser.Parse(body, True)  # noqa: FBT003 - expat's own word for the end
        if not self.organization:
            raise _NotOurs

    def _refused(self, *_: object) -> None:
        raise _NotOurs

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        self._text = ""
        if len(self._path) > _DEEPEST:
            raise _NotOurs
        if self._path[-2:] == ["Notification", "sObject"]:
            self._entity = attributes.get(_TYPE, "").rpartition(":")[2]

    def _said(self, text: str) -> None:
        self._text += text

    def _ended(self, _name: str) -> None:
        text = self._text.strip()
        if self._path[-3:] == ["Notification", "sObject", "Id"] and text.isalnum():
            self.records[self._entity][text] = None
        elif self._path[-2:] == ["notifications", "OrganizationId"]:
            self.organization = text
        self._path.pop()
        self._text = ""
