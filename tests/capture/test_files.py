"""Files as people have them: mixed encodings, torn lines, odd numbers, local times."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import demo
from crmkit.capture.files import read_customers, read_touchpoints
from crmkit.capture.lines import Cells
from crmkit.capture.mapping import load_mapping
from crmkit.errors import MappingError
from crmkit.model.customer import Contact, Identity
from crmkit.model.touchpoint import Rejection
from tests.capture.kit import Shop, purchase
from tests.capture.test_amending import Desk

HEADER = "id,kind,at,email,text\n"


def write(folder: Path, data: str | bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def lines(path: Path, mapping: Any = None) -> tuple[list[dict[str, Any]], list[str]]:
    """Give what was read, and the reasons of what was not."""
    plain = None if mapping is None else load_mapping(mapping)
    read = list(read_touchpoints(path, plain))
    return (
        [one for one in read if isinstance(one, dict)],
        [one.reason for one in read if isinstance(one, Rejection)],
    )


def row(number: int, text: str = "") -> str:
    return f"o-{number},visit,2026-05-01T10:00:00Z,ann@example.com,{text}\n"


def test_columns_named_like_keys_need_no_mapping(tmp_path: Path) -> None:
    """Known columns are fields, identities identify, the rest are attributes, empty is missing."""
    data = "id,kind,at,email,customer.shop,amount,currency,shelf\n"
    data += "o-1,purchase,2026-05-01T10:00:00Z,ann@example.com, 17 ,880.00,CNY,7\n"
    data += "o-2,visit,2026-05-01T10:00:00Z,ann@example.com,,,,\n"
    (first, second), bad = lines(write(tmp_path, data))
    assert first["customer"] == {"email": "ann@example.com", "shop": "17"}
    assert (first["amount"], first["attributes"]) == ("880.00", {"shelf": "7"})
    assert second["customer"] == {"email": "ann@example.com"}
    assert set(second) == {"id", "kind", "at", "customer"}
    assert Shop().capture(first, second).new == 2
    assert not bad


ODD = ["a:b", "!x", "{x}", "{", "}", "a{b}c", "{{y}}", "#", "{#}", "x.y", "[0]", "Größe in cm"]


def test_without_a_mapping_every_name_is_plain(tmp_path: Path) -> None:
    """Names that would be templates in a mapping are names of columns, each with its own cell."""
    data = HEADER.strip() + "," + ",".join(ODD) + "\n"
    data += row(1).strip() + "," + ",".join(f"c{n}" for n in range(len(ODD))) + "\n"
    (first,), bad = lines(write(tmp_path, data))
    assert first["attributes"] == {name: f"c{n}" for n, name in enumerate(ODD)}
    assert not bad
    (kim,) = read_customers(write(tmp_path, "name,{x},a:b\nKim,1,2\n"))
    assert kim.custom == {"{x}": "1", "a:b": "2"}


def test_a_mapping_can_name_every_column(tmp_path: Path) -> None:
    """A colon belongs to the name; braces are written twice, or the column is named as such."""
    data = "No: of order,{sum},Net: EUR\n7,5.10,x\n"
    mapping = {
        "fields": {"id": "{No: of order}/{{a}}", "amount": {"column": "{sum}"}, "text": "{{b}}"},
        "attributes": {"net": "{Net: EUR}"},
    }
    (read,), _ = lines(write(tmp_path, data), mapping)
    assert read == {"id": "7/{a}", "amount": "5.10", "text": "{b}", "attributes": {"net": "x"}}


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("1001,purchase,2026-05-01,CNY,CNY", "Is the header missing"),
        ("ID,Kind,At,Email", "write them small"),
        ("id;kind;at;email", 'delimiter = ";"'),
        ("id\tkind\tat\temail", r'delimiter = "\t"'),
        ("Bestellnummer,Datum", "write a mapping"),
    ],
)
@pytest.mark.parametrize("read", [read_touchpoints, read_customers])
def test_a_header_that_means_nothing_is_refused(
    tmp_path: Path, header: str, said: str, read: Any
) -> None:
    """Where no column is a field, one line says what the first line is, and what to do."""
    with pytest.raises(MappingError) as error:
        read(write(tmp_path, header + "\nx\n"))
    assert said in str(error.value)
    assert header[:2] in str(error.value)


def test_a_mapping_without_tables_says_how_a_file_is_written(tmp_path: Path) -> None:
    """Columns and keys keep their meaning; the delimiter, the zone and the numbers are its."""
    mapping = {
        "delimiter": ";", "timezone": "Asia/Shanghai", "decimal": ",", "time_format": "%d.%m.%Y"
    }  # fmt: skip
    data = "id;kind;at;email;amount;shelf\n1;visit;01.05.2026;ann@example.com;5,10;7\n"
    (read,), _ = lines(write(tmp_path, data), mapping)
    assert (read["at"].isoformat(), read["amount"]) == ("2026-05-01T00:00:00+08:00", "5.10")
    assert (read["customer"], read["attributes"]) == ({"email": "ann@example.com"}, {"shelf": "7"})
    flat = {"id": "1", "at": "01.05.2026", "email": "ann@example.com", "amount": "5,10", "x": [1]}
    (same,), _ = lines(write(tmp_path, json.dumps(flat), "in.jsonl"), mapping)
    assert (same["at"], same["amount"]) == (read["at"], "5.10")
    assert (same["customer"], same["x"]) == ({"email": "ann@example.com"}, [1])


def test_what_is_not_used_may_stand_twice(tmp_path: Path) -> None:
    """A doubled column stops a file only where it is asked for; empty cells do no harm."""
    path = write(tmp_path, "id,,note,note,,\n1,,a,b,,,, \n1,,a,b\n2,,a\n,,, ,\n,\n,,,\n")
    read, (bad,) = lines(path, {"fields": {"id": "{id}"}})
    assert read == [{"id": "1"}, {"id": "1"}]
    assert bad.startswith("line 4 has 3 columns, the header has 4")
    with pytest.raises(MappingError, match="'note' stands twice"):
        lines(path, {"fields": {"text": "{note}"}})


def test_a_blank_names_whatever_looks_like_one(tmp_path: Path) -> None:
    """A spreadsheet shows a no-break space and a line break of a header as a blank, or as none."""
    data = 'id,"Order\r\nno.",Sum\u00a0(gross),Sum (gross),"Net\u00a0sum",Net  sum\n1,7,8,9,5,5\n'
    path = write(tmp_path, data)
    named = {"text": "{Order no.}", "item": "{Sum (gross)}", "category": "{Sum\u00a0(gross)}"}
    (read,), _ = lines(path, {"fields": {"id": "{id}", **named}})
    assert [read[name] for name in named] == ["7", "9", "8"]
    with pytest.raises(MappingError, match="'Net sum' stands twice"):
        lines(path, {"fields": {"text": "{Net sum}"}})


def test_of_a_day_and_an_hour_either_form_is_read(tmp_path: Path) -> None:
    """Where the hour's cell is empty, the day alone stands there."""
    mapping = {
        "timezone": "Europe/Berlin",
        "time_format": ["%d.%m.%Y %H:%M", "%d.%m.%Y"],
        "fields": {"id": "{id}", "at": "{day} {hour}"},
    }
    data = "id,day,hour\n1,04.01.2026,08:05\n2,04.01.2026,\n3,,08:05\n"
    read, (bad,) = lines(write(tmp_path, data), mapping)
    assert [f"{one['at']:%d %H:%M}" for one in read] == ["04 08:05", "04 00:00"]
    assert bad.startswith("line 4: is no date")


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz"])
def test_only_the_lines_at_fault_are_rejected(tmp_path: Path, name: str) -> None:
    """In a file of two encodings the foreign lines go, with their numbers, unless it is told."""
    data = "\ufeff".encode() + (HEADER + row(1, "café")).encode()
    data += row(2, "café").encode("latin-1") + row(3, '"two\nlines, é"').encode()
    data += row(4, "a\0b").encode() + b"o-5,visit\n" + row(6, "=1+1").encode()
    if name.endswith("gz"):
        data = gzip.compress(data)
    path = write(tmp_path, data, name)
    read, bad = lines(path)
    assert [one["id"] for one in read] == ["o-1", "o-3", "o-4", "o-6"]
    assert read[1]["text"] == "two\nlines, é"
    assert read[3]["text"] == "=1+1"
    assert bad[0].startswith("line 3 is not UTF-8")
    assert bad[1].startswith("line 7 has 2 columns")
    report = Shop().capture_all(read_touchpoints(path))
    assert [one.field for one in report.rejected] == ["record", "text", "record"]
    assert report.rejected[1].reason.startswith("line 6: ")
    read, bad = lines(path, {"encoding": "latin-1", "fields": {"id": "{id}", "text": "{text}"}})
    assert read[1]["text"] == "café"
    assert len(bad) == 1


