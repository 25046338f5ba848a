"""Whatever happened in between: the folder holds what an export to an empty one would hold."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crmkit
from crmkit.parquet import arrow, packing, sorting
from tests.capture.kit import NOW, stories
from tests.parquet.kit import afresh, content, opened

WHO = ("ann", "bob", "cat", "dan")
SMALL = {"PART_ROWS": 8, "_WAITING_ROWS": 12}


@attrs.define
class Story:
    """A workspace to which things happen; what cannot happen is left out."""

    crm: crmkit.CRM
    folder: Path
    records: int = 0
    runs: list[str] = attrs.field(factory=list)
    merges: list[str] = attrs.field(factory=list)
    erased: set[str] = attrs.field(factory=set)

    def id(self, who: int) -> str:
        found = self.crm.customers.find(email=mail(who))
        if found is None:
            raise crmkit.CustomerNotFound("nobody")
        return found.id

    def capture(self, who: int, other: int, month: int) -> None:
        """Three records: one is about somebody else, too."""
        self.records += 3
        records = []
        for number in range(self.records - 3, self.records):
            record = {"id": str(number), "customer": {"email": mail(who), "name": name(who)}}
            record["at"] = (NOW - timedelta(days=25 * month + number % 9)).isoformat()
            record["text"] = f"said by {mail(who)}"
            kind = ("purchase", "referral", "complaint")[number % 3]
            if kind == "referral":
                record["friend"] = {"email": mail(other)}
            records.append(record | {"kind": kind})
        self.runs.append(self.crm.capture(records, "shop").run)

    def correct(self, who: int, record: int, amount: int) -> None:
        changes = {"text": str(amount), "customer": {"email": mail(who)}}
        self.crm.touchpoints.correct("shop", str(record), changes, reason="typo")

    def retract(self, record: int, *_: int) -> None:
        self.crm.touchpoints.retract("shop", str(record), reason="typo")

    def undo(self, run: int, *_: int) -> None:
        self.crm.touchpoints.undo(self.runs[run % len(self.runs)])

    def merge(self, keep: int, drop: int, _: int) -> None:
        self.merges.append(self.crm.customers.merge(self.id(keep), self.id(drop), reason="r").id)

    def unmerge(self, *_: int) -> None:
        self.crm.customers.unmerge(self.merges.pop())

    def note(self, who: int, about: int, _: int) -> None:
        """A document of one customer that mentions another, whom nobody forgot."""
        if mail(about) in self.erased:
            return
        sale = {"amount": "5", "currency": "CNY", "owner": "lin", "closes": date(2026, 7, 1)}
        made = self.crm.funnel.open(self.id(who), name="tea", **sale)
        self.crm.funnel.note(made.id, f"ask {name(about)} at {mail(about)}")

    def erase(self, who: int, *_: int) -> None:
        self.crm.customers.erase(self.id(who), reason="asked")
        self.erased.add(mail(who))

    def export(self, *_: int) -> None:
        self.crm.touchpoints.export_log(self.folder)


def mail(who: int) -> str:
    return f"{WHO[who % len(WHO)]}@example.com"


def name(who: int) -> str:
    return f"{WHO[who % len(WHO)].title()} Appleton"


STEPS = ("capture", "capture", "correct", "retract", "undo", "merge", "unmerge", "note", "erase")
STORY = st.lists(
    st.tuples(st.sampled_from((*STEPS, "export", "export")), *[st.integers(0, 11)] * 3),
    min_size=4,
    max_size=25,
)


def stories_of(url: str) -> Iterator[Story]:
    with tempfile.TemporaryDirectory() as folder:
        place = url.format(folder=folder)
        with opened(place) as crm:
            yield Story(crm, Path(folder) / "log")


def tell(steps: list[tuple[str, int, int, int]], url: str) -> None:
    with (
        patch.multiple(sorting, **SMALL),
        patch.multiple(packing, MANY=2, _SMALL=4),
        patch.object(arrow, "BATCH", 5),
        patch.dict(os.environ, {"CRMKIT_ERASURE_KEY": "k" * 32}),
    ):
        for story in stories_of(url):
            for step, *numbers in steps:
                with suppress(crmkit.CrmkitError, IndexError, ZeroDivisionError):
                    getattr(story, step)(*numbers)
            story.export()
            found = content(story.folder)
            assert found == afresh(story.crm, story.folder.with_name("fresh"))
            held = repr(found)
            assert [one for one in story.erased if one in held] == []


@settings(max_examples=stories(15), suppress_health_check=[HealthCheck.too_slow])
@given(STORY)
def test_any_story_ends_as_if_exported_at_its_end(steps: list[tuple[str, int, int, int]]):
    """Row for row, in any order; nothing of the erased is left in any file."""
    tell(steps, "memory://")


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(STORY)
def test_so_it_does_in_a_file(steps: list[tuple[str, int, int, int]]):
    """SQLite, whose reader is a cursor."""
    tell(steps, "sqlite:///{folder}/shop.db")
