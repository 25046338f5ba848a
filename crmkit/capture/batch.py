"""One batch of records in one transaction: whose, new or known, written, folded into the values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crmkit.capture.duplicates import Earlier, RecordKey, difference, earlier, said
from crmkit.capture.exact import Fault
from crmkit.capture.feeding import feed
from crmkit.capture.fields import CUSTOMER, REST
from crmkit.capture.friends import as_kept, erased_friends
from crmkit.capture.identity import Directory, Found
from crmkit.capture.keys import Keys
from crmkit.capture.outcome import LostRace, Outcome, Staged
from crmkit.capture.parse import rejection
from crmkit.capture.states import fold_in
from crmkit.capture.tombstones import ERASED, Tombstones
from crmkit.capture.whose import Whose
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.value.layout import Layout


class Batch:
    """Writes one batch; made anew for each transaction.

    Args:
        writer: The transaction.
        whose: Customers of mappings that were met before.
        tombstones: The erased.
        layout: The value model in force.
        now: The clock, in microseconds since 1970.
        run: Id of the capture; 0 where this batch would be the first to write.
        trusting: Take it that none of the records was captured before: where one was, writing
            raises `LostRace`, and the batch is done again without trust.
    """

    def __init__(  # noqa: PLR0913 - a batch stands at the crossing of all this
        self,
        writer: Writer,
        whose: Whose,
        tombstones: Tombstones,
        layout: Layout,
        now: int,
        run: int,
        *,
        trusting: bool = False,
    ) -> None:
        """Do nothing yet."""
        self._trusting = trusting
        self._writer = writer
        self._whose = whose
        self._tombstones = tombstones
        self._layout = layout
        self._now = now
        self._directory = Directory(writer, now, tombstones)
        self._drafts: list[tuple[int, Found, int]] = []
        self._drafted: dict[RecordKey, int] = {}
        self._outcome = Outcome(run)

    def write(self, staged: Staged) -> Outcome:
        """Write the batch.

        Raises:
            LostRace: another process came first; undo the transaction and try again.
        """
        owners = self._owners(staged)
        met = [(at, owner, 0) for at, owner in enumerate(owners) if type(owner) is Found]
        if self._trusting and not self._tombstones and len(met) == len(owners):
            # Nearly every batch: new records of customers met before. Two of one id in it make
            # writing raise, as one that was captured before does.
            self._drafts = met
        else:
            self._draft(staged, owners)
        if self._drafts:
            self._append(staged.parsed)
        self._outcome.collisions.update(self._directory.collisions)
        return self._outcome

    def _draft(self, staged: Staged, owners: list[Found | Keys | str | None]) -> None:
        """Draft a row for each record that is new, learning what its keys say of its customer."""
        keys = [(parsed[0], parsed[1]) for parsed in staged.parsed]
        gone = erased_friends(self._tombstones, self._whose.look_up, staged.parsed)
        known = {} if self._trusting and not gone else earlier(self._writer, set(keys))
        self._load(owners, known)
        erased = self._tombstones.erased("record", (key for key in keys if key not in known))
        batch = as_kept(staged.parsed, gone)
        is_plain = not known and not erased and not gone and len(set(keys)) == len(keys)
        drafts = self._drafts
        refused: list[tuple[int, Fault]] = []
        for at, (parsed, owner) in enumerate(zip(batch, owners, strict=True)):
            if is_plain and type(owner) is Found:
                drafts.append((at, owner, 0))
            elif owner is not None:
                try:
                    self._take(at, parsed, owner, known, batch, erased, gone)
                except Fault as fault:
                    refused.append((at, fault))
        if self._trusting and refused and earlier(self._writer, {keys[at] for at, _ in refused}):
            raise LostRace  # nobody's as it is now, and known for all that
        for at, why in refused:
            self._reject(staged, at, why)
        self._outcome.known = bool(known) or self._outcome.duplicate > 0

    # -- whose ---------------------------------------------------------------------------

    def _owners(self, staged: Staged) -> list[Found | Keys | str | None]:
        """Give for each record whose it is, or the keys to find out by; None: rejected."""
        owners: list[Found | Keys | str | None] = [*self._whose.of(staged)]
        look_up = self._whose.look_up
        for at, owner in enumerate(owners):
            if owner is not None:
                continue
            try:
                owners[at] = look_up(staged.parsed[at][CUSTOMER])
            except Fault as fault:
                self._reject(staged, at, fault)
            except Exception as error:  # noqa: BLE001 - a host's own classes may do anything
                why = f"cannot be read: {type(error).__name__}"
                self._reject(staged, at, Fault("customer", why))
        return owners

    def _load(
        self, owners: Iterable[Found | Keys | str | None], known: dict[RecordKey, Earlier]
    ) -> None:
        keys = [key for owner in owners if isinstance(owner, Keys) for key in owner.keys]
        ids = {owner for owner in owners if isinstance(owner, str)}
        customer = TOUCHPOINT.position["customer"]
        ids.update(row[customer] for found in known.values() for row in found.rows)
        self._directory.load(keys, ids)

    # -- new or known --------------------------------------------------------------------

    def _take(  # noqa: PLR0913 - called once, in the loop
        self,
        at: int,
        parsed: Sequence[Any],
        owner: Found | Keys | str,
        known: dict[RecordKey, Earlier],
        batch: Sequence[Sequence[Any]],
        erased: set[RecordKey],
        gone: frozenset[int],
    ) -> None:
        """Draft a row for a new record, or count a known one.

        Raises:
            Fault: it was captured before with other content, or must not be captured.
        """
        key = (parsed[0], parsed[1])
        rev = 0
        if key in self._drafted:
            first, found, _ = self._drafts[self._drafted[key]]
            reason = difference(said(batch[first]), said(parsed))
            if reason is None and self._is(owner, found.root, found.via):
                self._outcome.duplicate += 1
                return
            reason = reason or "customer is another"
            raise Fault("id", f"came before in this capture with other content: {reason}")
        if key in known:
            verdict = known[key].verdict(said(parsed), lambda row: self._is_row(owner, row))
            if verdict is None:
                self._outcome.duplicate += 1
                return
            if isinstance(verdict, str):
                raise Fault("id", verdict)
            rev = verdict
        elif key in erased:
            raise Fault("id", ERASED)
        if at in gone:
            raise Fault("friend", ERASED)
        found = self._settle(owner, parsed)
        self._drafted[key] = len(self._drafts)
        self._drafts.append((at, found, rev))

    def _settle(self, owner: Found | Keys | str, parsed: Sequence[Any]) -> Found:
        if isinstance(owner, Found):
            return owner
        if isinstance(owner, str):
            found = self._directory.by_id(owner)
            again: Found | None = found
        else:
            found, again = self._directory.settle(owner, parsed[0], parsed[1])
        if again is not None:  # what is in dispute must be counted whenever it is met
            self._whose.remember(parsed[CUSTOMER], again)
        return found

    def _is(self, owner: Found | Keys | str, root: str | None, via: str | None) -> bool:
        """Tell whether a known touchpoint's customer is the record's, learning nothing.

        Any of the record's keys may lead to him, or be the very key that led to him then: what
        was learnt since must not make a stranger of a record that comes again.
        """
        if isinstance(owner, Keys):
            return any(
                via == f"{key[0]}:{key[1]}" or (root and self._directory.leads_to(key) == root)
                for key in owner.keys
            )
        if isinstance(owner, str):
            return root is not None and self._directory.root(owner) == root
        return owner.root == root or (via is not None and owner.via == via)

    def _is_row(self, owner: Found | Keys | str, row: Row) -> bool:
        root = self._directory.root(row[TOUCHPOINT.position["customer"]])
        return self._is(owner, root, row[TOUCHPOINT.position["via"]])

    def _reject(self, staged: Staged, at: int, fault: Fault) -> None:
        place = staged.places[at]
        self._outcome.rejections.append((place, rejection(staged.records[place], fault)))

    # -- writing -------------------------------------------------------------------------

    def _append(self, parsed: Sequence[tuple[Any, ...]]) -> None:
        writer, now, outcome = self._writer, self._now, self._outcome
        count = len(self._drafts)
        first = writer.sequence(count + self._directory.changes)
        run = outcome.run = outcome.run or first
        rows: list[Row] = []
        roots: list[str] = []
        for seq, (at, found, rev) in enumerate(self._drafts, first):
            p = parsed[at]
            base, root, via = found
            came = (seq, p[0], p[1], rev, base, via, p[2], p[3], p[4], now, run)
            rows.append(came + p[REST])
            roots.append(root)
        outcome.rows = rows

        def add() -> None:
            if writer.append(TOUCHPOINT, rows):
                raise LostRace
            self._directory.write(first + count, run)
            feed(writer, rows)

        outcome.roots = fold_in(writer, self._directory, self._layout, rows, roots, now, add)
