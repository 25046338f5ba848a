"""Counts by state."""

from __future__ import annotations

from crmkit.model.outreach import Counts


def test_counts_are_a_mapping_like_every_other():
    """They can be compared with what somebody expects; a state that none came to counts 0."""
    counts = Counts.of({"refused": 2, "accepted": 1, "failed": 0})
    assert counts == {"accepted": 1, "refused": 2}
    assert counts == Counts.of(counts)
    assert counts != {"accepted": 1}
    assert counts["failed"] == 0
    assert "failed" not in counts
