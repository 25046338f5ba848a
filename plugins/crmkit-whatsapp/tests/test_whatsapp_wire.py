"""PyWa beside ours: the same messages on the wire, the same signature.

Meta itself has no client of the Cloud API in Python.
"""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from pywa import WhatsApp as Client
from pywa.types.templates import BodyText, TemplateLanguage
from pywa.utils import webhook_updates_validator

from crmkit.contracts.channel import ACCEPTED, Channel, Message, Template
from crmkit.testing.simulators.whatsapp import WhatsApp

pytestmark = pytest.mark.row("R30")
Make = Callable[..., Message]
TEXT = "新年快乐 🧧 & *O”Neil*\nhttps://shop.example"


@pytest.fixture
def client(meta: WhatsApp, channel: Channel, message: Make) -> Iterator[Client]:
    """Give a client that calls the simulator, where our channel has just called it."""
    with httpx.Client() as session:
        client = Client(meta.phone_number_id, meta.access_token, session=session)
        channel.send([message(text="where to?", session=True)])
        session.base_url = meta.url + meta.calls.pop().path.partition(meta.phone_number_id)[0]
        yield client


def test_a_text_is_what_pywa_writes(
    meta: WhatsApp, channel: Channel, message: Make, client: Client
):
    """The same body to the same path, by the same token."""
    meta.wrote.add("8613800138000")
    assert channel.send([message(text=TEXT, session=True)])[0].outcome == ACCEPTED
    client.send_message("8613800138000", TEXT, preview_url=False, tracker="m1")
    assert_alike(meta)


def test_a_template_is_what_pywa_writes(
    meta: WhatsApp, channel: Channel, message: Make, client: Client
):
    """The template's values in their order, its name and its language."""
    meta.templates["tea", "zh_CN"] = 2
    template = Template(code="tea", values={"name": "陈", "day": "周五"})
    assert channel.send([message(template=template, language="zh-Hans")])[0].outcome == ACCEPTED
    client.send_template(
        "8613800138000",
        "tea",
        TemplateLanguage.CHINESE_CHN,
        [BodyText.params("陈", "周五")],
        tracker="m1",
    )
    assert_alike(meta)


def assert_alike(meta: WhatsApp) -> None:
    ours, theirs = meta.calls
    # PyWa shouts the kind of a part; Meta's reference whispers it.
    body = json.loads(theirs.body.replace(b'"BODY"', b'"body"'))
    assert (theirs.method, theirs.target, body) == (ours.method, ours.target, ours.json())
    assert theirs.headers["authorization"] == ours.headers["authorization"]


@pytest.mark.parametrize("secret", ["app-secret", "密钥"])
def test_a_call_is_signed_as_pywa_checks_it(
    meta: WhatsApp, opened: Callable[..., Channel], secret: str
):
    """What our channel believes is what PyWa believes, and nothing else."""
    meta.app_secret = secret
    reply = {"from": "8613800138000", "id": "wamid.in", "timestamp": "1750857384"}
    headers, body = meta.posted((), [{**reply, "type": "text", "text": {"body": "谢谢"}}])
    told, _ = opened(app_secret=secret).receive(headers, body)
    assert [one.text for one in told] == ["谢谢"]
    mark = headers["X-Hub-Signature-256"]
    assert webhook_updates_validator(secret, body, mark)
    assert not webhook_updates_validator("other", body, mark)
    assert not webhook_updates_validator(secret, body + b" ", mark)
