"""The connector passes the suite of all connectors, against the server itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from crmkit_tryton import hooks
from crmkit_tryton.parts import PARTS
from tryton_proxy import Proxy
from tryton_server import DATABASE, PASSWORD, USER, Server
from tryton_server import People as Staff

from crmkit.contracts.connector import Connector, Field, Schema, Upsert
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing import ConnectorSuite
from crmkit.testing.connector_base import one
from crmkit.testing.people import People


class Users(People):
    """Those who work in Tryton, with a client of their own."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self._added: list[int] = []

    def add(self, values: Mapping[str, Any]) -> str:
        contacts = {kind: value for kind, value in values.items() if kind in PARTS and value}
        number = self.staff.party(values["name"], **contacts)
        self._added.append(number)
        return str(number)

    def edit(self, id: str, values: Mapping[str, Any]) -> None:  # noqa: A002 - the contract's
        self.staff.write(int(id), **values)

    def remove(self, id: str) -> None:  # noqa: A002 - as above
        self.staff.delete(int(id))

    def look(self, id: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        rows = self.staff.parties("name", "email", "active")
        return next((row for row in rows if str(row["id"]) == id and row["active"]), None)

    def ids(self) -> set[str]:
        return {str(row["id"]) for row in self.staff.parties("active") if row["active"]}

    def merge(self, keep: str, drop: str) -> None:
        wizard, asked = "wizard.party.replace", {"source": int(drop), "destination": int(keep)}
        session = self.staff.call(f"{wizard}.create", {})[0]
        name = f"party.replace name {drop} {keep}"  # of the warning that their names differ
        warning = {"user": 1, "name": name, "always": False}
        self.staff.call("model.res.user.warning.create", [warning], {})
        self.staff.call(f"{wizard}.execute", session, {"ask": asked}, "replace", {})

    @contextmanager
    def together(self) -> Iterator[None]:
        self._added.clear()
        yield
        among = ", ".join(map(str, self._added))
        last = f"(SELECT create_date FROM party_party WHERE id = {self._added[-1]})"
        for table, key in (("party_party", "id"), ("party_contact_mechanism", "party")):
            what = f"UPDATE {table} SET create_date = {last}, write_date = {last}"
            self.staff.server.execute(f"{what} WHERE {key} IN ({among})")


class TestTryton(ConnectorSuite):
    match: ClassVar[str | None] = "email"
    text: ClassVar[str | None] = "name"
    writes: ClassVar[str] = "party.create"

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        (spec,) = hooks.crmkit_connectors()
        return spec

    @pytest.fixture
    def simulator(self, proxy: Proxy) -> Proxy:
        return proxy

    @pytest.fixture
    def settings(self, simulator: Proxy) -> dict[str, Any]:
        return {
            "base_url": simulator.url,
            "database": DATABASE,
            "username": USER,
            "password": PASSWORD,
        }

    @pytest.fixture
    def people(self, staff: tuple[Staff, object]) -> People:
        return Users(staff[0])

    def bad(self, schema: Schema) -> dict[str, Any]:
        """Give a name of two lines, which Tryton does not take."""
        return {**self.record(schema, 99), "name": "two\nlines"}

    def samples(self, field: Field) -> Sequence[Any]:
        """Give numbers that can be dialled, and no ids of nobody."""
        if field.name in {"phone", "mobile", "fax"}:
            return "+8613800138000", "+442083661177"
        if field.name == "code":  # given once, when the party is made
            return ()
        return () if field.type == "list" else super().samples(field)

    def expire(self, simulator: Any) -> None:
        assert simulator
        self.server.execute("DELETE FROM ir_session WHERE id > 1")  # the first is people's own

    @pytest.fixture(autouse=True)
    def known(self, server: Server) -> None:
        self.server = server

    def test_line_breaks(self, connector: Connector, entity: str, people: People) -> None:
        """A party has no text of several lines, and Tryton says so; a note has, and keeps them."""
        record = Upsert(key="c0", values={"name": "first\nsecond"})
        assert "invalid chars" in one(connector, entity, record).reason
        values = {"resource": people.add({"name": "Ann"}), "message": "first\nsecond\n\nfourth"}
        note = one(connector, "ir.note", Upsert(key="t0", values=values)).remote_id
        (found,) = connector.fetch("ir.note", [str(note)], fields=["message"])
        assert found.values["message"] == values["message"]
