"""One record on its way to the CRM, and what both sides have in common once it was taken."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from crmkit.sync.cases import hashed
from crmkit.sync.comparing import Base
from crmkit.sync.concepts.base import Local
from crmkit.sync.pairs import Pair, alike, packed
from crmkit.sync.values import Value


@attrs.define(kw_only=True)
class Sending:
    """One record that is sent.

    Attributes:
        pair: The pair as it stands; None: there is none yet.
        local: Ours.
        said: All our values as the CRM takes them, by our field's name.
        values: Those of them that are sent.
        base: What both have in common before; nothing where it is to be made.
        creates: It is to be made there.
        match: Field and value by which the CRM finds it, where it is to be made.
        owed: It names a record that is not there yet: it is looked at again.
    """

    pair: Pair | None
    local: Local
    said: Mapping[str, Value]
    values: Mapping[str, Value]
    base: Mapping[str, Base]
    creates: bool
    match: tuple[str, str] | None = None
    owed: bool = False

    @property
    def key(self) -> str:
        """Our key."""
        return self.local.key

    @property
    def hash(self) -> str:
        """Tells whether it has changed since it was refused."""
        return hashed(self.values)


def common(one: Sending) -> str:
    """Give what both sides have in common once a record was taken there."""
    if one.creates:
        return alike(one.said, one.values)
    base = dict(one.base)
    for name, value in one.values.items():
        before = base.get(name, Base(None, None))
        base[name] = before._replace(ours=value, theirs=value)
    return packed(base)
