"""Mappings in which something is of the wrong kind: refused with the key, or a line's rejection."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit.capture.files import read_customers, read_touchpoints
from crmkit.capture.mapping import load_mapping
from crmkit.errors import MappingError
from crmkit.model.touchpoint import Rejection

TOUCHPOINTS = """
source = "till"
delimiter = ";"
encoding = "latin-1"
timezone = "Europe/Berlin"
time_format = "%d.%m.%Y %H:%M"
decimal = ","
thousands = "."
within = "{No}"
customer = { till = "{Who}", email = ["{Mail}", "{Mail}"] }
friend = { email = "{Mail}" }
attributes = { raw = "{Colour}" }
skip = [
    { when = { column = "Art", in = ["X"], not = true, empty = true }, reason = "no goods" },
    { when = [{ column = "Pieces", above = 9, below = 5, equals = "x", matches = "a.*" }] },
]

[fields]
id = "{No}-{#}"
at = { template = "{When}", time_format = "%d.%m.%Y %H:%M", timezone = "Asia/Shanghai" }
kind = [{ when = { column = "Pieces", below = 0 }, value = "return" }, { value = "purchase" }]
amount = { product = ["{Pieces}", "{Price}"] }
margin = { column = "Cost", negate = true }
rating = { cases = [{ value = "5" }], default = "x" }
channel = { template = "{Way}", replace = { T = "phone" }, default = "shop" }
"""
CUSTOMERS = """
delimiter = ";"
contacts = [{ name = "{Who}", phone = "{Who}" }]
addresses = [{ label = "x", lines = ["{Art}"] }]
identities = { email = "{Mail}" }
profile = { size = "{Pieces}" }
custom = { x = "{Price}" }

