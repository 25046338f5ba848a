"""Zoho CRM for crmkit: customers, contacts, touchpoints, deals and scores, both ways."""
