"""Keeping in step with the CRM a team already has: both ways, replayable, nothing written twice."""
