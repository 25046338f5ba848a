"""A stand between a connector and the real server: counts calls and cuts connections."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

import attrs
from tryton_server import Server

from crmkit.testing.simulators.base import Answer, Call, Fault, Simulator

_HOP = frozenset({"connection", "content-length", "date", "host", "server", "transfer-encoding"})


class Proxy(Simulator):
    """Hands every call on; a `Fault.on` names the method: ``party.party.create``."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._upstream = urlsplit(server.url)

    def take(self, call: Call) -> tuple[Fault, Answer | None]:
        return super().take(attrs.evolve(call, target=method(call)))

    def answer(self, call: Call) -> Answer:
        port = self._upstream.port
        connection = http.client.HTTPConnection(str(self._upstream.hostname), port, timeout=60)
        headers = {name: text for name, text in call.headers.items() if name not in _HOP}
        connection.request(call.method, call.path, call.body, headers)
        said = connection.getresponse()
        body = said.read()
        kept = {name: text for name, text in said.getheaders() if name.lower() not in _HOP}
        connection.close()
        return Answer(body, said.status, kept)

    def methods(self) -> Sequence[str]:
        """Give the methods that were called, without logging in."""
        named = [call.target for call in self.calls]
        kept = ("model.party.", "wizard.")
        return [one for one in named if one.startswith(kept)]


def method(call: Call) -> str:
    return str(json.loads(call.body).get("method", ""))
