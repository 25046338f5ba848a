"""Values on the wire: what is written is read again, whatever it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from crmkit_tryton import wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EAST = timezone(timedelta(hours=8))
VALUES = {
    "char": st.text(min_size=1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "date": st.dates().map(str),
    "timestamp": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "many2one": st.integers(1, 2**31 - 1).map(str),
    "reference": st.one_of(
        st.integers(1, 9).map(str), st.integers(1, 9).map("sale.sale,{}".format)
    ),
    "many2many": st.lists(st.integers(1, 99), unique=True)
    .map(sorted)
    .map(lambda ids: [str(one) for one in ids]),
    "multiselection": st.lists(st.text()),
}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_is_written_is_read(data: st.DataObject):
    """Every type goes to JSON and back, to the last decimal and microsecond."""
    kind = data.draw(st.sampled_from(sorted(VALUES)))
    value = data.draw(VALUES[kind])
    sent = json.loads(json.dumps(wire.write(kind, value)))
    assert wire.read(kind, sent) == (None if value == [] else value)


@pytest.mark.parametrize("kind", sorted(wire.TYPES))
def test_nothing_is_none(kind: str):
    """A field that is empty there is None here; no number or flag is taken for empty."""
    assert wire.read(kind, None) is None
    assert wire.read("integer", 0) == 0
    assert wire.read("boolean", 0) is False


def test_an_instant_is_told_in_utc():
    """Whatever the offset it was given with; a date and time of Tryton's has whole seconds."""
    at = datetime(2026, 5, 1, 7, 30, 1, 500, tzinfo=EAST)
    assert wire.instant(wire.moment(at)) == at
    assert wire.read("timestamp", wire.write("timestamp", at.isoformat())).endswith("+00:00")
    assert wire.write("datetime", at.isoformat())["microsecond"] == 0
    assert wire.write("datetime", at.isoformat())["day"] == 30


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", 1.5),
        ("integer", "many"),
        ("numeric", "1,5"),
        ("date", "yesterday"),
        ("timestamp", 5),
        ("many2one", "crmkit"),
        ("many2many", ["x"]),
        ("binary", b"x"),
        ("one2many", ["1"]),
    ],
)
def test_what_does_not_fit_is_told(kind: str, value: Any):
    """A value that is none of its field's is refused before anything is sent."""
    with pytest.raises(wire.BadValue):
        wire.write(kind, value)


def test_money_is_exact():
    """A Decimal is never a float on its way."""
    assert wire.write("numeric", Decimal("0.10")) == {"__class__": "Decimal", "decimal": "0.10"}
    assert str(wire.read("numeric", {"__class__": "Decimal", "decimal": "0.10"})) == "0.10"
