"""What changed in Zoho is read whole, in as few calls as its pages allow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crmkit_zoho.connector import Zoho as Connector

from crmkit.contracts.connector import Cursor, Remote, SyncAborted
from crmkit.testing.simulators.base import Answer, Call, Fault
from crmkit.testing.simulators.zoho import Column, Zoho, lists

START = datetime(2027, 3, 1, 8, tzinfo=UTC)
NAMES = ("Last_Name",)


def add(zoho: Zoho, number: int, **values: Any) -> list[str]:
    made = (zoho.book.create("Contacts", {"Last_Name": f"n{n}", **values}) for n in range(number))
    return [entry.id for entry in made]


def asked(zoho: Zoho) -> list[Call]:
    """Give the calls, without those for tokens."""
    return [call for call in zoho.calls if call.path.startswith("/crm/")]


def window(
    connector: Connector, cursor: Cursor | None = None, fields: tuple[str, ...] = NAMES
) -> tuple[list[Remote], Cursor]:
    """Read all pages, each with the last one's cursor as it was given."""
    found: list[Remote] = []
    while True:
        page = connector.changes("Contacts", cursor, fields=fields)
        found += page.records
        cursor = page.cursor
        if not page.more:
            return found, cursor


@pytest.mark.row("R281")
def test_values_are_read_as_the_engine_has_them(connector: Connector, zoho: Zoho):
    """Each by the type of its field; what is empty is None."""
    shop = zoho.book.create("Accounts", {"Account_Name": "茶行"})
    values = {
        "Last_Name": "王\n🎂",
        "Account_Name": shop.id,
        "Lead_Source": "朋友介绍",
        "Date_of_Birth": "1980-02-29",
        "Email_Opt_Out": True,
        "Orders": 7,
        "Interests": ["Tea", "书法"],
        "Value_Score": 87.5,
        "Next_Contact": "2027-03-09T18:00:00+08:00",
    }
    made = zoho.book.create("Contacts", values)
    wanted = (*values, "Owner", "Phone", "id", "Created_Time")
    (found,), cursor = window(connector, None, wanted)
    assert found == Remote(
        id=made.id,
        values={
            **values,
            "Next_Contact": "2027-03-09T10:00:00+00:00",
            "Owner": "554023000000235011",
            "Phone": None,
            "id": made.id,
            "Created_Time": made.created.isoformat(),
        },
        changed_at=made.changed,
        created_at=made.created,
    )
    assert (cursor.at, cursor.id) == (made.changed, made.id)


@pytest.mark.parametrize("inclusive", [True, False])
def test_what_changed_since_is_given_oldest_first(
    connector: Connector, zoho: Zoho, inclusive: bool
):
    """None of the cursor's own second is missed, whatever Zoho means by "since"."""
    zoho.state.inclusive = inclusive
    ids = add(zoho, 5)
    middle = zoho.book.of("Contacts")[ids[2]].changed
    zoho.book.edit("Contacts", ids[0], Phone="7")
    zoho.calls.clear()
    page = connector.changes("Contacts", Cursor(middle), fields=NAMES)
    assert [one.id for one in page.records][-4:] == [ids[2], ids[3], ids[4], ids[0]]
    (call,) = zoho.calls
    assert datetime.fromisoformat(call.headers["if-modified-since"]) < middle
    assert call.headers["if-modified-since"].endswith("+00:00")
    assert page.now == zoho.book.now()


def test_the_first_read_asks_for_everything(connector: Connector, zoho: Zoho):
    """Without an instant nothing is said about one; an empty module is no error."""
    empty = connector.changes("Contacts", None, fields=NAMES)
    assert (empty.records, empty.cursor, empty.more) == ((), Cursor(), False)
    assert "if-modified-since" not in zoho.calls[0].headers


def test_where_nothing_changed_the_cursor_stays(connector: Connector, zoho: Zoho):
    """304 has no body; the cursor never becomes "now"."""
    add(zoho, 1)
    given = Cursor(START + timedelta(days=1), "7")
    page = connector.changes("Contacts", given, fields=NAMES)
    assert (page.records, page.cursor, page.more) == ((), given, False)


@pytest.mark.parametrize("by_token", [True, False])
def test_more_than_2000_records_are_read(connector: Connector, zoho: Zoho, by_token: bool):
    """By page token; without one, from the last record's instant on."""
    zoho.lists.by_token = by_token
    ids = add(zoho, 4321)
    found, cursor = window(connector)
    assert {one.id for one in found} == set(ids)
    assert cursor.id == ids[-1]
    if by_token:
        assert [one.id for one in found] == ids
        assert len(asked(zoho)) == 22


def test_thousands_of_records_may_bear_one_instant(connector: Connector, zoho: Zoho):
    """Each is given once, although the cursor's instant never moves."""
    zoho.book.step = timedelta(0)
    ids = add(zoho, 3000)
    found, _ = window(connector)
    assert sorted(one.id for one in found) == sorted(ids)
    assert len({one.changed_at for one in found}) == 1
    zoho.lists.by_token = False
    with pytest.raises(SyncAborted, match="in one second"):
        window(connector)


@pytest.mark.parametrize("fields", [("Last_Name", "Phone"), NAMES])
def test_a_page_token_that_ended_or_does_not_fit_is_left(
    connector: Connector, zoho: Zoho, fields: tuple[str, ...]
):
    """A process that comes back a day later, or with another mapping, misses nothing."""
    ids = add(zoho, 500)
    page = connector.changes("Contacts", None, fields=NAMES)
    zoho.lists.expire()
    rest, _ = window(connector, page.cursor, fields)
    assert {one.id for one in (*page.records, *rest)} == set(ids)
    assert len(rest) <= 302


