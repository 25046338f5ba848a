"""WeCom's callbacks: its own samples are read, and nothing that is not WeCom's."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from crmkit_wecom.callbacks import field
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from wechatpy.enterprise.crypto import WeChatCrypto

from crmkit import SignatureInvalid
from crmkit.contracts.sealed import opened as unsealed
from crmkit.contracts.sealed import signature

# From the sample that WeCom ships with WXBizMsgCrypt.
TOKEN, AES_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "wx5823bf96d3bd56c7"
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
CHECK = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
}
DELETED = (
    "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>"
    "<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1403610513</CreateTime>"
    "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[{change}]]></ChangeType><UserID><![CDATA[LinUserId]]></UserID>"
    "<ExternalUserID><![CDATA[wmA]]></ExternalUserID></xml>"
)
NOW = datetime.fromtimestamp(1409659589, UTC)


@pytest.fixture
def channel(opened: Any) -> Any:
    made = opened(corpid=CORP, token=TOKEN, encoding_aes_key=AES_KEY)
    made.clock = lambda: NOW
    return made


def posted(xml: str, corp: str = CORP, key: str = AES_KEY, at: datetime = NOW) -> tuple[str, bytes]:
    """Seal and sign as wechatpy does; give the query of the address, and the body."""
    stamp = str(int(at.timestamp()))
    sealed = WeChatCrypto(TOKEN, key, corp).encrypt_message(xml, "nonce", stamp)
    sealed = sealed if isinstance(sealed, str) else sealed.decode()
    sign = re.search(r"<MsgSignature><!\[CDATA\[(.*?)\]\]>", sealed)
    query = {"msg_signature": sign[1], "timestamp": stamp, "nonce": "nonce"}
    return f"https://crm.example/wecom?{urlencode(query)}", sealed.encode()


def raw(plain: bytes) -> str:
    """Seal bytes as they are, filled up or not."""
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def test_the_check_of_the_address_is_answered(channel: Any):
    """WeCom's own sample, with its echo encoded as it should be, and as some servers leave it."""
    for echo in (quote(ECHO, safe=""), ECHO):
        url = f"https://crm.example/wecom?{urlencode(CHECK)}&echostr={echo}"
        assert channel.receive({}, b"", method="GET", url=url)[1].body == b"1616140317555161061"


def test_a_message_of_wecoms_sample_is_read():
    """The posted one, too: signature and seal are WeCom's."""
    sealed = (
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3Qczc"
        "dCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLj"
        "vd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMn"
        "vw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k"
        "22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2Yoy"
        "yH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    )
    sign = signature(TOKEN, "1409659813", "1372623149", sealed)
    assert sign == "477715d11cdb4164915debcba66cb864d751f3e6"
    xml = unsealed(sealed, AES_KEY, CORP).decode()
    assert field(xml, "Content") == "hello"
    assert field(xml, "FromUserName") == "mycreate"


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 1000])
def test_what_others_seal_is_opened(length: int):
    """Of any length, so for each way of filling up."""
    text = "警" * length
    _, body = posted(f"<xml>{text}</xml>")
    sealed = field(body.decode(), "Encrypt")
    assert unsealed(sealed, AES_KEY, CORP).decode() == f"<xml>{text}</xml>"


def test_who_deletes_a_colleague_wants_no_more(channel: Any):
    """He is named, with the instant; the same call twice is the same event."""
    url, body = posted(DELETED.format(change="del_follow_user"))
    (told,), response = channel.receive({}, body, url=url)
    assert (told.what, told.address) == ("unsubscribed", "wmA")
    assert told.at == datetime.fromtimestamp(1403610513, UTC)
    assert response.body == b"success"
    assert channel.receive({}, body, url=url)[0] == (told,)


@pytest.mark.parametrize("change", ["del_external_contact", "add_external_contact", ""])
def test_other_events_change_nothing(channel: Any, change: str):
    """That a colleague deletes a customer is not the customer's wish."""
    url, body = posted(DELETED.format(change=change))
    assert channel.receive({}, body, url=url)[0] == ()


def test_what_is_not_wecoms_is_refused(channel: Any):
    """Changed, for another company, sealed with another key, too old, from the future, bare."""
    url, body = posted(DELETED.format(change="del_follow_user"))
    old = NOW - timedelta(seconds=301)
    early = NOW + timedelta(seconds=301)
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode().rstrip("=")
    other = re.sub(r"[^A-Za-z0-9]", "x", other)
    cases = [
        (url, body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[AAAA")),
        (url.replace("nonce=nonce", "nonce=other"), body),
        (url.replace("msg_signature=", "signature="), body),
        ("", body),
        (url, b""),
        (url, b"<Encrypt>" * 100_000),
        posted("<xml/>", corp="ww-other"),
        posted("<xml/>", key=other),
        posted("<xml/>", at=old),
        posted("<xml/>", at=early),
    ]
    for address, content in cases:
        with pytest.raises(SignatureInvalid):
            channel.receive({}, content, url=address)


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "AAAA",
        "not base64!",
        "²²²²",
        raw(bytes(16)),
        raw(bytes(15) + b"\x01"),
        raw(bytes(31) + b"\x21"),
        raw(bytes(16) + b"\xff" * 15 + b"\x01"),
    ],
)
def test_what_cannot_be_opened_is_refused(channel: Any, sealed: str):
    """Under a good signature, too: one error, and no other."""
    stamp = CHECK["timestamp"]
    sign = signature(TOKEN, stamp, "n", sealed)
    query = {"msg_signature": sign, "timestamp": stamp, "nonce": "n"}
    body = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    with pytest.raises(SignatureInvalid):
        channel.receive({}, body, url=f"/wecom?{urlencode(query)}")


def test_without_a_token_nothing_is_believed(opened: Any):
    """What cannot be checked is refused."""
    url, body = posted("<xml/>")
    with pytest.raises(SignatureInvalid, match="encoding_aes_key"):
        opened(corpid=CORP).receive({}, body, url=url)
