"""The plugin's tests: every law of a connector, against a club on 127.0.0.1. Run with pytest."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import crmkit_club
import pytest

from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.base import Answer, Call, Simulator
from crmkit.testing.simulators.book import Book

KEY, MEMBERS = "hunter2", "members"


class Clubhouse(Simulator):
    """The club's server, as its manual describes it; its book is where members are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()

    def answer(self, call: Call) -> Answer:
        """Say what the club says."""
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return Answer({"error": "who are you?"}, status=403)
        if call.method == "GET":
            return Answer(self._listed(**call.query))
        if call.path.endswith("/delete"):
            gone = [key for key in call.json()["ids"] if self.book.get(MEMBERS, key)]
            return Answer({"gone": [self.book.delete(MEMBERS, key).id for key in gone]})
        return Answer({"results": [self._put(row, row["set"]) for row in call.json()[MEMBERS]]})

    def _listed(self, since: str, after: str, limit: str) -> dict[str, Any]:
        at, most = datetime.fromisoformat(since) if since else None, int(limit)
        found = [
            {
                "id": one.id,
                "changed": one.changed.isoformat(),
                "left": one.deleted is not None,
                "values": one.values,
            }
            for one in self.book.changed(MEMBERS, at, deleted=None)
            if one.changed != at or one.id > after
        ]
        return {MEMBERS: found[:most], "more": len(found) > most}

    def _put(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        there = self.book.get(MEMBERS, row["id"]) if row["id"] else None
        if row["id"] and not there:
            return {"key": row["key"], "why": "that member has left"}
        for one in self.book.live(MEMBERS) if row["email"] and not there else ():
            there = one if one.values["email"] == row["email"] else there
        if not values.get("name", there and there.values["name"]):
            return {"key": row["key"], "why": "a member must have a name"}
        if there:
            self.book.update(MEMBERS, there.id, values)
            return {"key": row["key"], "id": there.id, "done": "updated"}
        made = self.book.create(MEMBERS, values)
        return {"key": row["key"], "id": made.id, "done": "created"}


class TestClub(ConnectorSuite):
    """The laws; the club's people are played through the book of its server."""

    @pytest.fixture
    def simulator(self) -> Iterator[Clubhouse]:
        """Start a club."""
        with Clubhouse() as club:
            yield club

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        """Give what the plugin offers."""
        return manager_for(crmkit_club).connectors()["club"]

    @pytest.fixture
    def settings(self, simulator: Clubhouse) -> Mapping[str, Any]:
        """Give the settings a user would write."""
        return {"base_url": simulator.url, "key": KEY}
