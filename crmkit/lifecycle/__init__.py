"""Stages of a relationship, moved by rules that are data; tiers held still; endings approved."""

from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.namespace import Lifecycle
from crmkit.lifecycle.opening import guide
from crmkit.lifecycle.rules import Ruleset, default_rules, load_rules
from crmkit.lifecycle.world import Guide

__all__ = [
    "AgendaPolicy",
    "Guide",
    "Lifecycle",
    "Ruleset",
    "default_rules",
    "guide",
    "load_rules",
]
