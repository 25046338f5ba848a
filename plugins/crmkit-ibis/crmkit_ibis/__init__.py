"""Whole-log work: scores, the pyramid and segments as Ibis expressions, on the engine you have."""

from crmkit_ibis.questions import pyramid, scores, segments

__all__ = ["pyramid", "scores", "segments"]
