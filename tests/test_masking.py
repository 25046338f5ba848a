"""A password in a URL is never shown, however badly the URL is written or wherever it is put."""

from __future__ import annotations

import time
import traceback
from typing import Any

import pytest

import crmkit
from crmkit.config import Config
from crmkit.errors import CrmkitError
from crmkit.masking import masked, without_passwords

URL = "postgresql://lin:hunter2@db/shop"


@pytest.mark.parametrize(
    "password",
    ["hunter2", "hunter2/x", "x?hunter2", "x#hunter2", "[hunter2", "x:hunter2", "%hunter2"],
)
def test_a_password_of_any_kind(password: str):
    """Also one that should have been escaped: who reads the URL may still make sense of it."""
    url = f"postgresql://lin:{password}@db:5432/shop?application_name=a@b"
    assert masked(url) == "postgresql://lin:***@db:5432/shop?***"
    assert without_passwords(f"what is {url!r}?").startswith("what is 'postgresql://lin:***@db")
    assert Config.load({"url": url}).to_dict()["url"] == masked(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://lin:x@hunter2@db/shop", "postgresql://lin:***@db/shop"),
        ("postgresql://lin@hunter2@db/shop", "postgresql://lin:***@db/shop"),
        ("postgresql://:hunter2@db/shop", "postgresql://:***@db/shop"),
        ("postgresql://lin:hunter2/db", "postgresql://lin:***"),
        ("postgresql:///shop?host=/run&password=hunter2@1:2", "postgresql:///shop?***"),
        ("lin:hunter2@db/shop", "***"),
        ("postgresql://lin@db:5432/shop", "postgresql://lin@db:5432/shop"),
        ("postgresql://[::1]:5432/shop", "postgresql://[::1]:5432/shop"),
        ("sqlite:////home@work/C:/shop.db?mode=ro", "sqlite:////home@work/C:/shop.db?***"),
        ("memory://", "memory://"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str):
    """All but what may be secret, and where a URL is half typed rather too little than too much."""
    assert masked(url) == shown


def test_a_text_without_a_password_stays_as_it_is():
    """Places, paths, times and the example of how to write a URL are left alone."""
    text = (
        "postgresql://lin@db:5432/shop?host=/run: at 10:00, C:/shop.db, http://db:80/x "
        "write postgresql://user:password@host:5432/shop"
    )
    assert without_passwords(text) == text


def test_a_long_text_takes_no_long_time():
    """Whatever a text looks like, it is gone through once."""
    start = time.monotonic()
    for part in ("a.", "a:/", "x://y:", "@", "-a"):
        without_passwords(part * 5_000)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "settings",
    [
        {"url": URL.encode()},
        {"url": [URL]},
        {"url": None, "config": URL},
        {"url": None, "config": {"url": [URL]}},
        {"url": None, "config": {"people": URL}},
        {"url": URL, "migrate": URL},
        {"url": URL, "engine": URL},
        {"url": URL, "plugins": 5},
    ],
)
def test_what_connect_refuses(settings: dict[str, Any]):
    """A URL of a wrong type or in the wrong place is told without its password."""
    with pytest.raises(CrmkitError) as caught:
        crmkit.connect(**settings)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