@pytest.mark.parametrize(
    "torn",
    ['o-2,visit,2026-05-01T10:00:00Z,ann@example.com,"never closed\n', 'o-2,"a"b,c,d,e\n'],
)
def test_a_torn_quote_costs_only_its_line(tmp_path: Path, torn: str) -> None:
    """What an open quote swallowed is read again."""
    many = "".join(row(number) for number in range(10, 3010))
    read, bad = lines(write(tmp_path, HEADER + row(1) + torn + many))
    assert len(read) == 3001
    assert len(bad) == 1
    assert bad[0].startswith("line 3 is no row")


def test_a_giant_field_is_rejected_with_its_line(tmp_path: Path) -> None:
    """Ten megabytes in one cell are a rejected record, not an end of the import."""
    path = write(tmp_path, HEADER + row(1, "x" * 10_000_000) + row(2))
    report = Shop().capture_all(read_touchpoints(path))
    assert (report.new, report.rejections) == (1, 1)
    assert report.rejected[0].field == "text"
    assert report.rejected[0].reason.startswith("line 2: ")


def test_json_lines_need_no_mapping(tmp_path: Path) -> None:
    """Each line is a record; numbers come exactly; what is no object is rejected."""
    good = json.dumps(purchase(1, shelf=[1, 2.5]))
    exact = good.replace('"880.00"', "123456789012345678.12").replace("o-1", "o-2")
    data = "\n".join([good, "", exact, "[1]", "{torn", '{"a": NaN}', "[" * 100_000]) + "\n"
    data_bytes = data.encode() + b'{"id": "\xff"}\n'
    read, bad = lines(write(tmp_path, data_bytes, "in.jsonl"))
    assert read[0] == purchase(1, shelf=[1, 2.5])
    assert read[1]["amount"] == Decimal("123456789012345678.12")
    assert [reason.split()[1] for reason in bad] == ["4", "5", "7", "8"]
    report = Shop().capture_all(read)
    assert (report.new, report.rejections) == (2, 1)


