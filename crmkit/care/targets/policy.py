"""What is measured, and the section ``[targets]`` of the configuration."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from crmkit.contracts.settings import check_keys, refuse, structure
from crmkit.model.care import Reason
from crmkit.model.customer import Customer

SHARE, MONEY, COUNT, RATING = "share", "money", "count", "rating"


@attrs.frozen
class Measure:
    """One measure.

    Attributes:
        name: As targets name it.
        zh: In Chinese, by the documents' own words where they have one.
        unit: ``share``, ``money``, ``count`` or ``rating``.
        grows: Whether it adds up over the period: a running one is compared pro rata.
        splits: Whether a department's is the sum of its people's.
        entered: Whether a person enters it.
    """

    name: str
    zh: str
    unit: str
    grows: bool = False
    splits: bool = False
    entered: bool = False


MEASURES = {
    one.name: one
    for one in (
        Measure("upkeep", "客户关系维护", SHARE),
        Measure("sales", "销售业绩", MONEY, grows=True, splits=True),
        Measure("teamwork", "团队协作", COUNT, grows=True, splits=True),
        Measure("satisfaction", "客户满意度", RATING),
        Measure("reports", "数据分析与报告", SHARE),
        Measure("revenue", "客户营业额", MONEY, grows=True, splits=True),
        Measure("workload", "维系客户数", COUNT, splits=True),
        Measure("attitude", "工作态度", RATING, entered=True),
        Measure("staff_satisfaction", "员工满意度", RATING, entered=True),
    )
}
"""The five of R266 first, in their order."""
ENTERED = tuple(one.name for one in MEASURES.values() if one.entered)
SPLIT = tuple(one.name for one in MEASURES.values() if one.splits)
_FIELDS = ("name", "owner", "salutation", "language", "preferred_channel", "needs")
_MADE = {"id", "kind", "identities", "created_at", "source"}  # said by the system, not filled in
_MIX = {"sales": 0.5, "satisfaction": 0.3, "attitude": 0.2}
_WHY = {
    "not_begun": ("the period has not begun", "本期尚未开始"),
    "no_customers": ("he has no customers", "没有客户"),
    "no_tiers": ("nobody has a tier yet: run crmkit advance", "客户尚未分级"),
    "no_currency": ("nothing was sold, and no target names a currency", "没有成交,目标也没有币种"),
    "no_ratings": ("no customer gave a rating", "没有客户评分"),
    "not_entered": ("nobody entered it", "尚未填写"),
}


def why(code: str) -> Reason:
    """Say why there is no figure."""
    en, zh = _WHY[code]
    return Reason(code=code, en=en, zh=zh)


@attrs.frozen(kw_only=True)
class TargetSettings:
    """Section ``[targets]``.

    Attributes:
        alert: A figure that falls short of what is due by more than this part is told (R267).
        mix: Weight by measure of the evaluation (R268).
        most: An attainment counts at most so much in the mix: no measure makes up for all others.
        fields: What a customer's record should say, for the completeness of data.
        fewest_alive: A person who keeps fewer customers alive has room for more (R219).
        most_alive: Past so many he does not keep them all.
    """

    alert: float = 0.1
    mix: Mapping[str, float] = attrs.field(factory=lambda: dict(_MIX))
    most: float = 1.5
    fields: tuple[str, ...] = _FIELDS
    fewest_alive: int = 50
    most_alive: int = 200

    @classmethod
    def of(cls, section: Mapping[str, object]) -> TargetSettings:
        """Read the section.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        found = structure(cls, section, "targets")
        check_keys(found.mix, MEASURES, "targets.mix")
        known = {field.name for field in attrs.fields(Customer)} - _MADE
        check_keys(dict.fromkeys(found.fields), known, "targets.fields")
        weights = found.mix.values()
        for name, value, good in (
            ("alert", found.alert, 0 <= found.alert < 1),
            ("mix", dict(found.mix), min(weights, default=0) >= 0 and any(weights)),
            ("most", found.most, found.most >= 1),
            ("fields", found.fields, 0 < len(found.fields) == len(set(found.fields))),
            ("most_alive", found.most_alive, 0 <= found.fewest_alive <= found.most_alive),
        ):
            if not good:
                refuse(f"targets.{name}", "makes no sense", value)
        return found
