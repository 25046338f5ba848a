"""Addresses as SMTP wants them, and as people write them with a name."""

from __future__ import annotations

import re
from functools import lru_cache

import attrs

from crmkit.contracts.lines import breaks
from crmkit.errors import CrmkitError

_LONGEST = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets, with its angle brackets
LONGEST_LOCAL = 64
"""Octets before the @ (RFC 5321, 4.5.3.1.1)."""
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_WIDE = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\u1fff\u2030-\u2fff\u3001-\ud7ff\uf900-\U0010ffff-]"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = re.compile(rf'{_ATEXT}+(?:\.{_ATEXT}+)*|"(?:[ !#-\[\]-~]|\\[ -~])+"')
_WIDE_LOCAL = re.compile(rf"{_WIDE}+(?:\.{_WIDE}+)*")
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}|localhost", re.IGNORECASE)
_NAMED = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^<>"]*?))\s*<(?P<address>[^<>]*)>\s*')


class BadAddress(CrmkitError, ValueError):  # noqa: N818 - says what it is
    """No mail can go there: the text is no address; the message never quotes it."""


@attrs.frozen
class Address:
    """An address that may stand in an SMTP command.

    Attributes:
        text: As it goes over the wire, its domain in ASCII.
        domain: What follows the @.
        wide: Whether it needs SMTPUTF8 (RFC 6531), since what precedes the @ is not ASCII.
    """

    text: str
    domain: str
    wide: bool = False


def address(text: str) -> Address:
    """Take an address apart and write its domain in ASCII.

    Args:
        text: ``local@domain`` alone; the domain may be in any script (IDNA).

    Raises:
        BadAddress: it has a line break, is no address, or its domain cannot stand in the DNS.
    """
    if breaks(text):
        raise BadAddress("the address has a line break or another control character in it")
    local, at, domain = text.rpartition("@")
    if not at or len(text) > _LONGEST:
        raise BadAddress("the address is none: it must read local@domain, at most 254 characters")
    wide = not local.isascii()
    if not (_WIDE_LOCAL if wide else _LOCAL).fullmatch(local):
        raise BadAddress("the address has something before its @ that cannot stand there")
    if len(local.encode("utf-8", "replace")) > LONGEST_LOCAL:
        raise BadAddress("the address has more than 64 octets before its @")
    domain = _domain(domain)
    return Address(f"{local}@{domain}", domain, wide)


@lru_cache(4096)
def _domain(domain: str) -> str:
    """Write a domain in ASCII, as the DNS has it."""
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            raise BadAddress("the address has a domain that cannot stand in the DNS") from None
    if not _DOMAIN.fullmatch(domain):
        raise BadAddress("the address has a domain that cannot stand in the DNS")
    return domain


def mailbox(text: str) -> tuple[str, str]:
    """Give the name and the address of ``Name <address>``; an address alone has no name.

    Raises:
        BadAddress: the address in it is none.
    """
    found = _NAMED.fullmatch(text)
    name = (found["quoted"] or found["plain"] or "") if found else ""
    plain = found["address"] if found else text.strip()
    address(plain)
    return name, plain
