"""Hosts that embed crmkit in their own database transactions."""
