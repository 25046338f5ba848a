"""What a module looks like: ``/settings/fields`` as the engine's schema.

Source: https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html. A field of which only its
name is told is taken for what Zoho's own fields of that name are; another's values pass as they
are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.contracts.connector import Field, Schema, SyncAborted
from crmkit.contracts.reading import mapping, rows
from crmkit_zoho.api import Api
from crmkit_zoho.values import NONE, PLAIN, TYPES

BATCH = 100
"""Records that Zoho takes in one call."""
MODULES = ("Contacts", "Accounts", "Leads", "Deals", "Notes", "Calls", "Tasks", "Events")
"""Those of every organisation, the customers' one first."""
DUPLICATES = {
    "Leads": "Email",
    "Contacts": "Email",
    "Accounts": "Account_Name",
    "Deals": "Deal_Name",
    "Campaigns": "Campaign_Name",
    "Cases": "Subject",
    "Products": "Product_Name",
    "Vendors": "Vendor_Name",
    "Quotes": "Subject",
    "Invoices": "Subject",
}
"""The field by which an upsert finds a record without being told to keep it unique."""
_TIMES = ("Created_Time", "Modified_Time", "Last_Activity_Time")
_READONLY = frozenset(("id", *_TIMES, "Created_By", "Modified_By"))
_COMPUTED = frozenset(("autonumber", "formula", "rollup_summary"))
_USUAL = {
    **dict.fromkeys(_TIMES, "datetime"),
    "Owner": "ownerlookup",
    "Created_By": "ownerlookup",
    "Modified_By": "ownerlookup",
    **dict.fromkeys(("Account_Name", "Contact_Name", "Parent_Id", "Who_Id", "What_Id"), "lookup"),
}
_BY_JSON = {"integer": "integer", "double": "double", "boolean": "boolean"}


@attrs.frozen
class Shape:
    """One module.

    Attributes:
        schema: As the engine has it.
        kinds: Zoho's ``data_type`` by field.
        types: The engine's type by field.
        common: Fields of which Zoho says that several records may hold one value: it refuses to
            find records by them.
        plain: Fields whose texts are spelled alike on both sides.
    """

    schema: Schema
    kinds: Mapping[str, str]
    types: Mapping[str, str]
    common: frozenset[str]
    plain: frozenset[str] = attrs.field(init=False)

    @plain.default
    def _spelled_alike(self) -> frozenset[str]:
        return frozenset(name for name, type_ in self.types.items() if type_ in PLAIN)


class Shapes:
    """Asks what modules look like and keeps it; safe to use from several threads."""

    def __init__(self, api: Api) -> None:
        """Know nothing yet."""
        self._api = api
        self._known: dict[str, Shape] = {}

    def of(self, module: str) -> Shape:
        """Give a module's shape as it was last told."""
        return self._known.get(module) or self.fresh(module)

    def fresh(self, module: str) -> Shape:
        """Ask what a module looks like now.

        Raises:
            SyncAborted: there is no such module, or the credentials do not reach it.
        """
        what = f"the fields of {module}"
        answer = self._api.read("settings/fields", {"module": module}, what=what)
        told = [one for one in rows(answer.data, "fields") if isinstance(one.get("api_name"), str)]
        if not told:
            raise SyncAborted(f"Zoho CRM tells no fields of {module}: does the module exist?")
        kinds = {one["api_name"]: _kind(module, one) for one in told}
        fields = tuple(_field(module, one, kinds[one["api_name"]]) for one in told)
        shape = Shape(
            Schema(entity=module, fields=fields, batch=BATCH, page=self._api.config.page_size),
            kinds,
            {field.name: field.type for field in fields},
            frozenset(
                field.name
                for one, field in zip(told, fields, strict=True)
                if "unique" in one and not field.unique
            ),
        )
        self._known[module] = shape
        return shape


def _kind(module: str, told: Mapping[str, Any]) -> str:
    kind = told.get("data_type")
    if isinstance(kind, str) and kind:
        return kind
    name = told["api_name"]
    if name == DUPLICATES.get(module):
        return "text"  # Account_Name is a text in Accounts alone
    return _USUAL.get(name) or _BY_JSON.get(str(told.get("json_type")), "")


def _field(module: str, told: Mapping[str, Any], kind: str) -> Field:
    name = told["api_name"]
    length = told.get("length")
    type_ = "text" if name == "id" else TYPES.get(kind, "other")
    return Field(
        name=name,
        type=type_,
        label=str(told.get("display_label") or told.get("field_label") or name),
        required=bool(told.get("system_mandatory") or told.get("required")),
        readonly=_readonly(told, kind),
        unique=bool(told.get("unique")) or name == DUPLICATES.get(module),
        choices=_choices(told) if type_ == "choice" else (),
        length=length if type_ == "text" and isinstance(length, int) and length > 0 else None,
        targets=_targets(told) if type_ == "reference" else (),
        never_empty=type_ == "flag",
    )


def _targets(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the module that a lookup leads to, where it is one."""
    lookup = told.get("lookup")
    module = lookup.get("module") if isinstance(lookup, Mapping) else None
    name = module.get("api_name") if isinstance(module, Mapping) else None
    return (name,) if isinstance(name, str) else ()


def _readonly(told: Mapping[str, Any], kind: str) -> bool:
    if told["api_name"] in _READONLY or kind in _COMPUTED:
        return True
    may = mapping(told, "operation_type")
    never = may.get("api_create") is False and may.get("api_update") is False
    return never or bool(told.get("read_only") or told.get("field_read_only"))


def _choices(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what records hold, which is not always what people see."""
    found = (
        one.get("actual_value") or one.get("display_value")
        for one in rows(told, "pick_list_values")
    )
    return tuple(str(one) for one in found if one and one != NONE)
