"""What our records are called in PAIR: a customer and an opportunity by their id, others here."""

from __future__ import annotations

from urllib.parse import quote, unquote

_MARK, _CONTACT = "/", "#"


def touchpoint_key(source: str, id_: str) -> str:
    """Give the key of a touchpoint."""
    return f"{quote(source, safe='')}{_MARK}{id_}"


def is_touchpoint_key(value: object) -> bool:
    """Tell whether a value may be the key of a touchpoint."""
    return isinstance(value, str) and value.find(_MARK) > 0


def split_touchpoint_key(key: str) -> tuple[str, str]:
    """Give source and id of a touchpoint by its key."""
    source, _, id_ = key.partition(_MARK)
    return unquote(source), id_


def waiting_key(customer: str) -> str:
    """Give the key that stands for all touchpoints of a customer who is not in step."""
    return f"{_MARK}{customer}"


def waiting_customer(key: str) -> str | None:
    """Give the customer whose touchpoints a key stands for; None: it is one touchpoint's."""
    return key.removeprefix(_MARK) if key.startswith(_MARK) else None


def contact_key(customer: str, handle: str) -> str:
    """Give the key of a contact of a customer."""
    return f"{customer}{_CONTACT}{handle}"


def contact_home(key: str) -> str:
    """Give the customer, by the id that he had then, whose contact a key is."""
    return key.rpartition(_CONTACT)[0]


def contact_span(customer: str) -> tuple[str, str]:
    """Give the least and the greatest text that the keys of a customer's contacts lie between."""
    return f"{customer}{_CONTACT}", f"{customer}{chr(ord(_CONTACT) + 1)}"
