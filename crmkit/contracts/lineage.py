"""Places in the log over the restores of a database: a cursor from a past that is no more is told.

A restore takes the log back, and another one grows from there. Each restore notes a word of its
own, and up to which place the log before it and the one after are the same. Cursors carry the word
of the log that they were given for; so whoever stood behind that place learns that he must begin
anew, and does not miss what has taken the old one's place.
"""

from __future__ import annotations

import json
import secrets

import attrs

from crmkit.arguments import refuse, seq_of
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.store import Reader, Writer

NAME = "restored"
"""Name of the fact that lists the restores: the word of each, and the place of its fork."""


@attrs.frozen
class Lineage:
    """The restores that led to this log, oldest first.

    Attributes:
        restores: Word and fork of each; none where the database was never restored.
    """

    restores: tuple[tuple[str, int], ...] = ()

    def cursor(self, seq: int) -> str:
        """Write a place in this log."""
        return f"{self.restores[-1][0]}-{seq}" if self.restores else str(seq)

    def place(self, cursor: str) -> int:
        """Read a place.

        Raises:
            InvalidValueError: it is none, or one in a log that was left by a restore.
        """
        word, dash, digits = cursor.rpartition("-")
        seq = seq_of(digits)
        if seq is None or (dash and not word.isalnum()):
            refuse("after", "must be the cursor of a change, as crm.changes() gives it", cursor)
        words = ["", *(one[0] for one in self.restores)]
        later = self.restores[words.index(word) :] if word in words else None
        if later is None or any(seq > fork for _, fork in later):
            why = (
                "is the cursor of a log that is no more, since the database was restored from a "
                "backup: follow it anew, with after=None"
            )
            refuse("after", why, cursor)
        return seq


def lineage(reader: Reader) -> Lineage:
    """Read the restores of a workspace."""
    restores = json.loads(read_fact(reader, NAME) or "[]")
    return Lineage(tuple((word, fork) for word, fork in restores))


def fork(writer: Writer, at: int) -> None:
    """Note a restore: up to `at` this log and the one before it are the same."""
    restores = [*lineage(writer).restores, (secrets.token_hex(4), at)]
    write_fact(writer, NAME, json.dumps(restores))