MAPPING = """
source = "till"
delimiter = ";"
timezone = "Europe/Berlin"
time_format = "%d.%m.%Y %H:%M"
decimal = ","
thousands = "."

[[skip]]
when = [{ column = "Art", in = ["X", "Y"] }, { column = "Menge", above = 0 }]
reason = "not goods"

[fields]
id = "{Beleg}-{#}"
at = "{Zeit}"
kind = [
    { when = { column = "Menge", below = 0 }, value = "return" },
    { value = "purchase" },
]
quantity = "{Menge}"
amount = { product = ["{Menge}", "{Preis}"] }
margin = { template = "{Kosten}", negate = true }
currency = "EUR"
item = "{Art}/{Farbe}"
channel = { template = "{Weg}", replace = { T = "phone" }, default = "shop" }

[customer]
till = "{Kunde}"
email = ["{Mail1}", "{Mail2}"]

[attributes]
raw = "{Farbe}"
"""


def test_a_mapping_says_which_column_is_what(tmp_path: Path) -> None:
    """Numbers, local times, constants, templates, cases, products, skips and occurrences."""
    data = "Beleg;Zeit;Art;Farbe;Menge;Preis;Kosten;Weg;Kunde;Mail1;Mail2\n"
    data += "7;01.05.2026 10:00;T1;rot;2;1.234,50;3,10;T;17;a@x.org;b@x.org\n"
    data += "7;01.05.2026 10:00;T1;;-1;0,10;;;17;;\n"
    data += "8;01.05.2026 10:00;X;;1;1;;;17;;\n"
    data += "9;01.13.2026 10:00;T1;;1;1;;;17;;\n"
    data += "9;01.12.2025 10:00;T1;;one;1;;;17;;\n"
    path = write(tmp_path, data)
    mapping = write(tmp_path, MAPPING, "map.toml")
    reading = read_touchpoints(path, mapping)
    first, second, *bad = list(reading)
    assert dict(first) | {"at": first["at"].isoformat()} == {
        "id": "7-1", "at": "2026-05-01T10:00:00+02:00", "kind": "purchase", "quantity": "2",
        "amount": "2469.00", "margin": "-3.10", "currency": "EUR", "item": "T1/rot",
        "channel": "phone", "customer": {"till": "17", "email": ["a@x.org", "b@x.org"]},
        "attributes": {"raw": "rot"},
    }  # fmt: skip
    assert (second["id"], second["kind"], second["amount"]) == ("7-2", "return", "-0.10")
    assert (second["item"], second["channel"], second["customer"]) == (
        "T1/", "shop", {"till": "17"}
    )  # fmt: skip
    assert [(one.field, one.reason.split(":")[0]) for one in bad] == [
        ("at", "line 5"), ("amount", "line 6")
    ]  # fmt: skip
    assert reading.skipped == Counter({"not goods": 1})
    assert reading.source == "till"
    assert Shop().capture(first, second).new == 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1.234,50", "1234.50"), ("-1.234.567", "-1234567"), ("39,90", "39.90"), ("1234", "1234"),
        ("39.90", None), ("1.2.3,5", None), ("1,234.50", None), ("1234.567,8", None), ("1.", None),
        ("1,234.567", None), (".123", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["{sum}", {"product": ["{sum}", "1"]}], ids=["cell", "product"])
