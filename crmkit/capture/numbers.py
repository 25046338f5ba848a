"""Numbers as people write them: a decimal mark, and digits in groups of three."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Any

import attrs

from crmkit.capture import exact

_EXACT = Context(prec=5 * exact.DIGIT_LIMIT, traps=[InvalidOperation, Inexact, Overflow, Subnormal])
"""Multiplies without rounding, or not at all."""


def product(factors: Iterable[Decimal]) -> str:
    """Multiply exactly.

    Raises:
        ArithmeticError: the product has more digits than any number that is kept.
    """
    result = Decimal(1)
    for factor in factors:
        result = _EXACT.multiply(result, factor)
    return written(result)


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
    """

    decimal: str = "."
    thousands: str = ""
    _grouped: re.Pattern[str] | None = attrs.field(init=False, repr=False)

    @_grouped.default
    def _compiled(self) -> re.Pattern[str] | None:
        if not self.thousands:
            return None
        mark, group = re.escape(self.decimal), re.escape(self.thousands)
        return re.compile(rf"[+-]?\d{{1,3}}(?:{group}\d{{3}})+(?:{mark}\d*)?")

    @property
    def usual(self) -> bool:
        """Whether numbers are written as Python writes them."""
        return self.decimal == "." and not self.thousands

    def plain(self, text: str) -> str:
        """Give a number as Python writes it; other text is left to whoever reads it.

        A mark that stands where it makes no sense never vanishes: ``39.90`` is not 3990 where a
        point groups thousands.

        Raises:
            InvalidOperation: the thousands separator stands elsewhere than before groups of three.

        Example:
            >>> Writing(",", ".").plain("1.234,50")
            '1234.50'
        """
        if self.thousands and self.thousands in text:
            if self._grouped is None or not self._grouped.fullmatch(text.strip()):
                raise InvalidOperation
            text = text.replace(self.thousands, "")
        if self.decimal == ".":
            return text
        if "." in text:
            raise InvalidOperation
        return text.replace(self.decimal, ".")

    def number(self, value: Any) -> Decimal:
        """Give a number, or read one as the file writes them, exactly.

        Raises:
            InvalidOperation: it is none.
        """
        try:
            return exact.number("", self.plain(value) if isinstance(value, str) else value)
        except exact.Fault:
            raise InvalidOperation from None

    def told(self) -> str:
        """Say how a number must be written."""
        example = f"1{self.thousands}234{self.decimal}50"
        return f"a number such as {example!r}"
