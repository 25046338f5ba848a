"""The settings: sensible where unsaid, and one clear line where they are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from crmkit.errors import ConfigError
from tests.channels.email_kit import SENDER, close_all, message, opened
from tests.channels.email_server import serving
from tests.channels.opening import SPECS


def configured(**given: Any):
    return SPECS["email"].configure(
        {"host": "mail.shop.example", "sender": SENDER} | given, "channels.email"
    )


@pytest.mark.parametrize(
    ("given", "security", "port"),
    [
        ({}, "auto", 25),
        ({"user": "a", "password": "b"}, "auto", 587),
        ({"port": 465}, "tls", 465),
        ({"port": 587}, "starttls", 587),
        ({"tls": "tls"}, "tls", 465),
        ({"tls": "starttls"}, "starttls", 587),
        ({"tls": True}, "starttls", 587),
        ({"tls": True, "port": 465}, "tls", 465),
        ({"tls": False}, "none", 25),
        ({"host": "localhost"}, "none", 25),
        ({"host": "::1", "port": 2525}, "none", 2525),
    ],
)
def test_the_port_says_how_a_line_is_secured(given: dict[str, Any], security: str, port: int):
    """And the other way round, where only one of them is said."""
    settings = configured(**given)
    assert (settings.security, settings.at_port) == (security, port)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@b.example\r\nBcc: c@d.example"}, "sender"),
        ({"port": 0}, "port"),
        ({"connections": 0}, "connections"),
        ({"tls": "ssl3"}, "tls"),
        ({"archive": "mbox:/var/mail"}, "archive"),
        ({"archive_address": "nowhere"}, "archive_address"),
        ({"return_path": "a {token}@x.example", "secret": "x"}, "return_path"),
        ({"unsubscribe_url": "javascript:alert(1)", "secret": "x"}, "unsubscribe_url"),
        ({"unsubscribe_url": "https://x.example/>", "secret": "x"}, "unsubscribe_url"),
        ({"unsubscribe_url": "https://x.example/u"}, "secret"),
        ({"bounces": "maildir:/m"}, "secret"),
        ({"user": "lin"}, "password"),
        ({"hots": "x"}, "hots"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], key: str):
    """One line says which setting is wrong."""
    with pytest.raises(ConfigError, match=key):
        configured(**given)


def test_an_empty_user_is_nobody():
    """As a variable of the environment leaves it that is not set: nobody logs in."""
    with serving() as server:
        (receipt,) = opened(port=server.port, user="", password="").send([message()])
        close_all()
    assert receipt.outcome == "accepted"


def test_no_secret_is_shown():
    """Neither the passwords nor what signs stand in the settings' own text, or in an error."""
    secrets = {"user": "u", "password": "hunter2", "secret": "hunter3"}
    shown = repr(configured(archive="imaps://lin:hunter4@mail.example/Sent", **secrets))
    assert "hunter" not in shown
    with pytest.raises(ConfigError) as wrong:
        configured(archive="imap:lin:hunter4@mail.example")
    assert "hunter" not in str(wrong.value)


def test_nothing_is_connected_before_it_is_used():
    """Opening a channel for a server that is not there is no error."""
    channel = opened(host="no-such-host.invalid", archive="maildir:/none", connections=3)
    channel.close()
    channel.close()


def test_without_mailboxes_there_is_nothing_to_fetch():
    """`find` and `poll` answer politely where neither archive nor bounces are set."""
    channel = opened()
    assert channel.find(["1"]) == {}
    assert list(channel.poll(None).deliveries) == []
    assert channel.poll("x").cursor == "x"
    assert channel.unsubscribe_url("1") is None
