"""Building states from what an engine summed up: packed and written here, a page a transaction."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from struct import Struct

from crmkit.contracts.engine import REVENUE as FOREIGN_REVENUE
from crmkit.contracts.engine import Engine, Folding, Source, Summary, Tally
from crmkit.contracts.lineage import lineage
from crmkit.contracts.store import Reader, Row, Store, Writer
from crmkit.contracts.tables import CUSTOMER, STATE
from crmkit.errors import ExportError, InvalidValueError, PluginError
from crmkit.value.layout import FAR_PAST, REVENUE, Layout, Slots
from crmkit.value.rebuild import rebuild
from crmkit.value.seen import value_key
from crmkit.value.state import NEVER, State, pack
from crmkit.value.touched import Touched

_ROOT = CUSTOMER.position["root"]
_PAGE = 2000
_PAIR = Struct("=2q").pack


def rebuild_summed(store: Store, layout: Layout, now: int, engine: Engine) -> int:
    """Replace every state by what an engine summed up; tell how many customers have one.

    Whoever was touched since the engine's log was written, or while this runs, is refolded from
    the log. Each page is a transaction of its own: a rebuild that was killed is made again.

    Args:
        store: The workspace.
        layout: The model in force.
        now: The clock, in microseconds.
        engine: What sums the log up.

    Raises:
        ExportError: the engine reads another workspace's log, another database's, or one that was
            left by a restore; no state was touched.
        PluginError: it does not keep to the order that its contract asks for.
    """
    source = engine.source()
    if source.workspace != store.workspace:
        message = (
            f"the log is that of workspace {source.workspace!r}, not of {store.workspace!r}: "
            "export it to a folder of its own"
        )
        raise ExportError(message, folder=None)
    with store.read() as reader:
        since = _reached(reader, source)
    touched = Touched(since, now)
    kinds = layout.kinds
    folding = Folding(
        model=layout.model,
        until=now,
        outbound=kinds.outbound,
        two_way=kinds.two_way,
        negative=kinds.negative,
    )
    pages = _pages(engine.summaries(folding))
    after: str | None = None
    done = 0
    while True:
        page = next(pages, [])  # summing up takes long: nothing is held meanwhile
        last = page[-1].customer if page else None
        with store.write() as writer:
            done += _write(writer, layout, now, touched, page, (after, last))
        if last is None:
            return done
        after = last


def _reached(reader: Reader, source: Source) -> int:
    """Tell up to which place of this log the engine's own is the same; refuse one that is not."""
    if source.watermark is None:
        return reader.watermark()
    try:
        lineage(reader).place(source.cursor or str(source.watermark))
        here = source.watermark <= reader.watermark()
    except InvalidValueError:
        here = False
    if not here:
        message = (
            "the log is another database's, or this one was restored from a backup since it was "
            "exported: export it anew, to an empty folder"
        )
        raise ExportError(message, folder=None)
    return source.watermark


def _pages(summaries: Iterable[Summary]) -> Iterator[list[Summary]]:
    """Cut what the engine gives into pages, and see that it comes in order."""
    stream = iter(summaries)
    before = b""
    while page := list(islice(stream, _PAGE)):
        for one in page:
            found = one.customer.encode()
            if found <= before:
                message = f"the engine gave customer {one.customer!r} out of order"
                raise PluginError(message)
            before = found
        yield page


def _write(  # noqa: PLR0913 - one page
    writer: Writer,
    layout: Layout,
    now: int,
    touched: Touched,
    page: list[Summary],
    between: tuple[str | None, str | None],
) -> int:
    """Write the states of the customers that lie between two ids; tell how many there are."""
    after, last = between
    touched.look(writer)
    anew = {root for root in touched.roots(writer) if _lies(root, after, last)}
    given = {one.customer: one for one in page}
    rows = writer.fetch(CUSTOMER, [(customer,) for customer in given])
    there = {row[0] for row in rows if row[0] == row[_ROOT]}
    summed = there - anew
    writer.put(STATE, [packed(layout, given[customer]) for customer in sorted(summed)])
    kept = writer.scan(STATE, low=after, high=last, columns=("customer",))
    others = {row[0] for row in kept} - summed - {after}
    rebuild(writer, sorted(anew | others), layout, now)
    kept = writer.scan(STATE, low=after, high=last, columns=("customer",))
    return sum(row[0] != after for row in kept)


def _lies(customer: str, after: str | None, last: str | None) -> bool:
    """Tell whether an id lies behind one and not behind another, by the bytes of UTF-8."""
    return (after is None or customer.encode() > after.encode()) and (
        last is None or customer.encode() <= last.encode()
    )


# -- one state -------------------------------------------------------------------------


def packed(layout: Layout, summary: Summary) -> Row:
    """Turn what a customer's touchpoints come to into his STATE row."""
    state = State.empty(layout)
    state.sums[REVENUE] = summary.revenue
    for slots, tally in zip(layout.slots, summary.tallies, strict=True):
        _place(state.sums, slots, tally)
    for place, code, tally in summary.foreign:
        if place == FOREIGN_REVENUE:
            state.money.setdefault(REVENUE, {})[code] = [tally.n, tally.a, 0.0, 0.0, 0.0]
        else:
            sums = [tally.n, tally.a, _since(tally.ref), tally.b, _since(tally.last)]
            state.money.setdefault(layout.slots[place].n, {})[code] = sums
    state.seen = b"".join(
        [_PAIR(value_key(value, layout.slots[place].tag), at) for place, value, at in summary.seen]
    )
    state.bought = array("q", summary.bought).tobytes()
    state.first, state.newest, state.recorded = summary.first, summary.newest, summary.recorded
    state.contact = NEVER if summary.contact is None else summary.contact
    state.own = NEVER if summary.own is None else summary.own
    return pack(summary.customer, state, layout)


def _place(sums: list[float], slots: Slots, tally: Tally) -> None:
    """Put an indicator's numbers where the layout has them."""
    for name in ("n", "chance", "a", "b"):
        place = getattr(slots, name)
        if place >= 0:
            sums[place] = getattr(tally, name)
    for name in ("ref", "last"):
        place = getattr(slots, name)
        if place >= 0:
            sums[place] = _since(getattr(tally, name))


def _since(instant: int | None) -> float:
    return FAR_PAST if instant is None else float(instant)
