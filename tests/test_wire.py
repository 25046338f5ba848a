"""JSON over the wire says the same as the standard library's, whatever the body."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.wire import read_json, write_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
BODIES = [
    b"",
    b" \n",
    b"{",
    b"123456789012345678901234567890",
    b"-0",
    b"1e400",
    b"NaN",
    b'"\\ud800"',
    b'"\xff"',
    b'\xef\xbb\xbf{"a":1}',
    '{"a":"\u4e2d"}'.encode("utf-16"),
    b'{"a":1,"a":2}',
    b"[1.1000000000000001]",
    b"[0.1, 1E5, 1e-320]",
    b"<html>",
    b"[" * 100_000,
]


def outcome(read: object, body: bytes) -> object:
    """Give what comes of reading a body: a value with its type, or the kind of failure."""
    try:
        return repr(read(body))  # type: ignore[operator]
    except (ValueError, RecursionError) as error:
        return RecursionError if isinstance(error, RecursionError) else ValueError


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_a_body_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    """The same value, or the same kind of failure."""
    assert outcome(read_json, body) == outcome(json.loads, body)


@given(VALUES)
def test_every_value_goes_over_and_comes_back(value: object) -> None:
    """Digit for digit, with integers of any size and halves of a surrogate pair."""
    written = write_json(value)
    again = json.loads(written.decode("utf-8", "surrogatepass"))
    assert repr(again) == repr(value)
    assert repr(read_json(json.dumps(value).encode())) == repr(value)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_alike(body: bytes) -> None:
    """Nothing that is no JSON is taken for some."""
    assert outcome(read_json, body) == outcome(json.loads, body)


def test_what_is_no_json_is_refused_or_written_so_that_it_can_be_read() -> None:
    """An object has no place in a body; what is not a number is written as nothing."""
    with pytest.raises(TypeError):
        write_json({"a": object()})
    assert json.loads(write_json([math.nan, math.inf])) == [None, None]