[fields]
number = "{No}"
birthday = { template = "{When}", time_format = "%d.%m.%Y %H:%M" }
internal = "{Way}"
needs = "{Colour}"
"""
TABLE = """No;When;Art;Colour;Pieces;Price;Cost;Way;Who;Mail
7;01.05.2026 10:00;T1;red;2;1.234,50;3,10;T;17;ann@example.com
8;;;;x;y;z;;;
"""
LINES = [
    {"No": 7, "When": "01.05.2026 10:00", "Art": ["T"], "Colour": {"x": 1}, "Pieces": 2,
     "Price": 1.5, "Way": True, "Who": 17, "Mail": ["ann@example.com"]},
    {"No": float("nan"), "When": 5, "Art": 10**30, "Pieces": [1], "Price": {"a": 1}, "Who": {}},
]  # fmt: skip
WRONG: list[Any] = [
    5, -1, 1.5, float("nan"), True, 10**5000, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC),
    time(1), [], {}, [5], [[]], [{}], "", "x", "\0", "\ud800", "{", "}", "{}", "{#}", "{#}{#}",
    "{Pieces}{#}x", "{" * 5000, "%", "%Q", "%d %d", "(", "*", '"', "\n", "9" * 5000, "Europe",
    "../../etc/passwd", "zlib", "rot13", "hex", "idna", "punycode", "undefined", "unicode_escape",
    "utf-16", "utf-16-le", "cp037", {"a": 1}, {"template": 5}, {"column": 5}, {"column": []},
    {"template": "{Pieces}", "negate": "x"}, {"product": []}, {"product": [5, []]}, {"cases": 5},
    {"cases": [5]}, {"template": "{Pieces}", "replace": 5}, {"template": "x", "default": [1]},
    {"template": "{When}", "timezone": 5}, {"template": "{When}", "time_format": "%"},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give every place inside a mapping."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (*path, key)
        if isinstance(value[key], (dict, list)):
            yield from places(value[key], (*path, key))


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
@pytest.mark.parametrize(
    ("mapping", "read"),
    [(TOUCHPOINTS, read_touchpoints), (CUSTOMERS, read_customers)],
    ids=["touchpoints", "customers"],
)
def test_a_wrong_type_anywhere_is_told(tmp_path: Path, name: str, mapping: str, read: Any) -> None:
    """Whatever stands anywhere, the mapping is refused with a key, or lines are, with a field."""
    path = tmp_path / name
    path.write_text(TABLE if name == "in.csv" else "\n".join(map(json.dumps, LINES)), "utf-8")
    whole = tomllib.loads(mapping)
    taken = 0
    for place in places(whole):
        for value in WRONG:
            changed = copy.deepcopy(whole)
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = copy.deepcopy(value)
            refused = outcome(read, path, changed)
            if refused is not None:
                assert refused.field is not None  # type: ignore[attr-defined]
                assert len(str(refused)) < 2_000
            taken += refused is None
    assert taken > 100


def outcome(read: Any, path: Path, mapping: dict[str, Any]) -> MappingError | None:
    """Read the file's two lines, or give why the mapping was refused."""
    try:
        found = list(read(path, load_mapping(mapping)))
    except MappingError as error:
        return error
    assert len(found) <= 2
    assert all(one.field for one in found if isinstance(one, Rejection))
    return None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('skip = [{ when = { column = "id", below = "x" } }]', "below"),
        ('skip = [{ when = { column = "id", above = nan } }]', "above"),
        ('skip = [{ when = { column = "id", in = "AB" } }]', "in"),
        ('skip = [{ when = { column = "id", empty = "yes" } }]', "empty"),
        ('skip = [{ when = { column = "id" } }]', "when"),
        ("skip = [{ when = { column = 5, empty = true } }]", "column"),
        ('encoding = "zlib"', "encoding"),
        ('encoding = "rot13"', "encoding"),
        ('encoding = "punycode"', "encoding"),
        ('time_format = "%Q"', "time_format"),
        ('time_format = "%d %d"', "time_format"),
        ('decimal = "7"', "decimal"),
        ('decimal = ","\nthousands = ","', "thousands"),
        ('thousands = "0"', "thousands"),
        ('delimiter = "\\n"', "delimiter"),
        ('within = "{id}{#}"\nfields = { id = "{id}{#}" }', "within"),
        ("x = " + "[" * 5000, "file"),
        ("x = " + "9" * 5000, "file"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(tmp_path: Path, text: str, field: str) -> None:
    """The error of a mapping file names the key that is wrong, before any line is taken."""
    (tmp_path / "map.toml").write_text(text, "utf-8")
    (tmp_path / "in.csv").write_text("id,at\n1,2\n", "utf-8")
    with pytest.raises(MappingError) as error:
        list(read_touchpoints(tmp_path / "in.csv", tmp_path / "map.toml"))
    assert error.value.field == field  # type: ignore[attr-defined]


def test_numbers_of_json_are_no_text(tmp_path: Path) -> None:
    """Where a decimal comma is written, a number of JSON or of the mapping is the number it is."""
    mapping = {
        "decimal": ",",
        "skip": [{"when": {"column": "price", "above": 2.5}}],
        "fields": {
            "id": "{id}",
            "amount": {"product": ["{price}", 2, "1,5"]},
            "margin": {"column": "margin", "negate": True},
        },
    }
    rows = [
        {"id": "1", "price": 1.25, "margin": 12345678901234567890123456789012},
        {"id": "2", "price": "1,25", "margin": "0"},
        {"id": "3", "price": 2.75},
        {"id": "4", "price": True},
        {"id": "5", "price": "1e999999"},
        {"id": "6", "margin": "1e999999999"},
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    reading = read_touchpoints(path, load_mapping(mapping))
    first, second, *bad = reading
    assert first == {"id": "1", "amount": "3.750", "margin": "-12345678901234567890123456789012"}
    assert second == {"id": "2", "amount": "3.750", "margin": "0"}
    assert [(one.field, one.reason[:6]) for one in bad] == [
        ("amount", "line 4"), ("amount", "line 5"), ("margin", "line 6"),
    ]  # fmt: skip
    assert sum(reading.skipped.values()) == 1


def test_what_is_worked_out_for_an_attribute_is_a_number(tmp_path: Path) -> None:
    """A cell is text; a product of one is a number, which an indicator can average."""
    (tmp_path / "in.csv").write_text(
        'id,at,mail,stars,weight\n1,2026-05-01T10:00Z,a@x.org,4,"2,50"\n'
        "2,2026-05-01T11:00Z,a@x.org,5,\n3,2026-05-01T12:00Z,a@x.org,five,1\n",
        "utf-8",
    )
    mapping = {
        "decimal": ",",
        "fields": {"id": "{id}", "at": "{at}", "kind": "visit"},
        "customer": {"email": "{mail}"},
        "attributes": {
            "stars": {"product": ["{stars}"]},
            "written": "{stars}",
            "lost": {"product": ["{weight}", 2], "negate": True},
        },
    }
    first, second, bad = read_touchpoints(tmp_path / "in.csv", load_mapping(mapping))
    assert first["attributes"] == {"stars": 4, "written": "4", "lost": -5.0}
    assert second["attributes"] == {"stars": 5, "written": "5"}
    assert (bad.field, bad.reason[:6]) == ("attributes", "line 4")
    crm = crmkit.connect("memory://")
    mean = crmkit.Indicator(
        "stars", ["visit"], "mean", field="stars", scale=5, half_life=timedelta(9), weight=1
    )
    crm.value.use(crmkit.ValueModel("1", [mean], currency="EUR"))
    crm.capture([first, second], "till")
    a = crm.customers.find(email="a@x.org")
    assert a is not None
    assert 4.49 < crm.value.score(a.id).parts[0].raw < 4.51


def test_what_is_worked_out_for_a_field_of_a_customer_is_a_number(tmp_path: Path) -> None:
    """A host's own field takes any JSON as well."""
    (tmp_path / "in.csv").write_text("mail,size\na@x.org,12\n", "utf-8")
    mapping = {"identities": {"email": "{mail}"}, "custom": {"size": {"product": ["{size}", 2]}}}
    (one,) = read_customers(tmp_path / "in.csv", load_mapping(mapping))
    assert one.custom == {"size": 24}
