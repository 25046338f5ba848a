"""What every benchmark shares: its setting, the clock on the wall, and one line of the table."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

import attrs

import crmkit
from benchmarks import shop

T = TypeVar("T")
_KIB = 1 if sys.platform == "darwin" else 1024  # what the system counts memory in


@attrs.frozen(kw_only=True)
class Setting:
    """What the benchmarks of one run have in common.

    Attributes:
        folder: Where databases are written.
        customers: Customers of the firm.
        touchpoints: Touchpoints of the firm.
        full: Whether the sizes that take very long are measured too.
        seed: Of the firm.
    """

    folder: Path
    customers: int
    touchpoints: int
    full: bool = False
    seed: int = 1

    @property
    def database(self) -> Path:
        """The firm's database; one that is there already is used as it is."""
        return self.folder / f"shop-{self.customers}-{self.touchpoints}-{self.seed}.db"


@attrs.frozen(kw_only=True)
class Result:
    """One line of the table: what was measured, beside what it was measured against.

    Attributes:
        what: What crmkit did.
        took: Seconds, or bytes or calls where `unit` says so.
        against: What the same work was done with; empty: measured alone.
        base: What that took.
        unit: ``s``, ``B`` or ``calls``.
    """

    what: str
    took: float
    against: str = ""
    base: float | None = None
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """How many times as much crmkit took."""
        return self.took / self.base if self.base else None


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Do something once, with no garbage of others to collect; give the seconds and its answer."""
    gc.collect()
    start = perf_counter()
    answer = work()
    return perf_counter() - start, answer


def same(ours: Mapping[str, float], theirs: Mapping[str, float], close: float) -> None:
    """Stop where somebody's total differs: a ratio of two different sums says nothing.

    Args:
        ours: Totals by customer, as the one measured gives them.
        theirs: As the one that it is measured against gives them.
        close: How far apart they may be.

    Raises:
        RuntimeError: names the customer who differs most.
    """
    if ours.keys() != theirs.keys():
        message = f"one scored {len(ours)} customers, the other {len(theirs)}"
        raise RuntimeError(message)
    worst = max(ours, key=lambda customer: abs(ours[customer] - theirs[customer]))
    if abs(ours[worst] - theirs[worst]) > close:
        message = f"customer {worst}: {ours[worst]!r} here, {theirs[worst]!r} there"
        raise RuntimeError(message)


def peak() -> int:
    """Give the most memory this process ever held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts into ru_maxrss what the parent held when it forked
        lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB


def median_of(times: int, work: Callable[[], Any]) -> float:
    """Give the median seconds of doing something several times."""
    return median(timed(work)[0] for _ in range(times))


def connect(database: Path) -> crmkit.CRM:
    """Open a database at the end of the firm's three years, without installed plugins."""
    return crmkit.connect(f"sqlite:///{database}", clock=shop.clock, plugins=[])


@contextmanager
def the_firm(setting: Setting) -> Iterator[crmkit.CRM]:
    """Open the firm's database; it is captured first where no benchmark has done so yet."""
    if not setting.database.exists():
        capture_firm(setting)
    with connect(setting.database) as crm:
        yield crm


def capture_firm(setting: Setting) -> float:
    """Capture the firm from the stream and give the seconds; the file appears once it is whole."""
    part = setting.database.with_suffix(".part")
    for old in (part, *part.parent.glob(f"{part.name}-*")):
        old.unlink(missing_ok=True)
    with connect(part) as crm:
        shop.promotions(crm)
        records = shop.touchpoints(setting.customers, setting.touchpoints, setting.seed)
        start = perf_counter()
        report = crm.capture(records, shop.SOURCE)
    took = perf_counter() - start  # closed: what SQLite writes back at the end belongs to it
    if report.new != setting.touchpoints:
        message = f"{report.new} of {setting.touchpoints} were new; rejected: {report.rejected[:3]}"
        raise RuntimeError(message)
    part.rename(setting.database)
    return took
