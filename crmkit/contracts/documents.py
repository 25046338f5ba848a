"""Documents in the second log: each decision about one carries it whole, as it left it.

So its row in DOCUMENT is derived, its history is read from the log, and what a document was at any
past instant is what the last decision before it says.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs

from crmkit.arguments import seq_of, show, text
from crmkit.clock import micros
from crmkit.contracts.decisions import Deciding, body_text, decide_all, decision
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import CUSTOMER, DECISION, DOCUMENT
from crmkit.errors import DecisionNotFound
from crmkit.model.document import Document
from crmkit.model.log import Decision
from crmkit.paging import pages

D = TypeVar("D", bound=Document)
_PAGE = 500
MARK = '"document":{'
"""What the body of each decision about a document contains, as bodies are written."""
_ROOT = CUSTOMER.position["root"]
_OWNER, _BODY = DOCUMENT.position["owner"], DOCUMENT.position["body"]


@attrs.frozen
class Documents(Generic[D]):
    """All documents of one kind.

    Attributes:
        kind: Of their decisions; also what an error calls one.
        record: Their class.
    """

    kind: str
    record: type[D]

    # -- writing -----------------------------------------------------------------------

    def open(self, writer: Writer, deciding: Deciding, document: D, what: str = "opened") -> D:
        """Record a new document and give it its id."""
        (opened,) = self.open_all(writer, deciding, [document], what)
        return opened

    def open_all(
        self, writer: Writer, deciding: Deciding, documents: Sequence[D], what: str = "opened"
    ) -> list[D]:
        """Record new documents in one go, and give each its id."""
        if not documents:
            return []
        first = writer.sequence(len(documents))
        opened = [attrs.evolve(one, id=str(at)) for at, one in enumerate(documents, first)]
        self._write(writer, deciding, opened, what, first)
        return opened

    def move(self, writer: Writer, deciding: Deciding, document: D, what: str) -> D:
        """Record what a document has become."""
        self.move_all(writer, deciding, [document], what)
        return document

    def move_all(
        self, writer: Writer, deciding: Deciding, documents: Sequence[D], what: str
    ) -> None:
        """Record what several documents have become, in one go."""
        if documents:
            self._write(writer, deciding, documents, what, None)

    def _write(
        self,
        writer: Writer,
        deciding: Deciding,
        documents: Sequence[D],
        what: str,
        first: int | None,
    ) -> None:
        bodies = [
            {
                "what": what,
                "due": None if one.due is None else micros(one.due, "due"),
                "document": one.to_dict(),
            }
            for one in documents
        ]
        made = [
            (one.customer_id, deciding.reason, body)
            for one, body in zip(documents, bodies, strict=True)
        ]
        decide_all(writer, self.kind, made, deciding, first=first)
        writer.put(DOCUMENT, [_row(self.kind, body) for body in bodies])

    # -- reading -----------------------------------------------------------------------

    def get(self, reader: Reader, id: str) -> D:  # noqa: A002
        """Read one.

        Raises:
            DecisionNotFound: none of this kind has that id.
        """
        for found in self.some(reader, [text("id", id)]):
            return found
        raise DecisionNotFound(f"no {self.kind} has the id {show(id)}", id=id)

    def some(self, reader: Reader, ids: Iterable[str]) -> list[D]:
        """Read those with these ids that there are, in the order of opening."""
        numbers = [(number,) for one in ids if (number := seq_of(one)) is not None]
        rows = sorted(reader.fetch(DOCUMENT, numbers))
        return [self._read(row) for row in rows if row[1] == self.kind]

    def of(self, reader: Reader, root: str) -> list[D]:
        """Read a customer's, oldest first; those of whom was merged into him among them."""
        ids = [row[0] for row in reader.fetch(CUSTOMER, [(root,)], by=("root",))]
        return self.about(reader, ids)

    def about(self, reader: Reader, ids: Iterable[str]) -> list[D]:
        """Read those that were opened under one of these customer ids, oldest first."""
        rows = sorted(reader.fetch(DOCUMENT, [(one,) for one in ids], by=("customer",)))
        return [self._read(row) for row in rows if row[1] == self.kind]

    def all(
        self, reader: Reader, *, states: Sequence[str] = (), owner: str | None = None
    ) -> list[D]:
        """Read those in any of these states (none: in whatever state), in the order of opening."""
        equals: list[Row] = [(self.kind, state) for state in states] or [(self.kind,)]
        by = ("kind", "state", "number")
        rows = [row for equal in equals for row in reader.scan(DOCUMENT, by=by, equal=equal)]
        return [self._read(row) for row in sorted(rows) if owner is None or row[_OWNER] == owner]

    def due(self, reader: Reader, until: int) -> Iterator[D]:
        """Stream those that wait for something by an instant, inclusive, most pressing first."""
        rows = reader.scan(DOCUMENT, by=("kind", "due"), equal=(self.kind,), low=0, high=until)
        yield from map(self._read, rows)

    def history(self, reader: Reader, document: D) -> list[Decision]:
        """Read every decision about one, oldest first."""
        if document.customer_id is None:
            rows = reader.scan(DECISION, by=("kind", "seq"), equal=(self.kind,))
        else:
            rows = reader.fetch(DECISION, [(document.customer_id,)], by=("customer",))
        found = (decision(row) for row in sorted(rows) if row[1] == self.kind)
        return [one for one in found if one.body["document"]["id"] == document.id]

    def _read(self, row: Row) -> D:
        return self.record.from_dict(json.loads(row[_BODY]))


def restore(writer: Writer) -> int:
    """Work every DOCUMENT row out anew from the log; tell how many there are."""
    newest = _newest(writer)
    known = list(writer.scan(DOCUMENT, columns=("number",)))
    writer.delete(DOCUMENT, [row for row in known if row[0] not in newest])
    _put(writer, newest.values())
    return len(newest)


def renew(writer: Writer, numbers: Collection[int]) -> None:
    """Work the DOCUMENT rows of these numbers out anew: their decisions were rewritten."""
    if numbers:
        newest = _newest(writer)
        _put(writer, (newest[number] for number in numbers))


def _newest(reader: Reader) -> dict[int, Row]:
    """Give the DOCUMENT rows that the log tells, by number."""
    newest: dict[int, Row] = {}
    for row in reader.scan(DECISION, contains={"body": MARK}):
        body = decision(row).body
        if isinstance(body.get("document"), dict):
            kept = _row(row[1], body)
            newest[kept[0]] = kept
    return newest


def _put(writer: Writer, rows: Iterable[Row]) -> None:
    for page in pages(sorted(rows), _PAGE):
        writer.put(DOCUMENT, page)


def _row(kind: str, body: Mapping[str, Any]) -> Row:
    plain = body["document"]
    return (
        int(plain["id"]),
        kind,
        plain["customer_id"],
        plain["owner"],
        plain["state"],
        body["due"],
        body_text(plain),
    )
