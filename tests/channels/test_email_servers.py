"""Sending through aiosmtpd, a mail server others wrote: in the clear, by STARTTLS, logged in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.handlers import Message as Keeping
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.channels.email_certificate import certificate
from tests.channels.email_kit import close_all, message, opened
from tests.channels.email_server import Talk, serving


@pytest.fixture(autouse=True)
def closing():
    yield
    close_all()


class Sink(Keeping):
    """Keeps what it gets, and refuses one recipient."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 ok"


def knows_lin(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any):
    """Let in who knows the password."""
    good = LoginPassword(b"lin", b"p@ss:w/rd")
    return AuthResult(success=isinstance(data, LoginPassword) and data == good, handled=False)


@contextmanager
def sink(**settings: Any) -> Iterator[tuple[Sink, int]]:
    handler = Sink()
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(handler, **settings), "127.0.0.1", 0)

    async def stop(server: Any) -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield handler, server.sockets[0].getsockname()[1]
    finally:
        close_all()
        asyncio.run_coroutine_threadsafe(stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def locked(tmp_path: Path) -> tuple[dict[str, Any], str]:
    context, trusted = certificate(tmp_path)
    settings = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": knows_lin,
        "auth_required": True,
    }
    return settings, trusted


@pytest.mark.row("R29", "R30", "R31")
def test_a_batch_goes_through_a_server_others_wrote():
    """Everybody gets his own mail, and a refused recipient costs nobody else his."""
    with sink() as (handler, port):
        messages = [message(n, subject=f"新茶 {n}", html=f"<p>{n}</p>") for n in range(20)]
        messages[5] = message(5, to="nobody@example.com")
        receipts = opened(port=port, connections=3).send(messages)
    assert [one.outcome for one in receipts if one.message_id != "5"] == ["accepted"] * 19
    assert (receipts[5].outcome, receipts[5].code) == ("refused", "550 5.1.1")
    assert receipts[5].permanent
    found = {mail["X-RcptTo"]: mail for mail in handler.mails}
    assert len(found) == len(handler.mails) == 19
    for address, mail in found.items():
        number = address.removeprefix("li").partition("@")[0]
        assert mail["To"] == address
        assert mail["Message-ID"] == f"<crmkit.{number}@shop.example>"


def test_starttls_and_a_login(tmp_path: Path):
    """With the server's certificate trusted and the right password, mail goes."""
    settings, trusted = locked(tmp_path)
    with sink(**settings) as (handler, port):
        login = {"user": "lin", "password": "p@ss:w/rd", "ca_file": trusted}
        for tls in ("starttls", True):
            receipts = opened(port=port, tls=tls, **login).send([message(1)])
            assert receipts[0].outcome == "accepted", receipts
    assert len(handler.mails) == 2


def test_tls_from_the_first_byte(tmp_path: Path):
    """As on port 465."""
    context, trusted = certificate(tmp_path)
    with serving(context=context) as server:
        channel = opened(port=server.port, tls="tls", ca_file=trusted, connections=2)
        receipts = channel.send([message(n, text="新茶\n" * 9000) for n in range(20)])
    assert {one.outcome for one in receipts} == {"accepted"}
    assert len(server.taken) == 20


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"password": "wrong"}, "535"),
        ({"ca_file": None}, "certificate"),
        ({"ca_file": "/no/such/file.pem"}, "ca_file"),
        ({"user": None, "password": None}, "530"),
        ({"tls": "none"}, "AUTH"),
    ],
)
def test_what_somebody_must_mend_is_nobodys_fault(
    tmp_path: Path, changes: dict[str, Any], why: str
):
    """A wrong password or an untrusted certificate refuses no customer, and shows no secret."""
    settings, trusted = locked(tmp_path)
    with sink(**settings) as (handler, port):
        given = {"user": "lin", "password": "p@ss:w/rd", "ca_file": trusted, "tls": "starttls"}
        given = {name: value for name, value in (given | changes).items() if value is not None}
        receipts = opened(port=port, connections=2, **given).send([message(n) for n in range(20)])
    assert {one.outcome for one in receipts} == {"misconfigured"}
    assert why in f"{receipts[0].code} {receipts[0].reason}"
    assert "p@ss" not in str(receipts)
    assert handler.mails == []


def test_a_server_without_starttls_gets_no_mail_where_it_is_wanted():
    """Nothing goes over an open line that was to be secured."""
    with serving() as server:
        receipts = opened(port=server.port, tls="starttls").send([message(1)])
    assert receipts[0].outcome == "misconfigured"
    assert "STARTTLS" in receipts[0].reason
    assert server.taken == []


@pytest.mark.parametrize(
    ("offer", "password"), [("AUTH PLAIN", "pässword"), ("AUTH KERBEROS_V4", "x")]
)
def test_a_login_that_cannot_be_said_is_a_matter_of_settings(offer: str, password: str):
    """A password beyond ASCII, or a server that only knows other ways to log in."""
    with serving(offers=(offer,)) as server:
        channel = opened(port=server.port, tls="none", user="lin", password=password)
        receipts = channel.send([message(1)])
    assert receipts[0].outcome == "misconfigured"
    assert password not in receipts[0].reason.split()


def test_a_login_that_may_work_later_is_retried():
    """454 is a fault of the server's for the moment."""

    def busy(_talk: Talk, said: str) -> bytes | None:
        return b"454 4.7.0 later\r\n" if said.startswith("AUTH") else None

    with serving(busy, offers=("AUTH PLAIN", "PIPELINING")) as server:
        channel = opened(port=server.port, tls="none", user="lin", password="x")
        receipts = channel.send([message(1)])
    assert receipts[0].outcome == "retry"
