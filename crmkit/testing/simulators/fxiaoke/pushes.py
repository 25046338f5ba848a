"""What the platform pushes: signed with SHA-1, sealed with AES-256-CBC.

Written after ``SigUtils.java`` and ``FSCallbackController.java`` of the vendor's own demo
(github.com/openfxiaoke/demo). Sealed are 16 random bytes, the length of the message in 4, the
message, and the receiver; filled up to 32 bytes as in PKCS#7. What the message about a changed
record looks like is nowhere documented: this is one of the shapes that are read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from crmkit.testing.simulators.fxiaoke.queries import milliseconds

_BLOCK = 32


def sealed(message: bytes, aes_key: str, receiver: str = "FSAID_1") -> str:
    """Seal a message; needs the distribution ``cryptography``."""
    # by its name: crmkit itself does without it
    ciphers: Any = import_module("cryptography.hazmat.primitives.ciphers")
    key = base64.b64decode(aes_key + "=")
    plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + receiver.encode()
    filled = _BLOCK - len(plain) % _BLOCK
    plain += bytes([filled]) * filled
    cipher = ciphers.Cipher(ciphers.algorithms.AES(key), ciphers.modes.CBC(key[:16]))
    encryptor = cipher.encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def signed(content: str, token: str, at: datetime, nonce: str = "nonce") -> bytes:
    """Give the body of a push with this sealed content."""
    stamp = str(milliseconds(at))
    parts = "".join(sorted((token, stamp, nonce, content)))
    sig = hashlib.sha1(parts.encode()).hexdigest()  # noqa: S324 - the platform's
    return json.dumps({"nonce": nonce, "timeStamp": stamp, "content": content, "sig": sig}).encode()


def pushed(  # noqa: PLR0913 - the parts of a push
    entity: str,
    ids: Sequence[str],
    *,
    token: str,
    aes_key: str,
    at: datetime,
    event: str = "update",
) -> bytes:
    """Give the body of a push that tells of records; `event` may be ``invalid`` or ``delete``."""
    told = {"MsgType": "event", "Event": event, "objectApiName": entity, "objectIds": list(ids)}
    message = {"type": "message", "content": json.dumps(told, ensure_ascii=False)}
    return signed(sealed(json.dumps(message, ensure_ascii=False).encode(), aes_key), token, at)
