"""Settings: secrets that never show, and an attrs class filled from a mapping, strictly.

A wrong setting is one clear line that names the key, and never the value of a secret.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar

import attrs

from crmkit.errors import ConfigError
from crmkit.masking import MASK, without_passwords

T = TypeVar("T")
_SHORT = 4  # a shorter text may be part of any word, and is no secret worth the name
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


class Secret:
    """A text that nobody sees by accident: not in a repr, a log, a dict, a pickle or an error.

    Example:
        >>> key = Secret("hunter2")
        >>> f"{key} {key!r}", key.reveal()
        ("*** Secret('***')", 'hunter2')
    """

    __slots__ = ("__value",)

    def __init__(self, value: str | None) -> None:
        """Hold `value`; None stands for a secret that was lost on the way (pickled)."""
        self.__value = value

    def reveal(self) -> str:
        """Give the text itself; call it where it is used, and keep it nowhere.

        Raises:
            ConfigError: the secret went through a pickle, which never carries it.
        """
        if self.__value is None:
            message = "a secret does not travel in a pickle: read the configuration again here"
            raise ConfigError(message, key=None)
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.__value

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self  # without this a deep copy would go through the pickle below

    def __reduce__(self) -> tuple[type[Secret], tuple[None]]:
        return Secret, (None,)


def nearest(word: str, known: Collection[str]) -> str:
    """Give ``; did you mean 'x'?`` for the known word nearest to `word`, or nothing."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def refuse(key: str, why: str, got: object = None) -> NoReturn:
    """Raise the one line that a wrong setting is; `got` is shown unless it is None."""
    message = f"{key}: {why}" + ("" if got is None else f", got {without_passwords(repr(got)):.80}")
    raise ConfigError(message, key=key, why=why)


def check_keys(given: Mapping[str, Any], known: Collection[str], where: str = "") -> None:
    """Refuse a key that is not known, naming the nearest one that is.

    Raises:
        ConfigError: names the key.
    """
    for key in given:
        if key not in known:
            path = f"{where}.{key}" if where else str(key)
            refuse(path, "is no setting" + nearest(str(key), known))


def structure(cls: type[T], settings: Mapping[str, Any], where: str = "") -> T:
    """Make an object of the attrs class `cls` from a mapping.

    Args:
        cls: The attrs class; its fields are the settings, those without a default are required.
        settings: What the configuration says.
        where: Path of the section, such as ``plugins.pigeon``, for the error.

    Raises:
        ConfigError: a setting is unknown, missing or of another type; `key` names it.
    """
    if not isinstance(settings, Mapping):
        refuse(where, "must be a section of settings")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in attrs.fields(cls) if f.init}  # type: ignore[arg-type]
    check_keys(settings, fields, where)
    prefix = f"{where}." if where else ""
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in settings:
            hint = hints.get(name, Any)
            values[field.alias or name] = shape(settings[name], hint, prefix + name)
        elif field.default is attrs.NOTHING:
            refuse(prefix + name, "is required")
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:  # a validator of the class
        named, why = _objection(error, settings)
        key = prefix + named if named else where or cls.__name__
    refuse(key, why)  # outside the block: a traceback would show the first error and its value


def _objection(error: Exception, settings: Mapping[str, Any]) -> tuple[str | None, str]:
    """Tell which setting a validator objects to and why, with every secret out of its words."""
    why = str(error.args[0]) if error.args else type(error).__name__
    # attrs' own validators quote the field: "'port' must be < 65536: 70000"
    named = next((name for name in settings if f"'{name}'" in why), None)
    for value in settings.values():
        if isinstance(value, Secret) and value:
            text = value.reveal()
            why = why.replace(repr(text), MASK)
            why = why if len(text) < _SHORT else why.replace(text, MASK)
    return named, why


