"""Objects as ``object/describe`` tells of them, read whatever way their fields are wrapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.contracts.connector import Field, Schema, SyncAborted
from crmkit.contracts.reading import rows
from crmkit_fxiaoke.platform import NAME, Platform, Refused
from crmkit_fxiaoke.settings import FxiaokeConfig
from crmkit_fxiaoke.values import TYPES

MOST_CUSTOM = 100
"""Records in a page of a custom object at most."""
_COMPUTED = frozenset({"auto_number", "formula", "count", "quote"})
_DEEP = 3
_SYSTEM = frozenset(
    "life_status lock_status lock_user lock_rule created_by last_modified_by version "
    "object_describe_api_name object_describe_id tenant_id package out_tenant_id out_owner "
    "relevant_team data_own_department extend_obj_data_id order_by".split()
)


@attrs.frozen
class Object:
    """One object of the company.

    Attributes:
        schema: What it looks like.
        kinds: The platform's own type of each field.
        fields: The fields by name.
        demands: Names of the fields that a new record must have, for the platform.
    """

    schema: Schema
    kinds: Mapping[str, str]
    fields: Mapping[str, Field]
    demands: frozenset[str]

    def kind(self, name: str) -> tuple[str, str]:
        """Give the platform's type of a field, and the canonical one."""
        field = self.fields.get(name)
        return self.kinds.get(name, "text"), field.type if field else "other"

    def named_in(self, reason: str) -> str | None:
        """Find the field that a reason speaks of: the longest name or label that it holds."""
        found = [
            (len(word), field.name)
            for field in self.fields.values()
            for word in (field.name, field.label)
            if word and word in reason
        ]
        return max(found)[1] if found else None


class Objects:
    """Describes objects, each asked for once, and again by `fresh`."""

    def __init__(self, platform: Platform, config: FxiaokeConfig) -> None:
        """Ask nothing yet."""
        self._platform, self._config = platform, config
        self._known: dict[str, Object] = {}

    def get(self, entity: str) -> Object:
        """Give an object as it was last seen; raises as `fresh` does."""
        return self._known.get(entity) or self.fresh(entity)

    def fresh(self, entity: str) -> Object:
        """Describe an object as it is now.

        Raises:
            SyncAborted: there is none, or the employee may not see it.
        """
        asked: dict[str, Any] = {"apiName": entity, "includeDetail": False}
        try:
            # Some write the name beside `data`, some into it: either is read.
            told = self._platform.call("/cgi/crm/v2/object/describe", asked, **asked)
        except Refused as refused:
            raise SyncAborted(f"{NAME}: no object {entity}: {refused.reason}") from refused
        fields = [
            one for one in _described(told.body) if _told(one, "is_active", "isActive") is not False
        ]
        if not fields:
            raise SyncAborted(f"{NAME}: the description of {entity} names no fields")
        self._known[entity] = self._object(entity, fields)
        return self._known[entity]

    def _object(self, entity: str, described: list[Mapping[str, Any]]) -> Object:
        config = self._config
        names = config.names
        own = {names.id, names.changed, names.created, names.deleted, names.life} | _SYSTEM
        # What a new record is given anyway need not be mapped.
        given = own | {names.owner, names.record_type}
        fields, kinds, demands = {}, {}, set()
        for one in described:
            if _name(one) == names.owner:  # whatever it is called, it is a list of one
                one = {**one, "type": "employee"}  # noqa: PLW2901 - the same field
            field = _field(one, readonly=own, given=given)
            fields[field.name], kinds[field.name] = field, _kind(one)
            if _demanded(one):
                demands.add(field.name)
        page = page_size(config, entity)
        # A page of one: should a call of create be cut off, nothing else is in doubt.
        schema = Schema(entity=entity, fields=tuple(fields.values()), batch=1, page=page)
        return Object(schema, kinds, fields, frozenset(demands))


def custom(entity: str) -> bool:
    """Tell whether an object is the company's own: its calls have paths of their own."""
    return entity.endswith("__c")


def page_size(config: FxiaokeConfig, entity: str) -> int:
    """Give how many records a page of an object holds."""
    return min(config.page_size, MOST_CUSTOM) if custom(entity) else config.page_size


def data_path(entity: str, deed: str) -> str:
    """Give the path of a call that reads or writes records."""
    return f"/cgi/crm/{'custom/' if custom(entity) else ''}v2/data/{deed}"


def _described(value: Any, depth: int = 0) -> list[Mapping[str, Any]]:
    """Give the descriptions of the fields, from the first map or list of them in an answer."""
    if not isinstance(value, Mapping) or depth > _DEEP:
        return []
    fields = value.get("fields")
    if isinstance(fields, Mapping):
        found = fields.items()
        return [{"api_name": name, **one} for name, one in found if isinstance(one, Mapping)]
    if isinstance(fields, list):
        return [one for one in rows(fields) if _name(one)]
    return next(filter(None, (_described(one, depth + 1) for one in value.values())), [])


def _told(one: Mapping[str, Any], *names: str) -> Any:
    """Give what stands under the first of these names; the platform spells some in two ways."""
    return next((one[name] for name in names if one.get(name) not in (None, "")), None)


def _name(one: Mapping[str, Any]) -> str:
    return str(_told(one, "api_name", "apiName", "field_name", "fieldName", "name") or "")


def _kind(one: Mapping[str, Any]) -> str:
    kind = str(_told(one, "type", "field_type", "fieldType") or "text")
    if kind in ("formula", "quote"):
        return str(_told(one, "return_type", "quote_field_type") or "text")
    return kind


def _options(one: Mapping[str, Any]) -> tuple[str, ...]:
    options = _told(one, "options")
    values = [
        _told(option, "value", "api_name", "label") if isinstance(option, Mapping) else option
        for option in (options if isinstance(options, list) else ())
    ]
    return tuple(str(value) for value in values if value is not None)


def _field(one: Mapping[str, Any], *, readonly: set[str], given: set[str]) -> Field:
    name, kind, closed = _name(one), _kind(one), _options(one)
    length, type_ = _told(one, "max_length", "maxLength"), TYPES.get(kind, "text")
    fixed = _told(one, "type") in _COMPUTED or bool(_told(one, "is_readonly", "isReadonly"))
    return Field(
        name=name,
        type="text" if type_ == "choice" and not closed else type_,
        label=str(_told(one, "label") or ""),
        required=_demanded(one) and name not in given,
        readonly=name in readonly or fixed or type_ == "other",
        unique=bool(_told(one, "is_unique", "isUnique")),
        targets=_targets(one) if type_ == "reference" else (),
        choices=closed if type_ == "choice" else (),
        length=length if isinstance(length, int) and length > 0 and type_ == "text" else None,
    )


def _targets(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the object that a reference leads to, where that is told."""
    name = _told(one, "target_api_name", "targetApiName")
    return (name,) if isinstance(name, str) and name else ()


def _demanded(one: Mapping[str, Any]) -> bool:
    return bool(_told(one, "is_required", "isRequired", "required"))
