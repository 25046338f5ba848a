"""A case stands as long as what it came from does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lifecycle.firm import Firm, firm


def complained(shop: Firm) -> Any:
    """Let Ann, beside Bob, complain, and take the case."""
    shop.buyer("ann", 9)
    shop.buyer("bob", 9)
    shop.note("ann", "complaint", 1, text="the tea was cold")
    (case,) = shop.crm.feedback.take()
    return case


@pytest.mark.parametrize("answered", [False, True])
def test_a_case_of_what_was_retracted_is_withdrawn(answered: bool) -> None:
    """It is closed, with the reason, in whatever state it waits; and counted nowhere."""
    with firm() as shop:
        case = complained(shop)
        if answered:
            shop.crm.feedback.respond(case.id, "we are sorry")
        assert shop.crm.standards.metrics().cases == 1
        shop.crm.touchpoints.retract("shop", "r3", reason="a joke")
        assert shop.crm.standards.metrics().cases == 0
        assert shop.crm.feedback.take() == ()
        gone = shop.crm.feedback.case(case.id)
        assert (gone.state, gone.due, gone.withdrawn) == ("closed", None, True)
        assert (gone.steps[-1].what, gone.steps[-1].reason) == (
            "withdrawn",
            "the record was taken back",
        )
        assert shop.crm.standards.metrics().solved == 0
        assert shop.crm.feedback.take() == ()
        assert shop.crm.feedback.case(case.id) == gone


def test_a_case_goes_where_its_record_goes() -> None:
    """To the right customer, and as what was truly said; back again too."""
    with firm() as shop:
        case = complained(shop)
        shop.crm.touchpoints.correct("shop", "r3", {"customer": "bob"}, reason="it was his")
        (his,) = shop.crm.feedback.take()
        assert (his.customer_id, his.text, his.state) == ("bob", case.text, "open")
        assert shop.crm.feedback.case(case.id).withdrawn
        shop.crm.touchpoints.correct("shop", "r3", {"kind": "praise"}, reason="misread")
        (praise,) = shop.crm.feedback.take()
        assert (praise.customer_id, praise.kind) == ("bob", "praise")
        assert shop.crm.feedback.case(his.id).withdrawn
        shop.crm.touchpoints.correct("shop", "r3", {"customer": "ann"}, reason="hers after all")
        (back,) = shop.crm.feedback.take()
        assert (back.customer_id, back.kind) == ("ann", "praise")
        assert shop.crm.standards.metrics().cases == 1


def test_a_withdrawn_case_makes_room_for_another() -> None:
    """An import that is undone and made again has its case again, also by hand."""
    with firm() as shop:
        case = complained(shop)
        runs = [one.run for one in shop.crm.touchpoints.of("ann") if one.id == "r3"]
        shop.crm.touchpoints.undo(runs[0])
        assert shop.crm.feedback.take() == ()
        shop.count -= 1
        shop.note("ann", "complaint", 1, text="the tea was cold")
        anew = shop.crm.feedback.open("ann", "complaint", "", touchpoint=("shop", "r3"))
        assert shop.crm.feedback.take() == ()
        assert (shop.crm.feedback.case(case.id).withdrawn, anew.withdrawn) == (True, False)
        assert shop.crm.standards.metrics().cases == 1


def test_a_case_stands_through_merges_and_small_corrections() -> None:
    """Whoever it is asked for under, and whatever else of the record was put right."""
    with firm() as shop:
        case = complained(shop)
        other = shop.crm.feedback.open("bob", "complaint", "", touchpoint=("shop", "r2"))
        merge = shop.crm.customers.merge("bob", "ann", reason="one person")
        shop.crm.touchpoints.correct("shop", "r3", {"text": "it was ice"}, reason="misread")
        assert shop.crm.feedback.take() == ()
        shop.crm.customers.unmerge(merge.id)
        assert shop.crm.feedback.take() == ()
        assert {shop.crm.feedback.case(one.id).state for one in (case, other)} == {"open"}
