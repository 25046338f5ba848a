"""Numbers as people write them: a decimal mark, and digits in groups of three."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from functools import reduce
from typing import Any

import attrs

from crmkit.capture import exact

_EXACT = Context(prec=5 * exact.DIGIT_LIMIT, traps=[InvalidOperation, Inexact, Overflow, Subnormal])
"""Multiplies without rounding, or not at all."""
_PLAIN = re.compile(r"-?[0-9]{1,50}(?:\.[0-9]{1,50})?").fullmatch
_SPACE = re.compile(r"\s")
_BLANK = " \u00a0\u202f"
_NARROW = str.maketrans("０１２３４５６７８９－＋（）\u2212", "0123456789-+()-")
"""Full-width characters, as exports of East Asia hold them, and the true minus."""


def product(factors: Iterable[Decimal]) -> str:
    """Multiply exactly.

    Raises:
        ArithmeticError: the product has more digits than any number that is kept.
    """
    return written(reduce(_EXACT.multiply, factors))


def written(number: Decimal) -> str:
    """Write a number out, without an exponent.

    Raises:
        InvalidOperation: it has more digits than any number that is kept.
    """
    if not number.is_finite() or abs(number.adjusted()) > exact.DIGIT_LIMIT:
        raise InvalidOperation
    return format(number, "f")


@attrs.frozen
class Writing:
    """How a file writes its numbers.

    Attributes:
        decimal: Decimal mark.
        thousands: What groups digits; empty: nothing does.
        signs: Characters beside a number that are left out.
    """

    decimal: str = "."
    thousands: str = ""
    signs: str = ""
    _grouped: re.Pattern[str] | None = attrs.field(init=False, repr=False)

    @_grouped.default
    def _compiled(self) -> re.Pattern[str] | None:
        if not self.thousands:
            return None
        mark, group = re.escape(self.decimal), re.escape(self.thousands)
        return re.compile(rf"\d{{1,3}}(?:{group}\d{{3}})+(?:{mark}\d*)?")

    def plain(self, text: str) -> str:
        """Give a number as Python writes it; other text is left to whoever reads it.

        A number in parentheses, or with a minus behind it, is negative. A mark that stands where it
        makes no sense never vanishes: ``39.90`` is not 3990 where a point groups thousands.

        Raises:
            InvalidOperation: a mark stands where none can be.

        Example:
            >>> Writing(",", ".", "€").plain("(1.234,50 €)")
            '-1234.50'
        """
        if _PLAIN(text) and self.decimal == ".":
            return text
        minus, digits = self._signed(text)
        if self.thousands.isspace():  # of which there are several that look alike
            digits = _SPACE.sub(self.thousands, digits)
        if self.thousands and self.thousands in digits:
            if self._grouped is None or not self._grouped.fullmatch(digits):
                raise InvalidOperation
            digits = digits.replace(self.thousands, "")
        if self.decimal != ".":
            if "." in digits:
                raise InvalidOperation
            digits = digits.replace(self.decimal, ".")
        elif "," in digits:
            raise InvalidOperation
        return minus + digits

    def _signed(self, text: str) -> tuple[str, str]:
        """Give a minus or nothing, and what stands beside it, without what is left out."""
        around = self.signs + _BLANK
        body = text.strip(around).translate(_NARROW)
        minus = ""
        if body[:1] == "(" and body[-1:] == ")":
            minus, body = "-", body[1:-1].strip(around)
        if body[:1] in ("-", "+") or body[-1:] == "-":
            if minus:
                raise InvalidOperation
            front = body[:1] in ("-", "+")
            minus = "" if body[:1] == "+" else "-"
            body = (body[1:] if front else body[:-1]).strip(around)
        return minus, body

    def number(self, value: Any) -> Decimal:
        """Give a number, or read one as the file writes them, exactly.

        Raises:
            InvalidOperation: it is none.
        """
        if isinstance(value, str):
            value = self.plain(value)
            if _PLAIN(value):
                return Decimal(value)
        try:
            return exact.number("", value)
        except exact.Fault:
            raise InvalidOperation from None

    def told(self) -> str:
        """Say how a number must be written."""
        example = f"1{self.thousands}234{self.decimal}50"
        otherwise = (
            "" if self.thousands else "; `decimal` and `thousands` of a mapping say otherwise"
        )
        return f"a number such as {example!r}{otherwise}"
