"""What ``[connectors.NAME]`` says: which connector, and what of ours is what of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs

from crmkit.contracts.settings import check_keys, nearest, refuse, shape
from crmkit.model.sync import OURS, THEIRS
from crmkit.sync.fields import CONCEPTS, CUSTOMERS, SAME, SCORE, SCORES, known

NEWEST, ASK = "newest", "ask"
OWNERS = (OURS, THEIRS, NEWEST, ASK)
BOTH, OUT, IN = "both", "out", "in"
DIRECTIONS = (BOTH, OUT, IN)
UNLINK, ERASE, RECREATE = "unlink", "erase", "recreate"
ON_DELETE = (UNLINK, ERASE, RECREATE)
_DEFAULT_OWNER = {BOTH: NEWEST, OUT: OURS, IN: THEIRS}
_SELECT = ("tier", "stage", "kind", "owner")
_ENGINES = ("type", "mapping", "users", "overlap", "sweep_every")
"""Settings of a connector that are crmkit's own; the rest is its type's."""
STEP = 5.0
SWEEP_EVERY = 86_400.0


@attrs.frozen(kw_only=True)
class FieldRule:
    """One field of ours and the one of theirs that it is kept equal with.

    Attributes:
        ours: Our name: ``email``, ``attributes.level``.
        theirs: The CRM's name: ``Last_Name``.
        owner: ``ours theirs newest ask``: whose value holds where they differ.
        values: Their value by ours, where both sides have words of their own.
        default: Sent where ours is empty when a record is made there.
    """

    ours: str
    theirs: str
    owner: str
    values: Mapping[str, str] = attrs.field(factory=dict)
    default: Any = None

    @cached_property  # asked of every value that comes in
    def back(self) -> dict[str, str]:
        """Our value by theirs; of several of ours that are one of theirs, the first."""
        found: dict[str, str] = {}
        for ours, theirs in self.values.items():
            found.setdefault(theirs, ours)
        return found


@attrs.frozen(kw_only=True)
class MappingRule:
    """What one concept of ours is in the CRM.

    Attributes:
        concept: One of `CONCEPTS`.
        object: The CRM's object: ``Contacts``.
        match: Our field by which a record is found on the other side; None: by nothing.
        direction: ``both``, ``out`` (to the CRM) or ``in``.
        select: Which of ours go out, by ``tier``, ``stage``, ``kind``, ``owner``.
        on_remote_delete: ``unlink``, ``erase`` or ``recreate``.
        fields: The fields.
        kind: Kinds of touchpoints that this object holds; the first is given to those from there.
        step: Points by which a score must differ from what was last sent.
        where: Path of the section, for errors.
    """

    concept: str
    object: str
    match: str | None = None
    direction: str = BOTH
    select: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    on_remote_delete: str = UNLINK
    fields: tuple[FieldRule, ...] = ()
    kind: tuple[str, ...] = ()
    step: float = STEP
    where: str = ""


@attrs.frozen(kw_only=True)
class Link:
    """One connector as the configuration has it.

    Attributes:
        name: What users call it.
        type: The `ConnectorSpec`'s name.
        mappings: In their order.
        users: Theirs by ours: account managers as the CRM knows them.
        overlap: Seconds before the cursor that are read again; None: the connector's own.
        sweep_every: Seconds between two enumerations of every id, where there are many records.
        settings: What the connector itself is opened with.
    """

    name: str
    type: str
    mappings: tuple[MappingRule, ...] = ()
    users: Mapping[str, str] = attrs.field(factory=dict)
    overlap: float | None = None
    sweep_every: float = SWEEP_EVERY
    settings: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    @cached_property
    def colleagues(self) -> dict[str, str]:
        """Ours by theirs, of the account managers that `users` names."""
        return {theirs: ours for ours, theirs in self.users.items()}


def read_link(name: str, section: Mapping[str, Any]) -> Link:
    """Read one ``[connectors.NAME]``, its secrets filled in.

    Raises:
        ConfigError: a setting is wrong; `key` names it.
    """
    where = f"connectors.{name}"
    own = {key: _plain(section[key]) for key in _ENGINES if key in section}
    rest = {key: value for key, value in section.items() if key not in _ENGINES}
    mappings = shape(own.get("mapping", ()), Sequence[Mapping[str, Any]], f"{where}.mapping")
    rules = tuple(_mapping(one, f"{where}.mapping[{n}]") for n, one in enumerate(mappings))
    _one_each(rules)
    users = shape(own.get("users", {}), Mapping[str, str], f"{where}.users")
    doubled = [ours for ours, theirs in users.items() if list(users.values()).count(theirs) > 1]
    if doubled:
        refuse(f"{where}.users", f"says the same of {' and '.join(doubled)}: nobody could tell who")
    return Link(
        name=name,
        type=shape(own.get("type", name), str, f"{where}.type"),
        mappings=rules,
        users=users,
        overlap=_seconds(own, "overlap", where),
        sweep_every=_seconds(own, "sweep_every", where) or 0.0
        if "sweep_every" in own
        else SWEEP_EVERY,
        settings=rest,
    )


def _mapping(section: Mapping[str, Any], where: str) -> MappingRule:
    names = [f.name for f in attrs.fields(MappingRule) if f.name != "where"]
    check_keys(section, names, where)
    for name in ("concept", "object", "fields"):
        if name not in section:
            refuse(f"{where}.{name}", "is required")
    concept = _word(section, "concept", CONCEPTS, where)
    direction = _word(section, "direction", DIRECTIONS, where, OUT if concept == SCORES else BOTH)
    if concept == SCORES and direction != OUT:
        refuse(f"{where}.direction", "must be out: a score is ours alone", direction)
    fields = _fields(section["fields"], concept, direction, f"{where}.fields")
    step = shape(section.get("step", STEP), float, f"{where}.step")
    return MappingRule(
        concept=concept,
        object=shape(section["object"], str, f"{where}.object"),
        match=_match(section, concept, fields, where),
        direction=direction,
        select=_select(section.get("select", {}), f"{where}.select"),
        on_remote_delete=_word(section, "on_remote_delete", ON_DELETE, where, UNLINK),
        fields=fields,
        kind=_texts(section.get("kind", ()), f"{where}.kind"),
        step=step if step >= 0 else refuse(f"{where}.step", "must not be below 0", step),
        where=where,
    )


def _elsewhere(concept: str, ours: str) -> str:
    """Say what was meant by a field that a concept has not: a score stands beside no name."""
    if known(SCORES, ours):
        return f'; it goes over by a mapping of its own, with concept = "{SCORES}"'
    return nearest(ours, CONCEPTS[concept])


def _fields(
    section: Any, concept: str, direction: str, where: str, prefix: str = ""
) -> tuple[FieldRule, ...]:
    rules: list[FieldRule] = []
    for name, value in shape(section, Mapping[str, Any], where).items():
        ours, place = f"{prefix}{name}", f"{where}.{name}"
        if isinstance(value, Mapping) and "field" not in value and not prefix:
            if ours != "attributes":
                refuse(f"{place}.field", "is required")
            rules += _fields(value, concept, direction, place, f"{ours}.")
            continue
        kind = known(concept, ours)
        if kind is None:
            refuse(place, f"is no field of {concept}{_elsewhere(concept, ours)}")
        if concept == SCORES:
            ours = SCORE + SAME.get(ours, ours)
        rules.append(_field(ours, value, _DEFAULT_OWNER[direction], direction, place))
    taken: dict[str, str] = {}
    mapped: dict[str, str] = {}
    for rule in rules:
        if rule.theirs in taken:
            message = f"{taken[rule.theirs]} and {rule.ours} are both {rule.theirs!r}: one of them"
            refuse(where, f"has two rules for one field: {message} must go")
        if rule.ours in mapped:
            message = f"{rule.ours} is {mapped[rule.ours]!r} and {rule.theirs!r}: one of them"
            refuse(where, f"has two rules for one field: {message} must go")
        taken[rule.theirs], mapped[rule.ours] = rule.ours, rule.theirs
    if not rules:
        refuse(where, "names no field")
    return tuple(rules)


def _field(ours: str, value: Any, owner: str, direction: str, where: str) -> FieldRule:
    if isinstance(value, str):
        return FieldRule(ours=ours, theirs=value, owner=owner)
    section = shape(value, Mapping[str, Any], where)
    check_keys(section, ("field", "owner", "values", "default"), where)
    stated = _word(section, "owner", OWNERS, where, owner)
    if direction != BOTH and stated not in (owner, NEWEST):
        refuse(f"{where}.owner", f"must be {owner} where the direction is {direction}", stated)
    return FieldRule(
        ours=ours,
        theirs=shape(section["field"], str, f"{where}.field"),
        owner=stated if direction == BOTH else owner,
        values=shape(section.get("values", {}), Mapping[str, str], f"{where}.values"),
        default=section.get("default"),
    )


def _match(
    section: Mapping[str, Any], concept: str, fields: Sequence[FieldRule], where: str
) -> str | None:
    names = [rule.ours for rule in fields]
    if "match" not in section:
        return next((name for name in ("id", "email") if name in names), None)
    found: str = shape(section["match"], str, f"{where}.match")
    by_theirs = {rule.theirs: rule.ours for rule in fields}
    if found not in names and found in by_theirs:
        return by_theirs[found]
    if found not in names and concept != SCORES:
        refuse(f"{where}.match", f"must be one of the mapped fields{nearest(found, names)}", found)
    return found


def _select(section: Any, where: str) -> dict[str, tuple[str, ...]]:
    given = shape(section, Mapping[str, Any], where)
    check_keys(given, _SELECT, where)
    return {name: _texts(value, f"{where}.{name}") for name, value in given.items()}


def _texts(value: Any, where: str) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(shape(value, Sequence[str], where))


def _word(
    section: Mapping[str, Any],
    name: str,
    words: Any,
    where: str,
    default: str | None = None,
) -> str:
    found: str = shape(section.get(name, default), str, f"{where}.{name}")
    if found not in words:
        must = f"must be one of {', '.join(words)}{nearest(found, words)}"
        refuse(f"{where}.{name}", must, found)
    return found


def _seconds(section: Mapping[str, Any], name: str, where: str) -> float | None:
    if name not in section:
        return None
    found: float = shape(section[name], float, f"{where}.{name}")
    return found if found >= 0 else refuse(f"{where}.{name}", "must not be below 0", found)


def _one_each(rules: Sequence[MappingRule]) -> None:
    """See that no object is two concepts, and that no field of it has two rules."""
    seen: dict[tuple[str, bool], MappingRule] = {}
    taken: dict[tuple[str, str], str] = {}
    for rule in rules:
        for field in rule.fields:
            other = taken.setdefault((rule.object, field.theirs), f"{rule.where}.{field.ours}")
            if other != f"{rule.where}.{field.ours}":
                refuse(f"{rule.where}.fields.{field.ours}", f"is the field of {other} already")
        mapped = (rule.object, rule.concept == SCORES)
        if mapped in seen:
            refuse(f"{rule.where}.object", f"is mapped by {seen[mapped].where} already")
        seen[mapped] = rule
    for rule in rules:
        beside = seen.get((rule.object, False))
        if rule.concept == SCORES and (beside is None or beside.concept != CUSTOMERS):
            must = "needs a mapping of customers to the same object, which finds whose score it is"
            refuse(f"{rule.where}.object", must, rule.object)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.reveal() if hasattr(value, "reveal") else value
