"""crmkit: a customer-relationship engine that a developer embeds in a Python application.

`connect` opens a workspace; the other names are the domain's records and errors. Nothing is
imported before it is used: no plugin, no database driver.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from crmkit.names import HOME

if TYPE_CHECKING:
    from crmkit.backups import (
        backup as backup,
    )
    from crmkit.backups import (
        read_backup as read_backup,
    )
    from crmkit.backups import (
        restore as restore,
    )
    from crmkit.capture.mapped import (
        map_customers as map_customers,
    )
    from crmkit.capture.mapped import (
        map_touchpoints as map_touchpoints,
    )
    from crmkit.connecting import (
        connect as connect,
    )
    from crmkit.contracts.channel import (
        Received as Received,
    )
    from crmkit.contracts.connector import (
        RetryLater as RetryLater,
    )
    from crmkit.contracts.connector import (
        SyncAborted as SyncAborted,
    )
    from crmkit.contracts.connector import (
        SyncError as SyncError,
    )
    from crmkit.contracts.runner import (
        Job as Job,
    )
    from crmkit.crm import (
        CRM as CRM,
    )
    from crmkit.errors import (
        BackupError as BackupError,
    )
    from crmkit.errors import (
        ConfigError as ConfigError,
    )
    from crmkit.errors import (
        CrmkitError as CrmkitError,
    )
    from crmkit.errors import (
        CustomerMerged as CustomerMerged,
    )
    from crmkit.errors import (
        CustomerNotFound as CustomerNotFound,
    )
    from crmkit.errors import (
        DecisionNotFound as DecisionNotFound,
    )
    from crmkit.errors import (
        ExportError as ExportError,
    )
    from crmkit.errors import (
        InvalidValueError as InvalidValueError,
    )
    from crmkit.errors import (
        JobUnknown as JobUnknown,
    )
    from crmkit.errors import (
        MappingError as MappingError,
    )
    from crmkit.errors import (
        ModelError as ModelError,
    )
    from crmkit.errors import (
        NaiveTimeError as NaiveTimeError,
    )
    from crmkit.errors import (
        PluginError as PluginError,
    )
    from crmkit.errors import (
        RefusedError as RefusedError,
    )
    from crmkit.errors import (
        SchemaError as SchemaError,
    )
    from crmkit.errors import (
        SignatureInvalid as SignatureInvalid,
    )
    from crmkit.errors import (
        StoreBusy as StoreBusy,
    )
    from crmkit.errors import (
        StoreClosed as StoreClosed,
    )
    from crmkit.errors import (
        StoreError as StoreError,
    )
    from crmkit.errors import (
        TouchpointNotFound as TouchpointNotFound,
    )
    from crmkit.model.backup import (
        Backup as Backup,
    )
    from crmkit.model.backup import (
        Restored as Restored,
    )
    from crmkit.model.care import (
        AgendaItem as AgendaItem,
    )
    from crmkit.model.care import (
        Reward as Reward,
    )
    from crmkit.model.consent import (
        Consent as Consent,
    )
    from crmkit.model.customer import (
        Address as Address,
    )
    from crmkit.model.customer import (
        Collision as Collision,
    )
    from crmkit.model.customer import (
        Contact as Contact,
    )
    from crmkit.model.customer import (
        Customer as Customer,
    )
    from crmkit.model.customer import (
        Identity as Identity,
    )
    from crmkit.model.customer import (
        Merge as Merge,
    )
    from crmkit.model.feedback import (
        FeedbackCase as FeedbackCase,
    )
    from crmkit.model.funnel import (
        Forecast as Forecast,
    )
    from crmkit.model.funnel import (
        Leaks as Leaks,
    )
    from crmkit.model.jobs import (
        JobState as JobState,
    )
    from crmkit.model.key_account import (
        KeyAccount as KeyAccount,
    )
    from crmkit.model.key_account import (
        Promise as Promise,
    )
    from crmkit.model.lifecycle import (
        Ending as Ending,
    )
    from crmkit.model.lifecycle import (
        Move as Move,
    )
    from crmkit.model.lifecycle import (
        Stage as Stage,
    )
    from crmkit.model.lifecycle import (
        StageRule as StageRule,
    )
    from crmkit.model.log import (
        Change as Change,
    )
    from crmkit.model.log import (
        Decision as Decision,
    )
    from crmkit.model.log import (
        LogExport as LogExport,
    )
    from crmkit.model.log import (
        Page as Page,
    )
    from crmkit.model.market import (
        Competitor as Competitor,
    )
    from crmkit.model.market import (
        MarketNote as MarketNote,
    )
    from crmkit.model.market import (
        Promotion as Promotion,
    )
    from crmkit.model.market import (
        ReferralShare as ReferralShare,
    )
    from crmkit.model.outreach import (
        Counts as Counts,
    )
    from crmkit.model.outreach import (
        LedgerRow as LedgerRow,
    )
    from crmkit.model.outreach import (
        Preview as Preview,
    )
    from crmkit.model.people import (
        Person as Person,
    )
    from crmkit.model.plan import (
        Action as Action,
    )
    from crmkit.model.plan import (
        ActionPlan as ActionPlan,
    )
    from crmkit.model.plan import (
        CarePlan as CarePlan,
    )
    from crmkit.model.plan import (
        Checklist as Checklist,
    )
    from crmkit.model.plan import (
        Goals as Goals,
    )
    from crmkit.model.plan import (
        Issue as Issue,
    )
    from crmkit.model.plan import (
        Obstacle as Obstacle,
    )
    from crmkit.model.plan import (
        Relation as Relation,
    )
    from crmkit.model.plan import (
        SalesGoal as SalesGoal,
    )
    from crmkit.model.plan import (
        Situation as Situation,
    )
    from crmkit.model.sales import (
        Opportunity as Opportunity,
    )
    from crmkit.model.standard import (
        Attainment as Attainment,
    )
    from crmkit.model.standard import (
        Improvement as Improvement,
    )
    from crmkit.model.standard import (
        ServiceMetrics as ServiceMetrics,
    )
    from crmkit.model.standard import (
        Standard as Standard,
    )
    from crmkit.model.survey import (
        SurveyResults as SurveyResults,
    )
    from crmkit.model.sync import (
        Quarantined as Quarantined,
    )
    from crmkit.model.sync import (
        SyncChange as SyncChange,
    )
    from crmkit.model.sync import (
        SyncConflict as SyncConflict,
    )
    from crmkit.model.sync import (
        SyncPlan as SyncPlan,
    )
    from crmkit.model.sync import (
        SyncReport as SyncReport,
    )
    from crmkit.model.targets import (
        Performance as Performance,
    )
    from crmkit.model.targets import (
        Target as Target,
    )
    from crmkit.model.touchpoint import (
        CaptureReport as CaptureReport,
    )
    from crmkit.model.touchpoint import (
        Rejection as Rejection,
    )
    from crmkit.model.touchpoint import (
        Touchpoint as Touchpoint,
    )
    from crmkit.model.value import (
        Cause as Cause,
    )
    from crmkit.model.value import (
        CustomerKind as CustomerKind,
    )
    from crmkit.model.value import (
        Indicator as Indicator,
    )
    from crmkit.model.value import (
        Movement as Movement,
    )
    from crmkit.model.value import (
        Override as Override,
    )
    from crmkit.model.value import (
        Part as Part,
    )
    from crmkit.model.value import (
        Score as Score,
    )
    from crmkit.model.value import (
        Tier as Tier,
    )
    from crmkit.model.value import (
        ValueModel as ValueModel,
    )
    from crmkit.plugins.marks import (
        hookimpl as hookimpl,
    )
    from crmkit.sync.leases import (
        SyncBusy as SyncBusy,
    )
    from crmkit.value.models import (
        dump_model as dump_model,
    )
    from crmkit.value.models import (
        load_model as load_model,
    )

__all__ = [*HOME]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used."""
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *HOME})
