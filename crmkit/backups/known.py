"""What is known of erasures outside a backup: the journals, the tombstones, and the key to them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from crmkit.arguments import texts
from crmkit.backups.layout import Lines
from crmkit.backups.survey import Survey, survey
from crmkit.capture.journal import Erasure, journal_of, note, read
from crmkit.capture.tombstones import PROOF, VARIABLE, fingerprint
from crmkit.contracts.meta import read_fact
from crmkit.contracts.store import Reader, Store
from crmkit.contracts.tables import TOMBSTONE
from crmkit.errors import ConfigError

if TYPE_CHECKING:
    from crmkit.crm import CRM


@attrs.define
class Known:
    """Erasures of one workspace, and what is needed to repeat them.

    Attributes:
        crm: The workspace.
        own: The journal that it keeps; None: it keeps none.
        journals: Those that were read.
        erasures: What they tell, by the journal.
        proof: What tells the key of the hashes; None: there are none.
    """

    crm: CRM
    own: Path | None
    journals: tuple[str, ...]
    erasures: dict[str, list[Erasure]]
    proof: str | None = None

    @classmethod
    def of(cls, crm: CRM, workspaces: set[str], named: Iterable[str | Path]) -> Known:
        """Read the journals: the workspace's own, where there is one, and those that are named.

        Raises:
            BackupError: one is damaged, or a copy that broke off.
            OSError: one that was named cannot be read.
        """
        own = journal_of(crm.session.store, os.environ)
        given = [Path(one) for one in texts("erasures", [str(one) for one in named])]
        paths = [own] if own is not None and own.exists() else []
        paths += [one for one in given if one not in paths]
        told = {
            str(path): [one for one in read(path, named=path != own) if one.workspace in workspaces]
            for path in paths
        }
        return cls(crm=crm, own=own, journals=tuple(told), erasures=told)

    @property
    def all(self) -> list[Erasure]:
        """Every erasure of every journal."""
        return [one for told in self.erasures.values() for one in told]

    @property
    def hashes(self) -> frozenset[str]:
        """The tombstones that journals tell."""
        return frozenset(one for erasure in self.all for one in erasure.hashes)

    def survey(self, reader: Reader, lines: Iterable[Lines]) -> Survey:
        """Look at database and backup, and at whom they and the journals tell to be erased.

        Raises:
            ConfigError: the erasure key is needed and not there, or not the one of all of them.
        """
        before = read_fact(reader, PROOF)
        needed = bool(self.all) or any(reader.scan(TOMBSTONE, limit=1))
        secret = self._secret(needed=needed)
        gone = {id_: one.at for one in self.all for id_ in one.ids}
        asked = secret if needed else None  # else nobody's hash is worth working out
        found = survey(reader, lines, secret=asked, gone=gone, hashes=self.hashes)
        proofs = {before, found.proof, *(one.key for one in self.all)} - {None}
        if secret is not None and self.crm.session.store.persistent and proofs:
            proofs.add(fingerprint(secret))
        if len(proofs) > 1:
            message = (
                "the erasure key is not the same for the database, the backup and the journals: "
                f"put back the one that people were erased with ({_place(self.crm.session.store)})"
            )
            raise ConfigError(message, key=VARIABLE)
        self.proof = next(iter(proofs), None)
        return found

    def note_here(self) -> None:
        """Note in the workspace's own journal what others told: the next restore needs it too."""
        if self.own is None:
            return
        noted = {one.ids for one in self.erasures.get(str(self.own), ())}
        for one in self.all:
            if one.ids not in noted:
                note(self.own, attrs.evolve(one, workspace=self.crm.session.store.workspace))
                noted.add(one.ids)

    def _secret(self, *, needed: bool) -> bytes | None:
        """Give the key, where there is one already: a restore makes none."""
        if key_there(self.crm.session.store):
            return self.crm.customers.key()
        if not needed:
            return None
        message = (
            "people were erased who would come back, and the erasure key is not there: put it back "
            f"({_place(self.crm.session.store)}), and restore again"
        )
        raise ConfigError(message, key=VARIABLE)


def key_there(store: Store) -> bool:
    """Tell whether a store's erasure key can be had without making one."""
    if os.environ.get(VARIABLE) or not store.persistent:
        return True
    return store.file is not None and store.file.with_suffix(".erasure-key").exists()


def _place(store: Store) -> str:
    beside = "" if store.file is None else f" or {store.file.with_suffix('.erasure-key')}"
    return f"{VARIABLE}{beside}"
