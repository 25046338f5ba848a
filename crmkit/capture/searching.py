"""Text as search sees it: case, width and accents aside, Chinese names also by their sound."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

_FIRST_HAN, _LAST_HAN = "\u3400", "\u9fff"


def fold(text: str) -> str:
    """Fold text for search: ``Ｊosé ÉCLAIR`` is ``jose eclair``.

    Accents are dropped from Latin letters only: on kana and others they make another letter.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept: list[str] = []
    base = ""
    for character in folded:
        if unicodedata.combining(character):
            if base.isascii():
                continue
        else:
            base = character
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def indexed(name: str) -> str:
    """Give what search looks into for a name: folded, and by its sound."""
    return "\n".join([fold(name), *sounds(name)])


def sounds(name: str) -> list[str]:
    """Give the pinyin of a Chinese name, in full and by initials; nothing without pypinyin."""
    if name.isascii() or not any(_FIRST_HAN <= character <= _LAST_HAN for character in name):
        return []
    read = _pinyin()
    return [] if read is None else list(_read(name))


@lru_cache(maxsize=4096)
def _read(name: str) -> tuple[str, str]:
    read = _pinyin()
    syllables = [] if read is None else [str(syllable) for syllable in read(name)]
    return "".join(syllables).lower(), "".join(syllable[:1] for syllable in syllables).lower()


@cache
def _pinyin() -> Any:
    try:
        return import_module("pypinyin").lazy_pinyin  # an extra
    except ImportError:
        return None
