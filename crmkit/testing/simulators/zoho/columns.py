"""The fields of a simulated Zoho's modules, and how ``/settings/fields`` tells of them."""

from __future__ import annotations

from typing import Any

import attrs

_JSON = {
    "boolean": "boolean",
    "integer": "integer",
    "double": "double",
    "currency": "double",
    "lookup": "jsonobject",
    "ownerlookup": "jsonobject",
    "multiselectpicklist": "jsonarray",
}


@attrs.frozen(kw_only=True)
class Column:
    """One field of a module.

    Attributes:
        name: Its ``api_name``.
        kind: Its ``data_type``, as Zoho spells it: ``text``, ``email``, ``picklist``...
        length: Characters it takes.
        mandatory: A new record must have it.
        readonly: Zoho alone writes it.
        unique: "Do not allow duplicate values".
        choices: Values of a picklist.
        of: Module that a lookup leads to.
    """

    name: str
    kind: str = "text"
    length: int = 255
    mandatory: bool = False
    readonly: bool = False
    unique: bool = False
    choices: tuple[str, ...] = ()
    of: str = ""

    def wire(self, number: int) -> dict[str, Any]:
        """Give what ``/settings/fields`` says; `number` makes an id."""
        return {
            "id": f"55402300000{number:07d}",
            "api_name": self.name,
            "field_label": self.name.replace("_", " "),
            "display_label": self.name.replace("_", " "),
            "data_type": self.kind,
            "json_type": _JSON.get(self.kind, "string"),
            "length": self.length,
            "system_mandatory": self.mandatory,
            "read_only": False,
            "field_read_only": self.readonly,
            "unique": {"casesensitive": ""} if self.unique else {},
            "visible": True,
            "custom_field": False,
            "pick_list_values": [
                {"display_value": one, "actual_value": one, "reference_value": one, "id": f"{n}"}
                for n, one in enumerate(self.choices, 1)
            ],
            "lookup": {"module": {"api_name": self.of, "id": "1"}} if self.of else {},
        }


def _own(*columns: Column) -> list[Column]:
    """Put what every module has around its own fields."""
    return [
        Column(name="id", kind="bigint", readonly=True),
        Column(name="Owner", kind="ownerlookup"),
        *columns,
        Column(name="Created_Time", kind="datetime", readonly=True),
        Column(name="Modified_Time", kind="datetime", readonly=True),
    ]


def _scores() -> list[Column]:
    return [
        Column(name="Value_Score", kind="double", length=16),
        Column(name="Value_Tier", length=50),
        Column(name="Lifecycle_Stage", length=50),
        Column(name="Next_Contact", kind="datetime"),
        Column(name="Next_Reason"),
    ]


def modules() -> dict[str, list[Column]]:
    """Give the modules of a new account; a test may add to them and take away."""
    sources = ("Advertisement", "Cold Call", "Web", "朋友介绍")
    return {
        "Contacts": _own(
            Column(name="First_Name", length=40),
            Column(name="Last_Name", length=80, mandatory=True),
            Column(name="Email", kind="email", length=100),
            Column(name="Phone", kind="phone", length=50),
            Column(name="Account_Name", kind="lookup", of="Accounts"),
            Column(name="Lead_Source", kind="picklist", length=120, choices=sources),
            Column(name="Industry", length=120),
            Column(name="Time_Zone", length=64),
            Column(name="Date_of_Birth", kind="date"),
            Column(name="Email_Opt_Out", kind="boolean"),
            Column(name="Orders", kind="integer", length=9),
            Column(name="Interests", kind="multiselectpicklist", choices=("Tea", "Go", "书法")),
            Column(name="Description", kind="textarea", length=32000),
            *_scores(),
        ),
        "Accounts": _own(
            Column(name="Account_Name", length=200, mandatory=True),
            Column(name="Phone", kind="phone", length=30),
            Column(name="Website", kind="website", length=450),
            Column(name="Industry", length=120),
            Column(name="Description", kind="textarea", length=32000),
            *_scores(),
        ),
        "Leads": _own(
            Column(name="Last_Name", length=80, mandatory=True),
            Column(name="Company", length=200),
            Column(name="Email", kind="email", length=100),
            Column(name="Phone", kind="phone", length=30),
        ),
        "Deals": _own(
            Column(name="Deal_Name", length=120, mandatory=True),
            Column(name="Stage", length=120, mandatory=True),
            Column(name="Amount", kind="currency", length=16),
            Column(name="Closing_Date", kind="date"),
            Column(name="Account_Name", kind="lookup", of="Accounts"),
            Column(name="Contact_Name", kind="lookup", of="Contacts"),
            Column(name="Description", kind="textarea", length=32000),
        ),
        "Notes": _own(
            Column(name="Note_Title", length=120),
            Column(name="Note_Content", kind="textarea", length=32000, mandatory=True),
            Column(name="Parent_Id", kind="lookup", of="*"),
        ),
        "Calls": _own(
            Column(name="Subject", mandatory=True),
            Column(name="Call_Type", kind="picklist", choices=("Inbound", "Outbound", "Missed")),
            Column(name="Call_Start_Time", kind="datetime", mandatory=True),
            Column(name="Call_Duration", length=9),
            Column(name="Who_Id", kind="lookup", of="Contacts"),
            Column(name="What_Id", kind="lookup", of="*"),
            Column(name="Description", kind="textarea", length=32000),
        ),
        "Tasks": _own(
            Column(name="Subject", mandatory=True),
            Column(name="Due_Date", kind="date"),
            Column(name="Status", length=120),
            Column(name="Who_Id", kind="lookup", of="Contacts"),
            Column(name="What_Id", kind="lookup", of="*"),
            Column(name="Description", kind="textarea", length=32000),
        ),
    }
