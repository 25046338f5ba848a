"""As much of a log is read as is talked about: what is told is that of the whole log."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from crmkit.care.matters import Told
from crmkit.care.recent import Asked, Newest, Recent, TooFewError
from crmkit.clock import DAY
from crmkit.contracts.store import Row, Store
from crmkit.contracts.tables import TOUCHPOINT, VOID
from crmkit.model.customer import Customer, Identity
from crmkit.stores import open_store
from crmkit.stores.memory import MemoryStore
from crmkit.stores.memory_transaction import MemoryReader
from crmkit.testing.rows import row
from crmkit.value.history import FOREVER, Entry, read_log
from crmkit.value.layout import CORE_KINDS

BEGINS = 20_000 * DAY
KINDS = ("purchase", "return", "login", "call", "message_out", "complaint", "praise", "opinion")
AT, SEQ = TOUCHPOINT.position["at"], TOUCHPOINT.position["seq"]


def write(store: Store, made: list[dict[str, Any]]) -> list[Row]:
    """Append touchpoints, the first the oldest in the order of commits."""
    with store.write() as writer:
        first = writer.sequence(len(made))
        rows = [
            row(TOUCHPOINT, seq=first + n, source="s", id=str(n), **one)
            for n, one in enumerate(made)
        ]
        writer.append(TOUCHPOINT, rows)
    return rows


def lived(chance: Random, customer: str) -> Iterator[dict[str, Any]]:
    """Make up a life: orders of many lines, rare talks, and much that shares an instant."""
    odds = [chance.choice((0, 1, 1, 30)) for _ in KINDS]
    for _ in range(chance.choice((0, 3, 40, 150))):
        kind = chance.choices(KINDS, [*odds[:2], 1, *odds[3:]])[0]
        at = BEGINS - chance.randrange(-5, chance.choice((5, 100, 900))) * DAY
        channel = chance.choice((None, None, "email")) if kind == "message_out" else None
        automatic = '{"automatic": true}' if chance.random() < 0.2 else None
        for _ in range(chance.choice((1, 1, 2, 12))):
            yield {
                "customer": customer,
                "kind": kind,
                "at": at,
                "channel": channel,
                "attributes": automatic if kind == "message_out" else None,
            }


def told(happened: Newest, said: Newest, *, contacted: bool = True) -> tuple[Any, ...]:
    """Give all that an item tells of a log."""
    somebody = Customer(id="a", identities=(Identity("phone", "1"),))
    one = Told(somebody, {}, happened, said, CORE_KINDS, BEGINS, contacted=contacted)
    return one.open(), one.last(), one.channel()


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
@pytest.mark.parametrize("seed", range(8))
def test_what_is_told_is_that_of_the_whole_log(url: str, seed: int) -> None:
    """Open matters, last touches, channel and first day: of few rows as of all of them."""
    chance = Random(seed)
    store = open_store(url)
    groups = {f"a{n}": [f"a{n}", f"b{n}"][: chance.choice((1, 2))] for n in range(12)}
    made = [one for bases in groups.values() for base in bases for one in lived(chance, base)]
    chance.shuffle(made)
    rows = write(store, made)
    gone = chance.sample(rows, len(rows) // 20)
    place = TOUCHPOINT.position["customer"]
    with store.write() as writer:
        writer.append(VOID, [(one[place], one[SEQ], 1, 1) for one in gone])
    with store.read() as reader:
        log = read_log(reader, [base for bases in groups.values() for base in bases])
        whole = {
            name: sorted(
                (one for base in bases for one in log[base] if one.live and one.at < BEGINS),
                key=lambda one: (one.at, one.row[SEQ]),
                reverse=True,
            )
            for name, bases in groups.items()
        }
        talked = {
            name: any(one.kind in CORE_KINDS.two_way for one in whole[name]) for name in whole
        }
        asked = {name: Asked(bases, talked[name]) for name, bases in groups.items()}
        recent = Recent(reader, CORE_KINDS, BEGINS)
        found = recent.tell(asked, lambda name, *few: told(*few, contacted=talked[name]))
        assert found == {
            name: told(Newest(entries), Newest(entries)) for name, entries in whole.items()
        }
        firsts = {name: recent.first(bases) for name, bases in groups.items()}
        assert firsts == {name: e[-1].at if e else None for name, e in whole.items()}
    store.close()


class Counting(MemoryReader):
    """Counts the rows it gives."""

    given = 0

    def scan(self, *where: Any, **how: Any) -> Iterator[Row]:
        for one in super().scan(*where, **how):
            self.given += 1
            yield one


def test_a_long_life_costs_no_more_than_a_short_one() -> None:
    """Of a thousand purchases and a hundred calls a few are read."""
    store = MemoryStore()
    life = [
        {"customer": "a", "kind": "purchase" if n % 10 else "call", "at": BEGINS - 1 - n * DAY}
        for n in range(1_100)
    ]
    write(store, life)
    with store.read() as reader:
        assert isinstance(reader, MemoryReader)
        counting = Counting(reader.version, reader.seq)
        recent = Recent(counting, CORE_KINDS, BEGINS)
        one = recent.tell({"a": Asked(["a"])}, lambda _, *few: told(*few))["a"]
        assert one[2] == "phone"
        assert len(one[1]) == 3
        assert counting.given < 12
    store.close()


def test_what_was_not_read_is_not_taken_for_nothing() -> None:
    """Whoever goes past the end of what was read gets no answer, instead of a wrong one."""
    newest = Newest([Entry(row(TOUCHPOINT, at=7), FOREVER)], behind=5)
    assert [one.at for one in newest.since(6)] == [7]
    assert list(Newest(newest.entries)) == newest.entries
    with pytest.raises(TooFewError):
        list(newest.since(4))
