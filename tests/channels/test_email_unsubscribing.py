"""One-click unsubscribing (RFC 8058): who holds the link may, and nobody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from crmkit.errors import SignatureInvalid
from tests.channels.email_kit import opened

ONE_CLICK = b"List-Unsubscribe=One-Click"
PAGES = [
    "https://shop.example/u",
    "https://shop.example/u/",
    "https://shop.example/u?shop=2",
    "https://shop.example/u?x=",
    "https://shop.example/{token}/bye",
]


def page(url: str = "https://shop.example/u", **given: Any):
    return opened(unsubscribe_url=url, secret="s3cret", **given)


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("body", [ONE_CLICK, b"", b"x=1"])
def test_a_post_unsubscribes(url: str, body: bytes):
    """Whatever its body, from whatever part of the URL the token is read."""
    channel = page(url)
    link = channel.unsubscribe_url("m 7/ü")
    if url.endswith("/bye"):  # the page's own address: only its form can tell the token
        token = link.split("/")[-2]
        body, link = f"token={token}".encode(), url
    told, response = channel.receive({}, body, url=link)
    assert [(one.what, one.message_id) for one in told] == [("unsubscribed", "m 7/ü")]
    assert response.status == 200
    assert told[0].at.tzinfo is not None
    path = urlsplit(link)._replace(scheme="", netloc="").geturl()
    again, _ = channel.receive({}, body, method="post", url=path)
    assert again[0].event_id == told[0].event_id


def test_it_happened_when_the_clock_says():
    """The channel's clock is the host's."""
    channel = page()
    channel.clock = lambda: datetime(2027, 1, 1, tzinfo=UTC)
    told, _ = channel.receive({}, ONE_CLICK, url=channel.unsubscribe_url("7"))
    assert told[0].at == datetime(2027, 1, 1, tzinfo=UTC)


def test_looking_at_the_page_changes_nothing():
    """A GET shows a form in two languages that posts the token; a HEAD shows nothing."""
    channel = page()
    link = channel.unsubscribe_url("7")
    told, response = channel.receive({}, b"", method="GET", url=link)
    html = response.body.decode()
    assert told == []
    assert response.status == 200
    assert "text/html" in response.headers["Content-Type"]
    assert 'method="post"' in html
    assert "退订" in html
    assert "Unsubscribe" in html
    token = re.search(r'name="token" value="([a-z2-7]+)"', html)[1]
    told, _ = channel.receive({}, f"token={token}".encode(), url="https://shop.example/u")
    assert told[0].message_id == "7"
    told, response = channel.receive({}, b"", method="HEAD", url=link)
    assert (told, response.status, response.body) == ([], 200, b"")
    told, response = channel.receive({}, ONE_CLICK, method="DELETE", url=link)
    assert (told, response.status) == ([], 405)


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
@pytest.mark.parametrize(
    "tail", ["", "?token=", "?token=abc", "?token=%00%ff", "/" + "a" * 60, "?token=你好", "?[::1"]
)
def test_a_forged_link_is_refused(method: str, tail: str):
    """Nobody unsubscribes another by guessing."""
    with pytest.raises(SignatureInvalid):
        page().receive({}, ONE_CLICK, method=method, url=f"https://shop.example/u{tail}")


def test_a_url_that_is_none_is_refused():
    """Whatever a server hands over as what was called."""
    with pytest.raises(SignatureInvalid):
        page().receive({}, ONE_CLICK, url="http://[u")


def test_a_token_holds_for_its_own_use_and_secret():
    """A return path, which every mail server on the way sees, unsubscribes nobody."""
    channel = page(bounces="maildir:/none")
    other = opened(unsubscribe_url="https://shop.example/u", secret="other")
    return_path = channel._writer.return_path.token("7")
    for url in (f"/u?token={return_path}", other.unsubscribe_url("7")):
        with pytest.raises(SignatureInvalid):
            channel.receive({}, ONE_CLICK, url=url)
    with pytest.raises(SignatureInvalid):
        opened().receive({}, ONE_CLICK, url=channel.unsubscribe_url("7"))


def test_a_link_survives_a_change_of_case():
    """Some mail programs write a URL in capitals or small letters."""
    channel = page()
    link = channel.unsubscribe_url("Ab7").upper().replace("TOKEN=", "token=")
    assert channel.receive({}, ONE_CLICK, url=link)[0][0].message_id == "Ab7"
