"""A place in the order in which pages are read, and how it is kept in a cursor."""

from __future__ import annotations

import attrs


@attrs.frozen
class Place:
    """Where to go on reading.

    Attributes:
        at: From this instant on, in milliseconds since 1970; None: from the beginning.
        id: Only the records of that instant, those behind this id; empty: all of them.
        offset: Only the records of that instant, from this one on.
        total: How many there were of them.
    """

    at: int | None = None
    id: str | None = None
    offset: int | None = None
    total: int = 0

    @property
    def within(self) -> bool:
        """Whether only records of one instant are read."""
        return self.id is not None or self.offset is not None

    def token(self) -> str | None:
        """Write it down; None: the instant says it all."""
        if self.offset is not None:
            return f"offset {self.at} {self.offset} {self.total}"
        return f"id {self.at} {self.id}" if self.id is not None else f"at {self.at}"

    @classmethod
    def read(cls, token: str | None) -> Place | None:
        """Read what was written down; None where it is nothing of ours."""
        word, _, rest = (token or "").partition(" ")
        at, _, more = rest.partition(" ")
        try:
            if word == "at":
                return cls(int(at))
            if word == "id":
                return cls(int(at), id=more)
            offset, _, total = more.partition(" ")
            return cls(int(at), offset=int(offset), total=int(total)) if word == "offset" else None
        except ValueError:
            return None
