"""Outreach: one gate that nothing goes round, the ledger, and what became of each message."""
