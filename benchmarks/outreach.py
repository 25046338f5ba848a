"""One-to-one e-mails, rendered, gated and entered in the ledger, beside what only sends.

Customers have an address, a zone and a recorded consent; quiet hours and a cap are configured, so
that nothing of the gate is idle. Every mailing is for an occasion of its own. Each measurement is
the quickest of some, taken in turns with what it is compared to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import copyfile
from time import process_time
from typing import Any

import attrs

import crmkit
from benchmarks.mailers import bare_loop, by_apprise
from benchmarks.measuring import Result, Setting, timed
from benchmarks.sink import PLAIN, SERVERS, Letter, Sink, sink
from crmkit import CRM, Customer, Identity, hookimpl
from crmkit.contracts.channel import Channel, Message, Receipt
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit.plugins import PluginManager

_MOST = 20_000
_TURNS = 3
_CONNECTIONS = 4
_SHARE = 20
"""Apprise sends to one customer in so many, since it takes so long."""
_PROMISED = 300e-6  # seconds a message
_VARIABLES = {"year": "2027", "until": "Friday", "shop": "The Tea Shop"}
_TEMPLATE = {
    "subject": "{{ salutation }}, the tea of {{ year }} is here",
    "text": "{{ salutation }},\n\nthe first flush of {{ year }} has come in, and we have put "
    "100 g of it aside for you until {{ until }}.\n\nYours, {{ shop }}\n",
    "html": "<p>{{ salutation }},</p>\n<p>the first flush of {{ year }} has come in, and we have "
    "put 100 g of it aside for you until <b>{{ until }}</b>.</p>\n<p>Yours, {{ shop }}</p>\n",
}
_RULES = {
    "caps": {"all": {"max": 20, "per": "day"}},
    "quiet_hours": {"start": "03:00", "end": "03:01", "candidate_zones": ["UTC"]},
}


class Free(Channel):
    """A channel that takes everything and costs nothing."""

    def __init__(self, settings: object) -> None:
        """Need nothing."""

    def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Take everything."""
        return [Receipt.accepted(one) for one in messages]


class _Offering:
    """Offers the free channel as a plugin does."""

    @hookimpl
    def crmkit_channels(self) -> list[ChannelSpec]:
        """Offer it."""
        return [
            ChannelSpec(
                name="free",
                identity="email",
                open=Free,
                capabilities={"subject", "html"},
                limits=Limits(batch=500),
            )
        ]


@attrs.frozen
class Spent:
    """What something took.

    Attributes:
        wall: Seconds on the wall.
        processor: Seconds of processor in this process, all threads.
    """

    wall: float
    processor: float


def run(setting: Setting) -> list[Result]:
    """Send by a channel that costs nothing, then to three mail servers, then beside Apprise."""
    size = min(setting.customers, _MOST)
    return [
        *_free(setting.folder, size),
        *(line for kind in SERVERS for line in _beside_a_loop(setting.folder, size, kind)),
        *_beside_apprise(setting.folder, size),
    ]


def _free(folder: Path, size: int) -> list[Result]:
    """Measure what crmkit itself costs a message."""
    with _shop(folder, size) as crm:
        spent = [_spent(partial(_mail, crm, size, "free", turn)) for turn in range(_TURNS)]
    what = "a message entered, judged, rendered, settled"
    return _results(what, spent, size, "the promise", [Spent(_PROMISED, _PROMISED)], 1)


def _beside_a_loop(folder: Path, size: int, kind: str) -> list[Result]:
    """Measure e-mails beside a loop that sends the same bytes."""
    ours, theirs = [], []
    with sink(kind) as server, _shop(folder, size, server.port) as crm:
        for turn in range(_TURNS):
            ours.append(_spent(partial(_mail, crm, size, "email", turn)))
            letters = _taken(server, size)
            theirs.append(_spent(partial(bare_loop, server.port, letters, _CONNECTIONS)))
            if sorted(_taken(server, size)) != sorted(letters):
                message = "the bare loop sent other bytes"
                raise RuntimeError(message)
    return _results(f"an e-mail to {kind}", ours, size, "smtplib alone", theirs, size)


