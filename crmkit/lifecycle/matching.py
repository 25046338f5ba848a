"""Trying rules on columns: which rule moves whom, and what it rested on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite, isnan
from typing import Any, NamedTuple

import attrs

from crmkit.clock import DAY
from crmkit.lifecycle.facts import NAMED, STAGE_FACTS, Column
from crmkit.lifecycle.frame import Frame
from crmkit.lifecycle.rules import Ruleset
from crmkit.lifecycle.stages import FIRST, allowed
from crmkit.model.lifecycle import StageRule

Check = Callable[[Any], bool]
_ONE_DAY = re.compile(r"(?<![\d.-])1 days\b")
"""What a rule's reason, written for many days, becomes where there is one."""


class Bound(NamedTuple):
    """A rule with the columns it tests, and what it asks of the stage held."""

    rule: StageRule
    tests: tuple[tuple[Column, Check], ...]
    of_stage: tuple[tuple[str, Check], ...]


@attrs.frozen
class Matcher:
    """The rules, bound to everybody's facts at one instant."""

    frame: Frame
    by_stage: Mapping[str, tuple[Bound, ...]]

    @classmethod
    def of(cls, rules: Ruleset, frame: Frame, stages: frozenset[str]) -> Matcher:
        """Bind rules; `stages` are those that somebody may stand in."""
        bound = tuple(_bind(rule, frame) for rule in rules.rules)
        by_stage = {
            stage: tuple(
                one
                for one in bound
                if allowed(stage, one.rule.to) and (not one.rule.since or stage in one.rule.since)
            )
            for stage in stages
        }
        return cls(frame, by_stage)

    def move(self, place: int, stage: str, since: int | None) -> StageRule | None:
        """Give the first rule that moves somebody on from a stage, or None.

        Args:
            place: His place in the frame.
            stage: Where he stands.
            since: When he came there; None: it was only worked out, and nothing is known of it.
        """
        for rule, tests, of_stage in self.by_stage[stage]:
            for column, check in tests:
                if not check(column[place]):
                    break
            else:
                if all(
                    check(self._of_stage(fact, place, stage, since)) for fact, check in of_stage
                ):
                    return rule
        return None

    def first(self, place: int) -> tuple[str, StageRule | None]:
        """Work out where somebody stands of whom no stage was recorded.

        He is taken for a prospect and moved on, rule after rule, until none applies.
        """
        stage, last = FIRST, None
        seen = {FIRST}
        while (rule := self.move(place, stage, None)) is not None and rule.to not in seen:
            stage, last = rule.to, rule
            seen.add(stage)
        return stage, last

    def facts(self, rule: StageRule, place: int, stage: str, since: int | None) -> dict[str, Any]:
        """Give the facts that a rule tested, as they were, JSON-ready."""
        return {
            fact: _plain(
                self._of_stage(fact, place, stage, since)
                if fact in STAGE_FACTS
                else self.frame.column(fact)[place]
            )
            for fact in rule.when
        }

    def reason(self, rule: StageRule, place: int, stage: str, since: int | None) -> str:
        """Write the reason with the facts put in, also those that the rule does not test."""

        def put(found: re.Match[str]) -> str:
            fact = found[1]
            if fact in STAGE_FACTS:
                return _words(self._of_stage(fact, place, stage, since))
            try:
                return _words(self.frame.column(fact)[place])
            except KeyError:  # braces of the user's own
                return found[0]

        return _ONE_DAY.sub("1 day", NAMED.sub(put, rule.reason)) or rule.name

    def _of_stage(self, fact: str, place: int, stage: str, since: int | None) -> Any:
        if fact == "stage":
            return stage
        if since is None:
            return None
        if fact == "days_in_stage":
            return (self.frame.at - since) // DAY
        return self.frame.columns.last_purchase[place] > since


def _bind(rule: StageRule, frame: Frame) -> Bound:
    tests, of_stage = [], []
    for fact, condition in rule.when.items():
        check = _check(condition)
        if fact in STAGE_FACTS:
            of_stage.append((fact, check))
        else:
            tests.append((frame.column(fact), check))
    return Bound(rule, tuple(tests), tuple(of_stage))


def _check(condition: Mapping[str, Any]) -> Check:
    """Make one test of a value; None and NaN fulfil none."""
    checks: list[Check] = []
    if "min" in condition or "max" in condition:
        low, high = condition.get("min", float("-inf")), condition.get("max", float("inf"))
        checks.append(
            lambda value: value is not None and not isinstance(value, str) and low <= value <= high
        )
    if "is" in condition:
        wanted = condition["is"]
        checks.append(lambda value: value is not None and value == wanted)
    if "in" in condition:
        among = tuple(condition["in"])
        checks.append(lambda value: value in among)
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _plain(value: Any) -> Any:
    """Round a fact for the record: two places, whole numbers without a point."""
    if not isinstance(value, float):
        return value
    if isnan(value):
        return None
    if not isfinite(value):
        return str(value)
    return int(value) if value.is_integer() else round(value, 2)


def _words(value: Any) -> str:
    plain = _plain(value)
    if isinstance(plain, (int, float)) and not isinstance(plain, bool):
        return f"{plain:g}" if abs(plain) < 1e6 else str(plain)  # noqa: PLR2004 - no exponents
    return "?" if plain is None else str(plain)
