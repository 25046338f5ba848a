"""Tests of crmkit.backups."""
