"""One day, two days: what is counted in English agrees with its number."""

from __future__ import annotations

import re

import pytest

from crmkit.care import words
from tests.care.test_drafting import drafted
from tests.lifecycle.firm import firm

_WRONG = re.compile(r"\b1 (days|times|people|ratings)\b")


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 days"), (1, "1 day"), (2, "2 days"), (1.0, "1 day"), (2.5, "2.5 days")],
)
def test_a_number_and_its_word(count: float, said: str) -> None:
    """Only one is one."""
    assert words.many(count, "day") == said
    assert words.many(1, "case is", "cases are") == "1 case is"
    assert words.many(2, "case is", "cases are") == "2 cases are"


def test_the_reasons_of_the_agenda() -> None:
    """Each that counts days says one day rightly, and more than one too."""
    for days, said in ((1, "1 day"), (3, "3 days")):
        for reason in (
            words.planned("1", None, days),
            words.opened("complaint", days),
            words.never_contacted(days),
        ):
            assert re.search(rf"\b{said}\b", reason.en), reason.en


def test_a_drafted_plan_of_one_purchase() -> None:
    """He bought one time."""
    with firm() as shop:
        shop.buyer("ann", 40, owner="lin", amount="900")
        plan = drafted(shop, days=None)
        text = plan.situation.introduction
        assert "Bought 1 time for 900.00 CNY" in text
        assert not _WRONG.search(str(plan.to_dict()))
