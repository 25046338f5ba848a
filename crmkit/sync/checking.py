"""Mapping and values held against what the CRM says of its objects, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from crmkit.capture.exact import Fault
from crmkit.contracts.connector import Field, Finding, Schema
from crmkit.contracts.settings import nearest
from crmkit.model.sync import THEIRS
from crmkit.sync.fields import CUSTOMERS, SCORES, type_of
from crmkit.sync.settings import IN, FieldRule, Link, MappingRule

if TYPE_CHECKING:
    from crmkit.sync.sendings import Sending
    from crmkit.sync.track import Track

_FITS = {
    "number": {"number", "text", "other", "choice"},
    "flag": {"flag", "text", "choice", "number", "other"},
    "date": {"date", "instant", "text", "other"},
    "instant": {"instant", "date", "text", "other"},
    "list": {"list", "text", "choice", "other"},
    "customer": {"reference", "text", "other"},
    "person": {"reference", "text", "choice", "list", "other"},
}
"""Types of theirs that a type of ours can be; any other of ours can be all of them."""


def objection(
    track: Track, sending: Sending, faults: Sequence[Fault]
) -> tuple[str | None, str] | None:
    """Give the field and reason why a record cannot be sent as it is; None: it can."""
    for fault in faults:
        return fault.field, f"{fault.field}: {fault.reason}"
    values = sending.values
    for name, most in track.lengths:
        value = values.get(name)
        if type(value) is str and len(value) > most:
            theirs = track.by_ours[name].theirs
            long = f"has {len(value)} characters, {theirs} takes {most}: shorten it"
            return name, f"{name}: {long}"
    return None


def check_mapping(
    rule: MappingRule, rules: Sequence[FieldRule], schema: Schema
) -> Iterator[Finding]:
    """Hold a mapping against the CRM's object."""
    fields = {field.name: field for field in schema.fields}
    for one in rules:
        where = f"{rule.where}.fields.{one.ours}: {rule.object}.{one.theirs}"
        field = fields.get(one.theirs)
        if field is None:
            yield Finding(
                what=f"{where} does not exist there{nearest(one.theirs, fields)}",
                remedy="correct the mapping, or make the field in the CRM",
            )
        else:
            yield from _fit(one, field, rule, where)
    if rule.direction != IN:
        yield from _needed(rules, schema, rule)
    yield from _found(rule, rules, fields)
    if rule.concept not in (CUSTOMERS, SCORES) and all(one.ours != "customer" for one in rules):
        yield Finding(
            what=f"{rule.where} does not say whose a record is",
            remedy="map it: fields.customer = the field that names his record there",
        )
    if rule.select and rule.concept != CUSTOMERS:
        yield Finding(
            what=f"{rule.where}.select chooses among customers alone",
            remedy="take it out: what is about a customer goes over where he does",
        )


def _fit(one: FieldRule, field: Field, rule: MappingRule, where: str) -> Iterator[Finding]:
    if field.readonly and one.owner != THEIRS and rule.direction != IN:
        yield Finding(
            what=f"{where} cannot be written there",
            remedy='map another field, or leave it out; direction = "in" reads it alone',
        )
    kind = type_of(rule.concept, one.ours)
    fits = _FITS.get(kind)
    if fits is not None and field.type not in fits:
        yield Finding(
            what=f"{where} is a {field.type} there, and a {kind} here",
            remedy="map a field of a type that can hold it",
        )
    if one.values and field.choices:
        for word in one.values.values():
            if word not in field.choices:
                yield Finding(
                    what=f"{where} has no choice {word!r}{nearest(word, field.choices)}",
                    remedy="correct values in the mapping, or add the choice in the CRM",
                )
    if one.default is not None and field.choices and one.default not in field.choices:
        yield Finding(
            what=f"{where} has no choice {one.default!r}{nearest(str(one.default), field.choices)}",
            remedy="correct its default in the mapping, or add the choice in the CRM",
        )


def _needed(rules: Sequence[FieldRule], schema: Schema, rule: MappingRule) -> Iterator[Finding]:
    mapped = {one.theirs for one in rules}
    for field in schema.fields:
        if field.required and not field.readonly and field.name not in mapped:
            yield Finding(
                what=f"{rule.where}: {rule.object}.{field.name} is required there, and not mapped",
                remedy="map it, or give it a default in the CRM",
                fatal=False,
            )


def _found(
    rule: MappingRule, rules: Sequence[FieldRule], fields: dict[str, Field]
) -> Iterator[Finding]:
    match = next((one for one in rules if one.ours == rule.match), None)
    if match is None:
        if rule.concept == CUSTOMERS:
            yield Finding(
                what=f"{rule.where} has no match: records that are on both sides would double",
                remedy='set match = "email", or another mapped field that is unique',
                fatal=False,
            )
        return
    field = fields.get(match.theirs)
    if field is not None and not field.unique:
        yield Finding(
            what=f"{rule.where}.match: {rule.object}.{match.theirs} is not unique there",
            remedy="make it unique there, or match on a field that is",
            fatal=False,
        )


def check_links(links: Iterable[Link]) -> Iterator[Finding]:
    """See that no field of ours is theirs in two places, which would undo each other for ever."""
    owned: dict[tuple[str, str], list[tuple[MappingRule, str]]] = {}
    for link in links:
        for rule in link.mappings:
            for name in (one.ours for one in rule.fields if one.owner == THEIRS):
                place = f"{link.name}'s {rule.object}"
                others = owned.setdefault((rule.concept, name), [])
                for other, there in others:
                    if not _apart(rule, other):
                        yield Finding(
                            what=f"{name} belongs to {there} and to {place}: each would undo the "
                            "other for ever",
                            remedy='give it another owner in one of them: owner = "newest"',
                        )
                        break
                others.append((rule, place))


def _apart(one: MappingRule, other: MappingRule) -> bool:
    """Tell whether no record of ours can be in both objects, nor come from one into the other."""
    if one.concept == CUSTOMERS:
        kinds = one.select.get("kind", ()), other.select.get("kind", ())
    elif IN in (one.direction, other.direction):
        return True  # what comes from there never goes over to the other
    else:
        kinds = one.kind, other.kind
    return all(kinds) and set(kinds[0]).isdisjoint(kinds[1])
