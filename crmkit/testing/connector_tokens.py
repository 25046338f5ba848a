"""Laws of tokens: fetched once for all, kept by the engine, and renewed where they end."""

# ruff: noqa: S101, PLR2004 - a law is an assertion, and its numbers are its point
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from crmkit.clock import EPOCH
from crmkit.contracts.connector import Connector, Token, Upsert
from crmkit.contracts.service import OwnTokens
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.connector_base import ConnectorLaws, drain, newest, one
from crmkit.testing.kit_opening import Opened
from crmkit.testing.people import People

THREADS = 4


class Counted(OwnTokens):
    """Keeps a token as the engine does, and counts how often one was fetched."""

    def __init__(self) -> None:
        """Hold none; time stands still, since the remote's may be any."""
        super().__init__(lambda: EPOCH)
        self.fetched = 0

    def get(self, refresh: Callable[[], Token], *, stale: Token | None = None) -> Token:
        """Give the token that holds."""

        def counted() -> Token:
            self.fetched += 1
            return refresh()

        return super().get(counted, stale=stale)


class TokenLaws(ConnectorLaws):
    """One law a test."""

    def test_a_token_that_ends_in_the_middle(
        self, connector: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """A token that the remote ends is renewed, and the call made again."""
        schema = connector.schema(entity)
        names = [self.text_of(schema)]
        people.add(self.record(schema, 50))
        people.later()
        self.expire(simulator)
        assert set(newest(drain(connector, entity, None, names)[0])) == people.ids()
        self.expire(simulator)
        assert one(connector, entity, Upsert(key="k", values=self.record(schema))).done == "created"
        assert len(people.ids()) == 2

    def test_the_engine_keeps_the_token(
        self, opened: Opened, connector: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """One is fetched for all that share a place for it, and one more where it has ended."""
        tokens = Counted()
        people.add(self.record(connector.schema(entity)))
        people.later()
        names = [self.text_of(connector.schema(entity))]
        for wanted in (1, 2):
            for another in (opened(), opened()):
                another.tokens = tokens
                assert drain(another, entity, None, names)[0]
                if not tokens.fetched:
                    pytest.skip("it fetches no token")
                assert tokens.fetched == wanted, "a token was fetched although one was kept"
            self.expire(simulator)

    def test_threads_fetch_one_token(
        self, spec: ConnectorSpec, opened: Opened, connector: Connector, entity: str, people: People
    ) -> None:
        """Several threads that begin at once are let in by one token."""
        if not spec.thread_safe:
            pytest.skip("the spec does not declare thread_safe")
        people.add(self.record(connector.schema(entity)))
        people.later()
        names = [self.text_of(connector.schema(entity))]
        shared, tokens, start = opened(), Counted(), Barrier(THREADS)
        shared.tokens = tokens

        def work(_: int) -> int:
            start.wait()
            return len(newest(drain(shared, entity, None, names)[0]))

        with ThreadPoolExecutor(THREADS) as pool:
            assert [*pool.map(work, range(THREADS))] == [1] * THREADS
        assert tokens.fetched <= 1, "each thread fetched a token of its own"
