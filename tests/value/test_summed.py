"""States that an engine summed up: packed as the core's own, whatever happens meanwhile."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit.contracts.engine import (
    REVENUE,
    Engine,
    Folding,
    Foreign,
    Source,
    Summaries,
    Tallies,
)
from crmkit.contracts.lineage import fork, lineage
from crmkit.contracts.tables import STATE
from crmkit.errors import ExportError, InvalidValueError, PluginError
from crmkit.value.layout import FAR_PAST, Layout, Slots
from crmkit.value.seen import newest_seen
from crmkit.value.state import NEVER, State, unpack
from tests.value.shop import DAY, FULL, ITEMS, Shop, generated, shop

PEOPLE = [f"p{number}@x.org" for number in range(30)]
AT_ONCE = 7  # customers in a batch


class Snapshot(Engine):
    """Gives what the states of a moment hold, as an engine that summed the log up then would."""

    def __init__(self, opened: Shop) -> None:
        """Look at the shop."""
        self.meanwhile: Callable[[], object] = lambda: None
        store = opened.crm.session.store
        with store.read() as reader:
            place = reader.watermark()
            cursor = lineage(reader).cursor(place)
            self._source = Source(workspace=store.workspace, watermark=place, cursor=cursor)
            rows = {row[0]: unpack(row) for row in reader.scan(STATE)}
        layout = Layout(opened.crm.value.model())
        people = sorted(rows.items())
        self.made = [
            _summaries(layout, dict(people[start : start + AT_ONCE]))
            for start in range(0, len(people), AT_ONCE)
        ]

    def source(self) -> Source:
        return self._source

    def summaries(self, folding: Folding) -> Iterator[Summaries]:
        assert folding.model == FULL
        self.meanwhile()
        yield from self.made


def _summaries(layout: Layout, people: dict[str, State]) -> Summaries:
    states = list(people.values())
    return Summaries(
        customers=list(people),
        first=[state.first for state in states],
        newest=[state.newest for state in states],
        recorded=[state.recorded for state in states],
        contact=[None if state.contact == NEVER else state.contact for state in states],
        own=[None if state.own == NEVER else state.own for state in states],
        revenue=[state.sums[0] for state in states],
        tallies=[_tallies(states, slots) for slots in layout.slots],
        foreign=[
            [
                Foreign(_place(layout, slot), code, int(n), a, b, int(ref), int(last))
                for slot, money in state.money.items()
                for code, (n, a, ref, b, last) in money.items()
            ]
            for state in states
        ],
        seen=[state.seen for state in states],
        bought=[state.bought for state in states],
    )


def _tallies(states: list[State], slots: Slots) -> Tallies:
    columns: dict[str, list[Any]] = {}
    for name in Tallies._fields:
        place = getattr(slots, name)
        if place >= 0:
            sums = [state.sums[place] for state in states]
            columns[name] = [None if sum_ == FAR_PAST else sum_ for sum_ in sums]
    return Tallies(**columns)


def _place(layout: Layout, a: int) -> int:
    return next((slots.place for slots in layout.slots if slots.a == a), REVENUE)


def states(opened: Shop) -> dict[str, Any]:
    """Give every state, as what it means."""
    with opened.crm.session.store.read() as reader:
        found = {row[0]: unpack(row) for row in reader.scan(STATE)}
    return {
        customer: (
            [round(one, 6) for one in state.sums],
            newest_seen(state.seen),
            set(array("q", state.bought)),
            {
                n: {c: [round(one, 6) for one in s] for c, s in m.items()}
                for n, m in state.money.items()
            },
            sorted(map(str, state.ahead)),
            (state.first, state.newest, state.contact, state.own, state.recorded),
        )
        for customer, state in found.items()
    }


@pytest.fixture
def opened() -> Iterator[Shop]:
    with shop(FULL) as made:
        made.capture(*generated(3, PEOPLE, 400, made.now))
        made.wait(DAY)
        yield made


def much(opened: Shop) -> None:
    """Let everything happen that may."""
    opened.wait(timedelta(hours=3))
    opened.note("purchase", opened.now - DAY, PEOPLE[0], amount="5", currency="CNY", item=ITEMS[0])
    opened.note("visit", opened.now + timedelta(hours=5), PEOPLE[1])
    opened.note("visit", opened.now - DAY, "new@x.org")
    opened.note("refund", opened.now, PEOPLE[2], amount="-5", currency="CNY", of="late")
    merge = opened.merge(PEOPLE[3], PEOPLE[4])
    opened.merge(PEOPLE[5], PEOPLE[6])
    opened.retract("r1")
    opened.unmerge(merge)


def test_states_of_sums_are_the_core_s_own(opened: Shop) -> None:
    """What an engine gives becomes the state that folding the log gives."""
    before = states(opened)
    engine = Snapshot(opened)
    with opened.crm.session.store.write() as writer:
        writer.delete(STATE, [(customer,) for customer in before])

    assert opened.crm.value.rebuild(engine=engine) == len(before)
    assert states(opened) == before


def test_whoever_was_touched_since_is_folded_from_the_log(opened: Shop) -> None:
    """Captures, merges, corrections after the export: the sums of before do not hold for them."""
    engine = Snapshot(opened)
    much(opened)
    expected = states(opened)

    opened.crm.value.rebuild(engine=engine)

    assert states(opened) == expected
    opened.crm.value.rebuild()
    assert states(opened) == expected


def test_what_happens_while_the_engine_works_is_kept(opened: Shop) -> None:
    """Capture goes on meanwhile, and loses nothing."""
    engine = Snapshot(opened)
    engine.meanwhile = lambda: much(opened)

    opened.crm.value.rebuild(engine=engine)

    found = list(opened.crm.value.scores())
    opened.crm.value.rebuild()
    assert [(one.customer_id, round(one.total, 9)) for one in found] == [
        (one.customer_id, round(one.total, 9)) for one in opened.crm.value.scores()
    ]


def test_a_purchase_that_comes_late_moves_somebody_else_s_return(opened: Shop) -> None:
    """A return that waits for its purchase is not taken from sums that know nothing of it."""
    opened.note("refund", opened.now, PEOPLE[7], amount="-90", currency="CNY", of="late")
    engine = Snapshot(opened)
    opened.note(
        "purchase", opened.now - 30 * DAY, PEOPLE[8], id="late", amount="90", currency="CNY"
    )
    expected = states(opened)

    opened.crm.value.rebuild(engine=engine)

    assert states(opened) == expected


def test_states_that_nobody_has_are_dropped(opened: Shop) -> None:
    """A state that is nobody's, and one of a customer the engine does not know, are put right."""
    engine = Snapshot(opened)
    expected = states(opened)
    first = engine.made.pop(2).customers[0]
    with opened.crm.session.store.write() as writer:
        (row,) = writer.fetch(STATE, [(first,)])
        writer.put(STATE, [("nobody", *row[1:])])

    assert opened.crm.value.rebuild(engine=engine) == len(expected)
    assert states(opened) == expected


