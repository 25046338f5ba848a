"""The configuration is checked whole, and says where it is wrong."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.config import Config
from crmkit.errors import ConfigError
from crmkit.model.people import Person

HIDDEN = "hunter2-tiger"
TOML = """
url = "postgresql://lin:${DB_PASSWORD}@db/shop"
workspace = "shop"
region = "CN"
currency = "CNY"

[people.lin]
name = "林"
senior = true

[people.wang]
reports_to = "lin"
capacity = 8

[model]
file = "model.toml"

[agenda]
horizon = 7

[plugins.email]
host = "mail.example"
port = 25
password = "${file:%s}"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A whole configuration, with one secret in the environment and one in a file."""
    (tmp_path / "password").write_text(f"{HIDDEN}\n", encoding="utf-8")
    monkeypatch.setenv("DB_PASSWORD", HIDDEN)
    path = tmp_path / "crmkit.toml"
    path.write_text(TOML % (tmp_path / "password").as_posix(), encoding="utf-8")
    return path


def test_a_file_gives_a_configuration(file: Path):
    """Every part of the file arrives in its own type."""
    config = Config.load(file)

    assert config.url == f"postgresql://lin:{HIDDEN}@db/shop"
    assert (config.workspace, config.region, config.currency) == ("shop", "CN", "CNY")
    assert config.people == {
        "lin": Person(id="lin", name="林", senior=True),
        "wang": Person(id="wang", reports_to="lin", capacity=8),
    }
    assert config.model_file == file.parent / "model.toml"
    assert config.sections == {"agenda": {"horizon": 7}}
    settings = config.settings_of("email")
    assert settings["host"].reveal() == "mail.example"
    assert settings["password"].reveal() == HIDDEN
    assert settings["port"] == 25


def test_a_mapping_is_as_good_as_a_file():
    """A host that has settings of its own gives them as they are."""
    assert Config.load({"workspace": "shop"}) == Config(workspace="shop")
    assert Config.load(None) == Config()


def test_the_url_given_goes_before_the_one_in_the_file(file: Path):
    """``connect(url, config=...)`` opens `url`."""
    assert Config.load(file, url="memory://").url == "memory://"


def test_a_secret_shows_nowhere(file: Path):
    """Not in the repr, not in the dict, not in a pickle of the configuration."""
    config = Config.load(file)

    assert HIDDEN not in repr(config)
    assert HIDDEN.encode() not in pickle.dumps(config)
    shown = json.dumps(config.to_dict())
    assert HIDDEN not in shown
    assert "postgresql://lin:***@db/shop" in shown
    assert config.to_dict()["plugins"]["email"] == {"host": "***", "port": 25, "password": "***"}


def test_a_password_written_out_shows_nowhere_either():
    """What is no reference may be a secret all the same."""
    config = Config.load({"plugins": {"email": {"password": HIDDEN, "more": [{"key": HIDDEN}]}}})

    assert HIDDEN not in repr(config) + json.dumps(config.to_dict())
    assert HIDDEN.encode() not in pickle.dumps(config)


def test_a_plugin_that_is_not_opened_needs_no_secrets(monkeypatch: pytest.MonkeyPatch):
    """An import job runs without the mail server's password."""
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)

    config = Config.load({"plugins": {"email": {"password": "${MAIL_PASSWORD}"}}})

    with pytest.raises(
        ConfigError, match=r"^plugins\.email\.password: the environment variable MAIL_PASSWORD is"
    ):
        config.settings_of("email")


