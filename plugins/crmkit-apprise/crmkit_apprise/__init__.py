"""The long tail of channels for crmkit, by Apprise."""
