"""Copies of deleted rows that SQLite leaves in a file, found where nobody would look.

What is deleted is overwritten (``secure_delete``), but where SQLite spreads the rows of a page over
several it builds the page anew and leaves what lay between its rows as it was. So a copy of a row
may outlive the row, until the space is needed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

MOST_WORDS = 500
"""Of more words it is quicker to write the whole file anew than to look for them."""
_SHORTEST = 4  # bytes: less would be found by chance
_HEADS = {2: 12, 5: 12, 10: 8, 13: 8}
"""Bytes of a b-tree page's header by its type: https://sqlite.org/fileformat2.html."""
_FILE_HEAD = 100
_AT_ONCE = 8 << 20
_ENCODINGS = {2: "utf-16-le", 3: "utf-16-be"}


def remains(file: Path, words: Collection[str]) -> bool:
    """Tell whether the space between a file's rows holds any of some words.

    Words of fewer than four bytes are not looked for; small and capital letters are the same.

    Args:
        file: The database; its write-ahead log has been emptied into it.
        words: What tells of somebody.

    Raises:
        OSError: the file cannot be read.
    """
    with file.open("rb") as opened:
        head = opened.read(_FILE_HEAD)
        size = int.from_bytes(head[16:18], "big")
        size = 1 << 16 if size == 1 else size
        encoding = _ENCODINGS.get(int.from_bytes(head[56:60], "big"), "utf-8")
        spelt = {way for one in words for way in (one, one.lower(), one.casefold())}
        said = {one.encode(encoding, "replace").lower() for one in spelt}
        long = [one for one in said if len(one) >= _SHORTEST]
        opened.seek(0)
        first = True
        while long and (pages := opened.read(max(size, _AT_ONCE // size * size))):
            spaces = b"\0".join(_spaces(pages, size, first=first)).lower()
            if any(one in spaces for one in long):
                return True
            first = False
    return False


def _spaces(pages: bytes, size: int, *, first: bool) -> Iterator[bytes]:
    """Give what stands between the list of rows and the rows of each page, where that is not 0."""
    for start in range(0, len(pages) // size * size, size):
        page = pages[start : start + size]
        at = _FILE_HEAD if first and start == 0 else 0
        head = _HEADS.get(page[at])
        if head is None:
            continue  # the rest of a long row, or a free page: overwritten as a whole
        rows = int.from_bytes(page[at + 3 : at + 5], "big")
        end = int.from_bytes(page[at + 5 : at + 7], "big") or size
        space = page[at + head + 2 * rows : end]
        if space.strip(b"\0"):
            yield space
