"""Tests of crmkit.parquet."""
