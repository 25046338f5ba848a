"""What is remembered of a file: when each row was last seen to change.

A file that people edit by hand has no modified column, so each row's hash and the instant at which
it was first seen so are kept beside it, in ``.crmkit/NAME.json``. The instants of two looks are
never equal, nor do they go back where the clock does: a cursor between them divides them exactly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import attrs

from crmkit.contracts.connector import SyncAborted
from crmkit.contracts.durable import replace, settle

_VERSION = 1


def fingerprint(row: Mapping[str, str]) -> str:
    """Give the hash of a row; neither an empty column nor the columns' order changes it."""
    told = "\0".join(f"{name}\1{row[name]}" for name in sorted(row) if row[name])
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


@attrs.define
class Index:
    """Rows by id.

    Attributes:
        rows: Hash, and instant of the change in microseconds since 1970, of each row.
        gone: Instant at which each row that was there was first missing.
        last: The newest instant that was ever given.
        whole: Whether the file's last line was ended.
    """

    rows: dict[str, tuple[str, int]] = attrs.field(factory=dict)
    gone: dict[str, int] = attrs.field(factory=dict)
    last: int = 0
    whole: bool = False

    def note(self, hashes: Mapping[str, str], now: int) -> bool:
        """Take in what the file holds now; tells whether anything is new.

        Args:
            hashes: Hash of each row by its id, all of them.
            now: The present instant.
        """
        known = self.rows
        fresh = [key for key, hash_ in hashes.items() if known.get(key, ("", 0))[0] != hash_]
        if not fresh and len(hashes) == len(known):
            return False
        at = max(now, self.last + 1)
        self.gone.update((key, at) for key in known.keys() - hashes.keys())
        for key in self.gone.keys() & hashes.keys():
            del self.gone[key]
        self.rows = {key: known.get(key, ("", 0)) for key in hashes}
        self.rows.update((key, (hashes[key], at)) for key in fresh)
        self.last = at
        return True


def load(path: Path) -> Index:
    """Read an index; an empty one where there is none, or one that nobody can read.

    Then every row counts as changed, which costs a read and loses nothing.

    Raises:
        SyncAborted: the file may not be read.
    """
    try:
        found = json.loads(path.read_bytes())
        rows = {key: (str(hash_), int(at)) for key, (hash_, at) in found["rows"].items()}
        gone = {key: int(at) for key, at in found["gone"].items()}
        known = Index(rows, gone, int(found["last"]), bool(found["whole"]))
        return known if found["version"] == _VERSION else Index()
    except FileNotFoundError:
        return Index()
    except OSError as error:
        raise SyncAborted(f"{path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        return Index()


def store(path: Path, index: Index) -> None:
    """Write an index; whoever reads it finds the old one or this one, whole.

    Raises:
        OSError: it could not be written.
    """
    told = {"version": _VERSION, **attrs.asdict(index, recurse=False)}
    replace(path, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
    settle(path.parent)
