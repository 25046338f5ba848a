"""One spelling for each key: e-mail in lower case, phone in E.164, ids trimmed.

The two libraries that know the rules (email-validator, phonenumbers) are imported when the first
address or number that needs them comes; what phonenumbers said is kept, since it is slow.
"""

from __future__ import annotations

import re
import unicodedata

from crmkit.capture import placeholders

EMAIL = "email"
PHONE = "phone"

_CACHED = 50_000
_LONGEST_EMAIL = 254
_LONGEST_LOCAL = 64
_LONGEST_PHONE = 60
# Most addresses are this plain, and email-validator takes 30 us for each.
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_PUNYCODE = "xn--"  # as mail servers write what people write ``münchen.de``
_ANGLED = re.compile(r"[^<>]*<([^<>]+)>")
_EXTENSION = ";ext="


def email(text: str) -> str | None:
    """Give an e-mail address in its one spelling, or None where it identifies nobody.

    Full-width letters and ``Ann <ann@example.com>`` are understood, and a domain is the same in
    Unicode and in Punycode; the whole address is taken in lower case, since no provider people use
    tells two customers apart by case.
    """
    address = text.strip().lower()
    if len(address) <= _LONGEST_EMAIL and _PLAIN_EMAIL.fullmatch(address):
        if address.index("@") > _LONGEST_LOCAL or placeholders.is_mail(address):
            return None
        return address if _PUNYCODE not in address else _unusual_email(address) or address
    return _unusual_email(address)


def _unusual_email(text: str) -> str | None:
    if len(text) > 2 * _LONGEST_EMAIL:
        return None
    address = unicodedata.normalize("NFKC", text).strip().removeprefix("mailto:")
    angled = _ANGLED.fullmatch(address)
    if angled:
        address = angled[1].strip()
    if placeholders.is_word(address) or "@" not in address or len(address) > _LONGEST_EMAIL:
        return None
    from email_validator import validate_email  # noqa: PLC0415 - slow

    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except Exception:  # noqa: BLE001 - it is none, or text so strange that the library breaks
        return None
    whole = unicodedata.normalize("NFC", checked.normalized.lower())
    return None if placeholders.is_mail(whole) else whole


def phone(text: str, region: str | None = None) -> str | None:
    """Give a phone number in E.164, or None where it identifies nobody.

    Args:
        text: The number as written, with its country code or national.
        region: ISO 3166-1 code of the country that national numbers belong to; None: only
            numbers with a country code identify anybody.

    Returns:
        ``+8613800138000``; an extension stays, since colleagues share a switchboard.
    """
    written = unicodedata.normalize("NFKC", text).strip()
    if len(written) > _LONGEST_PHONE or placeholders.is_word(written):
        return None
    digits = "".join(character for character in written if character.isdigit())
    if not digits or placeholders.is_phone(digits):
        return None
    import phonenumbers  # noqa: PLC0415 - slow

    if written.startswith("00") and region is None:
        written = "+" + written[2:]
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE or placeholders.is_phone(
        str(number.national_number)
    ):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164}{_EXTENSION}{number.extension}" if number.extension else str(e164)


def external(text: str) -> str | None:
    """Give an id of another system as it came, trimmed, or None where it stands for none."""
    trimmed = text.strip()
    return None if placeholders.is_word(trimmed) else trimmed


class Normaliser:
    """Normalises keys for one workspace, with a bounded cache of phone numbers.

    Attributes:
        region: Country that phone numbers without a country code belong to, such as ``CN``.
    """

    def __init__(self, region: str | None = None) -> None:
        """Start with an empty cache."""
        self.region = region
        self._phones: dict[str, str | None] = {}

    def key(self, system: str, text: str) -> str | None:
        """Give one key of `system` in its one spelling, or None where it identifies nobody."""
        if system == EMAIL:
            return email(text)
        return self._phone(text) if system == PHONE else external(text)

    def _phone(self, text: str) -> str | None:
        try:
            return self._phones[text]
        except KeyError:
            pass
        if len(self._phones) >= _CACHED:
            self._phones.clear()
        number = self._phones[text] = phone(text, self.region)
        return number
