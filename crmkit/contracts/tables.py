"""The tables a store keeps, as data: the engine speaks of these, never of SQL.

A row is a tuple in the order of the table's columns. Instants are whole microseconds since
1970 (UTC), mappings are JSON text, decimals are their exact decimal text.
"""

from __future__ import annotations

from functools import cached_property

import attrs

TEXT = "text"
INTEGER = "integer"  # 64 bits, signed
REAL = "real"  # IEEE 754 double
DECIMAL = "decimal"  # exact decimal, carried as text such as "880.00"
BLOB = "blob"


@attrs.frozen
class Column:
    """One column: its name, one of the five types above, and whether it may be None."""

    name: str
    type: str
    null: bool = True


@attrs.frozen
class Sparse:
    """An order that few rows of a table are read in: the others need not be in its index.

    Attributes:
        by: Its columns. A `scan` by it gives a value for each, the last one not `without`.
        without: Value of the last column that leaves a row out; None: that there is none.
    """

    by: tuple[str, ...]
    without: str | int | None = None


@attrs.frozen(slots=False)
class Table:
    """One table of the workspace; a store adds the workspace to every key by itself.

    Attributes:
        name: Unique.
        columns: In the order rows carry them.
        key: Columns that are unique together.
        indexes: Further leading columns that `scan` and `fetch` may go by.
        sparse: Orders of few rows, for `scan` alone.
        log: Append-only, with a first column ``seq`` that grows in commit order and is unique.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    sparse: tuple[Sparse, ...] = ()
    log: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each column stands in a row."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """Every order all rows can be read in: the key, ``seq`` of a log, and the indexes."""
        return (self.key, *((("seq",),) if self.log else ()), *self.indexes)

    @cached_property
    def indexed(self) -> tuple[tuple[str, ...], ...]:
        """Every order that any rows can be read in."""
        return (*self.orders, *(one.by for one in self.sparse))

    def sparse_by(self, by: tuple[str, ...]) -> Sparse | None:
        """Give the order of few rows that has these columns; None: there is none."""
        return next((one for one in self.sparse if one.by == by), None)


def _columns(spec: str) -> tuple[Column, ...]:
    """Read ``"name:type name:type! ..."``; ``!`` marks a column that is never None."""
    parts = (word.split(":") for word in spec.split())
    return tuple(
        Column(name, kind.rstrip("!"), null=not kind.endswith("!")) for name, kind in parts
    )


TOUCHPOINT = Table(
    "touchpoint",
    _columns(
        "seq:integer! source:text! id:text! rev:integer! customer:text! via:text kind:text! "
        "at:integer! zone:integer! recorded:integer! run:integer! amount:decimal currency:text "
        "margin:decimal quantity:decimal item:text category:text channel:text direction:text "
        "rating:real text:text origin:text! of:text friend:text attributes:text"
    ),
    key=("source", "id", "rev"),
    indexes=(("customer", "at"), ("at",)),
    log=True,
)
"""The first log. `customer` is the id the row was written with (a merge never rewrites it), `via`
the identity that led there, `zone` the UTC offset of `at` in seconds; `rev` counts what was written
under one (source, id): a correction, or a record captured again after its run was undone."""

VOID = Table(
    "void",
    _columns("customer:text! touchpoint:integer! at:integer! decision:integer!"),
    key=("customer", "touchpoint"),
)
"""Touchpoints (by seq) that a correction, a retraction or an undo took back, and since when."""

DECISION = Table(
    "decision",
    _columns("seq:integer! kind:text! customer:text at:integer! by:text reason:text! body:text!"),
    key=("seq",),
    indexes=(("customer", "seq"), ("kind", "seq")),
    log=True,
)
"""The second log."""

CUSTOMER = Table(
    "customer",
    _columns(
        "id:text! seq:integer! root:text! kind:text! name:text! number:text owner:text parent:text "
        "search:text! recorded:integer! body:text!"
    ),
    key=("id",),
    indexes=(("seq",), ("root",), ("owner", "id"), ("parent",), ("number",)),
)
"""Customers. `seq` is the newest change's place in the commit order, `root` the id that the merges
lead to (its own where there is none), `search` the folded text that search looks into, `body` the
other fields."""

IDENTITY = Table(
    "identity",
    _columns("system:text! value:text! customer:text recorded:integer!"),
    key=("system", "value"),
    indexes=(("customer",),),
)
"""Which customer a key finds; None: it was found to be shared and identifies nobody."""

COLLISION = Table(
    "collision",
    _columns(
        "id:text! system:text! value:text! holder:text! other:text! source:text! record:text! "
        "recorded:integer! resolved:integer"
    ),
    key=("id",),
    indexes=(("holder",), ("other",)),
)
"""Keys that point at two customers; `resolved` is the decision's seq."""

STATE = Table(
    "state",
    _columns(
        "customer:text! layout:integer! sums:blob! seen:blob bought:blob rest:text first:integer! "
        "newest:integer! contact:integer own:integer recorded:integer!"
    ),
    key=("customer",),
)
"""One packed row a customer (the root of a merge group): see `crmkit.value.state`."""

