"""Whole-log work: scores, the pyramid and segments as Ibis expressions, on the engine you have."""

from crmkit_ibis.questions import scores

__all__ = ["scores"]
