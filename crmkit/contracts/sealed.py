"""The envelope of WeCom's callbacks, and of 纷享销客's pushes: signed with SHA-1, sealed with AES.

Wire: https://developer.work.weixin.qq.com/document/path/90968, and ``SigUtils.java`` of
github.com/openfxiaoke/demo. What is sealed, with AES-256-CBC, is 16 random bytes, the length of
the message in 4, the message, and who it is for; filled up to 32 bytes as in PKCS#7.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from importlib import import_module
from typing import Any

from crmkit.contracts.signatures import refuse, same

_RANDOM, _HEAD = 16, 20
_BLOCK = 32


def signature(token: str, stamp: str, nonce: str, sealed: str) -> str:
    """Sign a sealed message, as these platforms do."""
    parts = "".join(sorted((token, stamp, nonce, sealed)))
    return hashlib.sha1(parts.encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 - theirs


def opened(sealed: str, aes_key: str, receiver: str | None = None) -> bytes:
    """Give the message in a sealed one whose signature was checked; needs ``cryptography``.

    Args:
        sealed: In base64.
        aes_key: The platform's ``encoding_aes_key``: 43 characters of base64.
        receiver: Who it must be for; None: whoever it names, in whatever form.

    Raises:
        SignatureInvalid: it is damaged, was sealed with another key, or for somebody else.
    """
    # By its name: crmkit itself does without it. Heavy, and only calls from a platform need it.
    ciphers: Any = import_module("cryptography.hazmat.primitives.ciphers")
    key = base64.b64decode(aes_key + "=")
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        refuse("its message is damaged")
    if not raw or len(raw) % _RANDOM:
        refuse("its message is damaged")
    # The first 16 bytes of the key start the chain: so they want it.
    cipher = ciphers.Cipher(ciphers.algorithms.AES(key), ciphers.modes.CBC(key[:_RANDOM]))
    decryptor = cipher.decryptor()
    plain: bytes = decryptor.update(raw) + decryptor.finalize()
    filled = plain[-1]
    length = int.from_bytes(plain[_RANDOM:_HEAD], "big")
    end = len(plain) - filled
    if not 1 <= filled <= _BLOCK or _HEAD + length > end:
        refuse("it was sealed with another encoding_aes_key")
    if receiver is not None and not same(plain[_HEAD + length : end], receiver):
        refuse("it is for another company")
    return plain[_HEAD : _HEAD + length]
