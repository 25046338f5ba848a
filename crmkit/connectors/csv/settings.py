"""Settings of a ``csv`` connector."""

from __future__ import annotations

import attrs


def _printable(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if len(value) != 1 or value in '"\r\n':
        raise ValueError(f"'{attribute.name}' must be one character, and neither quote nor break")


@attrs.frozen(kw_only=True)
class CsvSettings:
    """Settings of a ``csv`` connector.

    Attributes:
        folder: Where the files are; it must be there. ``customers.csv`` is the object
            ``customers``. What crmkit remembers of them stands in ``.crmkit`` in it.
        page_size: Records in one page of changes, 1 or more.
        id: The column that names a row for good. A person may leave its cells empty.
        delimiter: What stands between two cells.
        guard: Whether a text that a spreadsheet would run as a formula is written with an
            apostrophe before it, which is taken off when it is read.
    """

    folder: str = attrs.field(validator=attrs.validators.min_len(1))
    page_size: int = attrs.field(default=1000, validator=attrs.validators.ge(1))
    id: str = attrs.field(default="id", validator=attrs.validators.min_len(1))
    delimiter: str = attrs.field(default=",", validator=_printable)
    guard: bool = True
