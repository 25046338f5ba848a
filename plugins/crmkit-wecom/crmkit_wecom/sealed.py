"""The envelope of WeCom's callbacks: signed with SHA-1, sealed with AES-256-CBC.

Wire: https://developer.work.weixin.qq.com/document/path/90968. What is sealed is 16 random bytes,
the length of the message in 4, the message, and who it is for; filled up to 32 bytes as in PKCS#7.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from crmkit.contracts.signatures import refuse, same

_RANDOM, _HEAD = 16, 20
_BLOCK = 32


def signature(token: str, stamp: str, nonce: str, sealed: str) -> str:
    """Sign a sealed message, as WeCom does."""
    parts = "".join(sorted((token, stamp, nonce, sealed)))
    return hashlib.sha1(parts.encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 - WeCom's


def opened(sealed: str, aes_key: str, receiver: str) -> bytes:
    """Give the message in a sealed one whose signature was checked.

    Raises:
        SignatureInvalid: it was sealed with another key, or for somebody else.
    """
    # Heavy, and only callbacks need it.
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415
        Cipher,
        algorithms,
        modes,
    )

    key = base64.b64decode(aes_key + "=")
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        refuse("its message is damaged")
    if not raw or len(raw) % _RANDOM:
        refuse("its message is damaged")
    # The first 16 bytes of the key start the chain: so WeCom wants it.
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_RANDOM])).decryptor()
    plain = decryptor.update(raw) + decryptor.finalize()
    filled = plain[-1]
    length = int.from_bytes(plain[_RANDOM:_HEAD], "big")
    end = len(plain) - filled
    if not 1 <= filled <= _BLOCK or _HEAD + length > end:
        refuse("it was sealed with another encoding_aes_key")
    if not same(plain[_HEAD + length : end], receiver):
        refuse("it is for another company")
    return plain[_HEAD : _HEAD + length]
