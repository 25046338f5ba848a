"""Tests of crmkit.capture."""