def test_a_mark_in_the_wrong_place_is_no_number(
    tmp_path: Path, written: str, meant: str | None, value: Any
) -> None:
    """Thousands stand in groups of three before the decimal mark; else the line is rejected."""
    mapping = {"delimiter": ";", "decimal": ",", "thousands": ".", "fields": {"amount": value}}
    path = write(tmp_path, f"sum\n{written}\n")
    (found,) = read_touchpoints(path, load_mapping(mapping))
    if meant is not None:
        assert found["amount"] == meant
        return
    assert (found.field, found.reason) == (
        "amount", f"line 2: must be a number such as '1.234,50', got {written!r}"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mapping", "written", "meant"),
    [
        ({}, "(5.00)", "-5.00"), ({}, "5.00-", "-5.00"), ({}, "+5", "5"), ({}, "- 5", "-5"),
        ({}, "\u22125", "-5"), ({}, "1,234", None), ({}, "(-5)", None), ({}, "-5-", "-5-"),
        ({}, "¥5", "¥5"), ({"signs": "¥"}, "¥5", "5"), ({"signs": "¥"}, "-¥5", "-5"),
        ({"signs": "¥"}, "¥-5", "-5"), ({"signs": "¥"}, "(¥ 5)", "-5"),
        ({"signs": "¥"}, "$5", "$5"), ({"signs": "EUR"}, "5 EUR", "5"),
        ({"signs": "$", "thousands": ","}, "$1,234.50", "1234.50"),
        ({"thousands": " ", "decimal": ","}, "1\u202f234,50", "1234.50"),
        ({"thousands": " ", "decimal": ",", "signs": "€"}, "1\u00a0234,50\u00a0€", "1234.50"),
        ({"thousands": "'"}, "1'234.50", "1234.50"), ({"thousands": "."}, "1.234", None),
        ({}, "１２.50", "12.50"), ({}, "（１２）", "-12"), ({"signs": "￥"}, "－￥１２", "-12"),
        ({"thousands": "，", "decimal": "．"}, "１，２３４．５０", "1234.50"),
        ({"signs": "円（税込）"}, "1234円（税込）", "1234"),
        ({"signs": "5"}, "5", None), ({"signs": "."}, "5", None),
    ],
)  # fmt: skip
def test_numbers_as_ledgers_write_them(
    tmp_path: Path, mapping: dict[str, str], written: str, meant: str | None
) -> None:
    """Parentheses are a minus, a named currency is left out; what is left over tells itself."""
    path = write(tmp_path, f"sum;x\n{written};\n")
    whole = {"delimiter": ";", "fields": {"amount": "{sum}"}} | mapping
    try:
        (found,) = read_touchpoints(path, load_mapping(whole))
    except MappingError:
        assert meant is None
        return
    assert (found["amount"] if isinstance(found, dict) else None) == meant


