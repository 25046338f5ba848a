"""Records in, exact fields or a rejection out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmkit.capture.fields import Fields
from crmkit.capture.parse import Parser
from crmkit.clock import EARLIEST, micros
from crmkit.model.touchpoint import KINDS, Rejection, Touchpoint
from tests.capture.kit import NOW, NOW_US, purchase
from tests.odd import ODD

PARSER = Parser(frozenset(KINDS), "shop")
PARSER.set_clock(NOW_US)


def read(record: Any) -> Fields:
    """Read a record that must be fine, by both ways."""
    found = PARSER.parse(record)
    assert not isinstance(found, Rejection), found
    assert found == PARSER.parse_carefully(record)
    return Fields(*found)


def refused(record: Any) -> Rejection:
    """Read a record that must be rejected."""
    found = PARSER.parse(record)
    assert isinstance(found, Rejection), found
    assert found.record is record
    assert found.reason
    return found


class Sulking(tzinfo):
    """A time zone that raises."""

    def utcoffset(self, _when: datetime | None) -> timedelta:
        raise RuntimeError


class Kind(StrEnum):
    """A host's own enumeration of kinds."""

    VISIT = "visit"


BAD: list[tuple[str, Any]] = [
    ("id", None),
    ("id", ""),
    ("id", "x" * 201),
    ("id", 1.5),
    ("id", True),
    ("id", "a\0b"),
    ("id", "\ud800"),
    ("source", ""),
    ("source", "x" * 201),
    ("kind", None),
    ("kind", "barter"),
    ("kind", ["purchase"]),
    ("at", None),
    ("at", "2026-05-01T10:00:00"),
    ("at", "2026-05-01"),
    ("at", "2026-02-30T10:00:00Z"),
    ("at", "2026-13-01T10:00:00Z"),
    ("at", "2026-05-01T25:00:00Z"),
    ("at", "yesterday"),
    ("at", 1_777_000_000),
    ("at", datetime(2026, 5, 1)),  # noqa: DTZ001 - a naive one is the point
    ("at", datetime(2026, 5, 1, tzinfo=Sulking())),
    ("at", NOW + timedelta(days=1, seconds=1)),
    ("at", "9999-12-31T23:59:59-14:00"),
    ("at", "0001-01-01T00:00:00+14:00"),
    ("at", "0005-05-01T10:00:00Z"),
    ("at", datetime(1899, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ("customer", None),
    ("customer", {}),
    ("customer", 17),
    ("customer", ["ann@example.com"]),
    ("amount", "NaN"),
    ("amount", math.nan),
    ("amount", math.inf),
    ("amount", "-Infinity"),
    ("amount", Decimal("sNaN")),
    ("amount", True),
    ("amount", "1_000"),
    ("amount", "1,000.00"),
    ("amount", "٣"),
    ("amount", ""),
    ("amount", "1e9999"),
    ("amount", 10**5000),
    ("amount", 10**18),
    ("amount", -1e18),
    ("amount", "1e18"),
    ("amount", Decimal("1e308")),
    ("amount", [1]),
    ("currency", None),
    ("currency", "cny"),
    ("currency", "RMBY"),
    ("currency", "¥¥¥"),
    ("currency", 156),
    ("margin", "much"),
    ("margin", 1e308),
    ("quantity", -(10**18)),
    ("quantity", False),
    ("quantity", "two"),
    ("rating", -0.1),
    ("rating", 10.5),
    ("rating", 1e30),
    ("rating", 10**5000),
    ("rating", math.nan),
    ("rating", True),
    ("rating", "good"),
    ("direction", "inward"),
    ("direction", 1),
    ("origin", "dreamt"),
    ("item", 5),
    ("item", "a\0"),
    ("text", "\udfff"),
    ("text", "x" * 10_000_000),
    ("of", ""),
    ("friend", "bob"),
    ("attributes", [1]),
    ("attributes", {1: "a"}),
    ("attributes", {"a": math.nan}),
    ("attributes", {"a": {"b": [1, {"c": math.inf}]}}),
    ("attributes", {"a": object()}),
    ("attributes", {"a": Decimal(1)}),
    ("attributes", {"a": "\0"}),
    ("attributes", {"\ud800": 1}),
    ("attributes", {"a": "x" * 2_000_000}),
    ("attributes", {"a": 10**5000}),
]


@pytest.mark.parametrize(
    ("field", "value"), BAD, ids=[f"{field}-{at}" for at, (field, _) in enumerate(BAD)]
)
def test_a_bad_field_is_named(field: str, value: Any) -> None:
    """Whatever is wrong, the rejection names the field at fault."""
    record = purchase() | {field: value}
    assert refused(record).field.split(".")[0].split("[")[0] == field


@pytest.mark.parametrize("amount", [10**18, 1e18, "-1e18", Decimal(10) ** 40])
def test_the_range_of_money_is_told(amount: Any) -> None:
    """A sum of what is kept stays a number; the reason says what can be kept."""
    assert "between -1,000,000,000,000,000,000 and" in refused(purchase(amount=amount)).reason


def test_a_rating_is_told_its_own_range() -> None:
    """However far out it is."""
    assert refused(purchase(rating=1e30)).reason.startswith("must be 0 to 10")


def test_the_path_to_a_bad_attribute_is_told() -> None:
    """A reason deep inside the attributes says where."""
    found = refused(purchase(attributes={"a": {"b": [1, {"c": math.inf}]}}))
    assert found.field == "attributes.a.b[1].c"


@pytest.mark.parametrize("record", [None, 5, "purchase", [], object(), {1: 2}, {"id": {}}])
def test_what_is_no_record_is_rejected(record: Any) -> None:
    """Not even something that is no record raises."""
    refused(record)


@pytest.mark.parametrize("field", ["id", "kind", "at", "customer", "amount", "attributes", "text"])
def test_a_rejection_goes_over_json(field: str) -> None:
    """Whatever a host handed over can be told on: the fields that JSON knows as they came."""
    loop: list[Any] = []
    loop.append(loop)
    at = datetime(2026, 5, 1, tzinfo=Sulking())
    for strange in (*ODD, loop, UUID(int=1), at, {("a",): 1}, Touchpoint):
        record: Any = purchase() | {field: strange, "quantity": "many"}
        for one in (record, strange, Touchpoint(**record)):
            told = Rejection(one, "quantity", "is no number").to_dict()
            json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
            if one is not strange:
                assert told["record"]["quantity"] == "many"


def test_a_structure_that_holds_itself_is_rejected() -> None:
    """Loops in attributes end in a rejection, not in a hang."""
    loop: list[Any] = []
    loop += [loop, loop]
    assert refused(purchase(attributes={"a": loop})).field.startswith("attributes")
    wide: Any = 1
    for _ in range(40):
        wide = [wide, wide]
    assert refused(purchase(attributes={"a": wide})).field.startswith("attributes")


def test_a_mapping_that_raises_is_rejected() -> None:
    """A host's own class may do anything, and costs only its record."""

    class Broken(Mapping[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise RuntimeError(key)

        def __iter__(self) -> Iterator[str]:
            yield "id"

        def __len__(self) -> int:
            return 1

    refused(Broken())


def test_money_goes_the_right_way() -> None:
    """A return or refund takes money away, or none."""
    for kind in ("return", "refund"):
        assert refused(purchase(kind=kind, amount="0.01")).field == "amount"
        assert read(purchase(kind=kind, amount="-0.01")).amount == "-0.01"
        assert read(purchase(kind=kind, amount=0)).amount == "0"
        assert read(purchase(kind=kind, amount=None, currency=None)).amount is None


def test_a_referral_names_a_friend() -> None:
    """A referral without a friend, or with an empty one, is rejected."""
    referral = purchase(kind="referral", amount=None, currency=None)
    assert refused(referral).field == "friend"
    assert refused(referral | {"friend": {}}).field == "friend"
    assert refused(referral | {"friend": {"email": ""}}).field == "friend"
    assert read(referral | {"friend": {"email": "b@x.org"}}).friend == '{"email":"b@x.org"}'


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("880.00", "880.00"),
        (" 880.00 ", "880.00"),
        (880, "880"),
        (880.5, "880.5"),
        (0.1, "0.1"),
        (1e17, "100000000000000000"),
        (Decimal("880.00"), "880.00"),
        (Decimal("8.8E+2"), "880"),
        ("+5", "5"),
        (".5", "0.5"),
        ("-0.0", "-0.0"),
        (10**18 - 1, "9" * 18),
        ("-" + "9" * 18 + "." + "9" * 30, "-" + "9" * 18 + "." + "9" * 30),
        ("0.000000000000000000000001", "0.000000000000000000000001"),
    ],
)
def test_numbers_are_kept_exactly(given_: Any, kept: str) -> None:
    """A decimal is written out as it is, however it came."""
    assert read(purchase(amount=given_)).amount == kept
    assert Decimal(kept) == Decimal(str(given_).strip())


def test_instants_keep_their_offset() -> None:
    """The same instant in two offsets is one instant, and each offset is kept."""
    there = read(purchase(at="2026-05-01T10:00:00+08:00"))
    here = read(purchase(at="2026-05-01T02:00:00Z"))
    assert there.at == here.at == micros(datetime(2026, 5, 1, 2, tzinfo=UTC))
    assert (there.zone, here.zone) == (8 * 3600, 0)
    west = timezone(timedelta(hours=-3, minutes=-30))
    assert read(purchase(at=datetime(2026, 5, 1, tzinfo=west))).zone == -12_600
    assert read(purchase(at=datetime(2026, 5, 1, tzinfo=ZoneInfo("Asia/Shanghai")))).zone == 28_800
    assert read(purchase(at=NOW + timedelta(hours=23))).at > NOW_US


def test_instants_begin_with_1900() -> None:
    """The first instant is taken by both ways, in any offset; the one before it is told why not."""
    first = datetime(1900, 1, 1, tzinfo=UTC)
    for hours in (-5, 0, 14):
        there = first.astimezone(timezone(timedelta(hours=hours)))
        assert read(purchase(at=there.isoformat())).at == read(purchase(at=there)).at == EARLIEST
    early = refused(purchase(at=first - timedelta(microseconds=1)))
    assert early.reason.startswith("lies before 1900-01-01 (UTC)")


def test_unknown_keys_become_attributes() -> None:
    """What the record has beyond the known keys is kept beside its attributes."""
    found = read(purchase(shelf=7, attributes={"colour": "red"}))
    assert json.loads(str(found.attributes)) == {"colour": "red", "shelf": 7}
    assert refused(purchase(colour=1, attributes={"colour": 2})).field == "attributes"


def test_a_thousand_attributes_are_kept() -> None:
    """A wide record is stored whole."""
    wide = {f"k{number}": [number, str(number), {"deep": number / 7}] for number in range(1000)}
    assert json.loads(str(read(purchase(attributes=wide)).attributes)) == wide


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE touchpoint; --",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        '=HYPERLINK("http://x")',
        r"\u0000 is not a NUL",
        "王小明 \U0001f600 e\u0301 \u202e",
        "%s %(x)s {0} ?",
    ],
)
def test_text_is_only_text(text: str) -> None:
    """Text that means something elsewhere is kept as it is, in every text field."""
    fields = ("item", "category", "channel", "text", "of")
    found = read(purchase(attributes={text: [text]}, **dict.fromkeys(fields, text)))
    assert all(getattr(found, field) == text for field in fields)
    assert json.loads(str(found.attributes)) == {text: [text]}


