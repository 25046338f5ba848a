"""Pushes: what others seal is opened, and what is not the platform's is refused."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from wechatpy.crypto import PrpCrypto

from crmkit import SignatureInvalid
from crmkit.contracts.connector import Hint
from crmkit.contracts.sealed import opened as unsealed
from crmkit.contracts.sealed import signature
from crmkit.testing.simulators.fxiaoke import Fxiaoke

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
# From the sample that WeCom ships, whose envelope the platform took over.
SAMPLE_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
SAMPLE = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="


def push(
    message: Any, at: datetime, *, token: str = "push-token", key: str = KEY
) -> dict[str, str]:
    """Seal with a library that is not ours, and sign by hand."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    content = PrpCrypto(base64.b64decode(key + "=")).encrypt(text, "FSAID_1").decode()
    stamp = str(int(at.timestamp() * 1000))
    sig = hashlib.sha1("".join(sorted([token, stamp, "n", content])).encode()).hexdigest()
    return {"nonce": "n", "timeStamp": stamp, "content": content, "sig": sig}


def test_the_envelope_is_the_one_of_a_published_sample():
    """Signature and seal."""
    sign = signature("QDG6eK", "1409659589", "263014780", SAMPLE)
    assert sign == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert unsealed(SAMPLE, SAMPLE_KEY) == b"1616140317555161061"


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 1000])
def test_what_others_seal_is_opened(length: int):
    """Of any length, so for each way of filling up."""
    text = "客" * length
    sealed = PrpCrypto(base64.b64decode(KEY + "=")).encrypt(text, "FSCID_1").decode()
    assert unsealed(sealed, KEY).decode() == text


def test_a_push_names_the_records_to_read_anew(company: Fxiaoke, opened: Open):
    """The answer is what the platform waits for; nothing is called before it is given."""
    connector = opened()
    hints, response = connector.receive({}, company.push("AccountObj", "a", "b"))
    assert hints == (Hint(entity="AccountObj", ids=("a", "b")),)
    assert (response.status, response.body) == (200, b"success")
    hints, _ = connector.receive({}, company.push("Shop__c", "c", event="invalid"))
    assert hints == (Hint(entity="Shop__c", ids=("c",), deleted=True),)
    assert company.calls == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"objectApiName": "LeadsObj", "objectId": "x"}, [("LeadsObj", ("x",), False)]),
        ({"apiName": "LeadsObj", "dataId": "x"}, [("LeadsObj", ("x",), False)]),
        (
            {"dataObjectApiName": "LeadsObj", "objectDataId": "x", "op": "delete"},
            [("LeadsObj", ("x",), True)],
        ),
        (
            {"eventType": "作废", "data": {"object_describe_api_name": "LeadsObj", "_id": "x"}},
            [("LeadsObj", ("x",), True)],
        ),
        (
            {"apiName": "LeadsObj", "dataList": [{"_id": "x"}, {"_id": "y"}]},
            [("LeadsObj", ("x", "y"), False)],
        ),
        (
            [{"apiName": "A__c", "id": "1"}, {"apiName": "B__c", "id": "2"}],
            [
                ("A__c", ("1",), False),
                ("B__c", ("2",), False),
            ],
        ),
        ({"MsgType": "text", "Content": "你好", "id": "x"}, []),
        ({"apiName": "../etc", "id": "x"}, []),
        ("你好", []),
        ([[[[[[[[[[[[[[[[{"apiName": "A__c", "id": "1"}]]]]]]]]]]]]]]]], []),
        (None, []),
    ],
)
def test_whatever_a_push_is_wrapped_in(company: Fxiaoke, opened: Open, content: Any, expected: Any):
    """Its shape is documented nowhere; as an object or as JSON in a text."""
    for inner in (content, json.dumps(content, ensure_ascii=False)):
        body = push({"type": "message", "content": inner}, company.book.now())
        hints, response = opened().receive({}, json.dumps(body).encode())
        assert [(one.entity, one.ids, one.deleted) for one in hints] == expected
        assert response.body == b"success"


def test_what_is_not_the_platform_s_is_refused(company: Fxiaoke, opened: Open):
    """Changed, forged, old, ahead of the clock, sealed with another key, or no push at all."""
    now = company.book.now()
    good = push({"apiName": "LeadsObj", "dataId": "x"}, now)
    connector = opened()
    assert connector.receive({}, json.dumps(good).encode())[0]
    other = base64.b64encode(hashlib.sha256(b"x").digest()).decode()[:43].replace("+", "x")
    cases: list[Any] = [
        {**good, "content": push({}, now)["content"]},
        {**good, "nonce": "m"},
        {**good, "timeStamp": str(int(good["timeStamp"]) + 1)},
        {**good, "sig": ""},
        {**good, "sig": good["sig"][::-1]},
        {name: value for name, value in good.items() if name != "sig"},
        push({}, now, token="guessed"),
        push({}, now - timedelta(seconds=501)),
        push({}, now + timedelta(seconds=501)),
        push({}, now, key=other.replace("/", "y")),
        [],
        "text",
        None,
    ]
    for case in cases:
        with pytest.raises(SignatureInvalid):
            connector.receive({}, json.dumps(case).encode())
    for raw in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(SignatureInvalid):
            connector.receive({}, raw)


@pytest.mark.parametrize("content", ["", "AAAA", "not base64!", "²²²²", "A" * 44])
def test_what_cannot_be_opened_is_refused(company: Fxiaoke, opened: Open, content: str):
    """Under a good signature, too: one error, and no other."""
    stamp = str(int(company.book.now().timestamp() * 1000))
    sig = signature("push-token", stamp, "n", content)
    body = {"nonce": "n", "timeStamp": stamp, "content": content, "sig": sig}
    with pytest.raises(SignatureInvalid):
        opened().receive({}, json.dumps(body).encode())


def test_without_a_token_nothing_is_believed(company: Fxiaoke, opened: Open):
    """What cannot be checked is refused; an instant in seconds is taken too."""
    with pytest.raises(SignatureInvalid, match="encoding_aes_key"):
        opened(token=None).receive({}, company.push("AccountObj", "a"))
    at = company.book.now()
    body = push({"apiName": "LeadsObj", "dataId": "x"}, at)
    stamp = str(int(at.timestamp()))
    sig = signature("push-token", stamp, "n", body["content"])
    body = {**body, "timeStamp": stamp, "sig": sig.upper()}
    assert opened().receive({}, json.dumps(body).encode())[0]
    assert at.tzinfo is UTC