@pytest.mark.parametrize(
    ("form", "written", "meant"),
    [
        ("excel", "46022", "2025-12-31T00:00:00+08:00"),
        ("excel", "45931,604166666664", "2025-10-01T14:30:00+08:00"),
        ("excel", "0", None),
        ("excel", "nan", None),
        ("unix", "1767225600", "2026-01-01T00:00:00+00:00"),
        ("unix_ms", "1767225600500", "2026-01-01T00:00:00.500000+00:00"),
        ("unix", "1e999", None),
        (["%d.%m.%Y %H:%M", "%d.%m.%Y"], "31.12.2025", "2025-12-31T00:00:00+08:00"),
        (["%d.%m.%Y", "excel"], "46022", "2025-12-31T00:00:00+08:00"),
        (["%m/%d/%Y %I:%M %p"], "12/31/2025 11:59 PM", "2025-12-31T23:59:00+08:00"),
        (["%d.%m.%Y", "%d.%m.%y"], "12/31/2025", None),
    ],
)
def test_dates_as_tables_write_them(
    tmp_path: Path, form: Any, written: str, meant: str | None
) -> None:
    """Day numbers of Excel, seconds since 1970, or one of several forms; in the mapping's zone."""
    mapping = {"timezone": "Asia/Shanghai", "time_format": form, "fields": {"at": "{at}"}}
    (found,) = read_touchpoints(write(tmp_path, f'at\n"{written}"\n'), load_mapping(mapping))
    assert (found["at"].isoformat() if isinstance(found, dict) else None) == meant
    if meant and form == "unix":
        line = write(tmp_path, f'{{"at": {written}}}', "in.jsonl")
        (found,) = read_touchpoints(line, load_mapping(mapping))
        assert found["at"].isoformat() == meant


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("46022", 'time_format = "excel"'),
        ("1767225600", 'time_format = "unix"'),
        ("1767225600500", 'time_format = "unix_ms"'),
        ("12/31/2025", "`time_format` of a mapping"),
        ("2026-05-01 10:00", 'timezone = "Europe/Berlin"'),
    ],
)
def test_a_date_that_cannot_be_read_says_what_would(
    tmp_path: Path, written: str, cure: str
) -> None:
    """Whoever has no mapping yet is told which line of one reads his dates."""
    data = f"id,kind,at,email\n1,visit,{written},ann@example.com\n"
    (rejected,) = read_touchpoints(write(tmp_path, data))
    assert rejected.field == "at"
    assert cure in rejected.reason


