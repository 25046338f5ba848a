"""Stored-value cards for crmkit: what is paid onto them, what is paid with them, what is left."""
