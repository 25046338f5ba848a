"""Contacts that come one a line: those whom the lines of a file name at one customer, gathered.

An export of contacts, and many a spreadsheet, has a line for each of them and their customer's
number on every line. Such a line says that somebody is a contact there, and nothing of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from crmkit.capture.normalise import Normaliser
from crmkit.capture.traits import traits
from crmkit.model.customer import Contact

_NAME_ALONE = 1
"""Likeness of two that have the name in common and nothing else."""


class Some(tuple[Contact, ...]):
    """Contacts whom a line names among others: known ones stay, where any other tuple replaces."""

    __slots__ = ()


class Gathering:
    """What the lines of one import name: it stays said, so that the same file changes nothing."""

    def __init__(self, normaliser: Normaliser) -> None:
        """Begin with a first line."""
        self._normaliser = normaliser
        self._said: set[int] = set()  # hashes: a file may have a million lines

    def add(
        self, customer: str, known: Iterable[Contact], named: Iterable[Contact]
    ) -> tuple[Contact, ...]:
        """Give a customer's contacts with those that a line names.

        Args:
            customer: Id.
            known: His contacts so far.
            named: Whom the line names.
        """
        people = list(known)
        for one in named:
            place = self._put(customer, people, one)
            self._said.add(hash((customer, people[place])))
        return tuple(people)

    def _put(self, customer: str, people: list[Contact], one: Contact) -> int:
        """Let somebody be among the contacts; give his place."""
        first = next((place for place, other in enumerate(people) if other.primary), None)
        if one.primary and first is not None and self._is_said(customer, people[first]):
            is_he = _says(people[first], _filled(one))
            one = attrs.evolve(one, primary=is_he)  # another line said who is first
        said = _filled(one)
        for place, other in enumerate(people):
            if _says(other, said):
                return place
        for place, other in enumerate(people):
            if self._is_same(other, one):
                whole = attrs.evolve(other, **said)
                if not self._is_said(customer, other) or _says(whole, _filled(other)):
                    people[place] = whole
                    break
        else:
            place = len(people)
            people.append(one)
        if one.primary and first is not None and first != place:
            people[first] = attrs.evolve(people[first], primary=False)
        return place

    def _is_said(self, customer: str, one: Contact) -> bool:
        return hash((customer, one)) in self._said

    def _is_same(self, one: Contact, other: Contact) -> bool:
        """Tell whether two are one person: the name, and no address or id that says otherwise."""
        if one.customer_id and other.customer_id:
            return one.customer_id == other.customer_id
        if _name(one) != _name(other):
            return False  # of thousands most are somebody else, and numbers take long to spell
        mine, theirs = (traits(attrs.asdict(each), self._normaliser) for each in (one, other))
        return mine.likeness(theirs) > _NAME_ALONE or not mine.contradicts(theirs)


def _name(one: Contact) -> str:
    return one.name.strip().casefold()


def _filled(one: Contact) -> dict[str, Any]:
    """Give what is said of a contact."""
    return {name: value for name, value in attrs.asdict(one).items() if value}


def _says(one: Contact, said: dict[str, Any]) -> bool:
    """Tell whether all of it is said of a contact."""
    return all(getattr(one, name) == value for name, value in said.items())
