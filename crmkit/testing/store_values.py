"""Laws of values: what goes in comes out, bit for bit, and keys are equal only where they are."""

# ruff: noqa: S101 - a law is an assertion, and its numbers are its point
from __future__ import annotations

import struct

import pytest

from crmkit.contracts.store import Store
from crmkit.contracts.tables import CUSTOMER, IDENTITY, META, STANDING, STATE, TOUCHPOINT
from crmkit.testing.rows import row, touchpoints
from crmkit.testing.store_base import StoreLaws

TEXTS = (
    "",
    " ",
    "a",
    "A",
    "a ",
    " a",
    "a  ",
    "a\t",
    "a\n",
    "á",
    "a\u0301",
    "ss",
    "ß",
    "ẞ",
    "i",
    "ı",
    "İ",
    "I",
    "ﬁ",
    "fi",
    "Ａ",
    "张伟",
    "張偉",
    "יוסי",
    "محمد",
    "\u202eabc",
    "a\u200b",
    "नमस्ते",
    "👩\u200d👩\u200d👧",
    "👩",
    "\U0010ffff",
    "\uffff",
    "\ud7ff",
    "'",
    "''",
    '"',
    "`",
    "\\",
    "%",
    "_",
    "a%",
    "a_",
    "?",
    ":a",
    "%s",
    "%(a)s",
    "$1",
    "'; DROP TABLE crmkit_meta; --",
    "null",
    "None",
    "0",
    "00",
    "1",
    "1.0",
    "1e0",
    "true",
    "\x01",
    "\x7f",
    "\u0085",
    "\u2028",
    "x" * 200,
    "x" * 199 + "y",
    "中" * 200,
    "👩" * 199 + "a",
)
"""Texts that databases confuse, cut, fold, trim or stumble over; no two are equal."""

FLOATS = (
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    0.1,
    1 / 3,
    -1.0,
    3.0,
    2.0**53 + 2,
    1e22,
)
BLOBS = (b"", b"\0", b"\0\0a\0", bytes(range(256)), b"\xff" * 70_000, b"text", b"\\x41")
DECIMALS = (
    "0",
    "0.00",
    "-0.01",
    "880.00",
    "12345678901234567890.123456789012345678901234567890",
    "0.000000000000000000000000000001",
    "-99999999999999999999999999999999.99",
)


