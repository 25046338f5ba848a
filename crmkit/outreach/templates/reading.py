"""Templates as they are written down: tables of forms by channel and language, and their files.

A form's keys may stand at the level of the template (every channel and language), of a channel
(every language) or of a language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmkit.contracts.settings import check_keys, nearest, refuse
from crmkit.outreach.templates.form import KEYS, TEXTS, Raw
from crmkit.outreach.templates.language import DEFAULT

Forms = dict[str, dict[str, Raw]]
"""Forms by channel and language; ``default`` stands for every one."""

FORMATS = ("text", "markdown")
"""How a form's variables are escaped in its text."""
_TAG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*").fullmatch
_FILE_LIMIT = 1_000_000


def forms_of(table: Any, where: str, folder: Path | None) -> Forms:
    """Read the forms of one template.

    Args:
        table: Its table.
        where: Its path in the configuration, for errors.
        folder: Where the files lie that it names; None: it may name none.

    Raises:
        ConfigError: names the key that makes no sense.
    """
    forms: Forms = {}
    own, channels = _divided(table, where)
    if own:
        forms[DEFAULT] = {DEFAULT: _form(own, where, folder)}
    for channel, below in channels.items():
        place = f"{where}.{channel}"
        found = forms.setdefault(channel, {})
        texts, languages = _divided(below, place)
        if texts and found:
            refuse(place, f"stands in {where} already")
        if texts:
            found[DEFAULT] = _form(texts, place, folder)
        for language, form in languages.items():
            here = f"{place}.{language}"
            if not _TAG(language):
                refuse(here, "is no language tag (BCP 47), such as zh-CN, and no key of a form")
            if language in found:
                refuse(here, f"stands in {place} already")
            found[language] = _form(form, here, folder)
        if not found:
            refuse(place, "holds no form: subject, text, html or provider_template")
    return forms or refuse(where, "holds no form: a text, html or provider_template")


def read_table(file: Path) -> dict[str, Any]:
    """Read the TOML file of one template.

    Raises:
        ConfigError: it is none.
    """
    try:
        return tomllib.loads(_contents(file))
    except (OSError, ValueError, RecursionError) as error:
        why = f"cannot be read: {error}"
    return refuse(str(file), why)


def _divided(table: Any, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part a level's own form from the tables of the level below."""
    if not isinstance(table, Mapping):
        refuse(where, "must be a table of forms", table)
    own = {key: table[key] for key in table if key in KEYS}
    below = {key: table[key] for key in table if key not in KEYS}
    for key, value in below.items():
        if not isinstance(key, str) or not isinstance(value, Mapping):
            refuse(f"{where}.{key}", "is no key of a form" + nearest(str(key), KEYS))
    return own, below


def _form(given: Any, where: str, folder: Path | None) -> Raw:
    """Check one form and bring it to texts."""
    if not isinstance(given, Mapping):
        refuse(where, "must be a form", given)
    check_keys(given, KEYS, where)
    form = _texts(given, where, folder)
    if given.get("format") is not None:
        form["format"] = given["format"]
        if given["format"] not in FORMATS:
            refuse(f"{where}.format", f"must be one of {', '.join(FORMATS)}", given["format"])
    code = given.get("provider_template")
    if code is not None:
        form["provider_template"] = _word(code, f"{where}.provider_template")
    for name in ("sign", "params"):
        if given.get(name) is not None and code is None:
            refuse(f"{where}.{name}", "needs the provider_template it is for")
    if given.get("sign") is not None:
        form["sign"] = _word(given["sign"], f"{where}.sign")
    if given.get("params") is not None:
        form["params"] = _params(given["params"], f"{where}.params")
    if not {"text", "html", "provider_template"} & set(form):
        refuse(where, "needs a text, html or provider_template")
    return form


def _texts(given: Mapping[str, Any], where: str, folder: Path | None) -> dict[str, Any]:
    """Take the subject, text and HTML; an empty subject is none, as a caller may write it."""
    form = {
        name: _text(given[name], f"{where}.{name}", folder)
        for name in TEXTS
        if given.get(name) is not None
    }
    if not form.get("subject", "x").strip():
        del form["subject"]
    return form


def _params(given: Any, where: str) -> dict[str, str]:
    """Take the values of a provider's template in their order; those of a list are numbered."""
    if isinstance(given, (list, tuple)):
        given = {str(number): text for number, text in enumerate(given, 1)}
    if not isinstance(given, Mapping):
        refuse(where, "must be a list of texts, or texts by name", given)
    for name, text in given.items():
        if not isinstance(name, str) or not isinstance(text, str):
            refuse(f"{where}.{name}", "must be text", text)
    return dict(given)


def _word(value: Any, where: str) -> str:
    """Take a provider's id or name; an id may be a number."""
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        refuse(where, "must be text", value)
    return str(value)


def _text(value: Any, where: str, folder: Path | None) -> str:
    """Take a template's text, from a file where it names one."""
    if isinstance(value, str):
        return str.__str__(value)
    if not isinstance(value, Mapping) or set(value) != {"file"}:
        refuse(where, 'must be text, or { file = "..." }', value)
    if folder is None or not isinstance(value["file"], str):
        refuse(where, "can name a file only in the configuration", value["file"])
    path = folder / Path(value["file"]).expanduser()
    try:
        return _contents(path)
    except (OSError, ValueError) as error:
        why = f"the file {path} cannot be read: {error}"
    return refuse(where, why)


def _contents(file: Path) -> str:
    with file.open(encoding="utf-8-sig") as stream:
        text = stream.read(_FILE_LIMIT + 1)
    if len(text) > _FILE_LIMIT:
        raise ValueError(f"more than {_FILE_LIMIT} characters")
    return text
