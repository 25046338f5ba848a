"""crmkit: a customer-relationship engine that a developer embeds in a Python application.

`connect` opens a workspace; the other names are the domain's records and errors. Nothing is imported
before it is used: no plugin, no database driver.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crmkit.crm import (
        CRM as CRM,
        connect as connect,
    )
    from crmkit.errors import (
        ConfigError as ConfigError,
        CrmkitError as CrmkitError,
        CustomerMerged as CustomerMerged,
        CustomerNotFound as CustomerNotFound,
        DecisionNotFound as DecisionNotFound,
        InvalidValueError as InvalidValueError,
        MappingError as MappingError,
        ModelError as ModelError,
        NaiveTimeError as NaiveTimeError,
        PluginError as PluginError,
        RefusedError as RefusedError,
        SchemaError as SchemaError,
        StoreBusy as StoreBusy,
        StoreClosed as StoreClosed,
        StoreError as StoreError,
        TouchpointNotFound as TouchpointNotFound,
    )
    from crmkit.model.care import (
        AgendaItem as AgendaItem,
    )
    from crmkit.model.consent import (
        Consent as Consent,
    )
    from crmkit.model.customer import (
        Address as Address,
        Collision as Collision,
        Contact as Contact,
        Customer as Customer,
        Identity as Identity,
        Merge as Merge,
    )
    from crmkit.model.lifecycle import (
        Move as Move,
        Stage as Stage,
        StageRule as StageRule,
    )
    from crmkit.model.log import (
        Change as Change,
        Decision as Decision,
        Page as Page,
    )
    from crmkit.model.market import (
        Promotion as Promotion,
    )
    from crmkit.model.people import (
        Person as Person,
    )
    from crmkit.model.touchpoint import (
        CaptureReport as CaptureReport,
        Rejection as Rejection,
        Touchpoint as Touchpoint,
    )
    from crmkit.model.value import (
        Cause as Cause,
        CustomerKind as CustomerKind,
        Indicator as Indicator,
        Movement as Movement,
        Override as Override,
        Part as Part,
        Score as Score,
        Tier as Tier,
        ValueModel as ValueModel,
    )
    from crmkit.plugins.marks import (
        hookimpl as hookimpl,
    )
    from crmkit.value.models import (
        dump_model as dump_model,
        load_model as load_model,
    )

_HOME = {
    "CRM": "crmkit.crm",
    "connect": "crmkit.crm",
    "ConfigError": "crmkit.errors",
    "CrmkitError": "crmkit.errors",
    "CustomerMerged": "crmkit.errors",
    "CustomerNotFound": "crmkit.errors",
    "DecisionNotFound": "crmkit.errors",
    "InvalidValueError": "crmkit.errors",
    "MappingError": "crmkit.errors",
    "ModelError": "crmkit.errors",
    "NaiveTimeError": "crmkit.errors",
    "PluginError": "crmkit.errors",
    "RefusedError": "crmkit.errors",
    "SchemaError": "crmkit.errors",
    "StoreBusy": "crmkit.errors",
    "StoreClosed": "crmkit.errors",
    "StoreError": "crmkit.errors",
    "TouchpointNotFound": "crmkit.errors",
    "AgendaItem": "crmkit.model.care",
    "Consent": "crmkit.model.consent",
    "Address": "crmkit.model.customer",
    "Collision": "crmkit.model.customer",
    "Contact": "crmkit.model.customer",
    "Customer": "crmkit.model.customer",
    "Identity": "crmkit.model.customer",
    "Merge": "crmkit.model.customer",
    "Move": "crmkit.model.lifecycle",
    "Stage": "crmkit.model.lifecycle",
    "StageRule": "crmkit.model.lifecycle",
    "Change": "crmkit.model.log",
    "Decision": "crmkit.model.log",
    "Page": "crmkit.model.log",
    "Promotion": "crmkit.model.market",
    "Person": "crmkit.model.people",
    "CaptureReport": "crmkit.model.touchpoint",
    "Rejection": "crmkit.model.touchpoint",
    "Touchpoint": "crmkit.model.touchpoint",
    "Cause": "crmkit.model.value",
    "CustomerKind": "crmkit.model.value",
    "Indicator": "crmkit.model.value",
    "Movement": "crmkit.model.value",
    "Override": "crmkit.model.value",
    "Part": "crmkit.model.value",
    "Score": "crmkit.model.value",
    "Tier": "crmkit.model.value",
    "ValueModel": "crmkit.model.value",
    "hookimpl": "crmkit.plugins.marks",
    "dump_model": "crmkit.value.models",
    "load_model": "crmkit.value.models",
}

__all__ = [  # noqa: PLE0604, PLE0605 - the names that `__getattr__` finds
    *_HOME,
]


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
