"""Surveys: one question asked one to one, its answers, and what they add up to."""
