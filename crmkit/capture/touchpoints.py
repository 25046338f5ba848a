"""``crm.touchpoints``: what happened, and putting it right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from crmkit.arguments import callback, flag, path, text, texts
from crmkit.capture.amend import correct, corrections, retract
from crmkit.capture.normalise import Normaliser
from crmkit.capture.reading import touchpoints_of
from crmkit.capture.tombstones import Key, Tombstones, no_key
from crmkit.capture.undo import undo
from crmkit.clock import micros
from crmkit.contracts.lineage import lineage
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.model.log import Decision, LogExport
from crmkit.model.touchpoint import KINDS, Touchpoint
from crmkit.value.basis import Defaults, read_basis
from crmkit.value.layout import Layout
from crmkit.value.scoring import require_root


@attrs.frozen
class Touchpoints:
    """Touchpoints of one workspace.

    Attributes:
        session: The open workspace.
        defaults: Model and kinds that hold before anything was decided.
        kinds: Kinds that are known: the core's and those that plugins declare.
        region: Country that phone numbers without a country code belong to.
        key: Gives the erasure key where anybody was erased.
    """

    session: Session
    defaults: Defaults
    kinds: frozenset[str] = frozenset(KINDS)
    region: str | None = None
    key: Key = no_key

    def of(
        self,
        id: str,  # noqa: A002 - the word of the record
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        kinds: Iterable[str] | None = None,
    ) -> tuple[Touchpoint, ...]:
        """Give a customer's touchpoints, newest first.

        Args:
            id: Whose; what was merged into him is his.
            since: Earliest instant, inclusive.
            until: Latest instant, inclusive.
            kinds: Kinds to give, or one; None: all.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            NaiveTimeError: `since` or `until` has no offset.
        """
        low = None if since is None else micros(since, "since")
        high = None if until is None else micros(until, "until")
        only = None if kinds is None else texts("kinds", kinds)
        with self.session.store.read() as reader:
            require_root(reader, id)
            return tuple(touchpoints_of(reader, id, since=low, until=high, kinds=only))

    def correct(
        self,
        source: str,
        id: str,  # noqa: A002
        changes: Mapping[str, Any],
        *,
        reason: str,
        by: str | None = None,
    ) -> Decision:
        """Change fields of one touchpoint; a decision, and what it said before stays known.

        Args:
            source: Its source.
            id: Its id there.
            changes: New values by field, as in a captured record; None takes a value away.
            reason: Why.
            by: Who decides; None: the actor.

        Raises:
            TouchpointNotFound: no live touchpoint has that source and id.
            InvalidValueError: the changed record would be rejected; `field` names the field.
        """
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            return correct(
                writer,
                source,
                id,
                changes,
                deciding,
                self._layout(writer),
                kinds=self.kinds,
                normaliser=Normaliser(self.region),
                tombstones=Tombstones(writer, self.key),
            )

    def corrections(self, source: str, ids: Iterable[str]) -> dict[str, Decision]:
        """Give the correction that each of these touchpoints stands by, by id.

        What was never corrected, was retracted or is not known is left out.

        Args:
            source: Their source.
            ids: Their ids there, or one.
        """
        named, wanted = text("source", source), texts("ids", ids)
        with self.session.store.read() as reader:
            return corrections(reader, named, wanted)

    def retract(
        self,
        source: str,
        id: str,  # noqa: A002
        *,
        reason: str,
        by: str | None = None,
    ) -> Decision:
        """Take one touchpoint back.

        Raises:
            TouchpointNotFound: no live touchpoint has that source and id.
        """
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            return retract(writer, source, id, deciding, self._layout(writer))

    def undo(self, run: str, *, reason: str = "", by: str | None = None) -> Decision:
        """Take a whole capture back: its touchpoints, and the customers that it alone made.

        Raises:
            DecisionNotFound: no capture has that id, or nothing of it is left.
        """
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            return undo(writer, run, deciding, self._layout(writer))

    def export_log(
        self,
        folder: str | Path,
        *,
        verify: bool = False,
        step: Callable[[int], object] | None = None,
    ) -> LogExport:
        """Write all touchpoints and decisions as Parquet, by month; what changed since, next time.

        `crmkit.contracts.parquet.open_log` opens the folder, which any reader of Parquet reads.

        Args:
            folder: Where to; an empty one, or that of an earlier export of this workspace.
            verify: Read what was exported before too, and write what is damaged anew.
            step: Told now and then how many rows were read, for a progress bar.

        Raises:
            ExportError: the folder is another's, an export is at it, or it cannot be written to;
                what was exported before is as it was. Or, as the message then says, the export is
                done, and what is left of the one before could not be tidied up.
            ConfigError: pyarrow is not installed.
            InvalidValueError: `folder` is no path.
        """
        from crmkit.parquet import export_log  # noqa: PLC0415 - seldom needed, and not by hosts

        callback("step", step)
        place, verify = path("folder", folder), flag("verify", verify)
        return export_log(
            self.session.store,
            place,
            self.session.now(),
            line_of=lineage,
            verify=verify,
            step=step,
        )

    def _layout(self, reader: Reader) -> Layout:
        return read_basis(reader, self.defaults).layout
