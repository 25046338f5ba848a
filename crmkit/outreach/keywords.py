"""Words by which customers want no more messages, in the languages they are asked for in.

STOP and its like are what American carriers must understand (CTIA); Chinese messages end with
``拒收请回复R``, and providers also offer ``TD`` and ``T`` (退订).
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = frozenset(
    "stop stopall end quit cancel unsubscribe optout opt-out revoke remove arret stopp "
    "r t td n qx 退订 退訂 拒收 取消 取消订阅 不要再发 停止 配信停止".split()
)
_MARKS = re.compile(r"[\s\W_]+", re.UNICODE)
_LONGEST = 40


def refuses(text: str | None) -> bool:
    """Tell whether an answer, as a whole, is one of the words that want no more."""
    if not text or len(text) > _LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    return _MARKS.sub("", plain) in _BARE


_BARE = frozenset(_MARKS.sub("", word) for word in _WORDS)
