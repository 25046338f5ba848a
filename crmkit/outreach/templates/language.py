"""Which of several texts a customer reads: by his language, its script, then the default's."""

from __future__ import annotations

from collections.abc import Collection

DEFAULT = "default"
_TRADITIONAL = frozenset({"tw", "hk", "mo"})
_SCRIPT_LETTERS = 4


def pick(languages: Collection[str], wanted: str | None, fallback: str | None) -> str | None:
    """Choose a language of those a text exists in.

    In this order: the very tag; the same language in the same script, ``zh-TW`` being in
    traditional characters unless it says otherwise; its primary language alone; then likewise by
    `fallback`; then ``default``. A text in the other script is never taken for a customer whose
    own is told.

    Args:
        languages: BCP 47 tags, or ``default``.
        wanted: The customer's; None: not known.
        fallback: The configured language.

    Returns:
        One of `languages`, or None: nothing fits.

    Example:
        >>> pick(["zh", "zh-Hant", "en"], "zh-TW", "en")
        'zh-Hant'
        >>> pick(["zh-CN", "en-GB"], "zh-TW", "en")
        'en-GB'
    """
    for tag in (wanted, fallback):
        found = _nearest(languages, tag) if tag else None
        if found is not None:
            return found
    return DEFAULT if DEFAULT in languages else None


def _nearest(languages: Collection[str], wanted: str) -> str | None:
    plain = {_plain(tag): tag for tag in languages if tag != DEFAULT}
    tag = _plain(wanted)
    primary = tag.partition("-")[0]
    while "-" in tag:
        if tag in plain:
            return plain[tag]
        tag = tag.rpartition("-")[0]
        if tag == primary:
            break
    script = _script(_plain(wanted))
    alike = sorted(one for one in plain if one.startswith(f"{primary}-") and _script(one) == script)
    general = [one for one in alike if one == f"{primary}-{script}"]
    bare = [primary] if primary in plain else []
    # With a script of its own, a text in it goes before one that does not say which it is in.
    order = [*general, *alike, *bare] if script else [*bare, *alike]
    return plain[order[0]] if order else None


def _script(tag: str) -> str:
    """Give the script a tag tells; of Chinese also that which its region tells."""
    primary, *parts = tag.split("-")
    for part in parts:
        if len(part) == _SCRIPT_LETTERS and part.isalpha():
            return part
    if primary != "zh" or not parts:
        return ""
    return "hant" if _TRADITIONAL.intersection(parts) else "hans"


def _plain(tag: str) -> str:
    return tag.strip().replace("_", "-").lower()
