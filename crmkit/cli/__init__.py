"""The ``crmkit`` program: each command parses, makes one call, and prints."""

from crmkit.cli.program import main

__all__ = ["main"]
