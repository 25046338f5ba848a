"""The channels of the core, against servers that the tests start."""