def shape(value: Any, hint: Any, key: str) -> Any:
    """Bring one setting to the type the field declares.

    Raises:
        ConfigError: it has another type; `key` names it.
    """
    if hint is Any or hint is object:
        return value
    if hint is Secret:
        made = value if isinstance(value, Secret) else Secret(_text(value, key))
        return made or refuse(key, "must not be empty")
    if isinstance(value, Secret):
        return _unveiled(value, hint, key)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _either(value, args, key)
    if origin is typing.Literal:
        wanted = ", ".join(repr(arg) for arg in args)
        return value if value in args else refuse(key, f"must be one of {wanted}", value)
    if attrs.has(hint):
        return value if isinstance(value, hint) else structure(hint, value, key)
    if (origin or hint) in _CONTAINERS:
        return _container(value, origin or hint, args, key)
    if hint in _SCALARS:
        return _SCALARS[hint](value, key)
    if isinstance(hint, type) and not isinstance(value, hint):
        refuse(key, f"must be {hint.__name__}", value)
    return value


def _unveiled(value: Secret, hint: Any, key: str) -> Any:
    """Shape what a secret holds; where it does not fit, say so without showing it."""
    try:
        return shape(value.reveal(), hint, key)
    except ConfigError as error:
        key, why = error.key, error.why  # type: ignore[attr-defined]
    refuse(key, why)  # outside the block: a traceback would show the first error and its value


def _either(value: Any, hints: tuple[Any, ...], key: str) -> Any:
    """Take the first alternative that fits; the error is the last one's.

    An empty secret is none, as a variable of the environment leaves it that is not set: else
    anybody could sign with nothing.
    """
    if value is None or (Secret in hints and isinstance(value, str | Secret) and not value):
        return None if type(None) in hints else refuse(key, "must not be empty")
    first, *others = (hint for hint in hints if hint is not type(None))
    try:
        return shape(value, first, key)
    except ConfigError:
        if not others:
            raise
    return _either(value, tuple(others), key)


def _container(value: Any, kind: Any, args: tuple[Any, ...], key: str) -> Any:
    """Shape every element; a text is no list of letters."""
    if _CONTAINERS[kind] is dict:
        if not isinstance(value, Mapping):
            refuse(key, "must be a section of settings", value)
        inner = args[1] if args else Any
        return {name: shape(item, inner, f"{key}.{name}") for name, item in value.items()}
    if isinstance(value, (str, Mapping)) or not isinstance(value, Collection):
        refuse(key, "must be a list", value)
    inner = args[0] if args else Any
    return _CONTAINERS[kind](shape(item, inner, f"{key}[{n}]") for n, item in enumerate(value))


def _text(value: Any, key: str) -> str:
    return value if isinstance(value, str) else refuse(key, "must be text", value)


def _flag(value: Any, key: str) -> bool:
    if isinstance(value, str) and value.lower() in _YES | _NO:  # from the environment
        return value.lower() in _YES
    return value if isinstance(value, bool) else refuse(key, "must be true or false", value)


def _number(kind: Callable[[Any], Any], what: str, allowed: tuple[type, ...]) -> Any:
    def read(value: Any, key: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, allowed):
            refuse(key, f"must be {what}", value)
        try:
            return kind(value)
        except (ValueError, InvalidOperation):
            refuse(key, f"must be {what}", value)

    return read


def _duration(seconds: Any) -> timedelta:
    return timedelta(seconds=float(seconds))


_SCALARS: dict[Any, Callable[[Any, str], Any]] = {
    str: _text,
    bool: _flag,
    int: _number(int, "a whole number", (int, str)),
    float: _number(float, "a number", (int, float, str)),
    Decimal: _number(lambda value: Decimal(str(value)), "a number", (int, float, str)),
    timedelta: _number(_duration, "a number of seconds", (int, float, str)),
}
_CONTAINERS: dict[Any, Callable[[Any], Any]] = {
    tuple: tuple,
    list: list,
    frozenset: frozenset,
    set: set,
    Sequence: tuple,
    Collection: tuple,
    dict: dict,
    Mapping: dict,
}
