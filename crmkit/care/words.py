"""The agenda's words, in English and in Chinese: why a contact is due, and about what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Context, Decimal

from crmkit.model.care import Reason

TIERS = {"key": ("key", "关键客户"), "core": ("core", "精锐客户"), "base": ("base", "普通客户")}
KINDS = {
    "purchase": ("bought", "购买"),
    "return": ("returned", "退货"),
    "refund": ("was refunded", "退款"),
    "visit": ("visit", "拜访"),
    "call": ("call", "电话"),
    "meeting": ("meeting", "面谈"),
    "message_out": ("we wrote", "我方去信"),
    "message_in": ("wrote to us", "客户来信"),
    "event_invited": ("invited to an event", "活动邀请"),
    "event_attended": ("came to an event", "参加活动"),
    "survey_sent": ("survey sent", "发出问卷"),
    "survey_answered": ("answered a survey", "回答问卷"),
    "suggestion": ("suggestion", "建议"),
    "opinion": ("opinion", "意见"),
    "complaint": ("complaint", "投诉"),
    "praise": ("praise", "表扬"),
    "referral": ("referred a friend", "推荐朋友"),
    "share": ("shared us", "口碑传播"),
    "login": ("logged in", "登录"),
    "note": ("note", "备注"),
}
INDICATORS = {
    "purchase_count": ("purchase count", "购买次数"),
    "purchase_breadth": ("purchase breadth", "购买品种"),
    "purchase_amount": ("purchase amount", "购买金额"),
    "purchase_quantity": ("purchase quantity", "购买数量"),
    "purchase_margin": ("purchase margin", "购买毛利"),
    "purchase_frequency": ("purchase frequency", "购买频率"),
    "purchase_recency": ("purchase recency", "最近购买"),
    "events_attended": ("events attended", "参加活动"),
    "surveys_answered": ("surveys answered", "回答问卷"),
    "suggestions": ("suggestions", "提出建议"),
    "referrals": ("referrals", "推荐朋友"),
    "shares": ("shares", "口碑传播"),
    "promotion_loyalty": ("promotion loyalty", "竞争促销期忠诚度"),
    "satisfaction": ("satisfaction", "满意度"),
}
CHANNELS = {"phone": "电话", "email": "电子邮件", "meeting": "面谈", "visit": "拜访", "sms": "短信"}
CHANNELS["phone_conference"] = "电话会议"
_DIGITS = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0
)
_DIGITS |= dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
_EXACT = Context(prec=250)


def kind(name: str) -> tuple[str, str]:
    """Give a touchpoint kind's words; a plugin's kind stands for itself."""
    return KINDS.get(name, (name.replace("_", " "), name))


def indicator(name: str) -> tuple[str, str]:
    """Give an indicator's words; one of a plugin or of an own model stands for itself."""
    return INDICATORS.get(name, (name.replace("_", " "),) * 2)


def many(count: float, one: str, more: str = "") -> str:
    """Count something in English; `more`: its plural, where that is not `one` with an s.

    Example:
        >>> many(1, "day"), many(2.5, "day"), many(0, "person", "people")
        ('1 day', '2.5 days', '0 people')
    """
    figure = f"{count:g}" if isinstance(count, float) else str(count)
    return f"{figure} {one if count == 1 else more or f'{one}s'}"


def money(amount: Decimal, currency: str, group: str = "") -> str:
    """Write money with the digits its currency usually has; more are kept, none is rounded away.

    `group`: what stands between thousands, a comma or nothing.

    Example:
        >>> money(Decimal("2500.0"), "GBP"), money(Decimal("0.125"), "GBP")
        ('2500.00 GBP', '0.125 GBP')
    """
    usual = _DIGITS.get(currency, 2)
    exponent = amount.normalize(_EXACT).as_tuple().exponent
    needed = -exponent if isinstance(exponent, int) else usual
    return f"{amount:{group}.{max(needed, usual)}f} {currency}".strip()


def day(when: date) -> tuple[str, str]:
    """Write a day without its year: ``12 May``, ``5月12日``."""
    return f"{when.day} {when:%B}", f"{when.month}月{when.day}日"