def test_what_excel_puts_around_a_table(tmp_path: Path) -> None:
    """``sep=;`` names the delimiter and costs no number; ``.tsv`` is a table with tabs."""
    data = "id;kind;at;email;;\n1;visit;2026-05-01T10:00:00Z;ann@example.com;;\n2;visit;x;;;\n"
    (read,), (bad,) = lines(write(tmp_path, "\ufeffsep=;\r\n" + data))
    assert read["customer"] == {"email": "ann@example.com"}
    assert bad.startswith("line 4")
    (read,), (bad,) = lines(write(tmp_path, data.replace(";", "\t"), "in.tsv"))
    assert read["customer"] == {"email": "ann@example.com"}
    assert bad.startswith("line 3")


def test_what_every_record_lacks_is_known(tmp_path: Path) -> None:
    """A file without a column for what is required can be told as such."""
    path = write(tmp_path, "id,amount\n1,5\n")
    assert read_touchpoints(path).lacking == ("kind", "at", "customer")
    mapping = load_mapping({"fields": {"kind": "visit", "at": "{id}"}, "customer": "{id}"})
    assert read_touchpoints(path, mapping).lacking == ("id",)
    assert read_customers(write(tmp_path, "name\nKim\n")).lacking == ()
    assert read_touchpoints(write(tmp_path, "{}", "in.jsonl")).lacking == ()


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"feilds": {}}, "feilds"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"encoding": "klingon"}, "encoding"),
        ({"delimiter": "::"}, "delimiter"),
        ({"fields": {"amuont": "{id}"}}, "amuont"),
        ({"fields": {"id": "{ident}"}}, "ident"),
        ({"fields": {"id": "{id"}}, "{id"),
        ({"fields": {"id": "{#}-{id}"}}, "{#}-{id}"),
        ({"fields": {"id": {"tempalte": "x"}}}, "id"),
        ({"fields": {"id": {}}}, "id"),
        ({"fields": {"id": [{"wenn": 1}]}}, "id"),
        ({"fields": {"id": {"product": "x"}}}, "id"),
        ({"skip": {"when": {}}}, "skip"),
        ({"skip": [{"reason": "x"}]}, "skip"),
        ({"skip": [{"when": {"equals": "x"}}]}, "when"),
        ({"skip": [{"when": {"column": "id", "like": "x"}}]}, "when"),
        ({"skip": [{"when": {"column": "id", "matches": "("}}]}, "when"),
        ({"identities": {"email": "{email}"}}, "identities"),
        ({"customer": 5}, "customer"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_mapping_that_does_not_fit_is_refused(
    tmp_path: Path, mapping: dict[str, Any], field: str
) -> None:
    """A wrong mapping is one error that names the key or column, before anything is read."""
    with pytest.raises(MappingError) as error:
        lines(write(tmp_path, HEADER + row(1)), mapping)
    assert error.value.field == field  # type: ignore[attr-defined]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """UTF-16, a torn archive, a torn header or a doubled column stop the import with a reason."""
    torn = gzip.compress((HEADER + row(1) * 20_000).encode())[:-200]
    for data, name in (
        ("id,kind\n".encode("utf-16"), "a.csv"),
        (torn, "b.csv.gz"),
        ("id,id\n1,2\n", "c.csv"),
        (b"\xff,b\n", "d.csv"),
    ):
        with pytest.raises(MappingError):
            lines(write(tmp_path, data, name))
    (tmp_path / "m.toml").write_text("a = [")
    with pytest.raises(MappingError):
        load_mapping(tmp_path / "m.toml")
    with pytest.raises(MappingError, match="import a whole copy"):
        lines(write(tmp_path, torn, "b.csv.gz"))


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"PK\x03\x04\x14\0", "sales.xlsx", "save it as CSV"),
        (b"PK\x03\x04\x14\0", "sales.csv", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1", "sales.xls", "save it as CSV"),
        (b"", "e.csv", "is empty"),
        (b"", "e.jsonl", "is empty"),
        (b"\n\n", "blank.csv", "is empty"),
        (gzip.compress(b"", mtime=0), "e.csv.gz", "is empty"),
    ],
)
@pytest.mark.parametrize("read", [read_touchpoints, read_customers])
def test_a_workbook_or_nothing_is_named(
    tmp_path: Path, data: bytes, name: str, said: str, read: Any
) -> None:
    """What somebody saved in the wrong form, or not at all, is told in words of its own."""
    with pytest.raises(MappingError, match=said):
        list(read(write(tmp_path, data, name)))


