"""Customers pushed into a CRM and kept in step, beside bare posts and the vendors' own clients.

The CRMs are simulators in processes of their own. crmkit reads each customer, compares, converts,
sends, matches the results and writes down what both sides have in common; the others only send.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks import clients
from benchmarks.measuring import Result, Setting, peak, timed
from benchmarks.vendors import (
    DAY,
    FXIAOKE,
    HUBSPOT,
    NAME,
    SALESFORCE,
    ZOHO,
    Clock,
    Vendor,
    connector,
    in_step,
    vendor,
)
from crmkit import CRM, Customer, Identity

_BATCH = 100  # records that Zoho takes in one call
_FEW = 100
_SINGLY = 2_000
"""Customers changed where a call writes one alone."""
_SHARE = 2_000
"""Customers pushed beside the vendors' own clients."""
_AT_ONCE = {"per_second": 100_000, "burst": 100_000}
_UPSERT = "/crm/v8/Contacts/upsert"
_RECORDS = "/crm/v8/Contacts"
_CLIENTS = {
    ZOHO: ("zohocrmsdk8-0", clients.by_zoho),
    HUBSPOT: ("hubspot-api-client", clients.by_hubspot),
    SALESFORCE: ("simple-salesforce", clients.by_salesforce),
}


def run(setting: Setting) -> list[Result]:
    """Push to Zoho in a process of its own, then to 纷享销客, then beside the vendors' clients."""
    works = [partial(_zoho, setting), partial(_singly, setting)]
    works += [partial(_beside, setting, kind) for kind in _CLIENTS]
    results: list[Result] = []
    for work in works:
        try:
            results += work()
        except ModuleNotFoundError as error:
            print(f"sync: left out, since there is no {error.name}: see benchmarks/README.md")
    return results


