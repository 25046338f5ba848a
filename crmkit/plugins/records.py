"""What is known about a plugin: where it came from, what it did wrong, a row for the listing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.errors import PluginError
from crmkit.masking import without_passwords
from crmkit.model.serial import Record

OK = "ok"
PARTLY = "partly"
FAILED = "failed"
OFF = "off"
MISSING = "missing"
_LONGEST = 300


def _named(name: str, distribution: str, version: str) -> str:
    """Call a plugin by its entry point and, where one is known, its distribution."""
    of = f" of {distribution} {version}".rstrip() if distribution else ""
    return f"plugin {name!r}{of}"


@attrs.frozen(kw_only=True, order=True)
class Plugin:
    """One registered plugin.

    Attributes:
        name: Name of its entry point.
        distribution: The package that brought it.
        version: Version of that package; empty where it is not known.
        target: The module or object whose functions are the hooks.
        builtin: It is crmkit's own: loaded always, and its names cannot be taken.
        seconds: How long its import took.
    """

    name: str
    distribution: str
    version: str = ""
    target: Any = attrs.field(default=None, eq=False, repr=False)
    builtin: bool = False
    seconds: float = 0.0

    def __str__(self) -> str:
        return _named(self.name, self.distribution, self.version)

    @property
    def key(self) -> str:
        """Unique among plugins, and the order they are called in."""
        return f"{self.distribution}:{self.name}"


@attrs.frozen(kw_only=True)
class Failure(Record):
    """Something a plugin did wrong; everything else went on.

    Attributes:
        plugin: Name of its entry point.
        distribution: The package that brought it.
        version: Version of that package.
        hook: The hook that failed; None where it could not be loaded at all.
        cause: Why, in one line.
    """

    plugin: str
    distribution: str
    version: str
    hook: str | None
    cause: str

    def __str__(self) -> str:
        at = f" in {self.hook}" if self.hook else ""
        whose = _named(self.plugin, self.distribution, self.version)
        return f"{whose} failed{at}: {self.cause}"

    def error(self, consequence: str = "") -> PluginError:
        """Make it an error, for where nothing may go on without the plugin."""
        message = f"{self}{consequence and '; '}{consequence}"
        return PluginError(
            message,
            plugin=self.plugin,
            distribution=self.distribution,
            hook=self.hook,
            cause=self.cause,
        )


@attrs.frozen(kw_only=True)
class MissingPlugin(Record):
    """What the data rely on, of a distribution that is installed no more.

    Attributes:
        distribution: The package that brought it.
        declared: ``indicators``, ``kinds``, ``references`` and ``refusals``: the names of those
            that it declared, sorted.
    """

    distribution: str
    declared: Mapping[str, tuple[str, ...]]


@attrs.frozen(kw_only=True)
class PluginRow(Record):
    """One row of ``crmkit plugins``.

    Attributes:
        name: Name of its entry point.
        distribution: The package that brought it.
        version: Version of that package.
        hooks: Hooks it implements, sorted.
        status: ``ok``, ``partly`` (some hooks failed), ``failed`` (not loaded), ``off`` (kept out
            by a restriction) or ``missing`` (asked for, not installed).
        cause: Why, one line a failure; None where all is well.
        seconds: How long its import took.
    """

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]
    status: str
    cause: str | None
    seconds: float = 0.0


def cause_of(error: BaseException) -> str:
    """Give an exception as one line that fits a table; what it says of a URL has no password."""
    # a validator of attrs' own carries the whole attribute behind its words
    is_theirs = any(isinstance(one, attrs.Attribute) for one in error.args)
    words = error.args[0] if is_theirs else error
    text = without_passwords(" ".join(str(words).split()))
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:_LONGEST]
