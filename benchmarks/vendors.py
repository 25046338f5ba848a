"""Simulated CRMs, each in a process of its own, and a workspace that is kept in step with one."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

import crmkit
from crmkit import CRM
from crmkit.plugins import PluginManager

FXIAOKE, HUBSPOT, SALESFORCE, ZOHO = ("fxiaoke", "hubspot", "salesforce", "zoho")
NAME = "crm"
"""What the connector's section is called."""
DAY = timedelta(days=1)
_CLASSES = {FXIAOKE: "Fxiaoke", HUBSPOT: "HubSpot", SALESFORCE: "Salesforce", ZOHO: "Zoho"}
_FACTS = ("url", "pat", "session_id", "client_id", "client_secret", "refresh_token")
_WAIT = 60.0
_MAPPINGS = {
    FXIAOKE: ("AccountObj", "email", {"name": "name", "email": "email"}),
    HUBSPOT: ("contacts", "email", {"name": "lastname", "email": "email"}),
    SALESFORCE: ("Contact", "number", {"name": "LastName", "number": "Ext__c"}),
    ZOHO: ("Contacts", "email", {"name": "Last_Name", "email": "Email"}),
}
_CREDENTIALS = {
    FXIAOKE: {
        "app_id": "FSAID_1",
        "app_secret": "app-secret",
        "permanent_code": "permanent-code",
        "mobile": "13800138000",
    },
    ZOHO: {
        "client_id": "1000.CLIENT",
        "client_secret": "client-secret",
        "refresh_token": "1000.refresh",
    },
}
"""Those that the simulators take."""


@attrs.frozen
class Told:
    """What a simulated CRM was asked since it was asked this last.

    Attributes:
        paths: Of its calls.
        bodies: Theirs.
        processor: Seconds of processor that it took.
    """

    paths: Sequence[str]
    bodies: Sequence[bytes]
    processor: float

    def calls(self, *words: str) -> int:
        """Count the calls whose path has one of these words in it."""
        return sum(any(word in path for word in words) for path in self.paths)


@attrs.frozen
class Vendor:
    """A simulated CRM, as whoever measures sees it.

    Attributes:
        kind: Which.
        facts: Its ``url``, and the secrets that it takes.
    """

    kind: str
    facts: Mapping[str, str]
    _pipe: Connection

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.facts["url"]

    def told(self) -> Told:
        """Give what it was asked since it was asked this last."""
        self._pipe.send(timedelta())
        return self._answer()

    def later(self, by: timedelta) -> None:
        """Let time pass there."""
        self._pipe.send(by)
        self._answer()

    def _answer(self) -> Told:
        if not self._pipe.poll(_WAIT):
            message = "the simulated CRM does not answer"
            raise RuntimeError(message)
        found: Told = self._pipe.recv()
        return found


@contextmanager
def vendor(kind: str) -> Iterator[Vendor]:
    """Run a CRM."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, kind), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Vendor(kind, ours.recv(), ours)
    finally:
        ours.close()
        process.join(_WAIT)


def _serve(pipe: Connection, kind: str) -> None:
    module = import_module(f"crmkit.testing.simulators.{kind}")
    with getattr(module, _CLASSES[kind])() as simulator:
        pipe.send({name: getattr(simulator, name) for name in _FACTS if hasattr(simulator, name)})
        before = time.process_time()
        while True:
            try:
                simulator.book.advance(pipe.recv())
            except (EOFError, OSError):
                return
            now = time.process_time()
            calls, simulator.calls = simulator.calls, []
            pipe.send(Told([one.path for one in calls], [one.body for one in calls], now - before))
            before = time.process_time()


def connector(kind: str) -> ModuleType:
    """Give the plugin that connects to a CRM.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    return import_module(f"crmkit_{kind}.hooks")


class Clock:
    """Our own clock, which can be moved on."""

    def __init__(self) -> None:
        """Stand at the present."""
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Give the instant."""
        return datetime.now(UTC) + self.ahead


@contextmanager
def in_step(
    vendor: Vendor, database: Path, clock: Clock | None = None, **settings: Any
) -> Iterator[CRM]:
    """Open a workspace with one connector, which leads to the CRM.

    Args:
        vendor: The CRM.
        database: The workspace's file; a new one where it is missing.
        clock: Its clock; None: the machine's.
        settings: Further ones of the connector.

    Raises:
        ModuleNotFoundError: the connector is not installed.
    """
    plugins = PluginManager(discover=False, strict=True)
    plugins.register(connector(vendor.kind))
    object_, match, fields = _MAPPINGS[vendor.kind]
    mapping = {
        "concept": "customers",
        "object": object_,
        "match": match,
        "direction": "both",
        "fields": {ours: {"field": theirs, "owner": "newest"} for ours, theirs in fields.items()},
    }
    section = {"type": vendor.kind, "base_url": vendor.url, "mapping": [mapping], **settings}
    section |= _CREDENTIALS.get(vendor.kind, {})
    if vendor.kind == ZOHO:
        section["accounts_url"] = vendor.url
    elif vendor.kind == HUBSPOT:
        section["access_token"] = vendor.facts["pat"]
    elif vendor.kind == SALESFORCE:
        section |= {name: vendor.facts[name] for name in _FACTS[3:]}
    with crmkit.connect(
        f"sqlite:///{database}",
        plugins=plugins,
        clock=clock or Clock(),
        config={"connectors": {NAME: section}},
    ) as crm:
        yield crm
