"""The files of the demo."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).with_name("online_retail_sample.csv.gz")
"""Invoices of a gift shop, 2010-12-01 to 2011-12-09."""
MAPPING = Path(__file__).with_name("online_retail.toml")
"""Which column of `DATA` is what."""
OUTREACH = Path(__file__).with_name("outreach.toml")
"""What the shop writes to its customers, and when it may."""
