"""What capture calls may itself capture, and what it cannot read costs one record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import crmkit


def visit(number: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "kind": "visit",
        "at": "2026-05-01T10:00:00+08:00",
        "customer": {"email": "p@example.com"},
        **fields,
    }


def test_whoever_is_told_of_a_rejection_may_capture() -> None:
    """`on_reject` and the caller's own stream capture in their turn."""
    with crmkit.connect("memory://", plugins=[]) as crm:

        def stream() -> Any:
            crm.capture([visit("inner")], source="x")
            yield visit("1")
            yield visit("2", kind="nonsense")

        report = crm.capture(
            stream(), source="x", on_reject=lambda _: crm.capture([visit("note")], source="x")
        )
        assert (report.new, report.rejections) == (1, 1)
        person = crm.customers.find(email="p@example.com")
        assert person is not None
        assert {t.id for t in crm.touchpoints.of(person.id)} == {"inner", "1", "note"}


class Moody:
    """Like a table's missing value: comparing it raises."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise TypeError("ambiguous")

    def __ne__(self, other: object) -> bool:
        raise TypeError("ambiguous")


@pytest.mark.parametrize("value", [10**5000, 10**200, Moody()], ids=["huge", "long", "moody"])
def test_an_identity_that_cannot_be_read_costs_one_record(value: object) -> None:
    """The records beside it are stored."""
    with crmkit.connect("memory://", plugins=[]) as crm:
        records = [visit("1"), visit("2", customer={"shop": value}), visit("3")]
        report = crm.capture(records, source="s")
        assert (report.new, [one.field for one in report.rejected]) == (2, ["customer"])


def test_a_number_beyond_every_double_is_stored_and_not_measured() -> None:
    """It stays in the log exactly; a sum goes on without it."""
    points = crmkit.Indicator(
        "points", ("visit",), "sum", field="pts", half_life=timedelta(days=9), weight=1
    )
    with crmkit.connect("memory://", plugins=[]) as crm:
        crm.value.use(crmkit.ValueModel("1", (points,), currency="CNY"))
        assert crm.capture([visit("1", pts=3), visit("2", pts=10**400)], source="s").new == 2
