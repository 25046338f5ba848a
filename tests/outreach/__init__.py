"""Outreach: consent, the gate's pieces, the ledger."""