def _beside_apprise(folder: Path, size: int) -> list[Result]:
    """Measure e-mails beside Apprise, which keeps no connection, no ledger and no consents."""
    ours, theirs = [], []
    people = [(one.name, one.identities[0].value) for one in _customers(size)[::_SHARE]]
    with sink(PLAIN) as server, _shop(folder, size, server.port) as crm:
        work = partial(by_apprise, server.port, people, _TEMPLATE, _VARIABLES, _CONNECTIONS)
        for turn in range(_TURNS):
            ours.append(_spent(partial(_mail, crm, size, "email", turn)))
            _taken(server, size)
            theirs.append(_spent(work))
            _taken(server, len(people))
    return _results("an e-mail to a plain sink", ours, size, "Apprise", theirs, len(people))


def _mail(crm: CRM, size: int, channel: str, number: int) -> None:
    """Enter and send one mailing."""
    crm.outreach.enqueue(
        [f"c{number}" for number in range(size)],
        purpose="care",
        occasion=f"tea-{number}",
        channel=channel,
        template=_TEMPLATE,
        variables=_VARIABLES,
    )
    counts = crm.outreach.dispatch()
    if counts.to_dict() != {"accepted": size}:
        message = f"not everything went: {counts.to_dict()}"
        raise RuntimeError(message)


@contextmanager
def _shop(folder: Path, size: int, port: int | None = None) -> Iterator[CRM]:
    """Open a copy of the workspace in which everybody agreed, and nothing was sent yet."""
    file = folder / "outreach.db"
    for old in folder.glob(f"{file.name}*"):
        old.unlink()
    copyfile(_agreed(folder, size), file)
    plugins = PluginManager(discover=False, strict=True)
    plugins.register(_Offering())
    config: dict[str, Any] = {"outreach": _RULES}
    if port is not None:
        config["channels"] = {
            "email": {
                "type": "email",
                "host": "127.0.0.1",
                "port": port,
                "sender": "The Tea Shop <shop@shop.example>",
                "connections": _CONNECTIONS,
            }
        }
    with crmkit.connect(f"sqlite:///{file}", plugins=plugins, config=config) as crm:
        yield crm


def _agreed(folder: Path, size: int) -> Path:
    """Give a workspace whose customers agreed to what they get; made where it is not there yet."""
    file = folder / f"agreed-{size}.db"
    if not file.exists():
        part = file.with_suffix(".part")
        for old in folder.glob(f"{part.name}*"):
            old.unlink()
        with crmkit.connect(f"sqlite:///{part}", plugins=[]) as crm:
            everybody = _customers(size)
            crm.customers.save_all(everybody)
            for one in everybody:
                crm.consents.grant(one.id, "care", source="shop", wording="v1")
        part.rename(file)  # closed: all of it is in this one file
    return file


def _customers(size: int) -> list[Customer]:
    return [
        Customer(
            id=f"c{number}",
            name=f"Customer {number}",
            identities=(Identity("email", f"c{number}@shop.example"),),
            language="en",
            time_zone="Asia/Shanghai",
        )
        for number in range(size)
    ]


def _taken(server: Sink, size: int) -> list[Letter]:
    """Give the letters of one measurement, which must be all."""
    letters = server.taken()
    if len(letters) != size:
        message = f"the server took {len(letters)} letters of {size}"
        raise RuntimeError(message)
    return letters


def _spent(work: Callable[[], None]) -> Spent:
    before = process_time()
    wall, _ = timed(work)
    return Spent(wall, process_time() - before)


def _results(  # noqa: PLR0913 - two measurements and their names
    what: str, ours: list[Spent], size: int, against: str, theirs: list[Spent], others: int
) -> list[Result]:
    """Give two lines a comparison: on the wall, and of the processor; the best turn of each."""
    return [
        Result(
            what=what + name,
            took=min(getattr(one, field) for one in ours) / size,
            against=against,
            base=min(getattr(one, field) for one in theirs) / others,
        )
        for field, name in (("wall", ""), ("processor", ", processor alone"))
    ]