def due(days: int, ideal: float, tier: str | None) -> Reason:
    """Say that the interval has passed."""
    en, zh = TIERS.get(tier or "base", (tier, tier))
    return Reason(
        code="due",
        en=f"not contacted for {many(days, 'day')}; {en} customers are contacted every "
        f"{many(ideal, 'day')}",
        zh=f"已有{days}天没有联系,{zh}每{ideal:g}天需要联系一次",
    )


def overdue(days: int, worst: float) -> Reason:
    """Say that the worst interval has passed."""
    return Reason(
        code="overdue",
        en=f"not contacted for {many(days, 'day')}, longer than the {many(worst, 'day')} at most: "
        "such a gap lets competitors in",
        zh=f"已有{days}天没有联系,超过最长{worst:g}天,要防止竞争对手见缝插针",
    )


def never_contacted(days: int) -> Reason:
    """Say that nobody ever talked to him."""
    return Reason(
        code="never_contacted",
        en=f"known for {many(days, 'day')}, and nobody has talked to him yet",
        zh=f"认识{days}天以来从未联系,需要联系",
    )


def planned(plan: str, goal: str | None, late: int) -> Reason:
    """Say that an action of a care plan is to be carried out."""
    en, zh = TIERS.get(goal or "", ("", ""))
    return Reason(
        code="plan",
        en=f"care plan {plan}"
        + (f", goal: the {en} tier" if en else "")
        + (f"; {many(late, 'day')} late" if late else ""),
        zh=f"客户关怀计划{plan}"
        + (f",目标:{zh}" if zh else "")
        + (f",已逾期{late}天" if late else ""),
    )


def falling(points: float, causes: Iterable[tuple[str, float]]) -> Reason:
    """Say that his score fell more than his rhythm explains."""
    return Reason(
        code="falling",
        en=f"drifting away: his score fell unexpectedly by {points:.1f} points{_causes(causes)}",
        zh=f"客户正在远离企业:综合值意外下降{points:.1f}分{_causes(causes, zh=True)}",
    )


def rising(points: float, causes: Iterable[tuple[str, float]]) -> Reason:
    """Say that his score rose."""
    return Reason(
        code="rising",
        en=f"coming near: his score rose by {points:.1f} points{_causes(causes)}",
        zh=f"客户正在走近企业:综合值上升{points:.1f}分{_causes(causes, zh=True)}",
    )


def opened(what: str, days: int) -> Reason:
    """Say that a complaint, suggestion or opinion waits for an answer."""
    en, zh = kind(what)
    return Reason(
        code=f"open_{what}",
        en=f"{en} of {many(days, 'day')} ago is not answered yet"
        if days
        else f"{en} not answered yet",
        zh=f"{days}天前的{zh}尚未答复" if days else f"{zh}尚未答复",
    )


def birthday(when: date) -> Reason:
    """Say that a birthday is near."""
    en, zh = day(when)
    return Reason(code="birthday", en=f"birthday on {en}", zh=f"{zh}生日,祝您生日快乐")


def coming(name: str, when: date) -> Reason:
    """Say that one of the host's own dates is near."""
    en, zh = day(when)
    return Reason(code="date", en=f"{name.replace('_', ' ')} on {en}", zh=f"{zh}:{name}")


def agreed(when: date, *, promised: bool) -> Reason:
    """Say that the day was agreed: promised to him, or put off by us."""
    en, zh = day(when)
    if promised:
        return Reason(code="promised", en=f"we promised to be in touch on {en}", zh=f"约定{zh}联系")
    return Reason(code="snoozed", en=f"put off until {en}", zh=f"推迟到{zh}联系")


def _causes(causes: Iterable[tuple[str, float]], *, zh: bool = False) -> str:
    told = [(name, delta) for name, delta in causes if round(delta, 1)]
    named = [f"{indicator(name)[zh]} {delta:+.1f}" for name, delta in told]
    if not named:
        return ""
    return f"({','.join(named)})" if zh else f" ({', '.join(named)})"
