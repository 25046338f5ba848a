"""What every simulated provider has in common: a server, what it was asked, and its faults."""

from __future__ import annotations

import json
import socket
import struct
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import attrs


@attrs.frozen
class Call:
    """One request that came in.

    Attributes:
        method: ``GET``, ``POST``...
        path: Without the query.
        query: The query, decoded once.
        headers: With names in small letters.
        body: As it came.
        target: Path and query as they stood on the wire, for signatures.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str

    def json(self) -> Any:
        """Give the body as JSON."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """Give the body as the fields of a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@attrs.frozen
class Answer:
    """What a provider says to a call; `body` may be anything JSON.

    A ``Date`` among the headers goes before the machine's own clock.
    """

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Fault:
    """What goes wrong with one call.

    Attributes:
        answer: Said instead of the provider's own; the call is not carried out.
        wait: Seconds before anything is done.
        cut: The call is carried out, and the connection then cut without an answer.
        refuse: The connection is cut before anything was carried out.
        on: Only a call whose path and query contain this goes wrong; others pass it by.
    """

    answer: Answer | None = None
    wait: float = 0.0
    cut: bool = False
    refuse: bool = False
    on: str = ""


def busy(after: float | None = None, status: int = 429) -> Fault:
    """Make the fault of a provider who has too much to do."""
    headers = {} if after is None else {"Retry-After": f"{after:g}"}
    return Fault(answer=Answer({"error": "too many requests"}, status, headers))


class Simulator(ABC):
    """A provider's server; a context manager that starts and stops it."""

    def __init__(self) -> None:
        """Listen on a free port of 127.0.0.1; nothing is answered before it is entered."""
        self.calls: list[Call] = []
        self._faults: deque[Fault] = deque()
        self.lock = RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._serve, daemon=True)
        self._ended = False

    @property
    def url(self) -> str:
        """Where it listens, to be given as ``endpoint``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail(self, *faults: Fault) -> None:
        """Make the next calls go wrong, one fault a call, in the order given."""
        with self.lock:
            self._faults.extend(faults)

    def mend(self) -> None:
        """Take back the faults that no call has met yet."""
        with self.lock:
            self._faults.clear()

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """Carry a call out; called by one thread at a time."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended = True
        with suppress(OSError):  # one call more, so that whoever waits for one wakes up
            socket.create_connection(("127.0.0.1", self._server.server_port), timeout=1).close()
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        while not self._ended:
            self._server.handle_request()

    def take(self, call: Call) -> tuple[Fault, Answer | None]:
        """Note a call, and give its fault and its answer; None: none is given."""
        with self.lock:
            self.calls.append(call)
            fault = next((one for one in self._faults if one.on in call.target), Fault())
            if fault in self._faults:
                self._faults.remove(fault)
        time.sleep(fault.wait)
        if fault.refuse or fault.answer is not None:
            return fault, fault.answer
        with self.lock:
            answer = self.answer(call)
        return fault, None if fault.cut else answer


def _handler(simulator: Simulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):  # the caller went away: that may be the test
                super().handle_one_request()

        def serve(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length") or 0))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            call = Call(self.command, parts.path, query, headers, body, self.path)
            _, answer = simulator.take(call)
            if answer is None:
                self.cut()
                return
            content = answer.body
            if not isinstance(content, bytes):
                content = json.dumps(content, ensure_ascii=False).encode()
            self.send_response_only(answer.status)
            told = {"Date": self.date_time_string(), **answer.headers}
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = serve  # noqa: N815 - http.server's names

        def cut(self) -> None:
            """Break the connection off, so that the caller sees a reset."""
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            pass

    return Handler
