"""The files of the demo."""

from __future__ import annotations

from datetime import date
from pathlib import Path

DATA = Path(__file__).with_name("online_retail_sample.csv.gz")
"""Invoices of a gift shop, 2010-12-01 to 2011-12-09."""
DAY = date(2011, 12, 10)
"""The day after the last of them, which the demo takes for today."""
MAPPING = Path(__file__).with_name("online_retail.toml")
"""Which column of `DATA` is what."""
OUTREACH = Path(__file__).with_name("outreach.toml")
"""What the shop writes to its customers, and when it may."""
