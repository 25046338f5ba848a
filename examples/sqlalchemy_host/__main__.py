"""Try the shop: `python examples/sqlalchemy_host`, or `... serve` to open it on port 8000."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.simple_server import make_server
from wsgiref.util import setup_testing_defaults

from shop import engine
from web import app

ANN = "ann@example.com"
SOON = datetime.now(UTC).date() + timedelta(days=3)
VISIT = (
    ("POST", "/orders", {"email": ANN, "item": "tea"}),
    ("POST", "/orders", {"email": ANN, "item": "cup"}),
    ("POST", "/orders", {"email": ANN, "item": "a cow"}),
    ("POST", "/orders", {"email": "nobody", "item": "tea"}),
    ("POST", "/words", {"email": ANN, "text": "the cup came broken"}),
    ("GET", f"/agenda?day={SOON}", {}),
    ("GET", f"/score?email={ANN}", {}),
)


def request(method: str, url: str, body: dict[str, str]) -> tuple[str, Any]:
    """Do what a WSGI server does with a request, without one."""
    path, _, query = url.partition("?")
    text = json.dumps(body).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(text)),
        "wsgi.input": io.BytesIO(text),
    }
    setup_testing_defaults(environ)
    told: list[str] = []
    parts = app(environ, lambda status, _: told.append(status))
    return told[0], json.loads(b"".join(parts))


if sys.argv[1:] == ["serve"]:
    with make_server("127.0.0.1", 8000, app) as server:
        server.serve_forever()

for method, url, body in VISIT:
    status, answer = request(method, url, body)
    print(f"{method} {url} -> {status}")
    print(json.dumps(answer, ensure_ascii=False)[:200])
engine.dispose()
