"""What passes between the engine and a connector: records, pages, results, and what they look like.

All of it is imported from `crmkit.contracts.connector`, beside the contract itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.settings import Secret
from crmkit.model.serial import Record

TYPES = ("text", "number", "flag", "date", "instant", "choice", "reference", "list", "other")
"""Types of a remote field, as far as a mapping must know them."""


def _id(given: str | int) -> str:
    """Write an id as text: a remote may call one record 7 today and "7" tomorrow."""
    return str(given) if isinstance(given, int) else given


def _ids(given: Sequence[str | int]) -> Sequence[str]:
    return tuple(map(_id, given))


def _maybe(given: str | int | None) -> str | None:
    return None if given is None else _id(given)


@attrs.frozen
class Cursor(Record):
    """A place in the remote's order of changes: first by instant, then by id.

    Attributes:
        at: The newest change that was applied.
        id: The last id among those of the same instant; records of one instant may outnumber a
            page.
        token: The remote's own token, where it has one; opaque.
    """

    at: datetime | None = None
    id: str = ""
    token: str | None = None


@attrs.frozen(kw_only=True)
class Field(Record):
    """One field of a remote object.

    Attributes:
        name: As the remote spells it.
        type: One of `TYPES`.
        label: As its users see it.
        required: A new record must have it.
        readonly: The remote does not let it be written.
        unique: A record can be found by it, and upserted on it.
        choices: The allowed values of a ``choice``.
        length: Longest text it takes; None: not known.
        targets: Objects that a ``reference`` may lead to; empty: not known.
        never_empty: A ``flag`` that has yes and no alone: no is there what nothing is here.
    """

    name: str
    type: str = attrs.field(default="text", validator=attrs.validators.in_(TYPES))
    label: str = ""
    required: bool = False
    readonly: bool = False
    unique: bool = False
    choices: tuple[str, ...] = ()
    length: int | None = None
    targets: tuple[str, ...] = ()
    never_empty: bool = False


@attrs.frozen(kw_only=True)
class Schema(Record):
    """What a remote object looks like.

    Attributes:
        entity: Name of the object: ``Contacts``, ``party.party``.
        fields: Its fields.
        batch: Records in one call of `Connector.upsert` and `Connector.delete`.
        page: Records in one page of changes.
    """

    entity: str
    fields: tuple[Field, ...]
    batch: int = 100
    page: int = 200


@attrs.frozen(kw_only=True)
class Remote(Record):
    """One record as the remote holds it.

    Attributes:
        id: The remote's id.
        values: Values by field name; JSON values, as the remote gave them.
        changed_at: When it was last changed there.
        created_at: When it was made there, where the remote tells it.
        deleted: It is gone, or archived; `values` is then empty.
        merged_into: The id that it went into, where the remote tells it; it is `deleted` then.
        version: The remote's own version, where it has one.
    """

    id: str = attrs.field(converter=_id)
    values: Mapping[str, Any] = attrs.field(factory=dict)
    changed_at: datetime | None = None
    created_at: datetime | None = None
    deleted: bool = False
    merged_into: str | None = attrs.field(default=None, converter=_maybe)
    version: str | None = None


@attrs.frozen(kw_only=True)
class Changes(Record):
    """One page of remote changes, oldest first.

    Attributes:
        records: Changed and deleted records.
        cursor: Place behind the last of them; the engine keeps it only after it applied them.
            Never "now": where nothing came, the cursor that was given.
        more: Whether another page waits.
        now: The remote's own clock when it answered, as its ``Date`` header has it; None: it does
            not tell.
    """

    records: tuple[Remote, ...]
    cursor: Cursor
    more: bool = False
    now: datetime | None = None


@attrs.define(kw_only=True)
class Upsert(Record):
    """One record to write.

    Not frozen: every record that moves is one, and freezing it takes as long as making it.

    Attributes:
        key: Ours, unique in the batch: results are matched by it, not by position.
        remote_id: The remote's id, where it is known; None: create it, or find it by `match`.
        match: Field and value that find it where the id is not known.
        values: What to write; a None clears the field, a missing field stays as it is.
        unchanged_since: Write only where nobody changed it since (capability ``if_unchanged``).
    """

    key: str
    remote_id: str | None = None
    match: tuple[str, str] | None = None
    values: Mapping[str, Any] = attrs.field(factory=dict)
    unchanged_since: datetime | None = None


_DONE = ("created", "updated", "deleted", "unchanged")


@attrs.define(kw_only=True)
class Result(Record):
    """What became of one record of a batch.

    Not frozen: every record that moves is one, and freezing it takes as long as making it.

    Attributes:
        key: `Upsert.key`, or the id that was to be deleted.
        done: ``created updated deleted unchanged``, or None where it was refused.
        remote_id: The remote's id.
        changed_at: The remote's instant of the change, where it tells it: finds our own echo.
        conflict: It was changed there since `Upsert.unchanged_since`.
        retry: It may be written again later as it is.
        field: The field at fault.
        code: The remote's code.
        reason: The remote's reason, in words.
    """

    key: str
    done: str | None = None
    remote_id: str | None = None
    changed_at: datetime | None = None
    conflict: bool = False
    retry: bool = False
    field: str | None = None
    code: str | None = None
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        """Write ids as text; all in one, since converters and a validator take twice as long.

        Raises:
            ValueError: `done` is none of its words.
        """
        if self.done is not None and self.done not in _DONE:
            raise ValueError(f"done must be one of {', '.join(_DONE)} or None, got {self.done!r}")
        if type(self.key) is not str:
            self.key = _id(self.key)
        if type(self.remote_id) is not str:
            self.remote_id = _maybe(self.remote_id)


@attrs.frozen
class Ids:
    """One page of an enumeration.

    Attributes:
        ids: Ids of records that exist.
        after: To go on with; None: that was all of them, and only then a sweep may delete.
    """

    ids: Sequence[str] = attrs.field(converter=_ids)
    after: str | None = None


@attrs.frozen(kw_only=True)
class Hint:
    """What a webhook tells: read these again, since its values may be old or forged.

    Attributes:
        entity: Name of the object.
        ids: Which records.
        deleted: They are said to be gone.
    """

    entity: str
    ids: tuple[str, ...] = attrs.field(converter=_ids)
    deleted: bool = False


@attrs.frozen(kw_only=True)
class Finding(Record):
    """Something `Connector.check` found wrong.

    Attributes:
        what: What is wrong.
        remedy: What to do about it.
        fatal: A run could not work.
    """

    what: str
    remedy: str
    fatal: bool = True


@attrs.frozen(kw_only=True)
class Synced(Record):
    """What one run of a sync did.

    Attributes:
        connector: Its name.
        created: Records made, on both sides together.
        updated: Records changed.
        deleted: Records deleted.
        conflicts: Fields changed on both sides.
        quarantined: Records that were refused.
        finished: When it ended.
    """

    connector: str
    created: int = 0
    updated: int = 0
    deleted: int = 0
    conflicts: int = 0
    quarantined: int = 0
    finished: datetime | None = None


@attrs.frozen(kw_only=True)
class Token:
    """Something that opens the remote for a while.

    Attributes:
        value: The token.
        expires: When it ends; None: never.
        facts: What came with it, such as the host to talk to.
    """

    value: Secret
    expires: datetime | None = None
    facts: Mapping[str, str] = attrs.field(factory=dict)
