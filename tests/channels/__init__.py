"""The channels of the core."""
