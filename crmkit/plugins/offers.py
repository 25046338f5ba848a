"""Answers of a registration hook, checked and merged by name, in no plugin's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import attrs

from crmkit.contracts.settings import nearest
from crmkit.contracts.specs import API_VERSION
from crmkit.errors import PluginError
from crmkit.plugins.calls import Calls
from crmkit.plugins.records import Plugin

R = TypeVar("R")
_COMES_WITH = {"ibis": "crmkit-ibis", "procrastinate": "crmkit-procrastinate"}
"""Distributions of crmkit's own, by what its pages say to name."""


@attrs.frozen
class Offers(Generic[R]):
    """What all plugins together offer at one hook.

    Attributes:
        hook: The hook.
        what: What is offered, in words: ``channel``.
        records: By name, sorted; without those that several plugins claim.
        owners: Who offers each.
        disputed: Names that several plugins claim, and who they are.
    """

    hook: str
    what: str
    records: Mapping[str, R]
    owners: Mapping[str, Plugin]
    disputed: Mapping[str, tuple[Plugin, ...]]

    def get(self, name: str, calls: Calls) -> R:
        """Give one record.

        Raises:
            PluginError: nobody offers it, or several do; names the plugins that may be the cause.
        """
        if name in self.records:
            return self.records[name]
        if name in self.disputed:
            raise _dispute(self.hook, self.what, name, self.disputed[name])
        hint = nearest(name, self.records) or f"; there are {', '.join(self.records) or 'none'}"
        if name in _COMES_WITH:
            hint += f"; it comes with a plugin: pip install {_COMES_WITH[name]}"
        broken = "".join(f"; {f}" for f in calls.failures if f.hook in (None, self.hook))
        message = f"no plugin offers the {self.what} {name!r}{hint}{broken}"
        raise PluginError(message, plugin=None, hook=self.hook, cause=message, name=name)


def _dispute(hook: str, what: str, name: str, plugins: Iterable[Plugin]) -> PluginError:
    owners = sorted({f"{p.distribution} {p.version}".rstrip() for p in plugins})
    if len(owners) == 1:
        message = f"the {what} {name!r} is offered twice by {owners[0]}: one name, one record"
    else:
        who = " and ".join(owners)
        message = (
            f"the {what} {name!r} is offered by both {who}: uninstall one, or restrict plugins="
        )
    return PluginError(message, plugin=None, hook=hook, cause=message, name=name)


def check(answer: Any, kind: type[R]) -> list[R]:
    """Take the answer of one implementation apart; it is all right, or none of it is used.

    Raises:
        TypeError: it holds something else.
        ValueError: it holds a spec for another version of the contracts.
    """
    if answer is None:
        return []
    if isinstance(answer, (str, bytes, Mapping)) or not isinstance(answer, Iterable):
        message = f"must give an iterable of {kind.__name__}, gave {type(answer).__name__}"
        raise TypeError(message)
    records = []
    for record in answer:
        if not isinstance(record, kind):
            message = f"must give {kind.__name__}, gave {type(record).__name__} {record!r:.80}"
            raise TypeError(message)
        version = getattr(record, "api_version", API_VERSION)
        if version != API_VERSION:
            message = (
                f"{getattr(record, 'name', record)!r} was written for version {version} of the "
                f"contracts, this crmkit has {API_VERSION}: upgrade the older of the two"
            )
            raise ValueError(message)
        records.append(record)
    return records


def merge(
    hook: str,
    answers: Iterable[tuple[Plugin, list[R]]],
    calls: Calls,
    reserved: Iterable[str] = (),
) -> Offers[R]:
    """Merge the answers by name; a disputed name is nobody's, a reserved or built-in one stays."""
    what = hook.removeprefix("crmkit_").removesuffix("s").replace("_", " ")
    claims: dict[str, list[tuple[Plugin, R]]] = {}
    for plugin, records in answers:
        for record in records:
            name = record.name  # type: ignore[attr-defined]
            claims.setdefault(name, []).append((plugin, record))
    ours = f"the {what} {{!r}} is one of crmkit's own: choose another name".format
    for name in set(claims) & set(reserved):
        for plugin, _ in claims.pop(name):
            calls.failed(plugin, hook, ours(name))
    records_, owners, disputed = {}, {}, {}
    for name, claimants in sorted(claims.items()):
        own = [claim for claim in claimants if claim[0].builtin]
        if len(claimants) > 1:
            plugins = tuple(plugin for plugin, _ in claimants)
            cause = ours(name) if own else str(_dispute(hook, what, name, plugins))
            for plugin in plugins:
                if not plugin.builtin:
                    calls.failed(plugin, hook, cause)
            if not own:
                disputed[name] = plugins
                continue
        owners[name], records_[name] = own[0] if own else claimants[0]
    frozen = MappingProxyType
    return Offers(hook, what, frozen(records_), frozen(owners), frozen(disputed))