def test_two_dollars_are_one():
    """A text that holds ``${`` itself can be written."""
    assert Config.load({"workspace": "$${x}"}).workspace == "${x}"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"ur": "x"}, "ur: is no setting; did you mean 'url'?"),
        ({"plugin": {}}, "plugin: is no setting; did you mean 'plugins'?"),
        ({"url": 3}, "url: must be text, got 3"),
        ({"workspace": ""}, "workspace: must be 1 to 200 characters, got ''"),
        (
            {"region": "UK"},
            'region: must be a country by ISO 3166-1, such as "CN" or "GB", got \'UK\'',
        ),
        ({"region": "China"}, "region: must be two capital letters, such as \"CN\", got 'China'"),
        (
            {"currency": "yuan"},
            "currency: must be three capital letters, such as \"CNY\", got 'yuan'",
        ),
        ({"people": []}, "people: must be a section of settings, got []"),
        ({"people": {"lin": 3}}, "people.lin: must be a section of settings, got 3"),
        (
            {"people": {"lin": {"senor": True}}},
            "people.lin.senor: is no setting; did you mean 'senior'?",
        ),
        ({"people": {"lin": {"id": "x"}}}, "people.lin.id: is no setting"),
        (
            {"people": {"lin": {"senior": "very"}}},
            "people.lin.senior: must be true or false, got 'very'",
        ),
        ({"people": {"lin": {"capacity": -1}}}, "people.lin.capacity: must not be below 0, got -1"),
        (
            {"people": {"lin": {"reports_to": "wan"}, "wang": {}}},
            "people.lin.reports_to: names nobody; did you mean 'wang'?, got 'wan'",
        ),
        (
            {"people": {"a": {"reports_to": "b"}, "b": {"reports_to": "a"}}},
            "people.a.reports_to: leads in a circle, got 'a'",
        ),
        ({"model": {"fil": "x"}}, "model.fil: is no setting; did you mean 'file'?"),
        ({"model": {"file": 3}}, "model.file: must be text, got 3"),
        ({"agenda": 3}, "agenda: must be a section of settings, got 3"),
        ({"plugins": {"email": 3}}, "plugins.email: must be a section of settings, got 3"),
        (
            {"agenda": {"x": ["${NOT_THERE_AT_ALL}"]}},
            "agenda.x[0]: the environment variable NOT_THERE_AT_ALL is not set",
        ),
        ({"url": "${file:/not/there}"}, "url: the file /not/there cannot be read: [Errno 2]"),
    ],
    ids=str,
)
def test_a_wrong_key_is_one_line(settings: dict[str, Any], line: str):
    """The key with its section, what would be right, and what was found."""
    with pytest.raises(ConfigError) as caught:
        Config.load(settings)

    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
    assert caught.value.key == line.partition(":")[0]


def test_an_error_in_a_file_names_the_file(tmp_path: Path):
    """With several configurations about, the line says which one is wrong."""
    path = tmp_path / "shop.toml"
    path.write_text('[people.lin]\nsenior = "very"\n', encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        Config.load(path)

    assert str(caught.value).startswith(f"{path}: people.lin.senior: must be")
    assert (caught.value.file, caught.value.key) == (path, "people.lin.senior")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "there is no such file"),
        (b"url = ", "cannot be read: Invalid value"),
        (b"\xff\xfe", "cannot be read: 'utf-8' codec"),
    ],
    ids=["absent", "no TOML", "no UTF-8"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, why: str):
    """Absent, not TOML and not UTF-8 are three different lines, each with the path."""
    path = tmp_path / "crmkit.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match=why) as caught:
        Config.load(path)

    assert str(path) in str(caught.value)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path):
    """Editors on Windows begin a file with one."""
    path = tmp_path / "crmkit.toml"
    path.write_bytes(b'\xef\xbb\xbfworkspace = "shop"\n')

    assert Config.load(path).workspace == "shop"


@given(
    st.dictionaries(
        st.sampled_from(["url", "region", "people", "model", "agenda", "plugins", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text() | st.just("${file:\0}"),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
            max_leaves=6,
        ),
    )
)
def test_whatever_is_given_the_error_is_a_config_error(settings: dict[str, Any]) -> None:
    """No mapping makes anything but a configuration or a ConfigError."""
    with suppress(ConfigError):
        Config.load(settings).to_dict()
