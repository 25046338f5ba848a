"""Mailgun, SendGrid and Amazon SES for crmkit: sending, signed receipts, and replies."""
