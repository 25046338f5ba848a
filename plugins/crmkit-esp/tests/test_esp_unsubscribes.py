"""One-click unsubscribing, by a link of ours, for each of the three."""

from collections.abc import Callable
from typing import Any

import pytest

from crmkit import SignatureInvalid
from crmkit.contracts.channel import Channel, Message

PAGE = "https://shop.example/unsubscribe"
REQUIRED: dict[str, dict[str, Any]] = {
    "mailgun": {"domain": "mg.shop.example", "api_key": "k"},
    "sendgrid": {"api_key": "k"},
    "ses": {"region": "eu-central-1", "access_key_id": "a", "secret_access_key": "b"},
}


@pytest.fixture(params=REQUIRED)
def make(request: pytest.FixtureRequest, opened: Callable[..., Channel]) -> Callable[..., Channel]:
    """Give a function that opens a channel of each type with more settings."""
    return lambda **more: opened(request.param, **REQUIRED[request.param], **more)


@pytest.mark.parametrize("page", [PAGE, PAGE + "?shop=1"])
def test_a_post_withdraws(make: Callable[..., Channel], page: str):
    """Whatever its body says, and as often as it comes."""
    channel = make(unsubscribe_url=page, secret="s")
    url = channel.unsubscribe_url("m/1")
    assert url is not None
    assert url.startswith(page)
    for body in (b"List-Unsubscribe=One-Click", b"", b"x" * 2**20):
        ((told,), response) = channel.receive({}, body, url=url)
        assert (told.what, told.message_id, response.status) == ("unsubscribed", "m/1", 200)
        assert told.event_id == "unsubscribed:m/1"


@pytest.mark.parametrize(
    ("method", "status", "form"),
    [("GET", 200, True), ("HEAD", 200, False), ("head", 200, False), ("OPTIONS", 405, False)],
)
def test_a_look_changes_nothing(
    make: Callable[..., Channel], method: str, status: int, *, form: bool
):
    """Scanners follow links; a person sees a page with a button."""
    channel = make(unsubscribe_url=PAGE, secret="s")
    got, response = channel.receive({}, b"", method=method, url=channel.unsubscribe_url("m1") or "")
    assert (list(got), response.status) == ([], status)
    assert (b"<form" in response.body) is form


def test_a_forged_link_is_refused(make: Callable[..., Channel]):
    """A token of another secret, of another use, changed, or where there is no page."""
    channel = make(unsubscribe_url=PAGE, secret="s")
    other = make(unsubscribe_url=PAGE, secret="t").unsubscribe_url("m1")
    url = channel.unsubscribe_url("m1") or ""
    for forged in (other, url[:-1], url + "a", PAGE + "?unsubscribe=x", PAGE + "?unsubscribe=é"):
        with pytest.raises(SignatureInvalid):
            channel.receive({}, b"List-Unsubscribe=One-Click", url=forged or "")
    with pytest.raises(SignatureInvalid):
        make().receive({}, b"", url=url)


def test_without_a_page_there_is_no_link(make: Callable[..., Channel]):
    """And a page without a secret, or none of the web, is a wrong setting."""
    assert make().unsubscribe_url("m1") is None
    for wrong in (
        {"unsubscribe_url": PAGE},
        {"unsubscribe_url": PAGE, "secret": ""},
        {"unsubscribe_url": "javascript:alert(1)", "secret": "s"},
        {"unsubscribe_url": "https://x/\r\nBcc: y", "secret": "s"},
    ):
        with pytest.raises(ValueError, match=r"secret|unsubscribe_url"):
            make(**wrong)


def test_no_header_of_the_channels_own_is_overwritten(
    by_mailgun: Channel, mailgun: Any, message: Callable[..., Message]
):
    """A message may add headers, and neither redirect it nor forge who sends it."""
    headers = {"X-Shop": "1", "To": "all@example.com", "message-id": "<x@y>", "Bcc": "z@y.example"}
    by_mailgun.send([message(id="m/1.é", headers=headers)])
    form = mailgun.sent[0]
    assert {name for name in form if name.startswith("h:")} == {"h:Message-ID", "h:X-Shop"}
    assert form["h:Message-ID"] == "<crmkit.m%2F1%2E%C3%A9@mg.shop.example>"


def test_an_id_survives_its_message_id(
    by_mailgun: Channel, mailgun: Any, message: Callable[..., Message], at: int
):
    """Whatever the id holds, a receipt by the Message-ID alone finds it."""
    by_mailgun.send([message(id="m/1.é")])
    event = mailgun.event("delivered", at, **{"user-variables": {}})
    ((told,), _) = by_mailgun.receive(*mailgun.posted(event, at))
    assert told.message_id == "m/1.é"
    assert set(by_mailgun.find(["m/1.é"])) == {"m/1.é"}
