"""Every hook of crmkit. Implement any of them in a module and mark it with ``@crmkit.hookimpl``.

Arguments that are not needed may be left out; `settings` is an object of the class that the
plugin's ``crmkit_settings`` names, or None. Hooks that offer something give an iterable of
records; those that tell get a batch after the commit, at best once: else read ``crm.changes``.
"""

from crmkit.plugins.hookspecs.offering import (
    crmkit_channels,
    crmkit_commands,
    crmkit_connectors,
    crmkit_engines,
    crmkit_indicators,
    crmkit_references,
    crmkit_runners,
    crmkit_stage_rules,
    crmkit_stores,
    crmkit_touchpoint_kinds,
)
from crmkit.plugins.hookspecs.telling import (
    crmkit_receipts,
    crmkit_refuse_send,
    crmkit_scores_changed,
    crmkit_settings,
    crmkit_stages_changed,
    crmkit_synced,
    crmkit_touchpoints_recorded,
)

__all__ = [
    "crmkit_channels",
    "crmkit_commands",
    "crmkit_connectors",
    "crmkit_engines",
    "crmkit_indicators",
    "crmkit_receipts",
    "crmkit_references",
    "crmkit_refuse_send",
    "crmkit_runners",
    "crmkit_scores_changed",
    "crmkit_settings",
    "crmkit_stage_rules",
    "crmkit_stages_changed",
    "crmkit_stores",
    "crmkit_synced",
    "crmkit_touchpoint_kinds",
    "crmkit_touchpoints_recorded",
]