@pytest.mark.parametrize("name", ["in.txt", "in.log.gz", "in.csv", "63"])
@pytest.mark.parametrize("before", ["", "\ufeff", " "])
def test_json_lines_are_known_by_their_first_line(tmp_path: Path, name: str, before: str) -> None:
    """A pipe has no name that tells, and other files are called as it pleases."""
    data = f'{before}{{"id": "1", "rating": 0.1}}\n{{"id": "2"}}\n'.encode()
    read, bad = lines(write(tmp_path, gzip.compress(data) if "gz" in name else data, name))
    assert ([one["id"] for one in read], bad) == (["1", "2"], [])
    (braces,), _ = lines(write(tmp_path, "{id},at\n7,x\n", name), {"fields": {"text": "{at}"}})
    assert braces == {"text": "x"}


def test_flat_json_lines_are_read_like_columns(tmp_path: Path) -> None:
    """The same keys say whose it is in an object as in a table; a `customer` of its own stays."""
    flat = {"id": "v", "kind": "visit", "at": "2026-05-01T10:00:00Z", "room": "blue"}
    keys = {"email": "ann@example.com", "name": "Ann", "customer.shop": "17"}
    whole = flat | {"customer": {"crm": "3"}, "email": "kept@example.com"}
    data = "\n".join(map(json.dumps, (flat | keys, whole, flat)))
    (first, second, third), bad = lines(write(tmp_path, data, "in.jsonl"))
    assert not bad
    assert first["customer"] == {"email": "ann@example.com", "name": "Ann", "shop": "17"}
    assert first["room"] == "blue"
    assert (second, third) == (whole, flat)
    header = ",".join(flat | keys)
    (row_of_table,), _ = lines(write(tmp_path, f"{header}\n{','.join((flat | keys).values())}\n"))
    assert row_of_table["customer"] == first["customer"]
    person = {"name": "Kim", "phone": "+8613800138000", "identities.shop": "18"}
    (kim,) = read_customers(write(tmp_path, json.dumps(person), "who.jsonl"))
    assert set(kim.identities) == {Identity("phone", "+8613800138000"), Identity("shop", "18")}


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_any_table_comes_back(rows: list[list[str]]) -> None:
    """Whatever text a CSV writer writes is read back cell by cell."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    read = list(Cells(iter(out.getvalue().splitlines(keepends=True))))
    kept = [row if not isinstance(row, tuple) else row[1] for row in read]
    written = "\n".join("".join(row) for row in rows)
    if "\r" not in written and len(written.splitlines()) == written.count("\n") + 1:
        assert kept == rows


# -- customers -----------------------------------------------------------------------------


def test_customers_come_from_columns_and_lines(tmp_path: Path) -> None:
    """Columns named like fields need no mapping; JSON lines are customers as they are."""
    data = "name,email,identities.shop,owner,birthday,internal,needs,vip\n"
    data += "王小明,wang@example.com,17,lin,1999-02-28,no,tea; quiet,1\n"
    data += "Kim,,18,,1999-13-28,,,\nLee,,19,,,perhaps,,\n"
    first, *bad = read_customers(write(tmp_path, data))
    assert (first.name, first.birthday, first.needs) == (
        "王小明", date(1999, 2, 28), ("tea", "quiet")
    )  # fmt: skip
    assert set(first.identities) == {Identity("email", "wang@example.com"), Identity("shop", "17")}
    assert first.custom == {"vip": "1"}
    assert [one.field for one in bad] == ["birthday", "internal"]
    plain = {"name": "Ann", "identities": {"email": ["a@x.org", "b@x.org"]}, "internal": True}
    jsonl = json.dumps(plain) + '\n{"name": 5, "x": 1}\n' + json.dumps(first.to_dict()) + "\n"
    ann, unknown, again = read_customers(write(tmp_path, jsonl, "in.jsonl"))
    assert len(ann.identities) == 2
    assert unknown.field == "x"
    assert again == first
    report = Desk().customers.save_all([ann, unknown, again])
    assert (report.new, report.rejections) == (2, 1)


def test_a_customer_mapping_reaches_every_part(tmp_path: Path) -> None:
    """Contacts, addresses, profile and custom fields have sections of their own."""
    mapping = """
