"""The channels of the core; each is opened through the same hook as a plugin's."""
