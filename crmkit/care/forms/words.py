"""The forms' words that belong to no single field, in Chinese and in English."""

from __future__ import annotations

import attrs

LANGUAGES = ("zh", "en")


@attrs.frozen
class Words:
    """The same words in both languages.

    Attributes:
        zh: In Chinese, as the documents have them.
        en: In English.
    """

    zh: str
    en: str

    def in_(self, lang: str) -> str:
        """Give them in one language."""
        return self.zh if lang == "zh" else self.en

    def __contains__(self, said: object) -> bool:
        """Tell whether somebody said them, in whichever language."""
        return said in (self.zh, self.en)


NUMBER = Words("序号", "No.")
CONTINUED = Words("(续)", " (continued)")
PAGE = Words("第 &P 页,共 &N 页", "Page &P of &N")
ANSWERS = {True: Words("是", "yes"), False: Words("否", "no")}
BONDS = {
    "financial": Words("财务联系", "financial"),
    "social": Words("社交联系", "social"),
    "structural": Words("结构性联系", "structural"),
}


def without_continued(label: str) -> str:
    """Take away what says that a field goes on from the sheet before."""
    for ending in (CONTINUED.zh, CONTINUED.en):
        label = label.removesuffix(ending)
    return label