[fields]
name = "{Firm}"
kind = "organisation"
[identities]
crm = "{Id}"
[[contacts]]
name = "{Person}"
phone = "{Tel}"
[[addresses]]
lines = ["{Street}", "{Street2}"]
city = "{City}"
label = "head_office"
[profile]
size = "{Size}"
"""
    data = "Id,Firm,Person,Tel,Street,Street2,City,Size\n1,Tea Ltd,Ann,123,High St 1,,York,12\n"
    (firm,) = read_customers(write(tmp_path, data), write(tmp_path, mapping, "m.toml"))
    assert firm.contacts == (Contact(name="Ann", phone="123"),)
    assert firm.addresses[0].lines == ("High St 1",)
    assert firm.profile == {"size": "12"}
    for wrong, field in (
        ("[customer]\na='{Id}'", "customer"),
        (f"{mapping}[[contacts]]\nname='{{Id}}'\nrole='{{City}}'", "role"),
        (f"{mapping}[[addresses]]\ntown='{{City}}'", "town"),
    ):
        with pytest.raises(MappingError) as error:
            list(read_customers(write(tmp_path, data), write(tmp_path, wrong, "x.toml")))
        assert error.value.field == field  # type: ignore[attr-defined]


def test_contacts_in_a_file_are_as_they_are_written(tmp_path: Path) -> None:
    """Whether somebody is the first to talk to may be a word; one without a name is named."""
    mapping = """
[fields]
number = "{Id}"
[[contacts]]
name = "{Person}"
email = "{Mail}"
primary = "{First}"
"""
    data = (
        "Id,Person,Mail,First\n1,Ann,a@example.com,no\n2,Bob,,yes\n3,,c@example.com,\n4,Dan,,ja\n"
    )
    *firms, nameless, word = read_customers(
        write(tmp_path, data), write(tmp_path, mapping, "m.toml")
    )
    assert [firm.contacts[0].primary for firm in firms] == [False, True]
    assert (nameless.field, nameless.reason) == ("contacts", "line 4: need a name, each of them")
    assert (word.field, word.reason) == ("primary", "line 5: must be yes or no, got 'ja'")
    (torn,) = read_customers(write(tmp_path, '{"number": "5", "contacts": ["Eve"]}', "in.jsonl"))
    assert "a list of objects {...}, got 'Eve'" in torn.reason


# -- the demo ------------------------------------------------------------------------------


def test_the_demo_file_is_read_whole() -> None:
    """Every line of the demo data is a record or is skipped with a reason, and ids are unique."""
    reading = read_touchpoints(demo.DATA, demo.MAPPING)
    records = list(reading)
    assert not [one for one in records if isinstance(one, Rejection)]
    assert len({one["id"] for one in records}) == len(records)
    assert sum(reading.skipped.values()) + len(records) == 63_724
    kinds = Counter(one["kind"] for one in records)
    assert kinds == {"purchase": 62_280, "return": 1_164, "refund": 45}
    assert all(Decimal(one["amount"]) < 0 for one in records if one["kind"] != "purchase")
    assert records[0]["at"].isoformat() == "2010-12-01T09:00:00+00:00"
    total = sum(Decimal(one["amount"]) for one in records)
    assert total == Decimal(str(total)).quantize(Decimal("0.001"))
