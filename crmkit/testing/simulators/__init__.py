"""Providers on 127.0.0.1 that speak their own wire and can be made to fail, for tests.

They remember what they took, so that a test can count what a customer got.
"""
