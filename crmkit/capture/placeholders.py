"""What people type where a key is asked for and they have none: it identifies nobody."""

from __future__ import annotations

import re

WORDS = frozenset(
    """
    - -- --- ? ?? . .. / // n/a n.a. #n/a na none null nil nan nat unknown undefined anonymous
    nobody missing empty tbd tba xxx no keine keins unbekannt inconnu ninguno desconocido
    无 無 没有 沒有 未知 不详 不詳 暂无 暫無 なし 不明 없음 нет
    """.split()
)
"""Words that stand for "no value" in any key; compared in lower case."""

MAILBOXES = frozenset(
    """
    noreply no-reply no_reply no.reply donotreply do-not-reply do_not_reply none na n.a nobody
    unknown nomail no-mail noemail no-email no_email noemail invalid anonymous null undefined
    mailer-daemon postmaster bounce bounces
    """.split()
)
"""Local parts that belong to no person, at any domain."""

MAILS = frozenset(
    """
    test@test.com test@test.test a@a.com a@b.com aa@aa.com abc@abc.com x@x.com xx@xx.com
    asdf@asdf.com email@email.com mail@mail.com email@domain.com name@domain.com user@domain.com
    no@no.com me@me.me 123@123.com 123@qq.com 1@1.com 1@qq.com
    """.split()
)
"""Whole addresses that are typed to get past a form."""

_RUNS = ("0123456789012345", "9876543210987654")
_SHORTEST_RUN = 6
_ONE_DIGIT = re.compile(r"(\d)\1*")


def is_word(text: str) -> bool:
    """Tell whether a key's text means "none": ``n/a``, ``-``, ``unknown``, or nothing at all."""
    return not text or text.lower() in WORDS


def is_mail(address: str) -> bool:
    """Tell whether a normalised e-mail address is nobody's."""
    return address in MAILS or address.partition("@")[0] in MAILBOXES


def is_phone(digits: str) -> bool:
    """Tell whether a number's digits are a filler: 00000000000, 1111111, 123456789..."""
    if _ONE_DIGIT.fullmatch(digits):
        return True
    return len(digits) >= _SHORTEST_RUN and any(digits in run for run in _RUNS)
