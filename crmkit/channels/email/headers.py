"""Header lines: folded, encoded where they must be (RFC 2047), and never more than one.

Written out here, since the stdlib's own writer takes half a millisecond a message.
"""

from __future__ import annotations

import re
from binascii import b2a_base64

from crmkit.contracts.lines import breaks, joined

WIDTH = 76  # of a line that holds an encoded word, at most (RFC 2047, 2)
_OVERHEAD = len("=?utf-8?B??=")
_HIGH, _WITHIN = 0xC0, 0x80  # top bits of a byte within a character of UTF-8
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_NAME = re.compile(r"[!-9;-~]{1,60}")  # RFC 5322, 2.2
_FOLDABLE = re.compile(r"[!-~]{1,70}(?: [!-~]{1,70})*")


def unstructured(name: str, value: str) -> str:
    """Write a header whose value is a text for people, such as a subject.

    Args:
        name: The header's name.
        value: One line, as `crmkit.contracts.lines.joined` gives it.

    Returns:
        The header without the line break at its end; long ones folded.
    """
    line = f"{name}: {value}"
    if value.isascii() and "=?" not in value:
        if len(line) <= WIDTH:
            return line
        if _FOLDABLE.fullmatch(value):
            return _folded(line)
    return f"{name}: {encoded(value, len(name) + 2)}"


def mailbox(name: str, person: str, address: str) -> str:
    """Write a header that holds one address, with its owner's name where there is one.

    Args:
        name: The header's name.
        person: One line; empty: the address stands alone.
        address: As SMTP has it.
    """
    if not person:
        return f"{name}: {address}"
    if person.isascii() and "=?" not in person and len(person) < WIDTH - 16:
        if not _ATOMS.fullmatch(person):
            quoted = person.replace("\\", "\\\\").replace('"', '\\"')
            person = f'"{quoted}"'
    else:
        person = encoded(person, len(name) + 2)
    line = f"{name}: {person} <{address}>"
    return line if len(line) <= WIDTH else f"{name}: {person}\r\n <{address}>"


def encoded(text: str, start: int) -> str:
    """Write a text as encoded words, each on a line of its own.

    Args:
        text: Of any script; half characters become question marks.
        start: Columns of the first line that are taken.
    """
    data = text.encode("utf-8", "replace")
    words = []
    at = 0
    room = (WIDTH - start - _OVERHEAD) // 4 * 3
    while at < len(data):
        end = min(at + room, len(data))
        while end < len(data) and data[end] & _HIGH == _WITHIN:
            end -= 1
        words.append(f"=?utf-8?B?{b2a_base64(data[at:end], newline=False).decode()}?=")
        at = end
        room = 45
    return "\r\n ".join(words)


def further(name: str, value: str) -> str:
    """Write a header that the caller of the channel asks for.

    Raises:
        ValueError: its name is none, or its value has a line break in it.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a header's name is none")
    if breaks(value):
        raise ValueError(f"the header {name} has a line break or another control character in it")
    return unstructured(name, joined(value))


def _folded(line: str) -> str:
    """Fold at spaces, each line as long as it may be."""
    lines = []
    while len(line) > WIDTH:
        cut = line.rfind(" ", 1, WIDTH + 1)
        cut = cut if cut > 0 else line.find(" ", 1)
        if cut < 0:
            break
        lines.append(line[:cut])
        line = line[cut:]
    return "\r\n".join([*lines, line])
