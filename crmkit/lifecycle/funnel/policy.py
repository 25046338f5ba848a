"""Section ``[funnel]`` of the configuration: the standard way of selling, and what is stated."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs

from crmkit.contracts.settings import check_keys, refuse, structure
from crmkit.model.sales import COMPETITION, FUNNEL_STAGES

STAGES_ZH = dict(
    zip(
        FUNNEL_STAGES,
        "见到客户 发现机会 确认机会 明确需求 方案报价 客户承诺 验收 收款".split(),
        strict=True,
    )
)
"""The documents' own words for the stages (R82)."""
COMPETITION_ZH = {"none": "无竞争", "low": "低", "medium": "中", "high": "高"}
OUTCOMES_ZH = {"open": "进行中", "won": "已成交", "lost": "已丢失"}
_STEPS = {
    "meet": "see the customer himself, and learn who decides",
    "discover": "find out where we can be of use to him",
    "confirm": "let him confirm that he wants it solved, with a budget and a date",
    "clarify": "write down what he needs, and let him correct it",
    "propose": "hand over a proposal with its price",
    "commit": "get his word, in writing",
    "accept": "deliver, and let him accept it",
    "pay": "see that it is paid",
}
_RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.75, 0.95, 1.0)
_FACTORS = (1.0, 0.9, 0.7, 0.5)


@attrs.frozen(kw_only=True)
class FunnelSettings:
    """Section ``[funnel]``.

    Attributes:
        steps: What is done in each stage; one that is not named keeps the default.
        rates: Win rate by stage, without competition, that holds before anything was measured;
            0.0 to 1.0.
        competition: Factor by intensity of competition, likewise.
        weight: How many closed opportunities a stated figure is worth beside measured ones.
    """

    steps: Mapping[str, str] = attrs.field(factory=dict)
    rates: Mapping[str, float] = attrs.field(factory=dict)
    competition: Mapping[str, float] = attrs.field(factory=dict)
    weight: float = 10.0


@attrs.frozen(kw_only=True)
class FunnelPolicy:
    """The settings, checked, with the defaults put in."""

    steps: Mapping[str, str]
    rates: Mapping[str, float]
    competition: Mapping[str, float]
    weight: float

    @classmethod
    def of(cls, section: Mapping[str, object]) -> FunnelPolicy:
        """Read the section.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        settings = structure(FunnelSettings, section, "funnel")
        check_keys(settings.steps, FUNNEL_STAGES, "funnel.steps")
        if not settings.weight > 0:
            refuse("funnel.weight", "must be above 0", settings.weight)
        return cls(
            steps={**_STEPS, **settings.steps},
            rates=_shares("rates", settings.rates, FUNNEL_STAGES, _RATES),
            competition=_shares("competition", settings.competition, COMPETITION, _FACTORS),
            weight=settings.weight,
        )


def _shares(
    name: str, given: Mapping[str, float], words: Collection[str], defaults: Collection[float]
) -> dict[str, float]:
    """Check shares of 0 to 1 by word, and put in the default ones."""
    check_keys(given, words, f"funnel.{name}")
    for word, share in given.items():
        if not 0 <= share <= 1:
            refuse(f"funnel.{name}.{word}", "must be a number from 0 to 1", share)
    return {**dict(zip(words, defaults, strict=True)), **given}
