"""Service standards: what is promised, measured, and made better."""

from crmkit.care.standards.namespace import Standards

__all__ = ["Standards"]
