"""Targets of account managers: set, broken down, and set beside what was reached."""

from crmkit.care.targets.namespace import Targets

__all__ = ["Targets"]
