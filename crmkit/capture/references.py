"""What plugins keep about customers: handed over, exported and erased so that nothing is lost.

A plugin may fail, and the process may be killed between its part and crmkit's. The order makes
every such place a safe one, from which the same call goes on when it is made again:

- An erasure asks the plugins first: whoever crmkit has erased, every plugin has.
- A merge is crmkit's first, and is taken back by crmkit last: what plugins have joined is one
  customer in crmkit too, so that nobody's data is exported, or erased, with another's.

Either way every plugin is asked for each of a customer's ids, so that what is still kept under a
dropped one is found. No plugin is called inside crmkit's own transaction: one that keeps its data
in the same database would wait for us, and we for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from crmkit.capture import handover
from crmkit.contracts.specs import ReferenceSpec
from crmkit.contracts.store import Store, Writer
from crmkit.model.customer import Merge


def none() -> Iterable[ReferenceSpec]:
    """Stand in where no plugin keeps anything."""
    return ()


@attrs.frozen
class References:
    """What all plugins keep about the customers of one workspace.

    Attributes:
        specs: What they declared, none missing; each function raises a PluginError if it fails.
        workspace: Whose customers.
    """

    specs: tuple[ReferenceSpec, ...]
    workspace: str

    def export(self, ids: Iterable[str]) -> dict[str, Any]:
        """Give what is kept about a customer, by reference and by his ids."""
        ids = list(ids)
        return {
            one.name: {base: one.export(base, workspace=self.workspace) for base in ids}
            for one in self.specs
        }

    def erase(self, ids: Iterable[str]) -> None:
        """Let every plugin forget a customer, under each of his ids."""
        for base in ids:
            for one in self.specs:
                one.erase(base, workspace=self.workspace)

    def note(self, writer: Writer, merge: Merge) -> None:
        """Note, with the merge itself, that plugins have to hand over."""
        if self.specs:
            handover.begun(writer, merge.id)

    def repoint(self, store: Store, merge: Merge) -> None:
        """Let every plugin hand over to the keeper of a merge."""
        for one in self.specs:
            one.repoint(merge.keep, merge.drop, workspace=self.workspace)
        if self.specs:
            with store.write() as writer:
                handover.ended(writer, [merge.id])

    def unmerge(self, merge: Merge) -> None:
        """Let every plugin that can give back what a merge handed over."""
        for one in self.specs:
            if one.unmerge is not None:
                one.unmerge(merge.keep, merge.drop, workspace=self.workspace)
