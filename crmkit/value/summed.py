"""Building states from what an engine summed up: packed and written here, a batch a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat

import attrs

from crmkit.contracts.engine import REVENUE as FOREIGN_REVENUE
from crmkit.contracts.engine import Engine, Folding, Foreign, Source, Summaries
from crmkit.contracts.lineage import lineage
from crmkit.contracts.store import Reader, Row, Store, Writer
from crmkit.contracts.tables import CUSTOMER, STATE
from crmkit.errors import ExportError, InvalidValueError, PluginError
from crmkit.value.layout import FAR_PAST, REVENUE, Layout
from crmkit.value.rebuild import rebuild
from crmkit.value.state import NEVER, State, pack
from crmkit.value.touched import Touched

_ROOT = CUSTOMER.position["root"]


def rebuild_summed(store: Store, layout: Layout, now: int, engine: Engine) -> int:
    """Replace every state by what an engine summed up; tell how many customers have one.

    Whoever was touched since the engine's log was written, or while this runs, is refolded from
    the log. Each batch is a transaction of its own: a rebuild that was killed is made again.

    Args:
        store: The workspace.
        layout: The model in force.
        now: The clock, in microseconds.
        engine: What sums the log up.

    Raises:
        ExportError: the engine reads another workspace's log, another database's, or one that was
            left by a restore; no state was touched.
        PluginError: it does not keep to what its contract asks for: whole columns, in order.
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
    batches = _in_order(engine.summaries(folding), len(layout.slots))
    after: str | None = None
    done = 0
    while True:
        batch = next(batches, None)  # summing up takes long: nothing is held meanwhile
        made = packed(layout, batch) if batch is not None else []
        last = made[-1][0] if made else None
        with store.write() as writer:
            done += _write(writer, layout, now, touched, made, (after, last))
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


def _in_order(batches: Iterable[Summaries], indicators: int) -> Iterator[Summaries]:
    """Pass on what the engine gives, and see that it is whole and comes in order."""
    before = b""
    for batch in batches:
        columns = attrs.asdict(batch, recurse=False)
        counted = [one for tallies in columns.pop("tallies") for one in tallies if one is not None]
        lengths = {len(column) for column in (*columns.values(), *counted)}
        if lengths != {len(batch.customers)} or len(batch.tallies) != indicators:
            message = "the engine gave columns of different lengths, or not each indicator's"
            raise PluginError(message)
        for customer in batch.customers:
            found = customer.encode()
            if found <= before:
                message = f"the engine gave customer {customer!r} out of order"
                raise PluginError(message)
            before = found
        if batch.customers:
            yield batch


def _write(  # noqa: PLR0913 - one batch
    writer: Writer,
    layout: Layout,
    now: int,
    touched: Touched,
    made: list[Row],
    between: tuple[str | None, str | None],
) -> int:
    """Write the states of the customers that lie between two ids; tell how many there are."""
    after, last = between
    touched.look(writer)
    anew = {root for root in touched.roots(writer) if _lies(root, after, last)}
    rows = writer.fetch(CUSTOMER, [row[:1] for row in made])
    there = {row[0] for row in rows if row[0] == row[_ROOT]}
    summed = there - anew
    writer.put(STATE, [row for row in made if row[0] in summed])
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


# -- their states ----------------------------------------------------------------------


def packed(layout: Layout, batch: Summaries) -> list[Row]:
    """Turn what customers' touchpoints come to into their STATE rows."""
    columns: list[Iterable[float]] = [repeat(nothing) for nothing in layout.zero]
    columns[REVENUE] = batch.revenue
    for slots, tallies in zip(layout.slots, batch.tallies, strict=True):
        for name, column in tallies._asdict().items():
            place = getattr(slots, name)
            if place >= 0 and column is not None:
                columns[place] = map(_since, column) if name in ("ref", "last") else column
    others = zip(
        batch.seen,
        batch.bought,
        (_money(layout, foreign) for foreign in batch.foreign),
        repeat([]),
        batch.first,
        batch.newest,
        map(_or_never, batch.contact),
        map(_or_never, batch.own),
        batch.recorded,
        strict=False,  # what is the same for all has no end
    )
    whole = zip(batch.customers, zip(*columns, strict=False), others, strict=True)
    return [pack(customer, State(list(sums), *rest), layout) for customer, sums, rest in whole]


def _money(layout: Layout, foreign: Iterable[Foreign]) -> dict[int, dict[str, list[float]]]:
    """Give money in other currencies as a state keeps it."""
    money: dict[int, dict[str, list[float]]] = {}
    for place, code, n, a, b, ref, last in foreign:
        if place == FOREIGN_REVENUE:
            money.setdefault(REVENUE, {})[code] = [n, a, 0.0, 0.0, 0.0]
        else:
            money.setdefault(layout.slots[place].a, {})[code] = [n, a, float(ref), b, float(last)]
    return money


def _since(instant: int | None) -> float:
    return FAR_PAST if instant is None else instant


def _or_never(instant: int | None) -> int:
    return NEVER if instant is None else instant
