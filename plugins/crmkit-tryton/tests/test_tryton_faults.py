"""What goes wrong on the way: sessions that end, passwords, cut connections, other servers."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from conftest import Open, tryton_of
from crmkit_tryton import rpc
from tryton_proxy import Proxy
from tryton_server import DATABASE, PASSWORD, People, Server

from crmkit.contracts.connector import Cursor, SyncAborted, Token, Upsert, WriteLost
from crmkit.contracts.service import OwnTokens
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Answer, Call, Fault, Simulator, busy

PARTY = "party.party"
CREATE, WRITE = f"model.{PARTY}.create", f"model.{PARTY}.write"


class Garage(Simulator):
    """A server that is no Tryton."""

    said: Answer = Answer({"hello": "there"})

    def answer(self, call: Call) -> Answer:
        assert call.method == "POST"
        return self.said


def ended() -> OwnTokens:
    """Give the token of a session that ended."""
    tokens = OwnTokens()
    tokens.get(lambda: Token(value=Secret("YWRtaW46MTpnb25l"), facts={"user": "1"}))
    return tokens


def logins(proxy: Proxy) -> int:
    return sum(call.target == "common.db.login" for call in proxy.calls)


def test_an_ended_session_is_renewed(opened: Open, people: People, proxy: Proxy):
    """A session that ended costs one login, in a write as well, and the write is done once."""
    tryton = opened(base_url=proxy.url)
    tryton.schema(PARTY)
    tryton.tokens = ended()
    (made,) = tryton.upsert(PARTY, [Upsert(key="c1", values={"name": "Ada"})])
    assert made.done == "created"
    assert [row["name"] for row in people.parties("name")] == ["Ada"]
    assert logins(proxy) == 1


def test_one_login_for_many_threads(opened: Open, people: People, proxy: Proxy):
    """Threads that find the session ended at the same time log in once for all."""
    tryton = opened(base_url=proxy.url)
    tryton.schema(PARTY)
    tryton.tokens = ended()
    people.party("Ada")
    start, names = Barrier(4), []

    def read() -> None:
        start.wait()
        (record,) = tryton.changes(PARTY, None, fields=("name",)).records
        names.append(record.values["name"])
        tryton.close()

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["Ada"] * 4
    assert logins(proxy) == 1


def test_a_wrong_password_stops_the_run(server: Server):
    """It is asked once, named without being shown, and found by a check."""
    tryton = tryton_of(server, password="wrong-password-1")
    with pytest.raises(SyncAborted, match="password of 'admin'") as caught:
        tryton.schema(PARTY)
    assert "wrong-password" not in str(caught.value)
    (finding,) = tryton.check()
    assert finding.fatal
    tryton.close()


def test_a_lost_answer_makes_nobody_twice(opened: Open, people: People, proxy: Proxy):
    """A batch whose answer was cut off is written again by its matches: each party stands once."""
    tryton = opened(base_url=proxy.url)
    tryton.schema(PARTY)
    proxy.fail(Fault(cut=True, on=CREATE))
    batch = [
        Upsert(
            key=f"c{i}",
            match=("identifier", f"c{i}"),
            values={"name": f"n{i}", "email": f"n{i}@x.example", "identifier": f"c{i}"},
        )
        for i in range(3)
    ]
    results = tryton.upsert(PARTY, batch)
    rows = people.parties("name")
    assert [row["name"] for row in rows] == ["n0", "n1", "n2"]
    assert [one.remote_id for one in results] == [str(row["id"]) for row in rows]
    assert all(one.done is not None for one in results)


def test_a_lost_answer_without_a_match_is_told(opened: Open, people: People, proxy: Proxy):
    """What nothing finds again is not made again: the engine looks first."""
    tryton = opened(base_url=proxy.url)
    tryton.schema(PARTY)
    proxy.fail(Fault(cut=True, on=CREATE))
    with pytest.raises(WriteLost):
        tryton.upsert(PARTY, [Upsert(key="c1", values={"name": "Ada"})])
    assert [row["name"] for row in people.parties("name")] == ["Ada"]


@pytest.mark.parametrize("fault", [Fault(cut=True, on=WRITE), Fault(refuse=True, on=WRITE)])
def test_a_lost_change_is_written_once(opened: Open, people: People, proxy: Proxy, fault: Fault):
    """Whether it was carried out or not: one e-mail stands, and nobody sees a conflict."""
    ada = people.party("Ada")
    tryton = opened(base_url=proxy.url)
    (seen,) = tryton.fetch(PARTY, [str(ada)], fields=("name",))
    proxy.fail(fault)
    record = Upsert(
        key="c1",
        remote_id=str(ada),
        values={"name": "Ada 2", "email": "a@x.example"},
        unchanged_since=seen.changed_at,
    )
    (result,) = tryton.upsert(PARTY, [record])
    assert result.done in {"updated", "unchanged"}
    (row,) = people.parties("name", "contact_mechanisms.value")
    assert (row["name"], [one["value"] for one in row["contact_mechanisms."]]) == (
        "Ada 2",
        ["a@x.example"],
    )


def test_somebody_writes_between_reading_and_writing(
    opened: Open, people: People, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
):
    """Tryton itself looks whether the record is still what was read."""
    ada = people.party("Ada")
    tryton = opened(base_url=proxy.url)
    (seen,) = tryton.fetch(PARTY, [str(ada)], fields=("name",))
    answer, faster = proxy.answer, [lambda: people.write(ada, name="Theirs")]

    def late(call: Call) -> Answer:
        if call.target == WRITE and faster:
            faster.pop()()
        return answer(call)

    monkeypatch.setattr(proxy, "answer", late)
    since = seen.changed_at
    record = Upsert(key="c", remote_id=str(ada), values={"name": "Ours"}, unchanged_since=since)
    (result,) = tryton.upsert(PARTY, [record])
    assert result.conflict
    assert people.read(ada, "name")["name"] == "Theirs"


def test_a_cut_reading_is_read_again(opened: Open, people: People, proxy: Proxy):
    """Reading and deleting do no harm twice, and are repeated; so is what was throttled."""
    ada = people.party("Ada")
    tryton = opened(base_url=proxy.url)
    tryton.schema(PARTY)
    proxy.fail(Fault(cut=True, on="search_read"), busy(after=0.01))
    (record,) = tryton.changes(PARTY, Cursor(), fields=("name",)).records
    proxy.fail(Fault(cut=True, on="party.delete"))
    (result,) = tryton.delete(PARTY, [record.id])
    assert (record.id, result.done) == (str(ada), "deleted")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Answer({"hello": "there"}), "no Tryton"),
        (Answer(b"<title>404</title>", 404), "no such database"),
        (Answer({"id": 1, "error": ["LoginException", ["code", "Code:", "char"]]}), "let 'admin'"),
    ],
)
def test_another_server_is_named(said: Answer, why: str):
    """What answers without being Tryton, or wants more than a password, stops the run."""
    with Garage() as garage:
        garage.said = said
        tryton = tryton_of(garage)
        with pytest.raises(SyncAborted, match=why):
            tryton.changes(PARTY, None, fields=("name",))
        tryton.close()


@pytest.mark.parametrize(
    ("error", "code", "reason", "warning"),
    [
        (["UserError", ["It is bad.", "Mend it.", None]], "UserError", "It is bad. Mend it.", ""),
        (["UserWarning", ["key 1", "Sure?", ""]], "UserWarning", "Sure?", "key 1"),
        (["ConcurrencyException", "meanwhile"], "ConcurrencyException", "meanwhile", ""),
        (["'nope'", ""], "error", "'nope'", ""),
        ("odd", "error", "odd", ""),
        ([], "error", "[]", ""),
    ],
)
def test_errors_are_read_in_every_shape(error: object, code: str, reason: str, warning: str):
    """The server's words are kept, whatever they are wrapped in."""
    found = rpc._refusal(error)
    assert (found.code, found.reason, found.warning) == (code, reason, warning)


def test_secrets_do_not_show(server: Server):
    """Neither the password nor the session is in what a connector shows of itself."""
    tryton = tryton_of(server)
    tryton.schema(PARTY)
    shown = repr(vars(tryton)) + repr(tryton._config)
    assert PASSWORD not in shown
    assert DATABASE in shown
    tryton.close()
