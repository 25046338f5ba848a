"""Stages, tiers and endings."""
