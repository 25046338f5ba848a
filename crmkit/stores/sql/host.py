"""The seam to a host: on which connection its transaction is, and when that is committed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import sqlalchemy as sa


class Host(ABC):
    """Somebody else's database transaction, as the library that opened it shows it."""

    @abstractmethod
    def transaction(self) -> sa.Connection | None:
        """Give the connection that the transaction is on; None: the host has none open.

        Raises:
            StoreClosed: the host gave its connection back.
            StoreError: nothing can be done in the transaction; the message says why.
        """

    @abstractmethod
    def after_commit(self, call: Callable[[], object]) -> None:
        """Call once the transaction is committed for good, and never where it is undone.

        What `call` raises is logged: the host's commit stands, whatever becomes of the news.
        """
