"""Value models: whatever one holds can be kept, read back and counted with."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmkit
from crmkit.contracts.tables import STATE
from crmkit.errors import ConfigError, ModelError
from crmkit.model import ranges
from crmkit.model.indicators import MEASURES
from crmkit.value.models import default_model, dump_model, load_model, parse_model
from crmkit.value.seen import TAG_BITS
from tests.value.shop import DAY, FULL, SHORT, START, shop

LONGEST = ranges.HALF_LIVES[1]
YEAR = 365 * DAY


def visits(**changes: Any) -> crmkit.Indicator:
    """Count visits."""
    given_ = {"kinds": ("visit",), "measure": "count", "half_life": DAY, "weight": 1} | changes
    return crmkit.Indicator(given_.pop("name", "visits"), **given_)


def model(*indicators: crmkit.Indicator, **changes: Any) -> crmkit.ValueModel:
    """Make a model of these."""
    given_ = {"version": "1", "currency": "CNY", "indicators": indicators or (visits(),)} | changes
    return crmkit.ValueModel(**given_)


BAD: list[tuple[str, Any]] = [
    ("name", ""),
    ("name", None),
    ("name", 5),
    ("name", "x" * 201),
    ("name", "a\0b"),
    ("name", "\ud800"),
    ("kinds", ()),
    ("kinds", None),
    ("kinds", 5),
    ("kinds", ("visit", None)),
    ("kinds", ("visit", "\ud800")),
    ("measure", "median"),
    ("measure", []),
    ("half_life", timedelta(0)),
    ("half_life", timedelta(milliseconds=999)),
    ("half_life", LONGEST + DAY),
    ("half_life", timedelta.max),
    ("half_life", 90),
    ("half_life", None),
    ("weight", -1),
    ("weight", 1e308),
    ("weight", 5e-324),
    ("weight", float("nan")),
    ("weight", None),
    ("weight", "3"),
    ("weight", True),
    ("weight", 10**5000),
    ("scale", 0),
    ("scale", -1),
    ("scale", 5e-324),
    ("scale", 1e308),
    ("scale", float("inf")),
    ("field", ""),
    ("field", 5),
    ("opportunity", 5),
    ("opportunity", (None,)),
    ("within", "a_month"),
    ("defaults", None),
    ("defaults", {"visit": "2"}),
    ("defaults", {"visit": float("nan")}),
    ("defaults", {"visit": 1e300}),
    ("defaults", {5: 1}),
]
BAD_MODELS: list[tuple[str, Any]] = [
    ("version", ""),
    ("version", 5),
    ("version", "\0"),
    ("indicators", ()),
    ("indicators", None),
    ("indicators", (5,)),
    ("indicators", (visits(), visits())),
    ("currency", None),
    ("currency", "yuan"),
    ("rates", None),
    ("rates", {"USD": 0}),
    ("rates", {"USD": -7}),
    ("rates", {"USD": "seven"}),
    ("rates", {"USD": 5e-324}),
    ("rates", {"USD": 1e300}),
    ("rates", {"USD": Decimal("NaN")}),
    ("rates", {"dollar": 7}),
    ("rates", {"CNY": 2}),
]


@pytest.mark.parametrize(("field", "value"), BAD, ids=map(str, range(len(BAD))))
def test_a_bad_indicator_is_never_made(field: str, value: Any) -> None:
    """The error names the indicator, the field, and what would be right."""
    with pytest.raises(crmkit.InvalidValueError) as caught:
        visits(**{field: value})
    facts = vars(caught.value)
    assert facts["field"] == field
    assert field == "name" or (facts["indicator"] == "visits" and "'visits'" in str(caught.value))


@pytest.mark.parametrize(("field", "value"), BAD_MODELS, ids=map(str, range(len(BAD_MODELS))))
def test_a_bad_model_is_never_made(field: str, value: Any) -> None:
    """The error names the field."""
    with pytest.raises(crmkit.InvalidValueError) as caught:
        model(**{field: value})
    assert vars(caught.value)["field"] == field


@pytest.mark.parametrize("measure", ["sum", "mean", "breadth", "rate"])
def test_a_measure_gets_what_it_reads(measure: str) -> None:
    """A sum without a field, or a rate without a chance, is no indicator."""
    with pytest.raises(crmkit.InvalidValueError, match=f"a {measure} needs"):
        visits(measure=measure)


def test_the_allowed_range_is_told() -> None:
    """Who set too much reads how much there may be."""
    with pytest.raises(crmkit.InvalidValueError, match="from 1e-06 to 1e\\+06, or 0"):
        visits(weight=1e9)
    with pytest.raises(crmkit.InvalidValueError, match=r"1 second to 1,000 years"):
        visits(half_life=timedelta.max)


def test_as_many_breadths_as_can_be_told_apart() -> None:
    """Sixty-four indicators of one field measure what each alone would; one more is refused."""
    assert ranges.BREADTHS == 1 << TAG_BITS
    many = [
        visits(name=f"v{number}", measure="breadth", field=f"f{number}")
        for number in range(ranges.BREADTHS + 1)
    ]
    with shop(model(*many[:-1])) as opened:
        marks = {f"f{number}": number for number in range(0, ranges.BREADTHS, 7)}
        opened.note("visit", START, attributes=marks)
        raws = {part.indicator: part.raw for part in opened.score().parts}
        assert {f"v{number}" for number in marks.values()} == {n for n, raw in raws.items() if raw}
        assert opened.score().total == pytest.approx(50 * len(marks) / ranges.BREADTHS)
    with pytest.raises(crmkit.InvalidValueError, match="65 of measure breadth, at most 64"):
        model(*many)


@pytest.mark.parametrize("url", ["memory://", "sqlite:///{}/shop.db"])
def test_the_most_extreme_model_is_kept_and_read_back(url: str, tmp_path: Path) -> None:
    """A database under it opens again, and every number of a score is one that JSON has."""
    odd = LONGEST - timedelta(microseconds=1)
    extreme = model(
        visits(name="short", half_life=timedelta(seconds=1), weight=1e6, scale=1e-9),
        visits(name="long", half_life=odd, weight=1e-6, scale=1e15),
        visits(name="none", weight=0),
        rates={"USD": 1e12, "IDR": "0.000000000001"},
    )
    with crmkit.connect(url.format(tmp_path), plugins=[], clock=lambda: START) as crm:
        crm.value.use(extreme)
        assert crm.value.model() == extreme
        visit = {"id": "1", "kind": "visit", "at": START - YEAR, "customer": {"email": "a@x.org"}}
        assert crm.capture([visit], "shop").new == 1
        [score] = crm.value.scores()
        json.dumps(score.to_dict(), allow_nan=False)
        assert 0 <= score.total <= 100
        crm.value.rebuild()
        assert list(crm.value.scores()) == [score]


HALF_LIVES = st.timedeltas(*ranges.HALF_LIVES)
WEIGHTS = st.just(0.0) | st.floats(*ranges.WEIGHTS)
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=100
)
INDICATORS = st.builds(
    visits,
    name=WORDS.filter(str.strip),
    half_life=HALF_LIVES,
    weight=WEIGHTS,
    scale=st.floats(*ranges.SCALES),
    measure=st.sampled_from([one for one in MEASURES if one != "rate"]),
    field=WORDS.filter(str.strip),
    defaults=st.dictionaries(st.just("visit"), st.floats(-1e18, 1e18)),
)


@given(INDICATORS, st.dictionaries(st.sampled_from(["USD", "EUR"]), st.floats(*ranges.RATES)))
def test_every_model_that_exists_is_read_back_equal(
    indicator: crmkit.Indicator, rates: dict[str, float]
) -> None:
    """As JSON, which the database keeps, and as the file that a person edits."""
    made = model(indicator, rates=rates)
    assert crmkit.ValueModel.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    assert parse_model(dump_model(made)) == made


@pytest.mark.parametrize("made", [FULL, SHORT, default_model()], ids=["full", "short", "default"])
def test_half_lives_are_written_as_people_write_them(made: crmkit.ValueModel) -> None:
    """Whole days are days, six hours are hours."""
    text = dump_model(made)
    assert parse_model(text) == made
    assert ".0" not in "".join(line for line in text.splitlines() if "half_life" in line)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90 days", 90 * DAY),
        ("1.5 years", 547.5 * DAY),
        ("2 weeks", 14 * DAY),
        ("1 month", 30 * DAY),
        ("6 hours", DAY / 4),
        ("90 minutes", DAY / 16),
        ("1 second", timedelta(seconds=1)),
    ],
)
def test_durations_are_read(text: str, duration: timedelta) -> None:
    """In seconds, minutes, hours, days, weeks, months of 30 days, years of 365."""
    body = dump_model(model()).replace("1 days", text)
    assert parse_model(body).indicators[0].half_life == duration


@pytest.mark.parametrize(
    "text",
    ["90", "days", "-1 days", "1e3 days", "9" * 40 + " years", "9" * 30 + " years", "٣ days"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """The error is one of crmkit's own, however long it would last."""
    with pytest.raises(crmkit.ModelError) as caught:
        parse_model(dump_model(model()).replace("1 days", text))
    assert vars(caught.value)["field"] == "half_life"


