"""The configuration: a TOML file or the same as a mapping, checked whole before anything starts.

``${NAME}`` in a value stands for an environment variable, ``${file:/run/secrets/name}`` for what a
file holds, ``$${`` for the two characters themselves. Texts under ``[plugins]``, ``[channels]``,
``[connectors]`` and ``[runner]`` are secrets until the settings class says otherwise, and are read
only when one is opened.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from crmkit.arguments import flaw
from crmkit.contracts.settings import Secret, check_keys, nearest, refuse, shape, structure
from crmkit.errors import ConfigError
from crmkit.masking import MASK, masked
from crmkit.model.people import Person

SECTIONS = (
    "agenda",
    "care",
    "feedback",
    "funnel",
    "jobs",
    "key_accounts",
    "lifecycle",
    "outreach",
    "targets",
)
"""Sections that the parts of crmkit named alike read and check themselves."""

_REFERENCE = re.compile(r"\$(\$)?\{([^}]*)\}")
_URL = re.compile(r"[A-Za-z][\w+.-]+:/")  # two letters: one is a drive's


@attrs.frozen(kw_only=True)
class Config:
    """What a host decides about its crmkit.

    Attributes:
        location: The store's URL; `url` gives it as text.
        workspace: Whose data.
        region: ISO 3166-1 code of the country that phone numbers without a code belong to.
        currency: ISO 4217 code of the value model's base currency; None: the model's own.
        people: Account managers and approvers, by id.
        model_file: File that holds the value model; None: the default model.
        sections: What `SECTIONS` hold, by name.
        channels: Settings by channel, as ``[channels.NAME]`` has them; `type` is the channel's
            type; read one with `channel`.
        connectors: Settings by connector, as ``[connectors.NAME]`` has them; read one with
            `connector`.
        plugins: Settings by plugin; read one with `settings_of`.
        runner: Section ``[runner]``; `type` is the runner's type; read it with `runner_settings`.
        file: Where it was read; None: it was given as a mapping.
    """

    location: Secret | None = None
    workspace: str = "default"
    region: str | None = None
    currency: str | None = None
    people: Mapping[str, Person] = attrs.field(factory=dict)
    model_file: Path | None = None
    sections: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    channels: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    connectors: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    plugins: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    runner: Mapping[str, Any] = attrs.field(factory=dict)
    file: Path | None = None

    @classmethod
    def load(
        cls, source: str | os.PathLike[str] | Mapping[str, Any] | None, *, url: str | None = None
    ) -> Config:
        """Read and check the configuration.

        Args:
            source: Path of a TOML file, or the same as a mapping; None: everything by default.
            url: Goes before the one in the configuration.

        Raises:
            ConfigError: names the file, the key and what would be right; never shows a secret.
        """
        if source is None or isinstance(source, Mapping):
            return _checked(source or {}, None, url)
        if not isinstance(source, (str, Path)) or flaw(str(source)):
            refuse("config", "must be the path of a TOML file, or its contents as a mapping")
        if _URL.match(str(source)):
            refuse("config", "is a URL, where a file is wanted: give it as url (--url)")
        file = Path(source)
        settings = _read(file)
        try:
            return _checked(settings, file, url)
        except ConfigError as error:
            key, line = getattr(error, "key", None), f"{file}: {error}"
        raise ConfigError(line, key=key, file=file)

    @property
    def url(self) -> str | None:
        """The store's URL, password and all."""
        return None if self.location is None else self.location.reveal()

    @property
    def folder(self) -> Path | None:
        """Where the files lie that the configuration names; None: it was given as a mapping."""
        return None if self.file is None else self.file.parent

    def settings_of(self, plugin: str) -> dict[str, Any]:
        """Give a plugin's settings, with what the environment and files hold put in.

        Raises:
            ConfigError: a variable or file that they name is not there.
        """
        section: dict[str, Any] = _filled(self.plugins.get(plugin, {}), f"plugins.{plugin}")
        return section

    def channel(self, name: str) -> dict[str, Any]:
        """Give a channel's settings likewise; raises alike."""
        section: dict[str, Any] = _filled(self.channels.get(name, {}), f"channels.{name}")
        return section

    def connector(self, name: str) -> dict[str, Any]:
        """Give a connector's settings likewise; raises alike."""
        section: dict[str, Any] = _filled(self.connectors.get(name, {}), f"connectors.{name}")
        return section

    def runner_settings(self) -> dict[str, Any]:
        """Give the runner's settings likewise; raises alike."""
        section: dict[str, Any] = _filled(self.runner, "runner")
        return section

    def to_dict(self) -> dict[str, Any]:
        """Give it JSON-ready, for a person to look at: every text of a plugin is masked."""
        return {
            "url": None if self.url is None else masked(self.url),
            "workspace": self.workspace,
            "region": self.region,
            "currency": self.currency,
            "people": {name: person.to_dict() for name, person in self.people.items()},
            "model": {"file": None if self.model_file is None else str(self.model_file)},
            **{name: dict(section) for name, section in self.sections.items()},
            "channels": _masked(self.channels),
            "connectors": _masked(self.connectors),
            "plugins": _masked(self.plugins),
            "runner": _masked(self.runner),
        }


_VEILED = ("channels", "connectors", "plugins")
_RUNNER = "runner"
_KNOWN = (
    *("url", "workspace", "region", "currency", "people", "model"),
    *(*_VEILED, _RUNNER, *SECTIONS),
)


