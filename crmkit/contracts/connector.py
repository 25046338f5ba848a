"""The contract of a connector: read what changed in an external CRM, and write to it.

Everything else (mapping, conflicts, echoes, cursors kept, quarantine) is the engine's; what all
connectors over HTTP have in common (limits, retries, tokens) is `crmkit.contracts.service`'s.
`crmkit.testing.ConnectorSuite` holds all that is said here as tests.

Values are the same for all connectors, by the type of their `Field`: ``text``, ``choice`` and
``reference`` (an id) are str, ``number`` is int, float or Decimal, ``flag`` bool, ``date``
``"2026-05-01"``, ``instant`` ISO 8601 with an offset, ``list`` a list of str. None is an empty
field; an empty text is given as None. The connector turns them into what goes over the wire.

`CAPABILITIES` of a `ConnectorSpec`: ``upsert`` (`Connector.upsert` finds a record by its match in
the same call, so that writing it again makes no second one), ``delete`` (`delete`),
``deleted_feed`` (`deleted` tells what was deleted, or `changes` does among the rest), ``sweep``
(`ids` enumerates every id), ``fetch`` (`fetch` reads by id), ``merge`` (`merge`), ``receive``
(`receive` reads webhooks),
``if_unchanged`` (the remote checks `Upsert.unchanged_since`), ``eventual`` (a write may show in
`changes` only some seconds later), ``shifting`` (a record changed between two pages may move
others to a page that was read already: the engine then reads the window again).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from crmkit.contracts.channel import Response
from crmkit.contracts.remote import (
    TYPES,
    Changes,
    Cursor,
    Field,
    Finding,
    Hint,
    Ids,
    Remote,
    Result,
    Schema,
    Synced,
    Token,
    Upsert,
)
from crmkit.errors import CrmkitError

__all__ = [
    "CAPABILITIES",
    "OVERLAP",
    "THROTTLES",
    "TYPES",
    "BatchRefused",
    "Changes",
    "Connector",
    "Cursor",
    "Field",
    "Finding",
    "Hint",
    "Ids",
    "Meter",
    "Remote",
    "Result",
    "RetryLater",
    "Schema",
    "SyncAborted",
    "SyncError",
    "Synced",
    "Token",
    "Tokens",
    "Upsert",
    "WriteLost",
]

CAPABILITIES = frozenset(
    "upsert delete deleted_feed sweep fetch merge receive if_unchanged eventual shifting".split()
)
THROTTLES = ("burst", "daily", "concurrent")
OVERLAP = 120.0
"""Seconds before the cursor that are read again, for what was committed late behind it."""


class SyncError(CrmkitError):
    """A connector gave up; the subclass says what happens next."""


class RetryLater(SyncError):  # noqa: N818 - says what the engine does
    """The whole call was surely not taken and may be repeated after `after` seconds.

    `kind` is one of `THROTTLES` or None. Raise it with ``RetryLater("...", after=30.0,
    kind="burst")``.
    """


class BatchRefused(SyncError):  # noqa: N818 - says what the engine does
    """The remote refused a whole batch for one record: the engine splits it until that is alone."""


class SyncAborted(SyncError):  # noqa: N818 - says what the engine does
    """Nothing more can work until somebody acts (credentials, scopes); the run stops."""


class WriteLost(SyncError):  # noqa: N818 - says what became of it
    """The remote may have taken the batch or not: the engine reads before it writes it again."""


class Tokens(ABC):
    """Keeps a connector's token for all threads and processes; the engine gives it."""

    @abstractmethod
    def get(self, refresh: Callable[[], Token], *, stale: Token | None = None) -> Token:
        """Give the token that holds, calling `refresh` where there is none, by one caller only.

        Args:
            refresh: Fetches a new one.
            stale: The one that the remote just refused; where another caller has replaced it in
                the meantime, that one is given.
        """


class Meter(ABC):
    """Counts calls against a limit a day, over all threads, processes and restarts."""

    @abstractmethod
    def take(self, calls: int = 1) -> None:
        """Count calls that are about to be made.

        Raises:
            RetryLater: that many are not left today (``kind="daily"``).
        """


class Connector(ABC):
    """An external CRM, opened with its settings; opening it connects to nothing.

    Raises only `SyncError` for what is expected. Used by one thread at a time, unless its spec
    says ``thread_safe``.
    """

    tokens: Tokens | None = None
    """Set by the engine before the first call; None where it is used by itself."""
    meter: Meter | None = None
    """Set by the engine likewise."""
    overlap: float = OVERLAP
    """Seconds; how late behind its newest change the remote may still show another."""

    @abstractmethod
    def entities(self) -> Sequence[str]:
        """Name the objects it can keep in step, the customers' one first."""

    @abstractmethod
    def schema(self, entity: str) -> Schema:
        """Describe an object as the remote has it now.

        Raises:
            SyncAborted: there is no such object, or the credentials do not reach it.
        """

    def account(self) -> str | None:
        """Name the account that the credentials open, such as an organisation's id.

        The engine stops where it is another one than last time. None: the remote does not tell.
        """
        return None

    def seconds(self, calls: int) -> float:  # noqa: ARG002 - a connector without limits
        """Give the least time, in seconds, that the limits leave for so many writing calls."""
        return 0.0

    @abstractmethod
    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        """Read the next page of records changed at or after `cursor`, oldest first.

        At or after: records of the cursor's own instant may be given again, none may be missed.
        More records than a page may bear one instant: the cursor that is given back has the id of
        the last one, or a token, so that the next page goes on behind it.

        Args:
            entity: Which object.
            cursor: Where to go on: the last page's, as it was given, or one that has only an
                instant; None: from the beginning, every record.
            fields: Fields to read, those of the mapping; more of them than one call may ask for
                are the connector's to join.
        """

    @abstractmethod
    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        """Write a batch and give one result a record, in any order; one without counts as lost.

        A record without `Upsert.remote_id` is found by its `Upsert.match` where the spec says
        ``upsert``, and is made anew otherwise.

        Raises:
            RetryLater: nothing of it was taken.
            BatchRefused: nothing of it was taken, for one record's sake.
            WriteLost: nobody knows whether it was taken. An ``upsert`` whose records all have an
                id or a match is repeated by the connector itself before that.
            SyncAborted: the credentials, or the remote, work no more.
        """

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        """Delete or void records (``delete``); one that is gone already is ``unchanged``."""
        raise NotImplementedError

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        """Read the next page of records deleted at or after `cursor` (``deleted_feed``).

        Its cursor is one of its own, beside that of `changes`.
        """
        raise NotImplementedError

    def merge(self, entity: str, keep: str, drop: str) -> Result:
        """Make two records one (``merge``); one whose `drop` is in `keep` already: unchanged."""
        raise NotImplementedError

    def ids(self, entity: str, after: str | None) -> Ids:
        """Enumerate every id, page by page (``sweep``); deleted and archived ones left out."""
        raise NotImplementedError

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        """Read records by id (``fetch``), any number; those that are gone come as ``deleted``."""
        raise NotImplementedError

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Hint], Response]:
        """Read a call of the remote's webhook (``receive``), its signature first.

        Raises:
            SignatureInvalid: it is not the remote's.
        """
        raise NotImplementedError

    def check(self) -> Sequence[Finding]:
        """Look whether credentials, scopes and objects are in order, without changing anything."""
        return ()

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give everything back; closing twice does nothing."""
