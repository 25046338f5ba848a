"""A connector's token and its calls of the day, kept in the database for all processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from crmkit.capture.ids import digest
from crmkit.clock import Clock, instant, micros
from crmkit.contracts.connector import Meter, RetryLater, Token, Tokens
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.service import spent
from crmkit.contracts.settings import Secret
from crmkit.contracts.store import Reader, Store

_HOUR = 3_600.0
_DAY = 24
_FLUSH = 50
_REFRESH = 60.0  # seconds that a login may take before another process tries
_POLL = 0.2


class StoredTokens(Tokens):
    """A token that all processes share, fetched by one of them at a time.

    It is kept as it came: whoever reads the database reads the customers too. A changed setting of
    the connector makes it forgotten.
    """

    def __init__(self, store: Store, connector: str, settings: Any, clock: Clock) -> None:
        """Read nothing yet."""
        self._store, self._clock = store, clock
        self._name = f"sync.{connector}.token"
        self._made_for = digest("token", repr(sorted(_revealed(settings).items())))
        self._lock = Lock()
        self._token: Token | None = None

    def get(self, refresh: Callable[[], Token], *, stale: Token | None = None) -> Token:
        """Give the token that holds; see `Tokens.get`."""
        with self._lock:
            if self._good(self._token, stale):
                return self._token  # type: ignore[return-value]
            while True:
                found, waiting = self._look(stale)
                if found is not None:
                    self._token = found
                    return found
                if not waiting:
                    break
                time.sleep(_POLL)
            try:
                token = refresh()
            except BaseException:
                self._write({"refreshing": 0.0})
                raise
            self._write(self._plain(token))
            self._token = token
            return token

    def _good(self, token: Token | None, stale: Token | None) -> bool:
        if token is None or spent(token, self._clock()):
            return False
        return stale is None or token.value.reveal() != stale.value.reveal()

    def _look(self, stale: Token | None) -> tuple[Token | None, bool]:
        """Give the kept token if it is good; else whether another is just being fetched."""
        with self._store.write() as writer:
            found: dict[str, Any] = json.loads(read_fact(writer, self._name) or "{}")
            if found.get("for") == self._made_for and "value" in found:
                token = self._read(found)
                if self._good(token, stale):
                    return token, False
            if found.get("refreshing", 0.0) > time.time():
                return None, True
            body = {"refreshing": time.time() + _REFRESH}
            write_fact(writer, self._name, json.dumps(body))
            return None, False

    def _write(self, body: dict[str, Any]) -> None:
        with self._store.write() as writer:
            write_fact(writer, self._name, json.dumps(body))

    def _plain(self, token: Token) -> dict[str, Any]:
        return {
            "for": self._made_for,
            "value": token.value.reveal(),
            "expires": None if token.expires is None else micros(token.expires, "expires"),
            "facts": dict(token.facts),
        }

    def _read(self, found: dict[str, Any]) -> Token:
        ends = found["expires"]
        return Token(
            value=Secret(found["value"]),
            expires=None if ends is None else instant(ends),
            facts=found["facts"],
        )


class StoredMeter(Meter):
    """Counts calls by the hour, and refuses more than the limit within 24 of them."""

    def __init__(self, store: Store, connector: str, limit: int, clock: Clock) -> None:
        """Count on from what the database has."""
        self._store, self._limit, self._clock = store, limit, clock
        self._name, self._connector = f"sync.{connector}.calls", connector
        self._lock = Lock()
        self._hours: dict[int, int] | None = None
        self._new: dict[int, int] = {}

    def take(self, calls: int = 1) -> None:
        """Count calls; see `Meter.take`."""
        with self._lock:
            hour = int(self._clock().timestamp() // _HOUR)
            hours = self._hours if self._hours is not None else self._read()
            used = sum(count for at, count in hours.items() if at > hour - _DAY)
            if used + calls > self._limit:
                first = min((at for at in hours if at > hour - _DAY), default=hour)
                after = (first + _DAY) * _HOUR - self._clock().timestamp()
                self._flush()
                message = f"{self._connector}: the {self._limit} calls of 24 hours are spent"
                raise RetryLater(message, after=max(after, 0.0), kind="daily")
            hours[hour] = hours.get(hour, 0) + calls
            self._hours = hours
            self._new[hour] = self._new.get(hour, 0) + calls
            if sum(self._new.values()) >= _FLUSH:
                self._flush()

    def flush(self) -> None:
        """Write down what was counted."""
        with self._lock:
            self._flush()

    def _read(self) -> dict[int, int]:
        with self._store.read() as reader:
            return self._kept(reader)

    def _kept(self, reader: Reader) -> dict[int, int]:
        hours = json.loads(read_fact(reader, self._name) or "{}")
        return {int(hour): count for hour, count in hours.items()}

    def _flush(self) -> None:
        """Add what was counted here to what others counted meanwhile."""
        if not self._new:
            return
        now = int(self._clock().timestamp() // _HOUR)
        with self._store.write() as writer:
            hours = self._kept(writer)
            for hour, count in self._new.items():
                hours[hour] = hours.get(hour, 0) + count
            hours = {hour: count for hour, count in hours.items() if hour > now - _DAY}
            write_fact(writer, self._name, json.dumps(hours))
        self._hours, self._new = hours, {}


def _revealed(settings: Any) -> dict[str, str]:
    return {
        name: value.reveal() if isinstance(value, Secret) else str(value)
        for name, value in dict(settings).items()
    }
