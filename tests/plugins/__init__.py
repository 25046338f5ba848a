"""Tests of the plugin manager: real distributions, good and broken."""
