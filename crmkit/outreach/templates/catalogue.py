"""Message templates, named in the configuration or given with a call.

A template has forms by channel and language. ``[outreach.templates]`` holds templates, and may name
a ``folder`` with a ``NAME.toml`` for each and the ``language`` of whoever has none told. Everything
is compiled when it is configured, so that a fault shows before anybody is written to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import attrs

from crmkit.arguments import refuse as refuse_argument
from crmkit.contracts.settings import nearest, refuse, shape
from crmkit.errors import ConfigError, InvalidValueError
from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.form import Form, form_of
from crmkit.outreach.templates.language import DEFAULT, pick
from crmkit.outreach.templates.reading import Forms, forms_of, read_table

SECTION = "outreach.templates"


@attrs.frozen(kw_only=True)
class Source:
    """All forms of one template, as they were when a mailing was entered.

    Attributes:
        forms: Forms by channel and language.
        name: Name of the template; None: it was given with the call.
        language: BCP 47 tag that goes before ``default`` where a customer's own has no form.
    """

    forms: Forms
    name: str | None = None
    language: str | None = None
    _chosen: dict[Any, Form | None] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    def form(self, channel_names: Sequence[str], language: str | None) -> Form | None:
        """Choose the form for a channel and a customer's language.

        Args:
            channel_names: The channel's name, then its type.
            language: The customer's BCP 47 tag; None: not known.

        Returns:
            The form; None where there is none for such a channel or language.

        Raises:
            ContentError: the form was stored by a crmkit that allowed more; `detail` says what.
        """
        key = (*channel_names, language)
        if key not in self._chosen:
            self._chosen[key] = self._choose((*channel_names, DEFAULT), language)
        return self._chosen[key]

    def _choose(self, channels: Sequence[str], language: str | None) -> Form | None:
        for channel in channels:
            found = pick(self.forms.get(channel, ()), language, self.language)
            if found is not None:
                try:
                    return form_of(channel, found, self.forms[channel][found])
                except InvalidValueError as error:
                    raise ContentError(str(error)) from None
        return None

    def to_plain(self) -> dict[str, Any]:
        """Give it JSON-ready, to be stored with a mailing; params in pairs, which keep an order."""
        forms = _each(self.forms, lambda params: [[*pair] for pair in params.items()])
        return {"name": self.name, "language": self.language, "forms": forms}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Make it again of what `to_plain` gave."""
        forms = _each(plain["forms"], dict)
        return cls(forms=forms, name=plain["name"], language=plain["language"])


@attrs.frozen(kw_only=True)
class Templates:
    """The templates of a configuration.

    Attributes:
        named: Templates by name.
        language: BCP 47 tag of whoever has none told, or one there is no form in.
    """

    named: Mapping[str, Source] = attrs.field(factory=dict)
    language: str | None = None

    @classmethod
    def of(
        cls,
        section: Mapping[str, Any],
        folder: Path | None = None,
        *,
        channels: Collection[str] | None = None,
    ) -> Self:
        """Read ``[outreach.templates]``.

        Args:
            section: The section.
            folder: Where relative files and folders lie; None: the working directory.
            channels: Names and types of channels that a template may have forms for; None: any.

        Raises:
            ConfigError: a key, file or template makes no sense; `key` names it.
        """
        language = section.get("language")
        if language is not None:
            language = shape(language, str, f"{SECTION}.language")
        place, named = folder or Path(), {}
        if "folder" in section:
            place /= Path(shape(section["folder"], str, f"{SECTION}.folder")).expanduser()
            if not place.is_dir():
                refuse(f"{SECTION}.folder", "is no folder", str(place))
            for file in sorted(place.glob("*.toml")):
                named[file.stem] = _source(file.stem, read_table(file), place, language)
        for name, table in section.items():
            if name in ("folder", "language"):
                continue
            if name in named:
                refuse(f"{SECTION}.{name}", f"stands in {place / name}.toml already")
            named[name] = _source(name, table, place, language)
        if channels is not None:
            _check_channels(named, channels)
        return cls(named=named, language=language)

    def take(self, template: object) -> Source:
        """Take what a caller gives as a template.

        Args:
            template: The name of one, or a mapping ``{subject, text, html}``, a provider's form or
                a table of forms as the configuration has them.

        Raises:
            InvalidValueError: no template has that name, or it makes no sense; `field` is
                ``template``.
        """
        if isinstance(template, Source):
            return template
        if isinstance(template, str):
            if template not in self.named:
                known = nearest(template, self.named)
                refuse_argument("template", f"names none of [{SECTION}]{known}", template)
            return self.named[template]
        if not isinstance(template, Mapping):
            refuse_argument(
                "template", "must be a name or a mapping {subject, text, html}", template
            )
        try:
            return _checked(Source(forms=forms_of(template, "template", None)), "template")
        except ConfigError as error:
            message = str(error)
        raise InvalidValueError(message, field="template")


def _source(name: str, table: Any, folder: Path, language: str | None) -> Source:
    where = f"{SECTION}.{name}"
    forms = forms_of(table, where, folder)
    return _checked(Source(forms=forms, name=name, language=language), where)


def _check_channels(named: Mapping[str, Source], channels: Collection[str]) -> None:
    """Refuse a form for a channel that is not there."""
    for name, source in named.items():
        for channel in source.forms:
            if channel not in (*channels, DEFAULT):
                why = "is no channel and no type of one" + nearest(channel, channels)
                refuse(f"{SECTION}.{name}.{channel}", why)


def _each(forms: Mapping[str, Any], params: Callable[[Any], Any]) -> dict[str, dict[str, Any]]:
    """Copy forms, with what `params` makes of the parameters of each."""
    return {
        channel: {
            language: {k: params(v) if k == "params" else v for k, v in raw.items()}
            for language, raw in languages.items()
        }
        for channel, languages in forms.items()
    }


def _checked(source: Source, where: str) -> Source:
    """Compile every form, so that what is wrong shows now."""
    for channel, languages in source.forms.items():
        for language, raw in languages.items():
            try:
                form_of(channel, language, raw)
            except InvalidValueError as error:
                levels = [level for level in (channel, language) if level != DEFAULT]
                key = ".".join([where, *levels, getattr(error, "part", "")])
                why = str(error).removeprefix("template: ")
            else:
                continue
            refuse(key, why)
    return source
