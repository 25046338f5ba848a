"""Test kits for plugin authors: suites of laws to subclass, fixtures, and helpers."""
