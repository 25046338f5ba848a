"""Care: whom to contact today, why, and about what."""

from crmkit.care.namespace import Care

__all__ = ["Care"]
