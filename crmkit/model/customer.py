"""Customers: persons and organisations, how they are identified and reached (R1-R25)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import attrs

from crmkit.arguments import choice
from crmkit.model.serial import Record

PERSON = "person"
ORGANISATION = "organisation"
CUSTOMER_KINDS = (PERSON, ORGANISATION)


@attrs.frozen(order=True)
class Identity(Record):
    """One key that finds a customer: an e-mail address, a phone number, an id elsewhere.

    Attributes:
        system: ``email``, ``phone``, or the name of the system whose id `value` is.
        value: The key, normalised: e-mail in lower case, phone in E.164, an id as it came.
    """

    system: str
    value: str


@attrs.frozen(kw_only=True)
class Contact(Record):
    """A person to talk to at an organisation (R4).

    Attributes:
        name: Full name as written.
        title: Job title.
        email: E-mail address as written.
        phone: Phone number as written.
        primary: Whether this is the primary contact; at most one a customer.
        customer_id: The contact's own customer id, where he is a customer himself.
    """

    name: str
    title: str | None = None
    email: str | None = None
    phone: str | None = None
    primary: bool = False
    customer_id: str | None = None


@attrs.frozen(kw_only=True)
class Address(Record):
    """A postal address: head office, branch or home (R6, R8).

    Attributes:
        lines: Street lines in the order they are written.
        label: ``head_office``, ``branch``, ``home`` or the host's own word.
        country: ISO 3166-1 alpha-2 code, or the name where the code is not known.
    """

    lines: tuple[str, ...] = ()
    label: str = "home"
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None


def _kind(_customer: object, attribute: attrs.Attribute[str], value: str) -> None:
    choice(attribute.name, value, CUSTOMER_KINDS)


@attrs.frozen(kw_only=True)
class Customer(Record):
    """Whoever the firm has a relationship with: a person, a group or a company.

    Attributes:
        id: Opaque, at most 200 characters; made by crmkit where it is empty on `save`.
        kind: ``person`` or ``organisation``.
        name: Name as written, in any script.
        number: The firm's own customer number (R3), unique where it is given.
        identities: Keys that find this customer; `save` adds those that are new.
        parent: Id of the organisation this customer belongs to; its contacts roll up into it.
        owner: Account manager, as the configuration names him (R18).
        internal: Whether this is a department of the firm itself (R1).
        contacts: People to talk to (R4).
        addresses: Postal addresses (R6).
        industry: Industry classification (R7).
        profile: Line of business, size, structure: free keys (R5).
        language: BCP 47 tag messages are written in, such as ``zh-CN``; checked by `save`.
        salutation: How the customer is addressed, such as ``王女士`` (R38).
        birthday: Date of birth, or of foundation.
        time_zone: IANA zone, such as ``Asia/Shanghai``; quiet hours go by it; checked by `save`.
        acquired_by: How the customer came: event, online promotion, referral... (R96).
        preferred_channel: Channel the customer wants to be served by (R16).
        unreachable: No digital channel reaches him; automated sends leave him out (R39).
        research: What market research holds of him: ``potential`` or None (R119).
        introduction: Free text about the customer (R19).
        needs: Needs, explicit and latent (R14); drivers and dislikes (R13, R15) beside them.
        details: Small personal details worth remembering (R20).
        custom: The host's own fields (R21); JSON values.
        created_at: When crmkit first learnt of the customer; set by crmkit.
        source: Which system, file or person the record came from (R58).
    """

    id: str = ""
    kind: str = attrs.field(default=PERSON, validator=_kind)
    name: str = ""
    number: str | None = None
    identities: tuple[Identity, ...] = ()
    parent: str | None = None
    owner: str | None = None
    internal: bool = False
    contacts: tuple[Contact, ...] = ()
    addresses: tuple[Address, ...] = ()
    industry: str | None = None
    profile: Mapping[str, Any] = attrs.field(factory=dict)
    language: str | None = None
    salutation: str | None = None
    birthday: date | None = None
    time_zone: str | None = None
    acquired_by: str | None = None
    preferred_channel: str | None = None
    unreachable: bool = False
    research: str | None = None
    introduction: str | None = None
    needs: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    custom: Mapping[str, Any] = attrs.field(factory=dict)
    created_at: datetime | None = None
    source: str | None = None

    # What a full record holds (R22): each filled one counts the same.
    _COMPLETE = (
        "name number identities owner contacts addresses industry language salutation birthday "
        "time_zone acquired_by preferred_channel introduction needs"
    ).split()

    @property
    def completeness(self) -> float:
        """Share of the fields of a full record that are filled, 0.0 to 1.0 (R22)."""
        return sum(bool(getattr(self, name)) for name in self._COMPLETE) / len(self._COMPLETE)

    @property
    def known_as(self) -> str:
        """What a reader knows him by: his name, or else his number or another key."""
        keys = (identity.value for identity in self.identities)
        return self.name or self.number or next(keys, "")


@attrs.frozen(kw_only=True)
class Merge(Record):
    """Two records were found to be one customer; reversible.

    Attributes:
        id: Id of the merge decision, to give to ``unmerge``.
        keep: The id that goes on.
        drop: The id that now leads to `keep`.
        at: When it was decided.
        by: Who decided it.
        reason: Why.
    """

    id: str
    keep: str
    drop: str
    at: datetime
    by: str | None
    reason: str


@attrs.frozen(kw_only=True)
class Collision(Record):
    """One key that points at more than one customer; nothing was merged (R25).

    Attributes:
        id: To give to ``customers.resolve``.
        identity: The key that is shared.
        customers: The ids it points at; the first holds the key.
        at: When it was first met.
        source: Source and `record` id of the record that brought it.
        record: Id of that record.
    """

    id: str
    identity: Identity
    customers: tuple[str, ...]
    at: datetime
    source: str
    record: str
