"""While a plugin that declared kinds is gone, everything else is captured, and comes out right."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import crmkit
from crmkit.contracts.specs import KindSpec
from crmkit.errors import PluginError
from crmkit.model.touchpoint import Rejection
from crmkit.plugins import PluginManager, hookimpl
from tests.capture.kit import NOW, purchase
from tests.value.shop import DAY

KINDS = [
    KindSpec(name="flight", two_way=True),
    KindSpec(name="ad", outbound=True),
    KindSpec(name="clawback", negative=True),
]
FLIGHTS = crmkit.Indicator("flights", ("flight",), "count", half_life=30 * DAY, weight=20)


def manager_with(kinds: Callable[[], Any] | None) -> PluginManager:
    manager = PluginManager(discover=False)
    if kinds is not None:
        plugin = SimpleNamespace(
            crmkit_touchpoint_kinds=hookimpl(kinds), crmkit_indicators=hookimpl(lambda: [FLIGHTS])
        )
        manager.register(plugin, name="pigeon")
    return manager


def broken() -> Any:
    raise OSError("no feathers")


GONE: dict[str, tuple[Callable[[], Any] | None, str]] = {
    "missing": (None, r"kind 'flight', which pigeon declared: it is not loaded; install it again"),
    "raising": (broken, r"'pigeon' of pigeon failed in crmkit_touchpoint_kinds: OSError.*'flight'"),
    "renamed": (lambda: KINDS[1:], r"kind 'flight', which pigeon declared"),
}


def opened(url: str, kinds: Callable[[], Any] | None) -> crmkit.CRM:
    ticks = iter(range(10**6))
    return crmkit.connect(
        url,
        plugins=manager_with(kinds),
        clock=lambda: NOW + timedelta(seconds=next(ticks)),
    )


def told(number: int, kind: str, **changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": kind, "amount": None, "currency": None}
    return purchase(number, **plain | changes)


WITH = [
    purchase(1),
    told(2, "flight"),
    told(3, "ad"),
    told(4, "clawback", amount="-80.00", currency="CNY", of="o-1"),
    purchase(5, customer={"shop": "17"}),
]
WITHOUT = [purchase(6), told(7, "visit"), purchase(8, customer={"shop": "18"})]
AFTER = [told(9, "flight"), purchase(10)]


@pytest.mark.parametrize("gone", GONE)
def test_only_records_of_its_kinds_wait(tmp_path: Path, gone: str) -> None:
    """Each is rejected with a reason that names the plugin; the others are new, or known."""
    kinds, reason = GONE[gone]
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with opened(url, lambda: KINDS) as crm:
        assert crm.capture(WITH, source="shop").new == len(WITH)
    heard: list[Rejection] = []
    batch = [
        *WITHOUT,
        told(20, "flight"),
        told(21, "nonsense"),
        WITH[0],
        Rejection("x", "kind", ""),
    ]
    with opened(url, kinds) as crm:
        report = crm.capture(batch, source="shop")
        assert (report.new, report.duplicate, report.rejections) == (3, 1, 3)
        crm.capture(batch, source="shop", on_reject=heard.append)
    assert tuple(heard) == report.rejected
    flight, nonsense, line = report.rejected
    assert flight.field == nonsense.field == "kind"
    assert flight.record["id"] == "o-20"
    assert re.search(reason, flight.reason)
    assert "no kind that crmkit or a plugin knows" in nonsense.reason
    assert line == Rejection("x", "kind", "")


@pytest.mark.parametrize("gone", GONE)
def test_values_are_right_when_it_is_back(tmp_path: Path, gone: str) -> None:
    """What was captured meanwhile is valued as if the plugin had been there all the time."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with opened(url, lambda: KINDS) as crm:
        crm.capture(WITH, source="shop")
    with opened(url, GONE[gone][0]) as crm:
        crm.capture(WITHOUT, source="shop")
        with pytest.raises(PluginError, match="pigeon"):
            list(crm.value.scores())
    with opened("memory://", lambda: KINDS) as all_the_time:
        all_the_time.capture([*WITH, *WITHOUT, *AFTER], source="shop")
        expected = scores(all_the_time)
    with opened(url, lambda: KINDS) as crm:
        crm.capture(AFTER, source="shop")
        assert scores(crm) == pytest.approx(expected)
        assert ("ann@example.com", "flights", "observed") in expected


def scores(crm: crmkit.CRM) -> dict[tuple[str, ...], float]:
    """Give the raw value of everybody's indicators, by a key of theirs."""
    return {
        (
            crm.customers.get(one.customer_id).identities[0].value,
            part.indicator,
            part.state,
        ): part.raw
        for one in crm.value.scores(at=NOW)
        for part in one.parts
    }
