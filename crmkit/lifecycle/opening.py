"""From the configuration to what decides where everybody stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from crmkit.contracts.session import Session
from crmkit.contracts.settings import refuse, structure
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.rules import Ruleset, default_rules, load_rules
from crmkit.lifecycle.world import Guide
from crmkit.model.lifecycle import ENDING_REASONS, StageRule
from crmkit.value.basis import Defaults
from crmkit.value.kinds import KindRules

_MOST_YEARS = 100


@attrs.frozen(kw_only=True)
class LifecycleSettings:
    """Section ``[lifecycle]`` of the configuration.

    Attributes:
        file: The rule file; None: the default rules.
        retention: Years that the record of an ended customer is kept, by the ending's reason; a
            reason that is not named has no term.
    """

    file: str | None = None
    retention: Mapping[str, int] = attrs.field(factory=dict)


def lifecycle_settings(session: Session) -> LifecycleSettings:
    """Read the section ``[lifecycle]``.

    Raises:
        ConfigError: a setting makes no sense; `key` names it.
    """
    settings = structure(LifecycleSettings, session.settings.get("lifecycle", {}), "lifecycle")
    for reason, years in settings.retention.items():
        where = f"lifecycle.retention.{reason}"
        if reason not in ENDING_REASONS:
            refuse(where, f"is no reason of an ending: one of {', '.join(ENDING_REASONS)}")
        if not 0 <= years <= _MOST_YEARS:
            refuse(where, f"must be 0 to {_MOST_YEARS} years", years)
    return settings


def guide(
    session: Session,
    defaults: Defaults,
    *,
    offered: Iterable[StageRule] = (),
    kind_rules: KindRules | None = None,
    folder: Path | None = None,
) -> Guide:
    """Put together what `Lifecycle` and the agenda go by.

    Args:
        session: Its settings hold the sections ``lifecycle`` and ``agenda``.
        defaults: Value model and kinds that hold before anything was decided.
        offered: The rules of plugins.
        kind_rules: Thresholds of the kinds of customer; None: the default ones.
        folder: Where a relative rule file lies; None: the working directory.

    Raises:
        ConfigError: a setting makes no sense; `key` names it.
        ModelError: the rule file or a plugin's rule makes no sense.
    """
    settings = lifecycle_settings(session)
    own = (
        default_rules()
        if settings.file is None
        else load_rules((folder or Path()) / Path(settings.file).expanduser())
    )
    return Guide(
        defaults=defaults,
        rules=Ruleset.of(own, offered),
        policy=AgendaPolicy.of(session.settings.get("agenda", {})),
        kind_rules=kind_rules or KindRules(),
        retention=settings.retention,
    )