class ValueLaws(StoreLaws):
    """One law a test."""

    @pytest.mark.parametrize("text", TEXTS, ids=ascii)
    def test_text_of_any_script(self, store: Store, text: str) -> None:
        """A text comes back as it was, as a key and as a value, and is found by both."""
        with store.write() as writer:
            writer.put(META, [(text, text), ("other", "other text")])
        with store.read() as reader:
            assert list(reader.fetch(META, [(text,)])) == [(text, text)]
            assert list(reader.scan(META, equal=(text,))) == [(text, text)]
            assert list(reader.scan(META, where={"value": text})) == [(text, text)]
            assert reader.count(META, {"value": text}) == 1
            assert (text, text) in reader.scan(META, contains={"value": text})

    def test_long_text(self, store: Store) -> None:
        """A text of a million characters comes back whole."""
        text = "中👩a'" * 250_000
        with store.write() as writer:
            writer.put(META, [("a", text)])
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", text)]

    def test_keys_are_compared_exactly(self, store: Store) -> None:
        """Texts that look alike are different keys: no folding, normalising, trimming, casting."""
        rows = [(text, str(place)) for place, text in enumerate(TEXTS)]
        with store.write() as writer:
            assert writer.append(META, rows) == []
            assert writer.append(META, rows) == list(range(len(rows)))
            assert writer.count(META) == len(TEXTS)
            for text, place in rows:
                assert list(writer.fetch(META, [(text,)])) == [(text, place)]
            assert writer.delete(META, [(text,) for text in TEXTS[::2]]) == len(TEXTS[::2])
            assert {text for text, _ in writer.scan(META)} == set(TEXTS[1::2])

    def test_keys_of_several_columns_are_compared_exactly(self, store: Store) -> None:
        """Where one column ends and the next begins is never lost."""
        pairs = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""), ("a", "b c"), ("a b", "c")]
        with store.write() as writer:
            rows = [row(IDENTITY, system=s, value=v, customer=s + "|" + v) for s, v in pairs]
            assert writer.append(IDENTITY, rows) == []
            for pair, given in zip(pairs, rows, strict=True):
                assert list(writer.fetch(IDENTITY, [pair])) == [given]

    def test_text_keys_sort_by_code_point(self, store: Store) -> None:
        """The order of text is that of its code points, whatever the server's language."""
        with store.write() as writer:
            writer.put(META, [(text, "") for text in TEXTS])
        with store.read() as reader:
            assert [name for name, _ in reader.scan(META)] == sorted(TEXTS)
            assert [name for name, _ in reader.scan(META, low="a", high="é")] == [
                text for text in sorted(TEXTS) if "a" <= text <= "é"
            ]

    def test_none_is_not_empty(self, store: Store) -> None:
        """None and the empty text are two values, in reading and in conditions."""
        with store.write() as writer:
            writer.put(CUSTOMER, [row(CUSTOMER, id="a"), row(CUSTOMER, id="b", owner="")])
        with store.read() as reader:
            at = CUSTOMER.position["owner"]
            assert [given[at] for given in reader.scan(CUSTOMER)] == [None, ""]
            assert [given[0] for given in reader.scan(CUSTOMER, where={"owner": None})] == ["a"]
            assert [given[0] for given in reader.scan(CUSTOMER, where={"owner": ""})] == ["b"]

    def test_integers_of_64_bits(self, store: Store) -> None:
        """Integers come back exactly, from the least to the greatest, and sort as numbers."""
        numbers = [-(2**63), -(2**53) - 1, -10, -9, 0, 9, 10, 2**31, 2**53 + 1, 2**63 - 1]
        with store.write() as writer:
            rows = [row(STANDING, customer=str(n), due=n) for n in numbers]
            writer.put(STANDING, rows)
        with store.read() as reader:
            found = [
                given[STANDING.position["due"]] for given in reader.scan(STANDING, by=("due",))
            ]
            assert found == numbers
            assert {type(number) for number in found} == {int}

    def test_doubles_are_exact_to_the_bit(self, store: Store) -> None:
        """Every double comes back bit for bit: subnormal, greatest, and minus zero."""
        with store.write() as writer:
            writer.put(
                STANDING, [row(STANDING, customer=f"{n:02}", total=x) for n, x in enumerate(FLOATS)]
            )
        with store.read() as reader:
            found = [x for (x,) in reader.scan(STANDING, columns=("total",))]
        assert [struct.pack(">d", x) for x in found] == [struct.pack(">d", x) for x in FLOATS]

    @pytest.mark.parametrize("text", DECIMALS)
    def test_decimals_are_exact(self, store: Store, text: str) -> None:
        """A decimal comes back with every digit and every trailing zero."""
        with store.write() as writer:
            writer.append(TOUCHPOINT, touchpoints(writer, ["a"], amount=text, margin=None))
        with store.read() as reader:
            assert list(reader.scan(TOUCHPOINT, columns=("amount", "margin"))) == [(text, None)]

    def test_blobs(self, store: Store) -> None:
        """Bytes come back as bytes: zeros, all values, nothing at all; and None as None."""
        with store.write() as writer:
            writer.put(
                STATE, [row(STATE, customer=str(n), sums=b, seen=b) for n, b in enumerate(BLOBS)]
            )
            writer.put(STATE, [row(STATE, customer="none", seen=None)])
        with store.read() as reader:
            found = list(reader.scan(STATE, columns=("sums", "seen")))
        assert found == [*((blob, blob) for blob in BLOBS), (b"", None)]
        assert {type(sums) for sums, _ in found} == {bytes}

    def test_many_at_once(self, store: Store) -> None:
        """A batch of hundreds keeps every value as well: stores have faster ways for many rows."""
        states = [
            row(STATE, customer=f"{n:03}", sums=BLOBS[n % len(BLOBS)], rest=TEXTS[n % len(TEXTS)])
            for n in range(300)
        ]
        with store.write() as writer:
            added = [
                row(
                    TOUCHPOINT,
                    seq=writer.sequence(1),
                    id=f"{n:03}",
                    text=TEXTS[n % len(TEXTS)],
                    amount=DECIMALS[n % len(DECIMALS)],
                    rating=FLOATS[n % len(FLOATS)],
                )
                for n in range(300)
            ]
            writer.put(STATE, states)
            assert writer.append(TOUCHPOINT, added) == []
        with store.read() as reader:
            assert list(reader.scan(STATE)) == states
            assert list(map(repr, reader.scan(TOUCHPOINT))) == list(map(repr, added))

    @pytest.mark.parametrize("key", ["a", "z"])
    def test_a_number_of_a_log_is_a_place_by_itself(self, store: Store, key: str) -> None:
        """There is one row of each, so a scan goes on behind it, whatever key is named with it."""
        with store.write() as writer:
            rows = touchpoints(writer, ("b", "d", "f"), source="s", customer="a")
            writer.append(TOUCHPOINT, rows)
        after = (rows[1][0], "s", key, 0)
        with store.read() as reader:
            assert list(reader.scan(TOUCHPOINT, by=("seq",), after=after)) == rows[2:]
            back = reader.scan(TOUCHPOINT, by=("seq",), after=after, reverse=True)
            assert list(back) == rows[:1]
            for reverse in (False, True):
                behind = reader.scan(
                    TOUCHPOINT, by=("seq",), equal=after[:1], after=after, reverse=reverse
                )
                assert list(behind) == []
