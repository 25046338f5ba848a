"""What a drafted plan says, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo

import attrs

from crmkit.care import words
from crmkit.care.plays import Said

STAGES = {
    "prospect": ("prospect", "潜在客户"),
    "prospect_dormant": ("dormant prospect", "沉睡的潜在客户"),
    "prospect_failed": ("failed prospect", "开发失败的潜在客户"),
    "development": ("development", "开发期"),
    "maintenance": ("maintenance", "维护期"),
    "upgrade": ("upgrade", "升级期"),
    "retention": ("retention", "挽留期"),
    "churned": ("churned", "已流失"),
    "won_back": ("won back", "已挽回"),
}
REASONS = {
    "late": ("learnt late", "补录"),
    "fading": ("by time passing", "随时间消退"),
    "behaviour": ("by what he did", "客户行为"),
    "applicability": ("weights shared out anew", "权重重新分配"),
    "correction": ("corrected", "更正"),
    "override": ("set by a person", "人工设定"),
    "model": ("another model", "模型变更"),
}
FORMS = {"coupon": ("coupon", "优惠券"), "discount": ("discount", "折扣"), "gift": ("gift", "礼品")}
_SENTENCES = {
    "since": (
        "Customer since {day}; account manager: {owner}.",
        "{day}起成为客户;客户经理:{owner}。",
    ),
    "stands": (
        "Tier: {tier}; {score:.1f} of 100 points. Stage: {stage}, since {day}.",
        "层次:{tier};综合值{score:.1f}分(满分100)。阶段:{stage}({day}起)。",
    ),
    "moved": (
        "Score from {start} to {end}: {delta:+.1f} ({unexpected:+.1f} unexpected): {causes}.",
        "{start}至{end}综合值变化{delta:+.1f}分(意外变化{unexpected:+.1f}分):{causes}。",
    ),
    "bought": (
        "Bought {often} for {sum}; last on {day}.",
        "购买{times}次,共{sum};最近购买:{day}。",
    ),
    "rhythm": ("Usually buys every {days}.", "通常每{gap:g}天购买一次。"),
    "mostly": ("Mostly: {items}.", "主要购买:{items}。"),
    "needs": ("Needs: {what}.", "需求:{what}。"),
    "details": ("Worth remembering: {what}.", "生活细节:{what}。"),
    "last": ("Last: {day} {what}", "最近接触:{day} {what}"),
    "open": ("Open: {day} {what}", "未解决:{day} {what}"),
    "worked": ("Since {day}: {what}.", "{day}以来:{what}。"),
    "nothing": ("Since {day} nobody of us was in touch.", "{day}以来我方没有联系。"),
    "closed": (
        "Plan {id}, closed on {day}: {outcome}{reached}",
        "计划{id}于{day}结束:{outcome}{reached}",
    ),
    "reached": (" (goal tier reached)", "(已达到目标层次)"),
    "missed": (" (goal tier not reached)", "(未达到目标层次)"),
    "given": ("Given: {what}.", "已给予:{what}。"),
    "large": ("{day} large order: {sum}", "{day} 大额购买:{sum}"),
    "tier_move": ("{day} tier: {before} -> {after}", "{day} 层次变化:{before} → {after}"),
    "stage_move": ("{day} stage: {before} -> {after}", "{day} 阶段变化:{before} → {after}"),
    "loyal": (
        "{day} bought from us during {competitor}'s promotion",
        "{day} 在{competitor}促销期间仍购买我方产品",
    ),
    "matter": ("{day} {what}", "{day} {what}"),
    "most": ("What he buys most: {items}.", "最常购买:{items}。"),
    "times": ("{what} ({count}x)", "{what}({count}次)"),
    "praised": ("He praised: {what}", "客户表扬:{what}"),
    "back": ("Back to his former tier: {tier}.", "让客户再回到原有层次:{tier}。"),
    "lift": ("From {before} up to {tier}.", "从{before}提升到{tier}。"),
    "keep": ("Keep him in tier {tier}.", "保持{tier}层次。"),
    "contacts": (
        "Known so far: {people}; get to know who decides beside them.",
        "目前认识{count}人,进一步结识其他决策者。",
    ),
    "fell": ("{indicator} fell ({reason})", "{indicator}下降({reason})"),
    "weight": (
        "{points:.1f} points, {share:.0%} of the fall",
        "{points:.1f}分,占下降的{share:.0%}",
    ),
    "answer": ("Answer it, and see that it is settled.", "答复并确认已经解决。"),
    "coming": ("Coming: {what}", "即将到来:{what}"),
    "channel": ("Prefers: {channel}.", "偏好渠道:{channel}。"),
    "addressed": ("Addressed as {what}.", "称呼:{what}。"),
    "reach": ("By {what}", "通过{what}"),
    "touched": ("Last in touch on {day}", "最近联系:{day}"),
    "untouched": ("Nobody has talked to him yet", "尚未联系"),
    "rated": ("{mean:.1f} of 10 ({ratings})", "{mean:.1f}分(满分10,共{count}次)"),
    "strong": ("{indicator}: {points:.0f} of 100", "{indicator}:{points:.0f}分"),
}


@attrs.frozen
class Tongue:
    """Speaks one of the two languages.

    Attributes:
        lang: ``en`` or ``zh``.
        zone: The agenda's time zone, in which an instant's day is told.
    """

    lang: str
    zone: tzinfo

    def __call__(self, sentence: str, **facts: object) -> str:
        """Say a sentence with its facts."""
        return self.one(_SENTENCES[sentence]).format(**facts)

    def one(self, pair: tuple[str, str] | Said) -> str:
        """Give the one of two texts that is spoken; English where the other is empty."""
        en, zh = (pair.en, pair.zh) if isinstance(pair, Said) else pair
        return zh or en if self.lang == "zh" else en or zh

    def list(self, texts: Iterable[str]) -> str:
        """Put several in a row."""
        return ("、" if self.lang == "zh" else ", ").join(texts)

    def lines(self, texts: Iterable[str | None]) -> str:
        """Put sentences below each other; empty ones are left out."""
        return "\n".join(text for text in texts if text)

    def tier(self, name: str | None) -> str:
        """Name a tier."""
        return self.one(words.TIERS.get(name or "", (name or "-",) * 2))

    def stage(self, name: str | None) -> str:
        """Name a stage; a plugin's stands for itself."""
        return self.one(STAGES.get(name or "", (name or "-",) * 2))

    def indicator(self, name: str) -> str:
        """Name an indicator."""
        return self.one(words.indicator(name))

    def kind(self, name: str) -> str:
        """Name a kind of touchpoint."""
        return self.one(words.kind(name))

    def channel(self, name: str) -> str:
        """Name a channel."""
        return words.CHANNELS.get(name, name) if self.lang == "zh" else name.replace("_", " ")

    def reason(self, name: str) -> str:
        """Name the reason of a cause."""
        return self.one(REASONS.get(name, (name, name)))

    def day(self, when: date) -> str:
        """Write a day, or the one that an instant falls on."""
        if isinstance(when, datetime):
            when = when.astimezone(self.zone)
        return f"{when:%Y-%m-%d}"
