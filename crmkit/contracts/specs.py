"""The records that hooks return: what a plugin offers, before anything of it is opened.

A spec is cheap to make and to look at. What it offers is imported, and opened, only when it is
first used: give ``open="module:attr"`` to keep even the import out of the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from crmkit.contracts import channel, connector, runner
from crmkit.contracts.engine import Engine, EngineConfig
from crmkit.contracts.settings import check_keys, nearest, structure
from crmkit.contracts.store import Store
from crmkit.errors import InvalidValueError

T = TypeVar("T")
API_VERSION = 1
"""Version of the contracts; a spec made for another one is refused."""

_NAME = re.compile(r"[a-z][a-z0-9_.+-]{0,63}")


def load(target: str | T) -> T | Any:
    """Import ``"module:attr"``; anything else is given back as it is."""
    if not isinstance(target, str):
        return target
    module, _, attr = target.partition(":")
    found: Any = import_module(module)
    for name in attr.split(".") if attr else ():
        found = getattr(found, name)
    return found


def _words(words: Iterable[str]) -> frozenset[str]:
    return frozenset((words,) if isinstance(words, str) else words)


def _named(spec: Any, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        message = (
            f"{type(spec).__name__}: {attribute.name} {value!r} must start with a letter and hold "
            "only small letters, digits and _ . + -, at most 64"
        )
        raise InvalidValueError(message, field=attribute.name)


def _settings_class(spec: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not (isinstance(value, type) and attrs.has(value)):
        message = (
            f"{type(spec).__name__} {spec.name}: config must be an attrs class, got {value!r:.80}"
        )
        raise InvalidValueError(message, field=attribute.name)


def _function(spec: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if not callable(value):
        message = f"{type(spec).__name__} {spec.name}: {attribute.name} must be a function"
        raise InvalidValueError(message, field=attribute.name)


def _known(spec: OpenedSpec[Any], words: frozenset[str]) -> None:
    """Refuse capabilities that the contract knows nothing of."""
    for word in sorted(spec.capabilities - words):
        message = f"{type(spec).__name__} {spec.name}: {word!r} is no capability"
        raise InvalidValueError(message + nearest(word, words), field="capabilities")


@attrs.frozen(kw_only=True)
class OpenedSpec(Generic[T]):
    """What the specs of stores, channels, connectors, runners and engines have in common.

    Attributes:
        name: What users call it; unique among those of its hook.
        target: Given as ``open=``: called with the settings, gives the opened object; a class, a
            function, or ``"module:attr"`` that is imported when it is first opened.
        config: The attrs class of its settings; None: it takes none, and `open` gets None.
        api_version: Version of the contracts it was written for.
        capabilities: What it can do beyond what it must; the contract lists the words.
        thread_safe: Whether several threads may use one opened object at the same time.
        summary: One line that says what it is.
    """

    contract: ClassVar[type]
    """What opening it must give."""

    name: str = attrs.field(validator=_named)
    target: str | Callable[[Any], T] = attrs.field(alias="open")
    config: type | None = attrs.field(default=None, validator=_settings_class)
    api_version: int = API_VERSION
    capabilities: frozenset[str] = attrs.field(default=frozenset(), converter=_words)
    thread_safe: bool = False
    summary: str = ""

    def configure(self, settings: Mapping[str, Any], where: str = "") -> Any:
        """Check the settings and make them an object of `config`.

        Raises:
            ConfigError: a setting is unknown, missing or of another type; `key` names it.
        """
        where = where or f"{self.contract.__name__.lower()}s.{self.name}"
        if self.config is None:
            check_keys(settings, (), where)
            return None
        return structure(self.config, settings, where)

    def open(self, config: Any = None) -> T:
        """Open it with the settings that `configure` gave.

        Raises:
            TypeError: what `target` gave is nothing of the contract's.
        """
        opened: T = load(self.target)(config)
        if not isinstance(opened, self.contract):
            wanted, got = self.contract.__name__, type(opened).__name__
            message = f"{self.name}: opening it must give a {wanted}, gave {got}"
            raise TypeError(message)
        return opened


@attrs.frozen(kw_only=True)
class StoreConfig:
    """How a store is to be opened; settings of its own are its plugin's (``crmkit_settings``).

    Attributes:
        url: Where the data is; its scheme found the store.
        workspace: Whose data.
        migrate: ``auto``, ``check`` or ``never``: what to do about an old schema.
        engine: The host's own SQLAlchemy engine, where it gave one.
    """

    url: str = attrs.field(repr=False)  # it may carry a password
    workspace: str = "default"
    migrate: str = attrs.field(
        default="auto", validator=attrs.validators.in_(("auto", "check", "never"))
    )
    engine: Any = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class StoreSpec(OpenedSpec[Store]):
    """A place for the data; `name` is the scheme of its URLs, `config` a `StoreConfig`.

    Raises:
        InvalidValueError: `config` is another class; `field` is ``config``.
    """

    contract = Store
    config: type | None = attrs.field(default=StoreConfig, validator=_settings_class)

    def __attrs_post_init__(self) -> None:
        made = self.config or StoreConfig
        unfilled = [f.name for f in attrs.fields(made) if f.default is attrs.NOTHING]
        if not issubclass(made, StoreConfig) or unfilled != ["url"]:
            message = (
                f"StoreSpec {self.name}: config must be a StoreConfig that needs no more than its "
                "URL: settings of its own come from crmkit_settings"
            )
            raise InvalidValueError(message, field="config")


_whole = attrs.validators.and_(attrs.validators.instance_of(int), attrs.validators.ge(1))
_some = attrs.validators.optional(_whole)
_rate = attrs.validators.optional(
    attrs.validators.and_(attrs.validators.instance_of((int, float)), attrs.validators.gt(0))
)


@attrs.frozen(kw_only=True)
class Limits:
    """What a provider takes; None: no limit is known.

    Attributes:
        batch: Messages in one call of `send`, 1 or more.
        per_second: Messages a second, above 0.
        per_day: Messages a day, 1 or more; it begins where the host's colleagues work.
        text: Longest text of one message, 1 or more, counted in `unit`.
        unit: ``characters`` or ``bytes`` (of UTF-8).
    """

    batch: int = attrs.field(default=100, validator=_whole)
    per_second: float | None = attrs.field(default=None, validator=_rate)
    per_day: int | None = attrs.field(default=None, validator=_some)
    text: int | None = attrs.field(default=None, validator=_some)
    unit: str = attrs.field(
        default="characters", validator=attrs.validators.in_(("characters", "bytes"))
    )


@attrs.frozen(kw_only=True)
class ChannelSpec(OpenedSpec[channel.Channel]):
    """A way to reach a customer; the words of `capabilities` are `CAPABILITIES`.

    Attributes:
        identity: System of the customer's identity it sends to (``email``, ``phone``, ...);
            None: it needs none, as a task for a colleague does.
        limits: What the provider takes.

    Raises:
        InvalidValueError: a capability is none; `field` is ``capabilities``.
    """

    contract = channel.Channel
    identity: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(str))
    )
    limits: Limits = attrs.field(default=Limits(), validator=attrs.validators.instance_of(Limits))

    def __attrs_post_init__(self) -> None:
        _known(self, channel.CAPABILITIES)


@attrs.frozen(kw_only=True)
class ConnectorSpec(OpenedSpec[connector.Connector]):
    """An external CRM; the words of `capabilities` stand in `crmkit.contracts.connector`.

    Raises:
        InvalidValueError: a capability is none; `field` is ``capabilities``.
    """

    contract = connector.Connector

    def __attrs_post_init__(self) -> None:
        _known(self, connector.CAPABILITIES)


@attrs.frozen(kw_only=True)
class RunnerSpec(OpenedSpec[runner.Runner]):
    """A task queue that does the work; `crmkit.contracts.runner.CAPABILITIES` has the words.

    Raises:
        InvalidValueError: a capability is none; `field` is ``capabilities``.
    """

    contract = runner.Runner

    def __attrs_post_init__(self) -> None:
        _known(self, runner.CAPABILITIES)


@attrs.frozen(kw_only=True)
class EngineSpec(OpenedSpec[Engine]):
    """What sums the whole log up, elsewhere than in the process; `config` is an `EngineConfig`."""

    contract = Engine
    config: type | None = attrs.field(default=EngineConfig, validator=_settings_class)


@attrs.frozen(kw_only=True)
class KindSpec:
    """A kind of touchpoint beside those of the core.

    Attributes:
        name: As records carry it under ``kind``.
        en: Label in English.
        zh: Label in Chinese.
        outbound: The firm does it, not the customer, unless the record's direction says otherwise.
        two_way: It is contact between two people: the cadence counts from it.
        negative: Its amount is negative or zero, and it may name its purchase under ``of``.
        api_version: Version of the contracts it was written for.
    """

    name: str = attrs.field(validator=_named)
    en: str = ""
    zh: str = ""
    outbound: bool = False
    two_way: bool = False
    negative: bool = False
    api_version: int = API_VERSION


@attrs.frozen(kw_only=True)
class CommandSpec:
    """A command of the ``crmkit`` program.

    Attributes:
        name: What is typed after ``crmkit``.
        command: The click command, or ``"module:attr"`` that is imported when it is first run.
        summary: One line for ``crmkit --help``, so that help imports nothing.
        api_version: Version of the contracts it was written for.
    """

    name: str = attrs.field(validator=_named)
    command: Any
    summary: str = ""
    api_version: int = API_VERSION

    def load(self) -> Any:
        """Give the click command, importing it where only its place was given."""
        return load(self.command)


@attrs.frozen(kw_only=True)
class ReferenceSpec:
    """Data about customers that a plugin keeps itself, so that merge, export and erase reach it.

    Each function is called outside crmkit's transactions, and with every id that leads to the
    customer. One that raises stops what called it, with a PluginError that names the plugin; that
    call is then made again, as it is after a crash. So each must do no harm the second time, nor
    for an id that nothing is kept of.

    Attributes:
        name: What is kept, such as ``pigeon_feathers``; the key of its part of an export.
        repoint: ``repoint(keep, drop, workspace=...)``: two customers became one; hand over.
            Called after crmkit's own merge is committed; until it succeeds, ``merge`` of the same
            two calls it again.
        export: ``export(customer_id, workspace=...)``: what is kept of him, as JSON values.
        erase: ``erase(customer_id, workspace=...)``: forget him for good. Called before crmkit
            erases anything, so that whoever crmkit has erased, every plugin has.
        unmerge: ``unmerge(keep, drop, workspace=...)``: that merge is taken back; give back what
            `repoint` handed over, and leave what came since. Called before crmkit's own is
            committed. None: what was handed over stays with the keeper.
        api_version: Version of the contracts it was written for.
    """

    name: str = attrs.field(validator=_named)
    repoint: Callable[..., None] = attrs.field(validator=_function)
    export: Callable[..., Any] = attrs.field(validator=_function)
    erase: Callable[..., None] = attrs.field(validator=_function)
    unmerge: Callable[..., None] | None = attrs.field(
        default=None, validator=attrs.validators.optional(_function)
    )
    api_version: int = API_VERSION


@attrs.frozen
class Refusal:
    """A plugin's reason not to send one message.

    Attributes:
        message_id: Which of the messages that were asked about.
        reason: Why, in words; it is recorded and shown. None: it does not say.
    """

    message_id: str = attrs.field(validator=attrs.validators.instance_of(str))
    reason: str | None = attrs.field(
        validator=attrs.validators.optional(attrs.validators.instance_of(str))
    )
