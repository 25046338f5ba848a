"""The domain in immutable attrs classes: no I/O, no logic beyond validation."""
