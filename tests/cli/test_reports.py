"""``crmkit report NAME``: the periodic reports, for people and for programs."""

from __future__ import annotations

import pytest

from crmkit.care.segment_report import SEGMENTS
from crmkit.cli.periodic import PERIOD
from crmkit.model.sales import FUNNEL_STAGES
from tests.cli.kit import END, Shop

AT = ("--at", END.isoformat())


@pytest.mark.parametrize("name", ["channels", "segments", "audit", "key-accounts", "targets"])
def test_json_is_an_array_of_records(sold: Shop, name: str):
    rows = sold.json("report", name, *AT)
    assert isinstance(rows, list)
    assert all(isinstance(row, dict) for row in rows)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("channels", "days to answer"),
        ("segments", "basket"),
        ("audit", "times"),
        ("care", "规划及目标"),
        ("funnel", "from opening to payment"),
        ("key-accounts", "cost to serve"),
        ("targets", "attained"),
    ],
)
def test_a_person_reads_a_table(sold: Shop, name: str, told: str):
    assert told in sold.run("report", name, *AT).output


def test_the_period_is_a_quarter_unless_it_is_said(sold: Shop):
    quarter = sold.json("report", "segments", *AT)
    year = sold.json("report", "segments", "--since", "1y", *AT)
    assert sum(row["revenue"] for row in year) > sum(row["revenue"] for row in quarter) > 0


def test_care_is_one_object_with_its_axes(sold: Shop):
    found = sold.json("report", "care", *AT)
    assert {"strategy", "execution", "effect", "return_on_care"} <= found.keys()
    assert found["return_on_care"]["note"]


@pytest.mark.row("R86", "R90", "R91")
def test_the_funnel_is_one_object(sold: Shop):
    found = sold.json("report", "funnel", *AT)
    assert found.keys() == {"leaks", "forecast", "cycle"}
    assert [one["stage"] for one in found["leaks"]["stages"]] == [*FUNNEL_STAGES[:-1]]


@pytest.mark.parametrize("by", SEGMENTS)
def test_what_makes_the_segments(sold: Shop, by: str):
    """The command line asks what a program asks."""
    with sold.open(clock=lambda: END) as crm:
        found = crm.reports.segments(END - PERIOD, END, by=by)
    assert sold.json("report", "segments", "--by", by, *AT) == [one.to_dict() for one in found]


def test_only_segments_are_made_by_something(sold: Shop):
    """No other report leaves the option out without a word."""
    for words in ((), ("audit",)):
        said = sold.run("report", *words, "--by", "stage", *AT, code=2).stderr
        assert "segments alone" in said
