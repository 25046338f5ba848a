"""Fail closed: what data or configuration rely on must not vanish with a plugin.

The engine remembers in the database who declared what (a JSON-ready mapping) and gives it back
here; nothing in this module reads or writes anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from crmkit.errors import PluginError
from crmkit.plugins.records import Failure, MissingPlugin

KINDS = "kinds"
INDICATORS = "indicators"
REFERENCES = "references"
REFUSALS = "refusals"
HOOKS = {
    KINDS: "crmkit_touchpoint_kinds",
    INDICATORS: "crmkit_indicators",
    REFERENCES: "crmkit_references",
    REFUSALS: "crmkit_refuse_send",
}
"""What is remembered, and the hook that declares it."""

_STOPS = {
    KINDS: "nothing is scored without the touchpoint kind",
    INDICATORS: "nothing is scored without the indicator",
    REFERENCES: "nothing is merged, exported or erased without the references",
    REFUSALS: "nothing is sent without the refusals of",
}

Declared = Mapping[str, Mapping[str, str]]
"""``{"kinds": {"flight": "crmkit-pigeon"}}``: what, its name, the distribution that declared it."""


def remember(before: Declared, now: Declared) -> dict[str, dict[str, str]]:
    """Add what is declared now to what was before; a name that moved is its new owner's."""
    return {what: {**before.get(what, {}), **now.get(what, {})} for what in HOOKS}


def in_words(declared: Mapping[str, Iterable[str]]) -> str:
    """Tell what was declared: the names of each sort."""
    return "; ".join(f"{what} {', '.join(names)}" for what, names in declared.items())


def gone(remembered: Declared, now: Declared, installed: Collection[str]) -> list[MissingPlugin]:
    """Give what was declared and is no more, by the distributions that are not installed."""
    lost: dict[str, dict[str, tuple[str, ...]]] = {}
    for what, names in sorted(remembered.items()):
        for name, owner in sorted(names.items()):
            if name not in now.get(what, {}) and owner not in installed:
                declared = lost.setdefault(owner, {})
                declared[what] = (*declared.get(what, ()), name)
    return [MissingPlugin(distribution=whose, declared=lost[whose]) for whose in sorted(lost)]


def missing(
    what: str,
    remembered: Declared,
    now: Declared,
    failures: Iterable[Failure],
    names: Collection[str] | None = None,
) -> PluginError | None:
    """Tell whether something that was declared is there no more.

    Args:
        what: One of `HOOKS`.
        remembered: What was declared before, by whom.
        now: What is declared.
        failures: What failed, for the cause.
        names: Only these matter, and each must be there; None: all that was ever declared.

    Returns:
        The error to raise, naming the plugin; None where nothing is missing.
    """
    before, there = remembered.get(what, {}), now.get(what, {})
    known = list(failures)
    for name in sorted(before if names is None else names):
        if name not in there:
            return _error(what, name, before.get(name), known)
    if names is None:  # all of them matter: also one that raises and was never heard of
        for failure in known:
            if failure.hook == HOOKS[what]:
                return failure.error(_STOPS[what].removesuffix(" of"))
    return None


def missing_kinds(
    remembered: Declared, now: Declared, failures: Iterable[Failure]
) -> dict[str, str]:
    """Say of each touchpoint kind that is there no more why no record of it can be taken."""
    before, there, known = remembered.get(KINDS, {}), now.get(KINDS, {}), list(failures)
    stop = "no record is taken of the kind"
    return {
        name: str(_error(KINDS, name, owner, known, stop))
        for name, owner in before.items()
        if name not in there
    }


def _error(
    what: str, name: str, owner: str | None, failures: list[Failure], stop: str = ""
) -> PluginError:
    hook = HOOKS[what]
    related = [f for f in failures if f.hook in (None, hook)]
    mine = [f for f in related if f.distribution == owner]
    stop = f"{stop or _STOPS[what]} {name!r}"
    if mine:
        return mine[0].error(f"{stop}: mend the plugin")
    if owner is not None:
        message = (
            f"{stop}, which {owner} declared: it is not loaded; install it again or lift the "
            "restriction on plugins; where it was removed for good, say so: "
            f"crmkit plugins --forget {owner} --reason WHY"
        )
        return PluginError(message, plugin=owner, distribution=owner, hook=hook, cause="missing")
    suspects = "".join(f"; {f}" for f in related)
    message = f"{stop}, which no plugin declares: install the one that does{suspects}"
    return PluginError(message, plugin=None, distribution=None, hook=hook, cause="missing")
