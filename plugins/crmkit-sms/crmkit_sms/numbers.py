"""Telephone numbers: which may be dialled, and how each provider writes them.

A number reaches a provider in one spelling only, so that nothing else can travel in its place:
Aliyun would read a comma as a second number.
"""

from __future__ import annotations

import re

import attrs

from crmkit.contracts import numbers

MAINLAND = "86"
_NATIONAL = re.compile(r"1[0-9]{10}")


@attrs.frozen
class Number:
    """A number that could exist.

    Attributes:
        e164: With ``+`` and country code.
        country: Country calling code, such as ``86``.
    """

    e164: str
    country: str

    @property
    def mainland(self) -> bool:
        """Whether it is of China's mainland."""
        return self.country == MAINLAND

    @property
    def aliyun(self) -> str:
        """As Aliyun wants it: bare within the mainland, else with its country code."""
        return self.e164[1 + len(MAINLAND) :] if self.mainland else self.e164[1:]


def read(written: str) -> Number | None:
    """Give the number, or None where no country has one like it."""
    import phonenumbers  # noqa: PLC0415 - slow

    if not numbers.e164(written):
        return None
    try:
        number = phonenumbers.parse(written)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return Number(written, str(number.country_code))


def e164(written: str, country: str = "") -> str | None:
    """Write a number that a provider names in E.164; None where it is none.

    Args:
        written: The number; bare ones of eleven digits are of the mainland.
        country: Country calling code, where the provider gives it apart.
    """
    digits = written.strip()
    if digits.startswith("+"):
        digits = digits[1:]
    elif country:
        digits = country.strip("+ ") + digits
    elif _NATIONAL.fullmatch(digits):
        digits = MAINLAND + digits
    return "+" + digits if numbers.e164("+" + digits) else None
