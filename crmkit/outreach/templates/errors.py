"""What is raised where a message cannot be written; it needs nothing that is slow to import."""

from __future__ import annotations

from crmkit.errors import InvalidValueError


class ContentError(InvalidValueError):
    """A message cannot be written for this customer.

    Attributes:
        detail: Why, in words.
        variable: The variable it is about, with dots, where it is about one.
    """

    detail: str
    variable: str | None

    def __init__(self, detail: str, *, variable: str | None = None) -> None:
        """Keep the reason and the variable."""
        super().__init__(detail, field="variables", detail=detail, variable=variable)
