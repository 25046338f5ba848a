"""A decorated function goes on as if nothing were captured."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from crmkit.capture.hook import Captures
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.errors import InvalidValueError, StoreError
from crmkit.model.touchpoint import Touchpoint
from tests.capture.kit import NOW, Shop, purchase


def captures(shop: Shop) -> Captures:
    def capture(records: Any, source: str | None = None) -> Any:
        return shop.capture_all(records, source=source)

    return Captures(capture, lambda: NOW)


def test_what_a_function_returns_is_captured() -> None:
    """Kind, source and instant are filled in; the result comes back untouched."""
    shop = Shop()
    decorate = captures(shop)

    @decorate("visit")
    def check_in(desk: str, *, guest: str = "ann@example.com") -> dict[str, Any]:
        """Check a guest in."""
        return {"id": desk, "customer": {"email": guest}}

    assert check_in("d-1") == {"id": "d-1", "customer": {"email": "ann@example.com"}}
    (row,) = shop.rows(TOUCHPOINT)
    assert row[6] == "visit"
    assert row[1].endswith("test_hook.test_what_a_function_returns_is_captured.<locals>.check_in")
    assert check_in.__doc__ == "Check a guest in."
    assert list(inspect.signature(check_in).parameters) == ["desk", "guest"]


def test_many_or_none_may_be_returned() -> None:
    """A list is captured whole; None and other things are nothing to capture."""
    shop = Shop()
    decorate = captures(shop)
    whole = Touchpoint(id="t", kind="login", at=NOW, customer={"shop": "1"})
    for result in (None, 5, "text", [], [purchase(1), purchase(2)], whole):
        assert decorate(source="till")(lambda result=result: result)() is result
    assert len(shop.rows(TOUCHPOINT)) == 3
    assert decorate.failed == 0


def test_a_coroutine_is_captured_too() -> None:
    """An async function stays one, and its result is captured after it returned."""
    shop = Shop()

    @captures(shop)(source="till")
    async def order() -> dict[str, Any]:
        return purchase(1)

    assert inspect.iscoroutinefunction(order)
    assert asyncio.run(order()) == purchase(1)
    assert len(shop.rows(TOUCHPOINT)) == 1


def test_a_bad_record_or_store_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Failures are counted, and logged by the function's name and not its source's."""
    shop = Shop()
    decorate = captures(shop)

    @decorate("barter", source="till")
    def bad() -> dict[str, Any]:
        return {"id": "1", "customer": {"shop": "1"}}

    def failing(records: Any, source: str | None = None) -> Any:
        raise StoreError(f"{records} of {source}")

    broken = Captures(failing, lambda: NOW)

    @broken("visit")
    def fine() -> dict[str, Any]:
        return {"id": "1", "customer": {"shop": "1"}}

    with caplog.at_level(logging.WARNING, "crmkit.captures"):
        for _ in range(3):
            bad()
            fine()
    assert (decorate.failed, broken.failed) == (3, 3)
    named = [message.partition(" gave ")[0].rpartition(".")[2] for message in caplog.messages]
    assert named == ["bad", "fine"]


def test_a_fault_that_lasts_is_told_again(caplog: pytest.LogCaptureFixture) -> None:
    """One record lost in spring hides no store that is lost in autumn, nor does that fill a log."""
    shop = Shop()
    decorate = captures(shop)

    @decorate(source="till")
    def bad(kind: str = "barter") -> list[dict[str, Any]]:
        return [{"id": "1", "kind": kind, "customer": {"shop": "1"}}]

    with caplog.at_level(logging.WARNING, "crmkit.captures"):
        for _ in range(9):
            bad()
        bad("swap")
        for _ in range(50):
            bad()
    assert [("1 lost" in one, "10 lost" in one) for one in caplog.messages] == [
        (True, False),
        (False, True),
    ]
    assert "'swap'" in caplog.messages[1]


def test_missing_parentheses_are_named() -> None:
    """``@crm.captures`` alone is what people write first."""
    with pytest.raises(InvalidValueError, match=r"write @crm.captures\(\), with its parentheses"):
        captures(Shop())(purchase)  # type: ignore[arg-type]


def test_a_generator_is_left_alone_and_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """What it yields reaches its caller, in its own time; that nothing is captured is no secret."""
    shop = Shop()
    decorate = captures(shop)

    @decorate(source="till")
    def orders() -> Iterator[dict[str, Any]]:
        yield purchase(1)

    @decorate(source="till")
    async def later() -> AsyncIterator[dict[str, Any]]:
        yield purchase(1)

    with caplog.at_level(logging.WARNING, "crmkit.captures"):
        assert [*orders(), *orders()] == [purchase(1), purchase(1)]
        assert inspect.isasyncgen(later())
    assert not shop.rows(TOUCHPOINT)
    assert decorate.failed == 3
    assert ["return a list" in one.getMessage() for one in caplog.records] == [True, True]


def test_a_coroutine_that_is_handed_on_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """A plain function that returns one is no async function: that nothing comes of it is said."""
    shop = Shop()
    decorate = captures(shop)

    async def later() -> dict[str, Any]:
        return purchase(1)

    def handing_on() -> Any:
        return later()

    with caplog.at_level(logging.WARNING, "crmkit.captures"):
        assert asyncio.run(decorate(source="till")(handing_on)()) == purchase(1)
    assert (decorate.failed, len(caplog.records)) == (1, 1)
    assert "decorate the async function" in caplog.text


class Till:
    """Called like a function."""

    def __call__(self, number: int) -> dict[str, Any]:
        return purchase(number)


def test_whatever_can_be_called_has_a_name() -> None:
    """The source is a partial's function, or an object's class, where the decorator names none."""
    shop = Shop()
    decorate = captures(shop)
    till = Till()
    assert decorate()(till)(1) == decorate()(functools.partial(purchase, 1))()
    sources = {row[1] for row in shop.rows(TOUCHPOINT)}
    assert sources == {f"{__name__}.Till", "tests.capture.kit.purchase"}
    assert decorate.failed == 0


def test_an_error_of_the_function_is_its_own() -> None:
    """What the function raises comes through, and nothing is captured."""
    shop = Shop()

    @captures(shop)("visit")
    def sick() -> dict[str, Any]:
        raise KeyError("own")

    with pytest.raises(KeyError):
        sick()
    assert not shop.rows(TOUCHPOINT)
