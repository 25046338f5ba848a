"""A shop that Django runs, with its CRM in the same database and the same transactions."""
