"""Secrets never show, and a wrong setting is one clear line."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.settings import Secret, structure
from crmkit.errors import ConfigError

HIDDEN = "hunter2-tiger"


@attrs.frozen
class Retry:
    after: timedelta = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Loft:
    """Settings of every type that a plugin may want."""

    host: str = attrs.field(validator=attrs.validators.min_len(1))
    port: int = attrs.field(default=25, validator=attrs.validators.lt(65536))
    rate: float = 1.0
    price: Decimal = Decimal(0)
    tls: bool = True
    password: Secret | None = None
    mode: Literal["fast", "safe"] = "safe"
    names: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    headers: Mapping[str, str] = attrs.field(factory=dict)
    retry: Retry = Retry()
    level: int | str = 0


def test_a_secret_gives_its_text_only_when_asked():
    """Whatever else is done with a secret, its text is not in the outcome."""
    secret = Secret(HIDDEN)
    shown = [repr(secret), str(secret), f"{secret:>20}", "%s" % secret, repr([secret])]  # noqa: UP031
    shown.append(repr(Loft(host="h", password=secret)))
    shown.append(str(attrs.asdict(Loft(host="h", password=secret))))

    assert all(HIDDEN not in text for text in shown)
    assert secret.reveal() == HIDDEN
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_a_secret_does_not_travel_in_a_pickle():
    """The bytes hold nothing, and using what came out says what to do."""
    data = pickle.dumps(Loft(host="h", password=Secret(HIDDEN)))

    assert HIDDEN.encode() not in data
    with pytest.raises(ConfigError, match="read the configuration again"):
        pickle.loads(data).password.reveal()


def test_a_secret_stays_in_the_log_as_a_mask(caplog: pytest.LogCaptureFixture):
    """Logging a settings object shows the mask."""
    with caplog.at_level(logging.INFO):
        logging.getLogger("loft").info("opened with %s", Loft(host="h", password=Secret(HIDDEN)))

    assert "***" in caplog.text
    assert HIDDEN not in caplog.text


def test_a_secret_is_copied_and_compared():
    """Copies are as good as the original, and equal ones are equal."""
    secret = Secret(HIDDEN)

    assert copy.deepcopy([secret])[0].reveal() == copy.copy(secret).reveal() == HIDDEN
    assert secret == Secret(HIDDEN) != Secret("other")
    assert {secret} == {Secret(HIDDEN)}
    assert not Secret("")


def test_settings_become_the_types_of_the_class():
    """TOML's own types, and texts from the environment, arrive as the class declares them."""
    loft = structure(
        Loft,
        {
            "host": "nest",
            "port": Secret("2525"),
            "rate": 2,
            "price": "0.10",
            "tls": Secret("off"),
            "password": "p",
            "mode": "fast",
            "names": ["a", "b"],
            "words": ["x", "x"],
            "headers": {"X": "y"},
            "retry": {"after": 2.5},
            "level": "high",
        },
    )

    assert loft == Loft(
        host="nest",
        port=2525,
        rate=2.0,
        price=Decimal("0.10"),
        tls=False,
        password=Secret("p"),
        mode="fast",
        names=("a", "b"),
        words=frozenset({"x"}),
        headers={"X": "y"},
        retry=Retry(timedelta(seconds=2.5)),
        level="high",
    )


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"hosst": "x"}, "plugins.loft.hosst: is no setting; did you mean 'host'?"),
        ({"zzz": "x"}, "plugins.loft.zzz: is no setting"),
        ({"port": "smtp"}, "plugins.loft.port: must be a whole number, got 'smtp'"),
        ({"port": 2.5}, "plugins.loft.port: must be a whole number, got 2.5"),
        ({"port": True}, "plugins.loft.port: must be a whole number, got True"),
        ({"rate": "fast"}, "plugins.loft.rate: must be a number, got 'fast'"),
        ({"price": "much"}, "plugins.loft.price: must be a number, got 'much'"),
        ({"tls": "perhaps"}, "plugins.loft.tls: must be true or false, got 'perhaps'"),
        ({"tls": 1}, "plugins.loft.tls: must be true or false, got 1"),
        ({"host": 3}, "plugins.loft.host: must be text, got 3"),
        ({"password": 3}, "plugins.loft.password: must be text, got 3"),
        ({"mode": "slow"}, "plugins.loft.mode: must be one of 'fast', 'safe', got 'slow'"),
        ({"names": "ab"}, "plugins.loft.names: must be a list, got 'ab'"),
        ({"names": ["a", 3]}, "plugins.loft.names[1]: must be text, got 3"),
        ({"headers": ["a"]}, "plugins.loft.headers: must be a section of settings, got ['a']"),
        ({"headers": {"X": 1}}, "plugins.loft.headers.X: must be text, got 1"),
        ({"retry": {"aft": 1}}, "plugins.loft.retry.aft: is no setting; did you mean 'after'?"),
        ({"retry": 3}, "plugins.loft.retry: must be a section of settings"),
        ({"host": ""}, "plugins.loft.host: Length of 'host' must be >= 1: 0"),
        ({"port": 70000}, "plugins.loft.port: 'port' must be < 65536: 70000"),
        ({"level": 1.5}, "plugins.loft.level: must be text, got 1.5"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_line_that_names_the_key(wrong: dict[str, Any], line: str):
    """The key with its section, what would be right, and what was found."""
    with pytest.raises(ConfigError) as caught:
        structure(Loft, {"host": "nest", **wrong}, "plugins.loft")

    assert str(caught.value) == line
    assert caught.value.key == line.partition(":")[0]


def test_a_missing_setting_is_named():
    """What has no default must be given."""
    with pytest.raises(ConfigError, match=r"^plugins\.loft\.host: is required$"):
        structure(Loft, {}, "plugins.loft")


def test_a_section_must_be_a_section():
    """A value where a section belongs is told, and not taken apart."""
    with pytest.raises(ConfigError, match=r"^plugins\.loft: must be a section"):
        structure(Loft, "nest", "plugins.loft")  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["port", "rate", "tls", "mode", "names", "retry"])
