"""Feedback: every case answered, analysed, acted on and followed up until it is solved."""

from crmkit.care.feedback.namespace import Feedback

__all__ = ["Feedback"]
