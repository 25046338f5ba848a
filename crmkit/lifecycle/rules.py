"""Stage rules: data in a TOML file that a user edits, and records that plugins offer."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs

from crmkit.contracts.settings import nearest
from crmkit.errors import ModelError
from crmkit.lifecycle.facts import COUNTED, NAMED, NAMES, SINCE, known
from crmkit.lifecycle.stages import EDGES, ENDED, allowed
from crmkit.model.lifecycle import StageRule
from crmkit.model.ranges import is_number
from crmkit.plugins import PluginManager

_OPERATORS = frozenset({"min", "max", "is", "in"})
_FIELDS = frozenset(field.name for field in attrs.fields(StageRule))


@attrs.frozen(slots=False)
class Ruleset:
    """Rules in the order they are tried; the first that holds moves the customer.

    Attributes:
        rules: In that order: by priority, then those of the file as they stand there, then those
            of plugins by name. The order in which plugins are loaded decides nothing.
    """

    rules: tuple[StageRule, ...]

    @classmethod
    def of(cls, rules: Iterable[StageRule], offered: Iterable[StageRule] = ()) -> Ruleset:
        """Put rules in order and check them.

        Args:
            rules: Those of the file.
            offered: Those of plugins; one of the file with the same name replaces it.

        Raises:
            ModelError: a rule makes no sense; names it and the place.
        """
        own = tuple(rules)
        names = [rule.name for rule in own]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ModelError(f"stage rule {twice[0]!r} is there twice", field="name")
        added = sorted((r for r in offered if r.name not in names), key=lambda rule: rule.name)
        for rule in (*own, *added):
            check(rule)
        return cls(tuple(sorted((*own, *added), key=lambda rule: -rule.priority)))

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that some rule tests."""
        return frozenset(fact for rule in self.rules for fact in rule.when)

    @property
    def mentioned(self) -> frozenset[str]:
        """Every fact that some rule tests, or names in its reason."""
        named = (name for rule in self.rules for name in NAMED.findall(rule.reason))
        return self.facts.union(named)

    @property
    def counted(self) -> frozenset[str]:
        """Kinds of touchpoint that some rule counts."""
        return frozenset(
            fact.removeprefix(COUNTED).removeprefix(SINCE)
            for fact in self.facts
            if fact.startswith((COUNTED, SINCE))
        )


def check(rule: StageRule) -> None:
    """Check that a rule makes sense.

    Raises:
        ModelError: `field` names the place.
    """
    for wrong, field, what in (
        (rule.to == ENDED, "to", "must not end a relationship: a senior person does"),
        (not rule.when, "when", "needs a condition"),
    ):
        if wrong:
            raise ModelError(f"stage rule {rule.name!r}: {field} {what}", field=field)
    for before in rule.since:
        if not allowed(before, rule.to):
            ways = ", ".join(sorted(EDGES.get(before, ()))) or "nowhere"
            message = (
                f"stage rule {rule.name!r}: no way leads from {before} to {rule.to}; from "
                f"{before} one comes to {ways}"
            )
            raise ModelError(message, field="since")
    for fact, condition in rule.when.items():
        _check_condition(rule, fact, condition)


def _check_condition(rule: StageRule, fact: str, condition: Any) -> None:
    where = f"stage rule {rule.name!r}: when.{fact}"
    if not known(fact):
        hint = nearest(fact, NAMES) or f'; of a kind there are "{COUNTED}visit" and "{SINCE}visit"'
        raise ModelError(f"{where} is no fact{hint}; crmkit.lifecycle.facts lists them", field=fact)
    if not isinstance(condition, Mapping) or not condition or set(condition) - _OPERATORS:
        message = f"{where} must hold min, max, is or in, such as {{ min = 2 }}"
        raise ModelError(message, field=fact)
    for bound in ("min", "max"):
        if bound in condition and not is_number(condition[bound]):
            raise ModelError(f"{where}.{bound} must be a number", field=fact)
    if "in" in condition and not isinstance(condition["in"], (list, tuple)):
        raise ModelError(f"{where}.in must be a list", field=fact)


def offered_rules(plugins: PluginManager) -> list[StageRule]:
    """Give the rules of plugins; one that makes no sense is left out, and its plugin named.

    Raises:
        PluginError: one makes no sense, and the manager is strict.
    """
    sound = []
    for name, rule in plugins.stage_rules().items():
        try:
            check(rule)
        except ModelError as error:
            plugins.blame("crmkit_stage_rules", name, error)
        else:
            sound.append(rule)
    return sound


@cache
def default_rules() -> tuple[StageRule, ...]:
    """Give the rules that hold where the configuration names no file."""
    text = files("crmkit.lifecycle").joinpath("default_rules.toml").read_text("utf-8")
    return parse_rules(text, "default_rules.toml")


def load_rules(path: str | Path) -> tuple[StageRule, ...]:
    """Read a rule file.

    Raises:
        ModelError: the file is missing, no TOML, or makes no sense; the message names the place.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, ValueError) as cause:  # it may be no path at all, or no text
        raise ModelError(f"rule file {path}: cannot be read: {cause}", field="file") from cause
    return parse_rules(text, str(path))


def parse_rules(text: str, name: str = "rules") -> tuple[StageRule, ...]:
    """Read rules from TOML text; `name` stands in the errors."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as cause:  # no TOML, or TOML beyond all measure
        raise ModelError(f"rule file {name}: not TOML: {cause}", field="file") from cause
    entries = table.get("rule", [])
    tables = isinstance(entries, list) and all(isinstance(one, dict) for one in entries)
    if set(table) - {"rule"} or not tables or not entries:
        raise ModelError(f"rule file {name}: must hold [[rule]] tables only", field="rule")
    return Ruleset.of(_rule(entry, name) for entry in entries).rules


def _rule(entry: Mapping[str, Any], name: str) -> StageRule:
    where = f"rule file {name}, rule {entry.get('name', '?')!r}"
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise ModelError(f"{where}: unknown key {unknown[0]!r}", field=unknown[0])
    for key in ("name", "to", "when"):
        if key not in entry:
            raise ModelError(f"{where}: {key} is missing", field=key)
    return StageRule(**entry)