def test_an_error_shows_no_secret(key: str):
    """Neither the line nor the traceback behind it holds the text that did not fit."""
    settings = {"host": "h", key: {"after": Secret(HIDDEN)} if key == "retry" else Secret(HIDDEN)}

    with pytest.raises(ConfigError, match="must be") as caught:
        structure(Loft, settings, "plugins.loft")

    assert HIDDEN not in "".join(traceback.format_exception(caught.value))


def test_a_validators_words_show_no_secret():
    """A plugin's own validator that quotes the value is quoted without it."""

    def picky(_self: object, _attribute: object, value: str) -> None:
        raise ValueError(f"{value!r} and {value} are no good")

    fussy = attrs.make_class("Fussy", {"token": attrs.field(type=str, validator=picky)})

    with pytest.raises(ConfigError) as caught:
        structure(fussy, {"token": Secret(HIDDEN)}, "plugins.fussy")

    assert str(caught.value) == "plugins.fussy: *** and *** are no good"
    assert HIDDEN not in "".join(traceback.format_exception(caught.value))


@given(st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text()))
def test_whatever_is_given_the_error_is_a_config_error(settings: dict[str, Any]):
    """No mapping makes anything but an object or a ConfigError."""
    with suppress(ConfigError):
        structure(Loft, settings, "plugins.loft")


@attrs.frozen
class Signed:
    """A plugin that signs."""

    key: Secret
    old: Secret | None = None


@pytest.mark.parametrize("empty", ["", Secret("")])
def test_an_empty_secret_is_none(empty: object) -> None:
    """A variable that is not set must not open a door: anybody could sign with nothing."""
    made = structure(Signed, {"key": "k", "old": empty}, "loft")
    assert (made.key.reveal(), made.old) == ("k", None)
    with pytest.raises(ConfigError, match=r"loft\.key: must not be empty"):
        structure(Signed, {"key": empty}, "loft")
