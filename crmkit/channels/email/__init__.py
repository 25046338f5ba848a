"""E-mail: over SMTP to each customer alone, and from a mailbox what came back."""
