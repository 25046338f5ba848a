"""A year of a real shop, to look at crmkit with: see ATTRIBUTION.md for where it comes from."""

from crmkit.demo.shipped import DATA, DAY, MAPPING, OUTREACH

__all__ = ["DATA", "DAY", "MAPPING", "OUTREACH"]
