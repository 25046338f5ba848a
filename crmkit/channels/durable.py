"""What a message comes to that could not be written to a file."""

from __future__ import annotations

import errno
from pathlib import Path

from crmkit.contracts.channel import Message, Receipt

_SETTINGS = (
    PermissionError,
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
)


def failed(message: Message, error: OSError, path: Path) -> Receipt:
    """Say what a message comes to that could not be written: nothing of it is there."""
    why = f"{path}: {error.strerror or error}"
    if isinstance(error, _SETTINGS) or error.errno == errno.EROFS:
        return Receipt.misconfigured(message, why)
    return Receipt.retry(message, why)
