"""Laws of the spec, the settings, opening and closing."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

import pickle
import re
import socket
import typing
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs
import pytest

from crmkit.contracts.channel import Channel
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import API_VERSION, ChannelSpec
from crmkit.errors import ConfigError
from crmkit.testing.channel_base import ChannelLaws, Open, one, secrets
from crmkit.testing.channel_sends import fits
from crmkit.testing.simulators.base import Simulator

METHODS = {
    "poll": "poll",
    "find": "find",
    "receive": "receive",
    "unsubscribe": "unsubscribe_url",
}
HIDDEN = re.compile(r"(^|_)(password|secret|token)$")


class OpeningLaws(ChannelLaws):
    """One law a test."""

    def test_the_spec_is_sound(self, spec: ChannelSpec) -> None:
        """Name, identity, limits and summary are such as others can work with."""
        assert isinstance(spec, ChannelSpec)
        assert spec.api_version == API_VERSION
        assert spec.identity is None or spec.identity.strip() == spec.identity != ""
        assert len(spec.summary.splitlines()) <= 1
        for limit in (spec.limits.per_second, spec.limits.per_day, spec.limits.text):
            assert limit is None or limit > 0
        assert spec.config is None or attrs.has(spec.config), "config is no attrs class"

    def test_capabilities_are_what_it_can_do(self, channel: Channel, spec: ChannelSpec) -> None:
        """A capability that is declared is there, and what is there is declared."""
        for word, method in METHODS.items():
            written = getattr(type(channel), method) is not getattr(Channel, method)
            declared = word in spec.capabilities
            assert written == declared, f"{word}: declared {declared}, overridden {written}"

    def test_good_settings_are_taken(self, opened: Open) -> None:
        """The author's own settings open a channel."""
        assert isinstance(opened(), Channel)

    def test_an_unknown_setting_is_named(
        self, spec: ChannelSpec, settings: Mapping[str, Any]
    ) -> None:
        """A setting that is none is a ConfigError that names it."""
        with pytest.raises(ConfigError, match="no-such-setting"):
            spec.configure({**settings, "no-such-setting": 1}, "channels.mine")

    def test_a_missing_setting_is_named(
        self, spec: ChannelSpec, settings: Mapping[str, Any]
    ) -> None:
        """A setting that is needed and missing is a ConfigError that names it."""
        for key in self._required(spec):
            rest = {name: value for name, value in settings.items() if name != key}
            with pytest.raises(ConfigError, match=rf"channels\.mine\.{key}"):
                spec.configure(rest, "channels.mine")

    def test_a_secret_is_a_secret(self, spec: ChannelSpec) -> None:
        """A setting called password, secret or token is declared as a Secret."""
        bare = [
            name
            for name, hint in self._hints(spec).items()
            if HIDDEN.search(name) and Secret not in (hint, *typing.get_args(hint))
        ]
        assert bare == [], "declare them as crmkit.contracts.settings.Secret"

    def test_a_secret_is_never_shown(
        self, opened: Open, spec: ChannelSpec, settings: Mapping[str, Any]
    ) -> None:
        """No repr of the settings, the channel or what is in it holds a secret."""
        config = spec.configure(settings)
        hidden = secrets(config)
        if not hidden:
            pytest.skip("the settings hold no secret")
        channel = opened()
        one(channel, self.message(spec))
        shown = f"{config!r} {config} {channel!r} {channel} {spec!r}"
        shown += " ".join(f"{name}={value!r}" for name, value in _inside(channel).items())
        assert not [text for text in hidden if text in shown], "a secret is shown"
        assert not [text for text in hidden if text.encode() in pickle.dumps(config)]

    def test_opening_connects_to_nothing(
        self, opened: Open, simulator: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A channel connects when it is used, not when it is opened."""

        def refuse(*_: object, **__: object) -> NoReturn:
            pytest.fail("the channel connected while it was opened")

        with monkeypatch.context() as patched:  # over before the simulator is stopped
            for name in ("connect", "connect_ex"):
                patched.setattr(socket.socket, name, refuse)
            patched.setattr(socket, "getaddrinfo", refuse)
            opened()
        assert not isinstance(simulator, Simulator) or simulator.calls == []

    def test_closing_twice(self, opened: Open, spec: ChannelSpec) -> None:
        """A channel is closed before or after its use, once or twice, and all is well."""
        unused, used = opened(), opened()
        fits([self.message(spec)], used.send([self.message(spec)]))
        for channel in (unused, used):
            channel.close()
            channel.close()

    def test_two_channels_of_one_kind(self, opened: Open, spec: ChannelSpec) -> None:
        """Two may be open with different settings: closing the one does not close the other."""
        first, second = opened(), opened()
        first.send([self.message(spec)])
        second.send([self.message(spec, 1)])
        first.close()
        fits([self.message(spec, 2)], second.send([self.message(spec, 2)]))

    def _hints(self, spec: ChannelSpec) -> dict[str, Any]:
        return {} if spec.config is None else typing.get_type_hints(spec.config)

    def _required(self, spec: ChannelSpec) -> list[str]:
        if spec.config is None:
            return []
        fields = attrs.fields(spec.config)
        return [field.name for field in fields if field.init and field.default is attrs.NOTHING]


def _inside(channel: Channel) -> dict[str, Any]:
    """Give the attributes of a channel, whether it keeps them in a dict or in slots."""
    slots = [name for cls in type(channel).__mro__ for name in getattr(cls, "__slots__", ())]
    kept = {name: getattr(channel, name) for name in slots if hasattr(channel, name)}
    return {**kept, **getattr(channel, "__dict__", {})}
