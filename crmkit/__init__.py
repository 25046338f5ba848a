"""crmkit: a customer-relationship engine that a developer embeds in a Python application.

`connect` opens a workspace; the other names are the domain's records and errors. Nothing is imported
before it is used: no plugin, no database driver.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from crmkit.names import HOME

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

__all__ = sorted(HOME)


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used."""
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *HOME})
