"""Bodies in seven bits, with short lines: what every mail server carries unchanged.

Eight bits would be shorter, but a server on the way may have to recode them, and then no signature
over the message (DKIM) holds.
"""

from __future__ import annotations

from binascii import b2a_base64, b2a_qp

_LONGEST = 998  # RFC 5322, 2.1.1: without the line break
_BASE64_LINE = 76


def encode(text: str, boundary: str) -> tuple[str, bytes]:
    """Encode a text, whatever it holds.

    Args:
        text: Its lines may end in any way; half characters become question marks.
        boundary: What must not appear in it; it begins with ``=_``, which neither quoted-printable
            nor base64 can hold.

    Returns:
        The value of Content-Transfer-Encoding, and the bytes with CRLF at the end of each line.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and "\0" not in text and boundary not in text and _short(text):
        return "7bit", text.replace("\n", "\r\n").encode()
    data = text.encode("utf-8", "replace")
    if 6 * (len(data) - len(text)) > len(data):  # most of it would be =E4=BD=A0=E5=A5=BD
        return "base64", _base64(data.replace(b"\n", b"\r\n"))
    return "quoted-printable", b2a_qp(data).replace(b"\n", b"\r\n")


def _short(text: str) -> bool:
    return len(text) <= _LONGEST or max(map(len, text.split("\n"))) <= _LONGEST


def _base64(data: bytes) -> bytes:
    plain = b2a_base64(data, newline=False)
    lines = range(0, len(plain), _BASE64_LINE)
    return b"\r\n".join([plain[at : at + _BASE64_LINE] for at in lines])