FED = Table(
    "fed",
    _columns("kind:text! at:integer! recorded:integer! void:integer correction:integer!"),
    key=("kind", "recorded", "at"),
)
"""The earliest instant each kind of touchpoint happened: one row each time an earlier one became
known, `correction` being 1 where a correction made it so. What is taken back at v gets
``void = v``, and the earliest that is left a row of v."""

STANDING = Table(
    "standing",
    _columns(
        "customer:text! at:integer! rank:integer! total:real! delta:real! unexpected:real! "
        "tier:text tier_since:integer stage:text stage_since:integer kind:text account:text "
        "owner:text queue:integer weight:real! day:integer contact:integer ideal:integer "
        "worst:integer due:integer facts:text"
    ),
    key=("customer",),
    indexes=(
        ("due",),
        ("owner", "queue", "weight"),
        ("owner", "queue", "due"),
        ("tier", "rank"),
        ("stage", "customer"),
    ),
)
"""What `advance` found as of `at`: rank, tier, stage, and the next contact for the agenda.

`account` is whose agenda item a customer's contacts count for: his own, or his organisation's.
`queue` is 1 or more where that contact was due on `day` (days since 1970), the more the later it
was (`crmkit.lifecycle.cadence`), 0 where it falls due after it, None where there is none; `weight`
the part of its priority that does not grow with time; `contact` the newest real touch before `day`;
`ideal` and `worst` the cadence, in microseconds."""

DOCUMENT = Table(
    "document",
    _columns(
        "number:integer! kind:text! customer:text owner:text state:text! due:integer body:text!"
    ),
    key=("number",),
    indexes=(("kind", "state", "number"), ("customer",), ("kind", "owner"), ("kind", "due")),
)
"""What people keep about customers as one thing: plans, cases, opportunities. `number` is the seq
of the decision that opened it, the rest as the newest of its decisions left it."""

MESSAGE = Table(
    "message",
    _columns(
        "customer:text! purpose:text! occasion:text! channel:text! number:integer! "
        "mailing:integer! state:text! reason:text detail:text! provider:text code:text "
        "at:integer! planned:integer! sent:integer next:integer attempts:integer! "
        "expires:integer lease:text variables:text system:text address:text"
    ),
    key=("customer", "purpose", "occasion", "channel"),
    indexes=(("number",), ("state", "next"), ("channel", "provider"), ("channel", "sent")),
)
"""The ledger: one message to one customer on one occasion by one channel, and what became of it.

`customer` is the id it was written for (empty: staff), `mailing` the decision that holds template
and common variables, `variables` his own as JSON; `at` when the state was reached, `sent` when it
was last handed to the channel, `next` when something is due: a try, or the end of the lease.
`system` and `address` are the identity it was last handed over for, spelled as suppressions compare
it; None where the channel needs none, where it was not handed over yet, and in rows of before
schema 6."""

SUPPRESSION = Table(
    "suppression",
    _columns("hash:text! channel:text at:integer! reason:text! source:text!"),
    key=("hash",),
)
"""Keyed hashes of addresses that nothing is sent to; they outlive the customer's erasure."""

PAIR = Table(
    "pair",
    _columns(
        "connector:text! object:text! ours:text! theirs:text customer:text state:text! "
        "due:integer changed:integer at:integer! fields:text!"
    ),
    key=("connector", "object", "ours"),
    indexes=(
        ("connector", "object", "theirs"),
        ("customer",),
    ),
    sparse=(
        Sparse(("connector", "object", "due")),
        Sparse(("connector", "object", "state"), without="linked"),
    ),
)
"""Our record and theirs that are kept equal, by a connector and its object.

`ours` is the key of ours, `customer` whose it is, `theirs` the remote's id (None: not known yet),
`due` 1 where it is to be looked at in the next run, `changed` the remote's instant of the last
change that we know of, `at` when the pair came to its state, `fields` both sides' values when they
were last equal, as JSON."""

SYNC_CASE = Table(
    "sync_case",
    _columns(
        "connector:text! object:text! what:text! key:text! field:text! customer:text at:integer! "
        "hash:text! body:text!"
    ),
    key=("connector", "object", "what", "key", "field"),
    indexes=(("customer",),),
)
"""What a sync leaves for people to look at: `what` is ``conflict`` (of one field) or
``quarantine`` (a record that was refused); `hash` tells whether it has changed since."""

SYNC_RUN = Table(
    "sync_run",
    _columns("connector:text! number:integer! started:integer! finished:integer body:text!"),
    key=("connector", "number"),
)
"""The history of a connector's runs; `finished` is None while one runs, or where it was killed."""

TOMBSTONE = Table("tombstone", _columns("hash:text! recorded:integer!"), key=("hash",))
"""Keyed hashes of erased identities and record ids: capture refuses them."""

META = Table("meta", _columns("name:text! value:text!"), key=("name",))
"""Facts about the workspace itself, one a name: what plugins declared, the places of feeds, leases,
waiting jobs and the like. The module that writes one says what it holds."""

TABLES = (
    TOUCHPOINT,
    VOID,
    DECISION,
    CUSTOMER,
    IDENTITY,
    COLLISION,
    STATE,
    FED,
    STANDING,
    DOCUMENT,
    MESSAGE,
    SUPPRESSION,
    PAIR,
    SYNC_CASE,
    SYNC_RUN,
    TOMBSTONE,
    META,
)
