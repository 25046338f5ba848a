"""Laws of the spec, the settings, opening and closing: the same for all that is opened."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

import pickle
import re
import socket
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, ClassVar, NoReturn

import attrs
import pytest

from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import API_VERSION, OpenedSpec
from crmkit.errors import ConfigError
from crmkit.testing.kit import inside, secrets
from crmkit.testing.simulators.base import Simulator

HIDDEN = re.compile(r"(^|_)(password|secret|token)$")
Opened = Callable[..., Any]
"""Opens one, with other settings where some are given by name."""


class KitLaws:
    """What the author overrides, and one law a test."""

    contract: ClassVar[type]
    """The abstract class of what is opened."""
    methods: ClassVar[Mapping[str, str]]
    """The method that each capability promises."""

    @pytest.fixture
    def spec(self) -> Any:
        """Override: give the spec that the hook offers."""
        raise NotImplementedError("Override the fixture spec: see crmkit.testing")

    @pytest.fixture
    def simulator(self) -> Any:
        """Override: give the other side on 127.0.0.1, started; the laws of faults are for it."""
        return None

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        """Override: give the settings a user would write, `type` left out."""
        return {}

    @pytest.fixture
    def opened(
        self, spec: OpenedSpec[Any], settings: Mapping[str, Any], simulator: Any
    ) -> Iterator[Any]:
        """Give a function that opens one; what it opened is closed after the test."""
        with ExitStack() as stack:

            def open_one(**changes: Any) -> Any:
                one = spec.open(spec.configure({**settings, **changes}))
                stack.callback(one.close)
                self.prepare(one, simulator)
                return one

            yield open_one

    def prepare(self, opened: Any, simulator: Any) -> None:
        """Override: give what was opened the simulator's clock, say."""

    def use(self, opened: Any, spec: Any, turn: int = 0) -> None:
        """Use it once, and hold that it worked."""
        raise NotImplementedError

    def test_the_spec_names_this_version(self, spec: OpenedSpec[Any]) -> None:
        """It was written for this version of the contracts, has one line, and an attrs class."""
        assert spec.api_version == API_VERSION
        assert len(spec.summary.splitlines()) <= 1
        assert spec.config is None or attrs.has(spec.config), "config is no attrs class"

    def test_capabilities_are_what_it_can_do(self, opened: Opened, spec: OpenedSpec[Any]) -> None:
        """A capability that is declared is there, and what is there is declared."""
        kind = type(opened())
        for word, method in self.methods.items():
            written = getattr(kind, method) is not getattr(self.contract, method)
            declared = word in spec.capabilities
            assert written == declared, f"{word}: declared {declared}, overridden {written}"

    def test_good_settings_are_taken(self, opened: Opened) -> None:
        """The author's own settings open one."""
        assert isinstance(opened(), self.contract)

    def test_an_unknown_setting_is_named(
        self, spec: OpenedSpec[Any], settings: Mapping[str, Any]
    ) -> None:
        """A setting that is none is a ConfigError that names it."""
        with pytest.raises(ConfigError, match="no-such-setting"):
            spec.configure({**settings, "no-such-setting": 1}, "section.mine")

    def test_a_missing_setting_is_named(
        self, spec: OpenedSpec[Any], settings: Mapping[str, Any]
    ) -> None:
        """A setting that is needed and missing is a ConfigError that names it."""
        for key in self._required(spec):
            rest = {name: value for name, value in settings.items() if name != key}
            with pytest.raises(ConfigError, match=rf"section\.mine\.{key}"):
                spec.configure(rest, "section.mine")

    def test_a_secret_is_a_secret(self, spec: OpenedSpec[Any]) -> None:
        """A setting called password, secret or token is declared as a Secret."""
        bare = [
            name
            for name, hint in self._hints(spec).items()
            if HIDDEN.search(name) and Secret not in (hint, *typing.get_args(hint))
        ]
        assert bare == [], "declare them as crmkit.contracts.settings.Secret"

    def test_a_secret_is_never_shown(
        self, opened: Opened, spec: OpenedSpec[Any], settings: Mapping[str, Any]
    ) -> None:
        """No repr of the settings, what they open or what is in it holds a secret."""
        config = spec.configure(settings)
        hidden = secrets(config)
        if not hidden:
            pytest.skip("the settings hold no secret")
        used = opened()
        self.use(used, spec)
        shown = f"{config!r} {config} {used!r} {used} {spec!r}"
        shown += " ".join(f"{name}={value!r}" for name, value in inside(used).items())
        assert not [text for text in hidden if text in shown], "a secret is shown"
        assert not [text for text in hidden if text.encode() in pickle.dumps(config)]

    def test_opening_connects_to_nothing(
        self, opened: Opened, simulator: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It connects when it is used, not when it is opened."""

        def refuse(*_: object, **__: object) -> NoReturn:
            pytest.fail("it connected while it was opened")

        with monkeypatch.context() as patched:  # over before the simulator is stopped
            for name in ("connect", "connect_ex"):
                patched.setattr(socket.socket, name, refuse)
            patched.setattr(socket, "getaddrinfo", refuse)
            opened()
        assert not isinstance(simulator, Simulator) or simulator.calls == []

    def test_closing_twice(self, opened: Opened, spec: OpenedSpec[Any]) -> None:
        """It is closed before or after its use, once or twice, and all is well."""
        unused, used = opened(), opened()
        self.use(used, spec)
        for one in (unused, used):
            one.close()
            one.close()

    def test_two_of_one_kind(self, opened: Opened, spec: OpenedSpec[Any]) -> None:
        """Two may be open with different settings: closing the one does not close the other."""
        first, second = opened(), opened()
        self.use(first, spec)
        self.use(second, spec, 1)
        first.close()
        self.use(second, spec, 2)

    def _hints(self, spec: OpenedSpec[Any]) -> dict[str, Any]:
        return {} if spec.config is None else typing.get_type_hints(spec.config)

    def _required(self, spec: OpenedSpec[Any]) -> list[str]:
        if spec.config is None:
            return []
        fields = attrs.fields(spec.config)
        return [field.name for field in fields if field.init and field.default is attrs.NOTHING]
