"""Deleting, and changing owners: what goes by calls of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from fxiaoke_kit import change, deeds

from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.fxiaoke import Fxiaoke

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")


def test_deleting_voids_and_can_be_repeated(company: Fxiaoke, opened: Open):
    """Who is void or gone already is unchanged; nothing is ever recovered."""
    connector = opened()
    kept, voided, lost = (company.book.create("AccountObj", {"name": n}).id for n in "甲乙丙")
    company.book.delete("AccountObj", voided)
    company.book.forget("AccountObj", lost)
    results = connector.delete("AccountObj", [kept, voided, lost])
    assert [(one.key, one.done) for one in results] == [
        (kept, "deleted"),
        (voided, "unchanged"),
        (lost, "unchanged"),
    ]
    assert set(company.book.of("AccountObj")) == {kept, voided}
    company.fail(Fault(cut=True, on="invalid"))
    other = company.book.create("AccountObj", {"name": "丁"}).id
    (done,) = connector.delete("AccountObj", [other])
    assert done.done in ("deleted", "unchanged")
    assert company.book.of("AccountObj")[other].deleted is not None
    assert "recover" not in deeds(company)


def test_deleting_for_good_is_a_setting(company: Fxiaoke, opened: Open):
    """Void, then deleted; one that was void already is deleted too."""
    first, second = (company.book.create("AccountObj", {"name": n}).id for n in "甲乙")
    company.book.delete("AccountObj", second)
    results = opened(on_delete="delete").delete("AccountObj", [first, second, "nobody"])
    assert [one.done for one in results] == ["deleted", "deleted", "unchanged"]
    assert company.book.of("AccountObj") == {}


def test_a_refused_deletion_is_told(company: Fxiaoke, opened: Open):
    """A record that may not be voided stays, and the reason is the platform's."""
    id_ = company.book.create("AccountObj", {"name": "甲"}).id
    told = {"errorCode": 32000, "errorMessage": "无此操作的数据权限"}
    company.fail(Fault(answer=Answer(told), on="invalid"))
    (result,) = opened().delete("AccountObj", [id_])
    assert (result.done, result.reason) == (None, "无此操作的数据权限")


def test_a_void_record_is_not_brought_back_by_writing(company: Fxiaoke, opened: Open):
    """The platform refuses it, and no call recovers it."""
    id_ = company.book.create("AccountObj", {"name": "甲"}).id
    company.book.delete("AccountObj", id_)
    (result,) = opened().upsert("AccountObj", [change(id_, name="乙")])
    assert result.done is None
    assert company.book.of("AccountObj")[id_].deleted is not None
    assert deeds(company) == ["update"]


ADMIN = ["FSUID_ADMIN"]


def test_an_owner_is_changed_by_the_call_that_works(company: Fxiaoke, opened: Open):
    """Where update changes him, it is looked at once; where it does not, changeOwner does."""
    ids = [company.book.create("AccountObj", {"name": n, "owner": ADMIN}).id for n in "甲乙丙"]
    connector = opened()
    for id_ in ids:
        connector.upsert("AccountObj", [change(id_, owner="FSUID_LIN", tel="1")])
    assert deeds(company) == ["update", "query", "update", "update"]
    company.keeps_owner = True
    company.calls.clear()
    connector = opened()
    for id_ in ids:
        connector.upsert("AccountObj", [change(id_, owner="FSUID_CHEN", tel="2")])
    assert deeds(company) == ["update", "query", "changeOwner", *["update", "changeOwner"] * 2]
    connector.upsert("AccountObj", [change(ids[0], owner="FSUID_MEI")])
    assert deeds(company)[-1:] == ["changeOwner"]
    assert len(deeds(company)) == 8
    owners = [one.values["owner"] for one in company.book.live("AccountObj")]
    assert owners == [["FSUID_MEI"], ["FSUID_CHEN"], ["FSUID_CHEN"]]
    opened(owner_by="update").upsert("AccountObj", [change(ids[0], owner="FSUID_X")])
    assert deeds(company)[-1] == "update"