def test_a_token_that_is_refused_each_time_ends_the_run(connector: Connector, zoho: Zoho):
    """It is no endless loop."""
    zoho.book.step = timedelta(0)
    add(zoho, 500)
    refusal = {"code": "TOKEN_BOUND_DATA_MISMATCH", "message": "no", "status": "error"}
    zoho.fail(*[Fault(answer=Answer(refusal, 400), on="page_token")] * 9)
    with pytest.raises(SyncAborted, match="TOKEN_BOUND_DATA_MISMATCH"):
        window(connector)


def test_a_list_longer_than_its_tokens_goes_on(
    connector: Connector, zoho: Zoho, monkeypatch: pytest.MonkeyPatch
):
    """Zoho's tokens end after 100,000 records; the list begins anew at the last one."""
    monkeypatch.setattr(lists, "TOKENS", 400)
    ids = add(zoho, 1500)
    found, _ = window(connector)
    assert {one.id for one in found} == set(ids)


@pytest.mark.parametrize("inclusive", [True, False])
def test_a_second_that_was_read_is_not_read_again(
    connector: Connector, zoho: Zoho, inclusive: bool
):
    """Two seconds behind it nothing of it comes, which costs one call."""
    zoho.state.inclusive = inclusive
    zoho.book.step = timedelta(0)
    add(zoho, 1000)
    _, cursor = window(connector)
    assert cursor.at is not None
    zoho.calls.clear()
    given = Cursor(cursor.at + timedelta(seconds=2))
    assert window(connector, given) == ([], given)
    assert len(asked(zoho)) == 1


@pytest.mark.parametrize("moved", [0, 3])
def test_more_fields_than_a_call_takes_are_joined_by_id(
    connector: Connector, zoho: Zoho, moved: int
):
    """In one call for each fifty; what moved to another page meanwhile is read by its id.

    What moved to a page that was read already comes when the window is read again (``shifting``).
    """
    names = tuple(f"Extra_{number}" for number in range(120))
    zoho.modules["Contacts"] += [Column(name=name) for name in names]
    connector.schema("Contacts")
    ids = add(zoho, 450, **{name: name for name in names})
    zoho.calls.clear()
    answer, changed = zoho.answer, iter(ids[:moved])

    def meanwhile(call: Any) -> Answer:
        said = answer(call)
        for id_ in changed if len(zoho.calls) == 1 else ():
            zoho.book.edit("Contacts", id_, Phone="7")
        return said

    zoho.answer = meanwhile  # type: ignore[method-assign]
    found, _ = window(connector, None, names)
    assert len({one.id for one in found}) == 450 - moved
    assert all(one.values == dict(zip(names, names, strict=True)) for one in found)
    calls = asked(zoho)
    assert len([call for call in calls if "ids" not in call.query]) == 9
    assert len(calls) == 9 + (2 if moved else 0)
    assert max(len(call.query["fields"].split(",")) for call in calls) == 50
    assert {one.id for one in (*found, *window(connector, None, names)[0])} == set(ids)


def test_records_are_fetched_by_id_a_hundred_a_call(connector: Connector, zoho: Zoho):
    """Those that are gone come as deleted."""
    ids = add(zoho, 150)
    zoho.book.delete("Contacts", ids[3])
    found = connector.fetch("Contacts", ids, fields=NAMES)
    assert [one.id for one in found] == ids
    assert [one.id for one in found if one.deleted] == [ids[3]]
    assert found[4].values == {"Last_Name": "n4"}
    assert len(zoho.calls) == 2


def test_records_are_fetched_one_by_one_where_ids_choose_nothing(connector: Connector, zoho: Zoho):
    """A record is never taken for deleted because a list did not have it."""
    ids = add(zoho, 300)
    zoho.lists.by_ids = False
    zoho.book.delete("Contacts", ids[0])
    found = connector.fetch("Contacts", [ids[0], ids[1], "no-id"], fields=NAMES)
    assert [one.deleted for one in found] == [True, False, True]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(b"<html><title>Sign in</title></html>"), "Sign in"),
        (Answer(b'{"data": [{"id": "1"'), "half a JSON"),
        (Answer({"info": {}}), "without any data"),
        (Answer([]), "without any data"),
        (Answer({"code": "NO_PERMISSION", "message": "Permission denied"}, 403), "Permission"),
        (Answer({"code": "OAUTH_SCOPE_MISMATCH", "message": "no scope"}, 401), "scopes"),
        (Answer(b"<html>gone</html>", 404), "404"),
    ],
)
def test_what_nobody_can_read_stops_the_run(
    connector: Connector, zoho: Zoho, answer: Answer, said: str
):
    """It says what came; nothing is taken for an empty list."""
    zoho.fail(*[Fault(answer=answer)] * 5)
    with pytest.raises(SyncAborted, match=said):
        connector.changes("Contacts", None, fields=NAMES)


def test_ids_and_instants_may_change_their_form(connector: Connector, zoho: Zoho):
    """Numbers for ids, and instants in any zone."""
    row = {"id": 77, "Last_Name": 5, "Modified_Time": "2027-03-01T13:30:00+05:30"}
    zoho.fail(Fault(answer=Answer({"data": [row], "info": {"more_records": False}})))
    page = connector.changes("Contacts", None, fields=NAMES)
    assert page.records == (
        Remote(id="77", values={"Last_Name": "5"}, changed_at=datetime(2027, 3, 1, 8, tzinfo=UTC)),
    )
    assert page.cursor == Cursor(datetime(2027, 3, 1, 8, tzinfo=UTC), "77")
