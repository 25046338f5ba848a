"""Words by which customers want no more messages, in the languages they are asked for in.

STOP and its like are what American carriers must understand (CTIA); Chinese messages end with
``拒收请回复R``, and providers also offer ``TD`` and ``T`` (退订).
"""

from __future__ import annotations

import re
import unicodedata

from crmkit.contracts.replies import own_words

_WORDS = frozenset(
    "stop stopall end quit cancel unsubscribe optout opt-out revoke remove arret stopp "
    "please-stop stop-please unsubscribe-me please-unsubscribe "
    "r t td n qx 回复r 回复t 回复td 请退订 我要退订 不要再发了 请不要再发 别再发了 "
    "退订 退訂 拒收 取消 取消订阅 不要再发 停止 配信停止".split()
)
_MARKS = re.compile(r"[\s\W_]+", re.UNICODE)
_LONGEST = 40
_FIRST = 1_000  # characters that are looked through for the end of the answer
_BLANK = re.compile(r"\n\s*\n")


def refuses(text: str | None) -> bool:
    """Tell whether an answer, as a whole, is one of the words that want no more.

    Mail programs add what they answer to, and a signature: only what stands before is the answer.
    """
    said = _written(text or "")
    if not said or len(said) > _LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", said).casefold().strip()
    return _MARKS.sub("", plain) in _BARE


def _written(text: str) -> str:
    """Give the first paragraph of what he wrote himself."""
    return _BLANK.split(own_words(text[:_FIRST]), 1)[0]


_BARE = frozenset(_MARKS.sub("", word) for word in _WORDS)
