"""WhatsApp for crmkit, by Meta's Cloud API: sending, receipts and replies."""