def _read(file: Path) -> dict[str, Any]:
    """Read a TOML file; one that an editor began with a byte order mark as well."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        why = "there is no such file"
    except (OSError, ValueError, RecursionError) as error:  # no file, no text, no TOML
        why = f"cannot be read: {error}"
    message = f"{file}: {why}"
    raise ConfigError(message, key=None, file=file)


def _checked(settings: Mapping[str, Any], file: Path | None, url: str | None) -> Config:
    """Check every key and put the configuration together."""
    check_keys(settings, _KNOWN)
    given = {name: settings[name] for name in settings if name not in (*_VEILED, _RUNNER)}
    plain: dict[str, Any] = _unveiled(_filled(given, ""))
    text = {
        name: shape(plain[name], str, name)
        for name in ("url", "workspace", "region", "currency")
        if name in plain
    }
    for name, form, what in (
        ("region", "[A-Z]{2}", 'two capital letters, such as "CN"'),
        ("currency", "[A-Z]{3}", 'three capital letters, such as "CNY"'),
        ("workspace", "(?s)[^\0]{1,200}", "1 to 200 characters"),
    ):
        if name in text and not re.fullmatch(form, text[name]):
            refuse(name, f"must be {what}", text[name])
    if "region" in text:
        _check_country(text["region"])
    place = url if url is not None else text.pop("url", None)
    text.pop("url", None)
    veiled = {
        name: _veiled(shape(settings.get(name, {}), Mapping[str, Mapping[str, Any]], name))
        for name in _VEILED
    }
    runner = shape(settings.get(_RUNNER, {}), Mapping[str, Any], _RUNNER)
    return Config(
        location=None if place is None else Secret(place),
        people=_people(plain.get("people", {})),
        model_file=_model_file(plain.get("model", {}), file),
        sections={n: shape(plain[n], Mapping[str, Any], n) for n in SECTIONS if n in plain},
        runner=_veiled(runner),
        file=file,
        **veiled,
        **text,
    )


def _check_country(region: str) -> None:
    """See that telephone numbers are known there: by a wrong country none identifies anybody."""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - slow

    if region not in SUPPORTED_REGIONS:
        refuse("region", 'must be a country by ISO 3166-1, such as "CN" or "GB"', region)


def _people(section: Any) -> dict[str, Person]:
    """Make the people, and see that everybody's superior is there and nobody is his own."""
    people = {}
    for name, facts in shape(section, Mapping[str, Mapping[str, Any]], "people").items():
        where = f"people.{name}"
        check_keys(facts, [f.name for f in attrs.fields(Person) if f.name != "id"], where)
        people[name] = structure(Person, {**facts, "id": name}, where)
        if people[name].capacity < 0:
            refuse(f"{where}.capacity", "must not be below 0", people[name].capacity)
    for name, person in people.items():
        seen, above = {name}, person.reports_to
        while above is not None:
            if above not in people:
                refuse(f"people.{name}.reports_to", f"names nobody{nearest(above, people)}", above)
            if above in seen:
                refuse(f"people.{name}.reports_to", "leads in a circle", above)
            seen.add(above)
            above = people[above].reports_to
    return people


def _model_file(section: Any, file: Path | None) -> Path | None:
    """Find the model's file, beside the configuration where it is relative."""
    check_keys(shape(section, Mapping[str, Any], "model"), ("file",), "model")
    if "file" not in section:
        return None
    found = Path(shape(section["file"], str, "model.file")).expanduser()
    return found if file is None else file.parent / found


def _filled(value: Any, key: str) -> Any:
    """Put in what the environment and files hold; a text that needed one becomes a secret."""
    if isinstance(value, Mapping):
        return {
            name: _filled(item, f"{key}.{name}" if key else name) for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_filled(item, f"{key}[{n}]") for n, item in enumerate(value)]
    text = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(text, str) or not _REFERENCE.search(text):
        return value
    return Secret(_REFERENCE.sub(lambda found: _looked_up(found, key), text))


def _looked_up(found: re.Match[str], key: str) -> str:
    """Give what one ``${...}`` stands for."""
    escaped, name = found.groups()
    if escaped:
        return "${" + name + "}"
    if name.startswith("file:"):
        path = Path(name.removeprefix("file:"))
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:  # not there, not UTF-8, no path at all
            refuse(key, f"the file {path} cannot be read: {error}")
    if name not in os.environ:
        refuse(key, f"the environment variable {name} is not set{nearest(name, os.environ)}")
    return os.environ[name]


def _each(value: Any, turned: Callable[[Any], Any]) -> Any:
    """Give a section with each of its values turned, at whatever depth."""
    if isinstance(value, Mapping):
        return {name: _each(item, turned) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each(item, turned) for item in value]
    return turned(value)


def _veiled(value: Any) -> Any:
    """Hide every text in a `Secret`."""
    return _each(value, lambda one: Secret(one) if isinstance(one, str) else one)


def _masked(value: Any) -> Any:
    """Put the mask in the place of every `Secret`."""
    return _each(value, lambda one: MASK if isinstance(one, Secret) else one)


def _unveiled(value: Any) -> Any:
    """Give sections that are no plugin's as plain values."""
    return _each(value, lambda one: one.reveal() if isinstance(one, Secret) else one)
