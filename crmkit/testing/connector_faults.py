"""Laws of trouble: what the remote does wrong is waited out, or raised as what it is."""

# ruff: noqa: S101, PLR2004, PT017 - a law is an assertion, and its numbers are its point
from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from crmkit.contracts.connector import (
    THROTTLES,
    Connector,
    Meter,
    RetryLater,
    SyncError,
    Upsert,
    WriteLost,
)
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.connector_base import HOUR, ConnectorLaws, drain, newest, one
from crmkit.testing.kit import needs, secrets
from crmkit.testing.kit_opening import Opened
from crmkit.testing.people import People
from crmkit.testing.simulators.base import Answer, Fault, Simulator

MANY = 40
"""Calls that go wrong in a row: more than any patience lasts."""
STATUSES = (302, 400, 401, 403, 404, 500, 502, 503)
NONSENSE = (b"<h1>Sorry</h1>", b'{"data": [{"id": "1', b"", b"{}", b"[]", b"null", b"7")


class FaultLaws(ConnectorLaws):
    """One law a test; most need a simulator of the remote."""

    @pytest.fixture
    def warm(self, connector: Connector, entity: str, people: People, simulator: Any) -> Connector:
        """Give the connector after a look at one record: connected, and with its token."""
        if simulator is None:
            pytest.skip("override the fixture `simulator`: the laws of faults need one")
        people.add(self.record(connector.schema(entity), 50))
        people.later()
        assert drain(connector, entity, None, self.read(connector, entity))[0]
        return connector

    def read(self, connector: Connector, entity: str) -> list[str]:
        """Name the fields that the laws read."""
        return [self.text_of(connector.schema(entity))]

    def new(self, connector: Connector, entity: str, number: int = 0) -> Upsert:
        """Give a new record without a match."""
        schema = connector.schema(entity)
        return Upsert(key=f"k{number}", values=self.record(schema, number))

    @contextmanager
    def troubled(
        self, simulator: Any, trouble: str, times: int = 1, on: str = ""
    ) -> Iterator[None]:
        """Let the remote's calls go wrong, and then no more."""
        self.fail(simulator, trouble, times, on=on)
        try:
            yield
        finally:
            self.mend(simulator)

    @contextmanager
    def saying(self, simulator: Any, answer: Answer, on: str = "") -> Iterator[None]:
        """Let the remote say nothing else to any call."""
        if not isinstance(simulator, Simulator):
            pytest.skip("the remote does not speak HTTP")
        simulator.fail(*[Fault(answer=answer, on=on)] * MANY)
        try:
            yield
        finally:
            simulator.mend()

    def test_too_much_to_do_is_waited_out(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """A remote that is busy for a moment is asked again, and nothing comes twice."""
        names, record = self.read(warm, entity), self.new(warm, entity)
        before = people.ids()
        with self.troubled(simulator, "full"):
            assert set(newest(drain(warm, entity, None, names)[0])) == before
        with self.troubled(simulator, "full"):
            assert one(warm, entity, record).done == "created"
        assert len(people.ids() - before) == 1

    def test_a_long_wait_is_put_off(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """Who is asked to wait an hour puts the whole call off, and nothing of it was taken."""
        names, record = self.read(warm, entity), self.new(warm, entity)
        before = people.ids()
        for act in (
            lambda: warm.changes(entity, None, fields=names),
            lambda: warm.upsert(entity, [record]),
        ):
            with self.troubled(simulator, "busy", MANY), pytest.raises(RetryLater) as raised:
                act()
            after = getattr(raised.value, "after", None)
            assert after is not None, "`after` does not carry what Retry-After said"
            assert abs(after - HOUR) < 60, after
            assert getattr(raised.value, "kind", None) in (*THROTTLES, None)
        assert people.ids() == before

    def test_a_remote_that_stays_busy(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """Throttled without end, the call is put off, and nothing of it was taken."""
        names, record = self.read(warm, entity), self.new(warm, entity)
        before = people.ids()
        with self.troubled(simulator, "full", MANY), pytest.raises(RetryLater):
            warm.changes(entity, None, fields=names)
        with self.troubled(simulator, "full", MANY), pytest.raises(RetryLater):
            warm.upsert(entity, [record])
        assert people.ids() == before

    def test_a_cut_while_reading(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """A page is read again where the connection broke, and nothing is missed."""
        names = self.read(warm, entity)
        with self.troubled(simulator, "cut"):
            assert set(newest(drain(warm, entity, None, names)[0])) == people.ids()

    def test_a_cut_new_record_is_never_doubled(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """What may have been taken and cannot be found again is lost, and not written twice."""
        before, record = people.ids(), self.new(warm, entity)
        with self.troubled(simulator, "cut", on=self.writes):
            try:
                result = one(warm, entity, record)
            except WriteLost:
                result = None
        made = people.ids() - before
        assert len(made) <= 1, f"{len(made)} records were made of one"
        if result is not None and result.done is not None:
            assert {result.remote_id} == made, result

    def test_a_cut_write_is_repeated_by_its_match(
        self, warm: Connector, spec: ConnectorSpec, entity: str, people: People, simulator: Any
    ) -> None:
        """What has an id or a match is written again by the connector itself, and once."""
        needs(spec, "upsert")
        schema = warm.schema(entity)
        match = self.match_of(schema)
        if match is None:
            pytest.skip("no text field is unique: set `match`, or describe it in the schema")
        before, values = people.ids(), self.record(schema)
        record = Upsert(key="k", match=(match, str(values[match])), values=values)
        with self.troubled(simulator, "cut", on=self.writes):
            result = one(warm, entity, record)
        assert result.done in ("created", "updated", "unchanged"), result
        assert people.ids() - before == {result.remote_id}

    def test_a_cut_write_by_id_is_repeated(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """A record that has an id is written again by the connector itself, or told as lost."""
        (key,) = people.ids()
        text = self.text_of(warm.schema(entity))
        record = Upsert(key="k", remote_id=key, values={text: "Eva"})
        with self.troubled(simulator, "cut", on=self.writes):
            try:
                result = one(warm, entity, record)
            except WriteLost:
                result = None
        assert result is None or result.done in ("updated", "unchanged"), result
        assert people.ids() == {key}
        assert (people.look(key) or {}).get(text) == "Eva"

    @pytest.mark.parametrize("body", NONSENSE, ids=lambda body: repr(body[:9]))
    def test_an_answer_that_nobody_can_read(
        self, warm: Connector, entity: str, people: People, simulator: Any, body: bytes
    ) -> None:
        """HTML, half a JSON or none is no empty page and no success: a SyncError says so."""
        names, record = self.read(warm, entity), self.new(warm, entity)
        with self.saying(simulator, Answer(body)):
            with _only_sync_errors("reading", must=True):
                warm.changes(entity, None, fields=names)
            with _only_sync_errors("writing"):
                (result,) = warm.upsert(entity, [record])
                assert result.done is None, result
        assert len(people.ids()) == 1

    @pytest.mark.parametrize("status", STATUSES)
    def test_an_error_is_no_success(
        self, warm: Connector, entity: str, people: People, simulator: Any, status: int
    ) -> None:
        """A redirect or an error of HTTP is no empty page and no success."""
        names, record = self.read(warm, entity), self.new(warm, entity)
        headers = {"Location": "/elsewhere"} if status < 400 else {}
        with self.saying(simulator, Answer(b"<h1>Sorry</h1>", status, headers)):
            with _only_sync_errors("reading", must=True):
                warm.changes(entity, None, fields=names)
            with _only_sync_errors("writing"):
                results = warm.upsert(entity, [record])
                assert [r.done for r in results] == [None], results
                assert results[0].reason.strip()
        assert len(people.ids()) == 1

    def test_trouble_passes(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """After any trouble the connector works as before."""
        names, record = self.read(warm, entity), self.new(warm, entity)
        for answer in (Answer(b"<h1>Sorry</h1>", 500), Answer(b"{"), Answer(b"", 401)):
            with self.saying(simulator, answer), _only_sync_errors("reading"):
                warm.changes(entity, None, fields=names)
        assert one(warm, entity, record).done == "created"
        people.later()
        assert set(newest(drain(warm, entity, None, names)[0])) == people.ids()

    def test_a_remote_that_is_down(
        self, opened: Opened, settings: Mapping[str, Any], entity: str, simulator: Any
    ) -> None:
        """Where nobody listens, a SyncError says so."""
        url = getattr(simulator, "url", None)
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        away = {
            key: value.replace(url, f"http://127.0.0.1:{port}")
            for key, value in settings.items()
            if url and isinstance(value, str) and value.startswith(url)
        }
        if not away:
            pytest.skip("no setting holds the address of the simulator")
        with _only_sync_errors("reading", must=True):
            opened(**away).changes(entity, None, fields=[])

    def test_the_meter_is_asked(
        self, warm: Connector, entity: str, people: People, simulator: Any
    ) -> None:
        """Where the day's calls are spent, no call is made, and the engine hears so."""
        if not isinstance(simulator, Simulator):
            pytest.skip("the remote does not speak HTTP")
        names, record = self.read(warm, entity), self.new(warm, entity)
        warm.meter = Spent()
        before = people.ids()
        for act in (
            lambda: warm.changes(entity, None, fields=names),
            lambda: warm.upsert(entity, [record]),
        ):
            with pytest.raises(RetryLater) as raised:
                act()
            assert getattr(raised.value, "kind", None) == "daily"
        assert people.ids() == before

    def test_trouble_shows_no_secret(
        self,
        warm: Connector,
        spec: ConnectorSpec,
        settings: Mapping[str, Any],
        entity: str,
        simulator: Any,
    ) -> None:
        """What is raised, recorded and shown never holds what is secret."""
        hidden = secrets(spec.configure(settings))
        if not hidden:
            pytest.skip("the settings hold no secret")
        names, record = self.read(warm, entity), self.new(warm, entity)
        for status in (400, 401, 404, 500):
            with self.saying(simulator, Answer({"error": "no"}, status)):
                shown = _said(lambda: warm.changes(entity, None, fields=names))
                shown += _said(lambda: warm.upsert(entity, [record]))
            assert not [text for text in hidden if text in shown], "a secret is shown"


class Spent(Meter):
    """A meter on which nothing is left today."""

    def take(self, calls: int = 1) -> None:
        """Refuse them."""
        raise RetryLater(f"{calls} calls more than a day has", after=HOUR, kind="daily")


def _said(act: Any) -> str:
    try:
        return repr(act())
    except SyncError as error:
        return f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"


@contextmanager
def _only_sync_errors(what: str, *, must: bool = False) -> Iterator[None]:
    """Hold that nothing but a `SyncError` is raised; and one is, where it `must`."""
    try:
        yield
    except AssertionError:
        raise
    except SyncError as error:
        assert str(error).strip(), "the error says nothing"
        return
    except Exception as error:  # noqa: BLE001 - whatever it raises, it is the wrong one
        pytest.fail(f"{what} raised {type(error).__name__}, not a SyncError: {error}")
    if must:
        pytest.fail(f"{what} gave something where the remote said nothing of the kind")