def test_subclasses_become_plain() -> None:
    """A host's enumerations are stored as the text they are."""
    found = read(purchase(kind=Kind.VISIT, amount=None, currency=None))
    assert type(found.kind) is str
    assert read(purchase(17, id=17)).id == "17"


def test_a_touchpoint_is_a_record() -> None:
    """A `Touchpoint` reads like the dict with the same fields."""
    whole = Touchpoint(
        id="o-1", kind="purchase", at=NOW, customer={"email": "a@b.cc"}, rating=9.5, source="till"
    )
    assert read(whole) == read(
        {"id": "o-1", "kind": "purchase", "at": NOW, "customer": {"email": "a@b.cc"}}
        | {"rating": 9.5, "source": "till"}
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from([*Fields._fields, "shelf", "run", "recorded_at", ""]) | st.text()
VALUES = (
    JSON
    | st.sampled_from(["purchase", "return", "referral", "CNY", "in", "typed", "1.50", "-3", ""])
    | st.datetimes()
    | st.datetimes(timezones=st.timezones())
    | st.decimals()
    | st.binary()
    | st.floats(0, 10)
)


@given(st.dictionaries(KEYS, VALUES, max_size=8), st.booleans())
@example({"customer": {"a": "\ud800"}, "item": "\0"}, True)
@example({"customer": "c" * 200}, True)
@example({"customer": "c" * 201}, True)
@example({"customer": "c\0"}, True)
@example({"customer": "c\ud800"}, True)
@settings(max_examples=400, deadline=None)
def test_nothing_raises_and_both_ways_agree(strange: dict[str, Any], sound: bool) -> None:
    """Any record is read or rejected, and the fast way never differs from the careful one."""
    record = (purchase() if sound else {}) | strange
    found = PARSER.parse(record)
    careful = PARSER.parse_carefully(record)
    if isinstance(found, Rejection):
        assert isinstance(careful, Rejection)
        assert (found.field, found.reason) == (careful.field, careful.reason)
    else:
        assert not isinstance(careful, Rejection), careful
        assert tuple(found) == tuple(careful)
        _assert_exact(record, Fields(*found))


def _assert_exact(record: dict[str, Any], found: Fields) -> None:
    for name in ("item", "category", "channel", "text", "of", "currency", "kind"):
        assert getattr(found, name) == record.get(name) or name == "of"
    for name in ("amount", "margin", "quantity"):
        if record.get(name) is not None:
            assert Decimal(str(getattr(found, name))) == Decimal(str(record[name]).strip())
    known = {*Fields._fields} - {"zone"}
    extra = {key: value for key, value in record.items() if key not in known}
    kept = json.loads(found.attributes) if found.attributes else {}
    assert kept == (record.get("attributes") or {}) | extra
    assert repr(kept | extra | (record.get("attributes") or {}))  # nothing unprintable inside