def _zoho(setting: Setting) -> list[Result]:
    """Measure everybody pushed, and the runs that follow."""
    size = setting.customers
    connector(ZOHO)
    command = [sys.executable, "-m", "benchmarks.sync", str(setting.folder), str(size)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    what, bare = f"push {size:,} customers to Zoho", "requests posting the same batches"
    fewest = -(-size // _BATCH)
    return [
        Result(what=what, took=told["wall"], against=bare, base=told["bare wall"]),
        Result(
            what=f"{what}, processor alone",
            took=told["processor"],
            against=bare,
            base=told["bare processor"],
        ),
        Result(
            what=f"{what}, processor alone",
            took=told["processor"],
            against="the simulator's own",
            base=told["simulator"],
        ),
        _calls(what, told["calls"], "full batches", fewest),
        Result(
            what=f"peak memory: {what}",
            took=told["peak"],
            against="before the first record",
            base=told["before"],
            unit="B",
        ),
        Result(what=f"absorb the echoes of {size:,} customers", took=told["echoes"]),
        _calls("a day later, nothing changed", told["quiet"], "promised at most", 2),
        _calls(f"{_FEW} changed of {size:,}", told["few"], "promised at most", 5),
    ]


def child(folder: Path, size: int) -> dict[str, float]:
    """Push everybody; then again what came back, nothing, and a few."""
    clock, database = Clock(), _fresh(folder / "zoho.db")
    with vendor(ZOHO) as zoho, in_step(zoho, database, clock) as crm:
        crm.customers.save_all(_people(size))
        crm.sync.doctor(NAME)  # imports and opens what a run needs
        zoho.told()
        before, processor = peak(), process_time()
        wall, _ = timed(partial(_run, crm, size))
        processor, most = process_time() - processor, peak()
        pushed = zoho.told()
        zoho.later(DAY)
        clock.ahead += DAY
        echoes, _ = timed(partial(_run, crm, 0))
        most = max(most, peak())
        quiet = _later(crm, zoho, clock, 0)
        crm.customers.save_all(_people(_FEW, "renamed"))
        few = _later(crm, zoho, clock, _FEW)
    posted = zip(pushed.paths, pushed.bodies, strict=True)
    bodies = [body for path, body in posted if path == _UPSERT]
    with vendor(ZOHO) as zoho:
        start = process_time()
        bare_wall, _ = timed(partial(clients.bare_posts, zoho, _UPSERT, bodies))
        bare_processor = process_time() - start
    return {
        "wall": wall,
        "processor": processor,
        "simulator": pushed.processor,
        "calls": pushed.calls(_RECORDS),
        "before": before,
        "peak": most,
        "echoes": echoes,
        "quiet": quiet,
        "few": few,
        "bare wall": bare_wall,
        "bare processor": bare_processor,
    }


def _later(crm: CRM, zoho: Vendor, clock: Clock, written: int) -> int:
    """Run a day later; give the calls about records."""
    zoho.later(DAY)
    clock.ahead += DAY
    zoho.told()
    _run(crm, written)
    return zoho.told().calls(_RECORDS)


def _singly(setting: Setting) -> list[Result]:
    """Measure a CRM that takes one record a call."""
    size = min(setting.customers, _SINGLY)
    database = _fresh(setting.folder / "fxiaoke.db")
    with vendor(FXIAOKE) as company:
        with in_step(company, database, limits=_AT_ONCE) as crm:
            crm.customers.save_all(_people(size))
            _run(crm, size)
            _run(crm, 0)
            crm.customers.save_all(_people(size, "renamed"))
        with in_step(company, database) as crm:
            plan = crm.sync.plan(NAME)
        company.told()
        with in_step(company, database, limits=_AT_ONCE) as crm:
            took, _ = timed(partial(_run, crm, size))
        calls = company.told().calls("/data/create", "/data/update")
    what = f"{size:,} changed customers in 纷享销客"
    return [
        _calls(f"{what}: writing calls", calls, "customers", size),
        Result(what=f"{what}: what a plan states", took=plan.seconds),
        Result(what=f"{what}: without its limits", took=took),
    ]


def _beside(setting: Setting, kind: str) -> list[Result]:
    """Measure a push beside the same by the vendor's own client."""
    name, push = _CLIENTS[kind]
    size = min(setting.customers, _SHARE)
    people = [(one.name, one.identities[0].value, one.number or "") for one in _people(size)]
    with vendor(kind) as other:
        theirs = _spent(partial(push, other, people))
    database = _fresh(setting.folder / f"beside-{kind}.db")
    with vendor(kind) as other, in_step(other, database) as crm:
        crm.customers.save_all(_people(size))
        crm.sync.doctor(NAME)
        ours = _spent(partial(_run, crm, size))
    return [
        Result(
            what=f"a customer to {kind}{which}",
            took=ours[place] / size,
            against=name,
            base=theirs[place] / size,
        )
        for place, which in enumerate(("", ", processor alone"))
    ]


def _run(crm: CRM, written: int) -> None:
    """Run until both sides are in step, which must take so many records written."""
    report = crm.sync.run(NAME)
    if (report.written, report.quarantined, report.stopped) != (written, 0, ""):
        message = f"{written} were to be written: {report}"
        raise RuntimeError(message)


def _calls(what: str, calls: float, against: str, base: float) -> Result:
    return Result(what=what, took=calls, against=against, base=base, unit="calls")


def _spent(work: Callable[[], Any]) -> Sequence[float]:
    start = process_time()
    wall, _ = timed(work)
    return wall, process_time() - start


def _people(size: int, word: str = "Customer") -> Iterator[Customer]:
    return (
        Customer(
            id=f"c{number}",
            name=f"{word} {number}",
            number=f"n{number}",
            identities=(Identity("email", f"c{number}@shop.example"),),
        )
        for number in range(size)
    )


def _fresh(database: Path) -> Path:
    for old in database.parent.glob(f"{database.name}*"):
        old.unlink()
    return database


if __name__ == "__main__":
    print(json.dumps(child(Path(sys.argv[1]), int(sys.argv[2]))))
