"""Two records and what they had in common: whose value of each field holds.

Pure functions, no I/O. A field moved on a side where its value is no longer the one that side had
when both were last equal; it is a conflict where it moved on both, to different values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from crmkit.capture.normalise import Normaliser
from crmkit.model.sync import OURS, THEIRS
from crmkit.sync.settings import ASK, FieldRule
from crmkit.sync.values import Value, alike, empty, same


class Base(NamedTuple):
    """What both sides had in one field when they were last equal, in the CRM's spelling.

    Attributes:
        ours: Ours, as it was given to the CRM.
        theirs: Theirs, as it came back.
        refused: What the CRM showed in place of ours although we had written ours; or what it
            shows while somebody is asked.
        asked: Somebody has to say which of two values holds; until then neither moves.
    """

    ours: Value
    theirs: Value
    refused: Value = None
    asked: bool = False


NOTHING = Base(None, None)
"""What both sides have in a field of a record that is on one of them alone."""


@attrs.frozen(kw_only=True)
class Clash:
    """One field that moved on both sides.

    Attributes:
        rule: The field.
        ours: Our value.
        theirs: Theirs.
        before: What both had.
        took: The side whose value holds; None: somebody has to say.
    """

    rule: FieldRule
    ours: Value
    theirs: Value
    before: Value
    took: str | None


@attrs.define
class Verdict:
    """What is to be done about one pair.

    Attributes:
        take: Fields whose value of theirs holds, and that value.
        send: Fields whose value of ours holds, and that value.
        base: What both sides have in common from now on, by our field's name.
        clashes: Fields that moved on both sides.
        settled: Fields that somebody was asked about, and that are equal meanwhile.
    """

    take: dict[str, Value] = attrs.field(factory=dict)
    send: dict[str, Value] = attrs.field(factory=dict)
    base: dict[str, Base] = attrs.field(factory=dict)
    clashes: list[Clash] = attrs.field(factory=list)
    settled: list[str] = attrs.field(factory=list)


class Pairing(NamedTuple):
    """Both sides of one pair as they stand.

    Attributes:
        ours: Our values, in the CRM's spelling, by our field's name.
        also: Further values of ours that count as the same, by our field's name.
        theirs: Theirs by their field's name; None: nothing new was read.
        newer: The side that was changed last, where both were.
        echo: Theirs was not changed by anybody since we wrote it.
        kinds: Types of our fields.
        never_empty: Those of our fields that cannot be empty there: no stands for nothing.
    """

    ours: Mapping[str, Value]
    also: Mapping[str, Sequence[Value]]
    theirs: Mapping[str, Value] | None
    newer: str
    echo: bool
    kinds: Mapping[str, str]
    never_empty: frozenset[str] = frozenset()


def compare(
    rules: Sequence[FieldRule],
    base: Mapping[str, Base],
    pair: Pairing,
    normaliser: Normaliser,
) -> Verdict:
    """Judge every field of a pair."""
    verdict = Verdict(base=dict(base))
    for rule in rules:
        if rule.ours in pair.ours:
            _Field(rule, pair, normaliser, verdict).judge(base.get(rule.ours))
    return verdict


class _Field:
    """One field of a pair under judgement."""

    def __init__(
        self, rule: FieldRule, pair: Pairing, normaliser: Normaliser, verdict: Verdict
    ) -> None:
        self._rule, self._pair, self._verdict = rule, pair, verdict
        self._normaliser = normaliser
        self._kind = pair.kinds.get(rule.ours, "text")
        self._ours = pair.ours[rule.ours]

    def judge(self, base: Base | None) -> None:
        """Say whose value holds, and what both have in common then."""
        read = self._pair.theirs is not None and self._rule.theirs in self._pair.theirs
        theirs = (self._pair.theirs or {}).get(self._rule.theirs) if read else None
        if base is None and read:
            self._first(theirs)
        elif base is None:
            if not empty(self._ours):
                self._send(None)
        elif base.asked:
            self._asked(base, theirs if read else base.refused)
        else:
            self._again(self._tidied(base, theirs) if read else base, theirs, read=read)

    def _asked(self, base: Base, theirs: Value) -> None:
        """Wait for the answer, unless nothing is left to ask; the newest values are shown."""
        if self._equal(theirs):
            self._verdict.settled.append(self._rule.ours)
            self._keep(Base(self._ours, theirs))
        elif not self._same(theirs, base.refused):
            self._clash(base, theirs, None)
            self._keep(base._replace(refused=theirs))

    def _tidied(self, base: Base, theirs: Value) -> Base:
        """See whether the CRM tidied what we wrote, or took it after all: no one moved then."""
        moved = not self._same(theirs, base.theirs)
        if moved and self._pair.echo and alike(base.ours, theirs):
            base = base._replace(theirs=theirs)
        elif not moved:
            base = base._replace(theirs=theirs, refused=None)
        self._keep(base)
        return base

    def _again(self, base: Base, theirs: Value, *, read: bool) -> None:
        """Judge a field of two records that were equal once."""
        theirs = theirs if read else base.theirs
        moved = not self._same(theirs, base.theirs)
        here = not self._same(self._ours, base.ours)
        if not moved and not here:
            return
        if self._same(self._ours, theirs) or self._settled(theirs, here=here):
            self._keep(Base(self._ours, theirs))
        elif moved and here:
            self._both(base, theirs)
        elif moved:
            self._there(base, theirs)
        elif self._rule.owner == THEIRS:
            self._take(base, theirs)  # a local edit of what is theirs is undone
        else:
            self._send(theirs)

    def _settled(self, theirs: Value, *, here: bool) -> bool:
        """Tell whether theirs is another value of ours, and nobody here has given a newer one."""
        return self._equal(theirs) and (not here or self._rule.owner == THEIRS)

    def _first(self, theirs: Value) -> None:
        """Judge a field of two records that meet: what one lacks the other fills."""
        if self._equal(theirs) or (empty(theirs) and self._rule.owner == THEIRS):
            self._keep(Base(self._ours, theirs))
        elif empty(self._ours):
            if self._rule.owner == OURS:
                self._keep(Base(self._ours, theirs))
            else:
                self._take(Base(self._ours, None), theirs)
        elif empty(theirs):
            self._send(theirs)
        else:
            self._both(Base(self._ours, None), theirs)

    def _both(self, base: Base, theirs: Value) -> None:
        owner = self._rule.owner
        took = None if owner == ASK else owner if owner in (OURS, THEIRS) else self._pair.newer
        self._clash(base, theirs, took)
        if took is None:
            self._keep(base._replace(refused=theirs, asked=True))
        elif took == OURS:
            self._send(theirs)
        else:
            self._take(base, theirs)

    def _clash(self, base: Base, theirs: Value, took: str | None) -> None:
        clash = Clash(
            rule=self._rule, ours=self._ours, theirs=theirs, before=base.theirs, took=took
        )
        self._verdict.clashes.append(clash)

    def _there(self, base: Base, theirs: Value) -> None:
        """Judge a field that moved there alone."""
        if self._rule.owner != OURS:
            self._take(base, theirs)
        elif base.refused is not None and self._same(base.refused, theirs):
            self._keep(Base(self._ours, theirs, theirs))  # the CRM insists: no use to say it again
        else:
            self._verdict.send[self._rule.ours] = self._ours
            self._keep(Base(theirs, theirs, theirs))

    def _take(self, base: Base, theirs: Value) -> None:
        self._verdict.take[self._rule.ours] = theirs
        self._keep(base._replace(theirs=theirs))

    def _send(self, theirs: Value) -> None:
        """Ours holds: what both have in common is theirs until ours was written."""
        self._verdict.send[self._rule.ours] = self._ours
        self._keep(Base(theirs, theirs))

    def _keep(self, base: Base) -> None:
        self._verdict.base[self._rule.ours] = base

    def _equal(self, theirs: Value) -> bool:
        also = self._pair.also.get(self._rule.ours, ())
        return self._same(self._ours, theirs) or any(self._same(one, theirs) for one in also)

    def _same(self, one: Any, other: Any) -> bool:
        if self._rule.ours in self._pair.never_empty:
            one, other = (False if empty(value) else value for value in (one, other))
        return same(one, other, self._kind, self._normaliser)
