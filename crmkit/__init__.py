"""crmkit: a customer-relationship engine that a developer embeds in a Python application."""