def test_an_engine_out_of_order_is_found_out(opened: Shop) -> None:
    """Pages are put beside the states that lie between two ids: any order will not do."""
    engine = Snapshot(opened)
    engine.made.reverse()
    with pytest.raises(PluginError, match="out of order"):
        opened.crm.value.rebuild(engine=engine)


@pytest.mark.parametrize("column", ["revenue", "seen", "tallies"])
def test_columns_of_different_lengths_are_found_out(opened: Shop, column: str) -> None:
    """The numbers behind a gap would be written into other customers' states."""
    engine = Snapshot(opened)
    given = getattr(engine.made[1], column)
    short = [given[0]._replace(a=given[0].a[1:]), *given[1:]] if column == "tallies" else given[1:]
    engine.made[1] = attrs.evolve(engine.made[1], **{column: short})
    before = states(opened)
    with pytest.raises(PluginError, match="columns of different lengths"):
        opened.crm.value.rebuild(engine=engine)
    assert states(opened) == before


def test_another_workspace_s_log_is_refused(opened: Shop) -> None:
    """Its sums would be written over the states of customers they do not belong to."""
    engine = Snapshot(opened)
    engine._source = Source(workspace="other", watermark=1)
    before = states(opened)
    with pytest.raises(ExportError, match="workspace 'other'"):
        opened.crm.value.rebuild(engine=engine)
    assert states(opened) == before


def restored(opened: Shop, back: int) -> None:
    """Note that the log was taken back to some places before its newest, and grew from there."""
    with opened.crm.session.store.write() as writer:
        fork(writer, writer.watermark() - back)
    opened.note("visit", opened.now - DAY, PEOPLE[0])


@pytest.mark.parametrize("told", [True, False], ids=["with a cursor", "without one"])
def test_a_log_that_a_restore_has_left_is_refused(opened: Shop, told: bool) -> None:
    """Its sums would count touchpoints that are gone, for good."""
    engine = Snapshot(opened)
    if not told:
        engine._source = attrs.evolve(engine._source, cursor=None)
    restored(opened, 3)
    before = states(opened)
    with pytest.raises(ExportError, match="restored from a backup since"):
        opened.crm.value.rebuild(engine=engine)
    assert states(opened) == before


def test_a_log_from_before_the_place_of_a_restore_holds(opened: Shop) -> None:
    """What it has is still there; and so is one that was written after the restore."""
    engine = Snapshot(opened)
    restored(opened, 0)
    expected = states(opened)
    opened.crm.value.rebuild(engine=engine)
    assert states(opened) == expected

    restored(opened, 1)
    expected = states(opened)
    opened.crm.value.rebuild(engine=Snapshot(opened))
    assert states(opened) == expected


def test_a_log_that_reaches_further_than_the_database_is_refused(opened: Shop) -> None:
    """It is another's, or that of a database which was set back by other means."""
    engine = Snapshot(opened)
    with opened.crm.session.store.read() as reader:
        further = reader.watermark() + 1
    engine._source = attrs.evolve(engine._source, watermark=further, cursor=str(further))
    with pytest.raises(ExportError, match="another database's"):
        opened.crm.value.rebuild(engine=engine)


def test_an_engine_takes_everybody(opened: Shop) -> None:
    """Shards are of folding in the process."""
    with pytest.raises(InvalidValueError, match="shards must be 1"):
        opened.crm.value.rebuild(shards=2, engine=Snapshot(opened))
