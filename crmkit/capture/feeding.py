"""Since when the workspace has each kind of touchpoint: what nobody captures costs no points."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import FED, TOUCHPOINT, VOID

_AT = TOUCHPOINT.position["at"]
_KIND = TOUCHPOINT.position["kind"]
_CUSTOMER = TOUCHPOINT.position["customer"]
_RUN = TOUCHPOINT.position["run"]
_VOID, _CORRECTION = FED.position["void"], FED.position["correction"]
_RECORDED = TOUCHPOINT.position["recorded"]
_FIRST, _MOST = 16, 4_000
"""Touchpoints looked at together, at first and later."""


def feed(writer: Writer, rows: Iterable[Row]) -> None:
    """Note the earliest instant of each kind, where these new rows go before what was known.

    What came by a correction is known to nobody who looks from before it: so it does not stand for
    what was captured.
    """
    earliest: dict[tuple[str, bool], Row] = {}
    for row in rows:
        key = row[_KIND], row[_RUN] < 0
        kept = earliest.get(key)
        if kept is None or row[_AT] < kept[_AT]:
            earliest[key] = row
    known: dict[tuple[str, bool], int] = {}
    for fed in writer.fetch(FED, {(kind,) for kind, _ in earliest}, by=("kind",)):
        if fed[_VOID] is None:  # what was captured stands for what a correction would bring, too
            for is_correction in {bool(fed[_CORRECTION]), True}:
                key = fed[0], is_correction
                known[key] = min(fed[1], known.get(key, fed[1]))
    news = [
        (kind, row[_AT], row[_RECORDED], None, int(is_correction))
        for (kind, is_correction), row in sorted(earliest.items())
        if row[_AT] < known.get((kind, is_correction), row[_AT] + 1)
    ]
    if news:
        writer.put(FED, news)


def starve(writer: Writer, taken_back: Iterable[Row], now: int) -> None:
    """Find the earliest instants anew where those that were noted have been taken back.

    Must be called after the rows were voided.
    """
    noted = {(row[_KIND], row[_AT]) for row in taken_back}
    kinds = {(kind,) for kind, _ in noted}
    lost = [
        row
        for row in writer.fetch(FED, kinds, by=("kind",))
        if row[_VOID] is None and row[:2] in noted
    ]
    writer.put(FED, [(*row[:_VOID], now, *row[_VOID + 1 :]) for row in lost])
    if left := {row[0] for row in lost}:
        found = _earliest(writer, left)
        feed(writer, [(*row[:_RECORDED], now, *row[_RECORDED + 1 :]) for row in found])


def _earliest(reader: Reader, kinds: set[str]) -> list[Row]:
    """Give the earliest touchpoint of each kind that holds; of some there may be none."""
    found: dict[str, Row] = {}
    rows = reader.scan(TOUCHPOINT, by=("at",), where={"kind": tuple(sorted(kinds))})
    size = _FIRST
    while len(found) < len(kinds) and (page := list(islice(rows, size))):
        wanted = [row for row in page if row[_KIND] not in found]
        void = {row[:2] for row in reader.fetch(VOID, [(row[_CUSTOMER], row[0]) for row in wanted])}
        for row in wanted:
            if (row[_CUSTOMER], row[0]) not in void:
                found.setdefault(row[_KIND], row)
        size = min(2 * size, _MOST)  # as a rule the next one holds; of an undone import none does
    return list(found.values())
