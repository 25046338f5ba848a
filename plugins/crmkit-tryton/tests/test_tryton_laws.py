"""Whatever is done on both sides, or lost on the way: one quiet run makes them equal."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_tryton_sync import configured, customer
from tryton_proxy import Proxy
from tryton_server import People, Server

import crmkit
from crmkit import CRM
from crmkit.contracts.connector import SyncError
from crmkit.testing.simulators.base import Fault

FAULTS = {
    "cut create": Fault(cut=True, on="party.create"),
    "cut write": Fault(cut=True, on="party.write"),
    "refuse create": Fault(refuse=True, on="party.create"),
}
KEYS = st.integers(0, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["ours", "theirs", "number", "archive", "delete", "erase", "enter"]),
            KEYS,
        ),
        st.tuples(
            st.sampled_from(["run", "run", "cut create", "cut write", "refuse create"]), KEYS
        ),
    ),
    max_size=14,
)
"""What happens, and to whom."""


class Day:
    """A day at the firm: what people do here, and what they do in Tryton."""

    def __init__(self, crm: CRM, people: People, proxy: Proxy) -> None:
        self.crm, self.people, self.proxy = crm, people, proxy
        self.count = 0
        self.erased: set[str] = set()

    def step(self, what: str, who: int) -> None:
        self.count += 1
        if what in FAULTS:
            self.proxy.fail(FAULTS[what])
        elif what == "run":
            self.run()
        elif f"c{who}" in self.erased and what in {"ours", "erase"}:
            pass  # whoever was erased is not entered again
        elif what == "ours":
            self.crm.customers.save(customer(f"c{who}", f"ours {self.count}", f"c{who}@x.example"))
        elif what == "erase":
            self.erase(f"c{who}")
        elif what == "enter":
            self.people.party(f"entered {self.count}", email=f"e{self.count}@x.example")
        else:
            self.there(what, who)

    def run(self) -> None:
        with suppress(SyncError):  # the next one goes on
            self.crm.sync.run("erp")

    def erase(self, key: str) -> None:
        if any(one.id == key for one in self.crm.customers.search().items):
            self.crm.customers.erase(key, reason="asked")
            self.erased.add(key)

    def there(self, what: str, who: int) -> None:
        """Do something to one of the parties that there are."""
        rows = [row for row in self.people.parties("active") if row["active"]]
        if not rows:
            return
        party = rows[who % len(rows)]["id"]
        act: dict[str, Callable[[], object]] = {
            "theirs": lambda: self.people.write(party, name=f"theirs {self.count}"),
            "archive": lambda: self.people.write(party, active=False),
            "delete": lambda: self.people.delete(party),
            "number": lambda: self.people.create(
                "party.contact_mechanism", party=party, type="phone", value="+8613800138000"
            ),
        }
        act[what]()

    def names_here(self) -> dict[str, str]:
        return {one.id: one.name for one in self.crm.customers.search().items}

    def names_there(self) -> list[tuple[str, str]]:
        """Give our id and the name of every active party, those that stand twice twice."""
        rows = self.people.parties("name", "active", "identifiers.code")
        return [
            (one["code"].removeprefix("crmkit:"), row["name"])
            for row in rows
            if row["active"]
            for one in row["identifiers."]
        ]


@pytest.mark.slow(reason="many runs against a real server")
@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.generate],  # a failure costs seconds already
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_one_quiet_run_makes_both_equal(
    steps: list[tuple[str, int]], server: Server, people: People
):
    """And a second writes nothing, and nobody stands twice on either side."""
    server.reset()
    with (
        tempfile.TemporaryDirectory() as folder,
        Proxy(server) as proxy,
        crmkit.connect(config=configured(Path(folder), proxy.url)) as crm,
    ):
        day = Day(crm, people, proxy)
        for what, who in steps:
            day.step(what, who)
        proxy.mend()
        crm.sync.run("erp")
        report = crm.sync.run("erp")
        assert (report.written, report.conflicts) == (0, 0)
        assert crm.sync.quarantine("erp") == ()
        here, there = day.names_here(), day.names_there()
        assert len({key for key, _ in there}) == len(there)
        assert {(key, here.get(key)) for key, _ in there} == set(there)
