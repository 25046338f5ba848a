"""One HTTP call: what surely was not sent, and what nobody knows."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from crmkit.contracts.http import Http, NotSent, Unclear
from crmkit.contracts.signatures import header
from crmkit.testing.simulators.base import Answer, Call, Simulator
from tests.channels.email_certificate import certificate


class Echo(Simulator):
    """Answers every call with the number of those before it."""

    def answer(self, call: Call) -> Answer:
        return Answer({"before": len(self.calls) - 1, "method": call.method})


class Baker(Simulator):
    """Gives a cookie to whoever calls."""

    def answer(self, call: Call) -> Answer:
        return Answer({"method": call.method}, headers={"Set-Cookie": "seen=1"})


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Give the address of a server that hears a request and garbles TLS, and what it heard."""
    context, _ = certificate(tmp_path)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    taken, _ = server.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(taken, server_side=True) as speaking:
                        heard.append(speaking.recv(65_536))
                        os.write(speaking.fileno(), b"no TLS at all" * 10)  # past it
                        speaking.shutdown(socket.SHUT_RDWR)
                except OSError:
                    taken.close()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_certificate_that_nobody_trusts_is_told_before_anything_is_sent(
    secured: tuple[str, list[bytes]],
):
    """No request went out, and the reason is named."""
    url, heard = secured
    with pytest.raises(NotSent, match="SSLCertVerificationError"):
        Http(allow_private=True).call("POST", url, body=b"secret")
    assert heard == []


def test_a_secure_connection_that_breaks_after_the_request_is_unclear(
    secured: tuple[str, list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """An error of TLS after the request had left says nothing of what became of it."""
    url, heard = secured
    trusted = str(tmp_path / "trusted.pem")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", trusted)
    with pytest.raises(Unclear):
        Http(allow_private=True).call("POST", url, body=b"secret")
    assert b"POST / " in heard[0]


def test_another_language_than_tls_is_not_sent():
    """A server without TLS where TLS was due got no request."""
    with Echo() as plain, pytest.raises(NotSent, match="SSLError"):
        Http(allow_private=True).call("POST", plain.url.replace("http:", "https:"), body=b"x")
    assert plain.calls == []


def test_a_fork_opens_connections_of_its_own():
    """Parent and child never speak on one connection, where each might read the other's answer."""
    with Echo() as echo:
        http = Http(allow_private=True)
        http.call("GET", echo.url)
        mine = http._session()
        assert in_a_child(lambda: http._session() is not mine and http.call("GET", echo.url))
        assert http._session() is mine
        assert http.call("GET", echo.url).json()["before"] == 2


def in_a_child(work: Callable[[], object]) -> bool:
    """Run something in a fork; tell whether it gave something true."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_call_bears_what_every_call_of_the_session_does():
    """Its own headers go before the usual ones, in either spelling; cookies are given back."""
    with Baker() as baker:
        http = Http(allow_private=True)
        http.call("get", baker.url, params={"a b": "c&d"}, headers={"accept": "text/plain"})
        http.call("POST", baker.url, body="王")
    first, second = baker.calls
    assert (first.method, first.query) == ("GET", {"a b": "c&d"})
    assert header(first.headers, "Accept") == "text/plain"
    assert "gzip" in header(second.headers, "Accept-Encoding")
    assert header(second.headers, "Accept") == "*/*"
    assert header(second.headers, "Cookie") == "seen=1"
    assert second.body == "王".encode()
