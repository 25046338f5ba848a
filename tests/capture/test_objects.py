"""JSON Lines as programs write them: numbers of any size, keys twice, nesting without end."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmkit
from crmkit.capture.files import read_customers, read_touchpoints
from crmkit.capture.objects import objects
from crmkit.errors import MappingError
from crmkit.model.touchpoint import Rejection
from tests.capture.kit import Shop

FINE = "0.1234567890123456789"
"""More digits than a float has."""
RECORD = (
    '{"id": "o-1", "kind": "purchase", "at": "2026-05-01T10:00:00Z", "email": "ann@example.com", '
    '"currency": "CNY", %s}'
)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "in.jsonl"
    path.write_text("".join(line + "\n" for line in lines), "utf-8")
    return path


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (f'"amount": {FINE}', {"amount": Decimal(FINE)}),
        (f'"quantity": {FINE}, "margin": -{FINE}', {"quantity": Decimal(FINE)}),
        ('"amount": 1e2', {"amount": Decimal(100)}),
        ('"amount": 880.00', {"amount": Decimal(880)}),
        (f'"rating": {FINE}', {"rating": float(FINE)}),
        (f'"x": {FINE}', {"attributes": {"x": float(FINE)}}),
        (f'"x": [{{"y": {FINE}}}, 1e-400]', {"attributes": {"x": [{"y": float(FINE)}, 0.0]}}),
        (f'"attributes": {{"x": {FINE}}}', {"attributes": {"x": float(FINE)}}),
        (f'"x": {"9" * 4000}', {"attributes": {"x": int("9" * 4000)}}),
        ('"x": 1.0, "y": -0.0', {"attributes": {"x": 1.0, "y": -0.0}}),
        ('"x": 1}\r', {"attributes": {"x": 1}}),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_number_is_exact_where_it_is_kept_so(
    tmp_path: Path, written: str, stored: dict[str, object]
) -> None:
    """Amounts keep every digit; elsewhere stands the nearest float, as any program would read."""
    line = (RECORD % written).replace("\r}", "\r")
    with crmkit.connect("memory://", plugins=[]) as crm:
        assert crm.capture(read_touchpoints(write(tmp_path, line)), "shop").new == 1
        ann = crm.customers.find(email="ann@example.com")
        assert ann is not None
        (touchpoint,) = crm.touchpoints.of(ann.id)
    assert {name: getattr(touchpoint, name) for name in stored} == stored


@pytest.mark.parametrize(
    ("written", "field", "said"),
    [
        ('"amount": 1, "amount": 2', "amount", "has the key 'amount' twice"),
        ('"x": {"y": 1, "y": 1}', "y", "has the key 'y' twice"),
        ('"amount": NaN', "amount", "finite"),
        ('"amount": -Infinity', "amount", "finite"),
        ('"x": NaN', "attributes.x", "finite"),
        ('"rating": NaN', "rating", "finite"),
        ('"x": 1e400', "x", "401 digits"),
        ('"attributes": {"x": -1e400}', "attributes.x", "401 digits"),
        (f'"amount": {"9" * 5000}', "amount", "finite"),
        (f'"x": {"9" * 5000}', "x", "5000 digits"),
        ('"x": 1e99999999999999999999', "record", "beyond all measure"),
        (f'"x": {"[" * 10_000}{"]" * 10_000}', "record", "nested more than 50"),
        (f'"some": {"[" * 900}{"]" * 900}', "record", "nested more than 50"),
        (f'"x": {FINE}, "y": {"[" * 60}{"]" * 60}', "record", "nested more than 50"),
        ('"x": ', "record", "is no JSON: Expecting value at column"),
    ],
    ids=lambda value: value[:30],
)
def test_what_nothing_keeps_is_rejected_alone(
    tmp_path: Path, written: str, field: str, said: str
) -> None:
    """One line goes, with its number, the field and the reason; its neighbours come in."""
    good = RECORD % '"x": 1'
    path = write(tmp_path, good, RECORD % written, good.replace("o-1", "o-2"))
    report = Shop().capture_all(read_touchpoints(path))
    assert (report.new, report.rejections) == (2, 1)
    (rejected,) = report.rejected
    assert rejected.field == field
    assert rejected.reason.startswith("line 2")
    assert said in rejected.reason
    json.dumps(rejected.to_dict(), default=str)


def test_customers_have_nearest_floats(tmp_path: Path) -> None:
    """A customer's own fields keep what a float keeps, or the line says why not."""
    kim = '{"name": "Kim", "phone": "+8613800138000", "custom": {"a": %s}}'
    first, second, third = read_customers(
        write(tmp_path, kim % FINE, kim % "1e400", '{"name": "Li", "birthday": 5}')
    )
    assert first.custom == {"a": float(FINE)}
    assert isinstance(second, Rejection)
    assert (second.field, second.reason[:6]) == ("custom.a", "line 2")
    assert isinstance(third, Rejection)
    assert third.reason.startswith("line 3")


@pytest.mark.parametrize(
    "lines", [["[", "{}", "]"], ["{", '"id": 1', "}"], ['[{"id": 1},'], ["[]"]]
)
def test_json_that_is_no_json_lines_is_told(tmp_path: Path, lines: list[str]) -> None:
    """One value over several lines is refused once, not line by line."""
    with pytest.raises(MappingError, match="each object on a line"):
        list(read_touchpoints(write(tmp_path, *lines)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_any_object_comes_back(plain: dict[str, object]) -> None:
    """Whatever a JSON writer writes of floats and whole numbers is read as it was."""
    ((number, found),) = objects(iter([json.dumps(plain) + "\n"]), "in.jsonl")
    assert (number, found) == (1, plain)
    assert type(found) is dict
