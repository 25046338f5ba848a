"""The stages and the ways between them (R92, R95-R105).

Before the first purchase a relationship is a prospect, dormant or failed; afterwards it is
developed, maintained, upgraded, held back from leaving (retention), lost (churned) and won back.
Nobody is ended by a rule: that takes a senior person's approval.
"""

from __future__ import annotations

FIRST = "prospect"
"""Where somebody stands of whom nothing is known."""
ENDED = "ended"

_CUSTOMER_WAYS: dict[str, str] = {
    "development": "maintenance upgrade retention churned",
    "maintenance": "upgrade retention churned",
    "upgrade": "maintenance retention churned",
    "retention": "maintenance upgrade churned",
    "churned": "won_back",
    "won_back": "maintenance upgrade retention churned",
}
EDGES: dict[str, frozenset[str]] = {
    "prospect": frozenset({"prospect_dormant", "prospect_failed", "development"}),
    "prospect_dormant": frozenset({"prospect", "prospect_failed", "development"}),
    "prospect_failed": frozenset({"prospect", "development"}),
    # Back to prospect: where every purchase was taken back (a correction, an undone import).
    **{name: frozenset({*ways.split(), FIRST}) for name, ways in _CUSTOMER_WAYS.items()},
    ENDED: frozenset(),
}
"""Where a rule may lead from each stage of the core."""


def allowed(before: str, after: str) -> bool:
    """Tell whether a rule may move somebody so; a plugin's own stages are open both ways."""
    if after in (before, ENDED) or before == ENDED:
        return False
    return before not in EDGES or after not in EDGES or after in EDGES[before]
