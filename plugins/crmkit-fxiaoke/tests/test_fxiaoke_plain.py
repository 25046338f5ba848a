"""Another company, written by somebody who read other pages: the connector works there too.

It describes fields as a list, compares only numbers, hides what is void, gives its rows at the top
of the answer, and crashes where ids are compared.
"""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from fxiaoke_kit import read_on, swept

from crmkit.contracts.connector import Upsert
from crmkit.testing.simulators.base import Answer, Call, Simulator

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")
FIELDS = [
    {"apiName": "name", "fieldType": "text", "isRequired": True, "label": "客户名称"},
    {"apiName": "owner", "fieldType": "user"},
    {"apiName": "level", "fieldType": "select_one", "options": ["A", "B"]},
]


class Plain(Simulator):
    """A company that remembers little."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, Any]] = {}
        self.void: set[str] = set()
        self.ids, self.clock = count(1), count(1_790_000_000_000)

    def answer(self, call: Call) -> Answer:
        body = json.loads(call.body)
        name = call.path.rpartition("/")[2]
        try:
            return Answer(getattr(self, name)(body.get("data"), body))
        except (ValueError, AttributeError):
            return Answer(b"<html><title>500</title></html>", 500)

    def V2(self, _data: Any, _body: Any) -> Any:  # noqa: N802 - the path's
        return {"errorCode": 0, "corpAccessToken": "T", "corpId": "C", "expiresIn": 7200}

    def getByMobile(self, _data: Any, body: Any) -> Any:  # noqa: N802
        return {"errorCode": 0, "empList": [{"openUserId": f"FSUID_{body['mobile']}"}]}

    def describe(self, data: Any, _body: Any) -> Any:
        return {"errorCode": 0, "objectDescribe": {"name": data["apiName"], "fields": FIELDS}}

    def create(self, data: Any, _body: Any) -> Any:
        id_ = f"5f{next(self.ids):03d}abc"
        self.rows[id_] = {**data["object_data"], "_id": id_, "create_time": next(self.clock)}
        self.rows[id_]["last_modified_time"] = self.rows[id_]["create_time"]
        return {"errorCode": 0, "dataId": id_}

    def update(self, data: Any, _body: Any) -> Any:
        row = self.rows[data["object_data"]["_id"]]
        row.update(data["object_data"], last_modified_time=next(self.clock))
        return {"errorCode": 0}

    def invalid(self, data: Any, _body: Any) -> Any:
        self.void.add(data["object_data_id"])
        return {"errorCode": 0}

    def get(self, data: Any, _body: Any) -> Any:
        id_ = data["objectDataId"]
        if id_ not in self.rows or id_ in self.void:
            return {"errorCode": 32000, "errorMessage": "数据不存在"}
        return {"errorCode": 0, "data": self.rows[id_]}

    def query(self, data: Any, _body: Any) -> Any:
        info = data["search_query_info"]
        found = [row for id_, row in self.rows.items() if id_ not in self.void]
        for test in info["filters"]:
            name, value = test["field_name"], int(test["field_values"][0])
            compare = {"GTE": int.__ge__, "GT": int.__gt__, "EQ": int.__eq__}[test["operator"]]
            found = [row for row in found if compare(int(row[name]), value)]
        for order in info["orders"]:
            found.sort(key=lambda row: row[order["fieldName"]], reverse=not order["isAsc"])
        assert info["offset"] % info["limit"] == 0
        rows = found[info["offset"] :][: info["limit"]]
        return {"errorCode": 0, "total": len(found), "dataList": rows}


@pytest.fixture
def plain() -> Iterator[Plain]:
    with Plain() as running:
        yield running


def test_all_of_it_works_there(plain: Plain, opened: Open):
    """Schema, writes, reads, thousands of one instant, sweeps, fetches and deletions."""
    connector = opened(base_url=plain.url, page_size=10)
    fields = {field.name: field for field in connector.schema("AccountObj").fields}
    assert (fields["name"].required, fields["name"].label) == (True, "客户名称")
    assert fields["level"].choices == ("A", "B")
    assert fields["owner"].type == "reference"
    made = [
        connector.upsert("AccountObj", [Upsert(key="k", values={"name": f"客{n}", "owner": "U1"})])[
            0
        ]
        for n in range(25)
    ]
    ids = [one.remote_id for one in made]
    assert plain.rows[ids[0]]["owner"] == ["U1"]
    connector.upsert("AccountObj", [Upsert(key="k", remote_id=ids[0], values={"owner": "U2"})])
    records, cursor = read_on(connector, fields=("name", "owner", "level"))
    assert {one.id for one in records} == set(ids)
    assert records[-1].values == {"name": "客0", "owner": "U2", "level": None}
    for row in plain.rows.values():
        row["last_modified_time"] = 1_800_000_000_000
    records, _ = read_on(connector, cursor=cursor)
    assert {one.id for one in records} == set(ids)
    assert set(swept(connector)) == set(ids)
    assert connector.delete("AccountObj", ids[:1])[0].done == "deleted"
    assert set(swept(connector)) == set(ids[1:])
    found = connector.fetch("AccountObj", ids[:2], fields=["name"])
    assert [one.deleted for one in found] == [True, False]
    assert connector.account() == "C"