@pytest.mark.parametrize("path", [None, 5, "\0", "no-such.toml", object()])
def test_what_is_no_model_file_is_refused(path: Any) -> None:
    """Something that is no path is told like a file that is not there."""
    with pytest.raises(crmkit.ModelError, match="cannot be read"):
        load_model(path)


@pytest.mark.parametrize("table", ["indicator = 5", "indicator = [5]", "[indicator]\na = 1"])
def test_indicators_of_a_file_are_tables(table: str) -> None:
    """Anything else is named."""
    with pytest.raises(crmkit.ModelError, match="indicator"):
        parse_model(f'version = "1"\ncurrency = "CNY"\n{table}\n')


def test_a_proposal_stays_in_the_range_of_models() -> None:
    """Who was last seen long ago has next to nothing left; the scale proposed is one that holds."""
    fast = model(visits(half_life=timedelta(seconds=1)))
    with shop(fast) as opened:
        opened.note("visit", START - timedelta(minutes=5))
        assert opened.crm.value.calibrate().indicators[0].scale == ranges.SCALES[0]
        opened.crm.value.use(attrs.evolve(opened.crm.value.calibrate(), version="2"))


@pytest.mark.parametrize("url", ["memory://", "sqlite:///{}/shop.db"])
def test_a_rebuild_brings_back_what_was_lost(url: str, tmp_path: Path) -> None:
    """States are derived: all of them may be dropped, and those of nobody go."""
    with crmkit.connect(url.format(tmp_path), plugins=[], clock=lambda: START) as crm:
        visits = [
            {"id": str(n), "kind": "visit", "at": START - n * YEAR, "customer": {"shop": str(n)}}
            for n in range(5)
        ]
        crm.capture(visits, "shop")
        ids = [str(crm.customers.find(shop=str(n)).id) for n in range(5)]
        crm.customers.merge(ids[0], ids[1], reason="one person")
        before = list(crm.value.scores())
        with crm.session.store.write() as writer:
            kept = list(writer.scan(STATE))
            writer.delete(STATE, [row[:1] for row in kept])
            writer.put(STATE, [("nobody", *kept[0][1:]), (ids[1], *kept[0][1:])])
        assert crm.value.rebuild() == 4
        assert list(crm.value.scores()) == before
        with crm.session.store.read() as reader:
            assert [row[0] for row in reader.scan(STATE)] == sorted({*ids} - {ids[1]})


def test_numbers_and_depths_beyond_python_are_told() -> None:
    """A model file that Python cannot read at all is wrong like any other."""
    for text in ("scale = " + "1" * 5_000, "a = " + "[" * 5_000):
        with pytest.raises(ModelError, match="not TOML"):
            parse_model(text)


def test_rates_of_a_file_are_in_its_own_currency(tmp_path: Path) -> None:
    """A dollar of 7.1 yuan is not 7.1 pounds: another currency in the configuration is refused."""
    path = tmp_path / "model.toml"

    def base(currency: str, rates: dict[str, float]) -> str:
        path.write_text(dump_model(model(rates=rates)), "utf-8")
        config = {"currency": currency, "model": {"file": str(path)}}
        with crmkit.connect("memory://", config=config) as crm:
            return crm.value.model().currency

    assert (base("GBP", {}), base("CNY", {"USD": 7.1})) == ("GBP", "CNY")
    for currency in ("GBP", "USD"):
        with pytest.raises(ConfigError, match="currency: must be 'CNY'"):
            base(currency, {"USD": 7.1})
