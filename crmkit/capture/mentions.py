"""Whatever other customers' documents say of somebody who is erased is taken out of them.

A plan of a firm is drawn up from its people, a plan of a merged customer from both sides, and a
case from a complaint that turns out to be another's. Each decision about a document carries it
whole, so the log is gone over as well as what is derived from it.

A name is no key: a namesake in somebody else's plan goes too. What is too short to tell anybody by
stays; a case that was opened from a record of his loses what was said, however short.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import attrs

from crmkit.capture.keys import Key
from crmkit.contracts.decisions import body_text
from crmkit.contracts.documents import MARK, renew
from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import CUSTOMER, DECISION, DOCUMENT, TOUCHPOINT

GONE = "(erased)"
"""What stands where somebody erased was mentioned."""
_SHORTEST_NAME = 2
_SHORTEST_KEY = 5
_SHORTEST_TEXT = 8  # bytes of UTF-8: eight Latin letters, three Chinese characters
_NAME, _NUMBER = CUSTOMER.position["name"], CUSTOMER.position["number"]
_TEXT = TOUCHPOINT.position["text"]
_REASON, _BODY = DECISION.position["reason"], DECISION.position["body"]
_KEPT = frozenset(
    "id customer_id customer_name customer_number owner state kind severity by recorded_by "
    "responsible currency stage tier goal_tier touchpoint purchase standard".split()
)
"""Fields that hold no words, or what the document's own customer is called."""
_PERSON = "supporter"
"""The field of a plan's row that names a person: the others tell of him."""
_SHAPED = re.compile(r"-?\d{1,9}|-?\d+\.\d+|\d{4}-\d\d-\d\d(T[\d:.+Z-]*)?")
"""Days, instants and numbers, which must stay readable."""
_LETTER = r"[^\W_\u2e80-\U0003ffff]"  # of a script that puts spaces between words


@attrs.frozen
class Mentions:
    """What somebody is mentioned by.

    Attributes:
        names: His names.
        keys: His ids, e-mail addresses, phones and the like.
        texts: What he said.
        records: Source and id of each of his records: what was opened from one holds his words.
    """

    names: frozenset[str]
    keys: frozenset[str]
    texts: frozenset[str]
    records: frozenset[tuple[str, str]]

    @property
    def words(self) -> frozenset[str]:
        """Whatever tells of him: none of it may be left where the data lie."""
        return self.names | self.keys | self.texts | {id_ for _, id_ in self.records}

    def forget(self, writer: Writer) -> None:
        """Take him out of every decision about a document, and out of the documents."""
        rules = [*self._rules()]
        changed: list[Row] = []
        numbers: set[int] = set()
        for row in writer.scan(DECISION, contains={"body": MARK}):
            body = json.loads(row[_BODY])
            document = body.get("document")
            if not isinstance(document, dict):
                continue
            clean = partial(_clean, rules=rules)
            told = _forgotten(document, clean)
            if tuple(document.get("touchpoint") or ()) in self.records:
                told["text"] = GONE
            elif "touchpoint" in document and document["text"] in self.texts:
                told["text"] = document["text"]  # somebody else said the same
            self._head(writer, told)
            reason = clean(row[_REASON])
            if told != document or reason != row[_REASON]:
                written = body_text(body | {"document": told})
                changed.append((*row[:_REASON], reason, written))
                numbers.add(int(document["id"]))
        writer.put(DECISION, changed)
        renew(writer, numbers)

    def _head(self, reader: Reader, told: dict[str, Any]) -> None:
        """Leave out what a document calls its customer, where a merge lent it his name or number.

        A customer who is called the same by himself keeps it.
        """
        for field, column, words in (
            ("customer_name", _NAME, self.names | self.keys),  # a key stands in for a name
            ("customer_number", _NUMBER, self.keys),
        ):
            if told.get(field) in words:
                known = reader.fetch(CUSTOMER, [(told.get("customer_id"),)])
                if all(row[column] != told[field] for row in known):
                    told[field] = GONE

    def _rules(self) -> Iterable[Callable[[str], str]]:
        """Give what takes him out of a text, the longest of his words first."""
        said = sorted(self.texts, key=len, reverse=True)
        yield from (partial(_without, one) for one in said if len(one.encode()) >= _SHORTEST_TEXT)
        for words, shortest, flags in (
            (self.keys, _SHORTEST_KEY, re.IGNORECASE),
            (self.names, _SHORTEST_NAME, 0),
        ):
            long = sorted((one for one in words if len(one) >= shortest), key=len, reverse=True)
            if long:
                either = "|".join(map(re.escape, long))
                found = re.compile(f"(?<!{_LETTER})(?:{either})(?!{_LETTER})", flags)
                yield partial(found.sub, GONE)


def mentions_of(
    reader: Reader,
    group: list[Row],
    identities: set[Key],
    records: list[Row],
    contacts: list[dict[str, Any]],
) -> Mentions:
    """Give what he is mentioned by, before anything is deleted."""
    ids = [row[0] for row in group]
    documents = reader.fetch(DOCUMENT, [(one,) for one in ids], by=("customer",))
    # He may have been called otherwise when a plan was drawn up.
    former = [json.loads(row[-1]).get("customer_name") for row in documents]
    names = [row[_NAME] for row in group] + [one.get("name") for one in contacts] + former
    ways = [one.get(way) for one in contacts for way in ("email", "phone")]
    numbers = [row[_NUMBER] for row in group]
    told = [*ids, *(value for _, value in identities), *ways, *numbers]
    keys = frozenset(filter(None, told))
    said = [row[_TEXT] for row in records]
    return Mentions(
        names=frozenset(filter(None, names)) - keys,  # a number may stand in for a name
        keys=keys,
        texts=frozenset(filter(None, said)),
        records=frozenset((row[1], row[2]) for row in records),
    )


def _without(said: str, text: str) -> str:
    return text.replace(said, GONE)


def _clean(text: str, rules: list[Callable[[str], str]]) -> str:
    if not text or _SHAPED.fullmatch(text):
        return text
    for rule in rules:
        text = rule(text)
    return text


def _forgotten(value: Any, clean: Callable[[str], str]) -> Any:
    """Give a JSON value without him."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_forgotten(one, clean) for one in value]
    if not isinstance(value, dict):
        return value
    told = {
        name: one if name in _KEPT and not isinstance(one, dict) else _forgotten(one, clean)
        for name, one in value.items()
    }
    if _PERSON in told and told[_PERSON] != value[_PERSON]:
        # The term is the contract's, and the contracts are the firm's.
        about = {name: "" for name in told if name not in ("term", "contracts")}
        told |= about | {_PERSON: GONE}
    return told
