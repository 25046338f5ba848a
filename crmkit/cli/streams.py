"""The three streams a program is given: one that lacks letters, is closed, or is read no more."""

from __future__ import annotations

import os
import select
import sys
from contextlib import redirect_stdout
from typing import TextIO


def prepare() -> None:
    r"""Make every stream one that can be written to, or read from, whatever it was given as.

    A character that an encoding lacks is written out (``\u738b``); what goes to a stream that is
    closed goes nowhere. In this order: each takes the number of the one that is missing.
    """
    if sys.stdin is None:
        sys.stdin = _nowhere(os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = _nowhere(os.O_WRONLY)
    if sys.stderr is None:
        sys.stderr = _nowhere(os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        handler = getattr(stream, "errors", None)
        if handler in ("strict", "surrogateescape") and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def unicode(stream: TextIO) -> bool:
    """Tell whether a stream can write every character."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"


def aside(*, as_json: bool) -> redirect_stdout[TextIO]:
    """Let what the channel `console` shows stand where messages go, where JSON is printed."""
    return redirect_stdout(sys.stderr if as_json else sys.stdout)


def unread() -> bool:
    """Tell whether nobody reads one of the output streams any more, and give those up.

    What they still hold is dropped: else Python would try once more at its end, and complain.
    """
    gone = [stream for stream in (sys.stdout, sys.stderr) if _hung_up(stream)]
    for stream in gone:
        _give_up(stream)
    return bool(gone)


def settle() -> OSError | None:
    """Write out what the output streams still hold; where one cannot, drop it and give the error.

    That nobody reads a stream any more is no error.
    """
    failure: OSError | None = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            failure = failure or (None if _hung_up(stream) else error)
            _give_up(stream)
    return failure


def _give_up(stream: TextIO) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _hung_up(stream: TextIO) -> bool:
    """Tell whether the other end of a pipe is closed."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # in tests there is no file behind it
        return False
    if not hasattr(select, "poll"):  # on Windows nothing tells; a broken pipe is then always ours
        return True
    poll = select.poll()
    poll.register(number, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _nowhere(flags: int) -> TextIO:
    number = os.open(os.devnull, flags)
    mode = "r" if flags == os.O_RDONLY else "w"
    return open(number, mode, encoding="utf-8", closefd=False)  # type: ignore[return-value]
