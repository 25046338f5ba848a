"""The envelope of pushes: signed with SHA-1, sealed with AES-256-CBC.

Wire: ``SigUtils.java`` of the vendor's demo (github.com/openfxiaoke/demo). What is sealed is 16
random bytes, the length of the message in 4, the message, and whom it is for; filled up to 32
bytes as in PKCS#7. The demo does not look at the receiver, whose form is nowhere told.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from crmkit.contracts.signatures import refuse

_RANDOM, _HEAD = 16, 20


def signature(token: str, stamp: str, nonce: str, content: str) -> str:
    """Sign a sealed message, as the platform does."""
    parts = "".join(sorted((token, stamp, nonce, content)))
    return hashlib.sha1(parts.encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 - theirs


def opened(sealed: str, aes_key: str) -> bytes:
    """Give the message in a sealed one whose signature was checked.

    Raises:
        SignatureInvalid: it is damaged, or was sealed with another key.
    """
    # Heavy, and only pushes need it.
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
    # The first 16 bytes of the key start the chain: so the platform wants it.
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_RANDOM])).decryptor()
    plain = decryptor.update(raw) + decryptor.finalize()
    length = int.from_bytes(plain[_RANDOM:_HEAD], "big")
    if _HEAD + length > len(plain):
        refuse("it was sealed with another encoding_aes_key")
    return plain[_HEAD : _HEAD + length]
