"""A company on the platform: tokens, rate limits, and the calls that read and write its records.

Every answer is HTTP 200; what went wrong is its ``errorCode``. Codes and texts are those of the
vendor's table of return codes (developer.fxiaoke.com/openapi_v2/start/guide/codes.html).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

from crmkit.testing.simulators.base import Answer, Call, Simulator
from crmkit.testing.simulators.book import Book, Entry
from crmkit.testing.simulators.fxiaoke.objects import objection, standard_objects, system_fields
from crmkit.testing.simulators.fxiaoke.pushes import pushed
from crmkit.testing.simulators.fxiaoke.queries import Queries, row

STANDARD, CUSTOM = "/cgi/crm/v2/data/", "/cgi/crm/custom/v2/data/"
EXPIRED = (20016, "corpAccessToken不存在或者已经过期")
ODD = 32000
DEEP = 10013


class Fxiaoke(Simulator):
    """One company.

    Attributes:
        book: Its records, by object; people work in it through this. Who voids a record calls
            `Book.delete`, who deletes it for good `Book.forget`.
        fields: Descriptions of its objects, by object and field; see `define`.
        employees: ``openUserId`` by mobile number.
        tokens: How often a token was given.
        shows_voided: Whether a query without a filter for ``life_status`` finds voided records.
        tells_ids: Whether ``create`` answers with ``dataId``.
        keeps_owner: Whether ``update`` leaves the owner as it is, without a word.
        window: Calls and seconds that one interface takes; None: as many as one likes.
        limit_code: ``errorCode`` of what is too much.
    """

    def __init__(  # noqa: PLR0913 - credentials, by name
        self,
        app_id: str = "FSAID_1",
        app_secret: str = "app-secret",  # noqa: S107 - made up
        permanent_code: str = "permanent-code",
        *,
        mobile: str = "13800138000",
        token: str = "push-token",  # noqa: S107 - made up
        encoding_aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        lasts: int = 7200,
        book: Book | None = None,
    ) -> None:
        """Make the company with one employee; `lasts` is how long a token holds, in seconds."""
        super().__init__()
        self.book = book or Book()
        self.fields = standard_objects()
        self.employees = {mobile: "FSUID_ADMIN"}
        self.tokens = 0
        self.shows_voided = self.tells_ids = True
        self.keeps_owner = False
        self.window: tuple[int, float] | None = None
        self.limit_code = 30004
        self._credentials = {
            "appId": app_id,
            "appSecret": app_secret,
            "permanentCode": permanent_code,
        }
        self._push = {"token": token, "aes_key": encoding_aes_key}
        self._lasts = timedelta(seconds=lasts)
        self._token, self._until = "", self.book.now()
        self._made: dict[str, deque[datetime]] = defaultdict(deque)
        self._queries, self._ids = Queries(self.book), count(1)

    def define(self, entity: str, *fields: Mapping[str, Any]) -> None:
        """Add fields, made by `described`, to an object, or a custom object with them."""
        known = self.fields.setdefault(entity, system_fields())
        known.update({field["api_name"]: dict(field) for field in fields})

    def forget_token(self) -> None:
        """Let the present token end before its time."""
        with self.lock:
            self._token = ""

    def push(self, entity: str, *ids: str, event: str = "update") -> bytes:
        """Give the body of the call by which the platform tells of records."""
        return pushed(entity, ids, at=self.book.now(), event=event, **self._push)

    def answer(self, call: Call) -> Answer:
        """Carry a call out."""
        if call.method != "POST" or not call.path.startswith("/cgi/"):
            return Answer(b"<html><title>Not Found</title></html>", 404)
        try:
            body = call.json()
            told = self._told(call.path, body)
        except IndexError as error:
            told = _error(DEEP, str(error))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            told = _error(ODD, f"参数错误: {error}")
        date = format_datetime(self.book.now(), usegmt=True)
        return Answer({"traceId": "E-O.1", **told}, headers={"Date": date})

    def _told(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if path == "/cgi/corpAccessToken/get/V2":
            return self._given(body)
        if not self._token or self._until <= self.book.now():
            return _error(*EXPIRED)
        if body.get("corpAccessToken") != self._token or body.get("corpId") != "FSCID_1":
            return _error(20016, "the cropId,cropAccessToken or authorization is error")
        if self._crowded(path):
            return _error(self.limit_code, "秒频次超限")
        if path == "/cgi/user/getByMobile":
            user = self.employees.get(body["mobile"])
            return _fine(empList=[{"openUserId": user, "name": "李雷"}] if user else [])
        if body.get("currentOpenUserId") not in self.employees.values():
            return _error(20012, "openUserId未找到")
        if path == "/cgi/crm/v2/object/list":
            names = [{"describeApiName": one, "isActive": True} for one in self.fields]
            return _fine(data={"objects": names})
        if path == "/cgi/crm/v2/object/describe":
            return self._described(body["data"]["apiName"])
        return self._carried_out(path, body["data"])

    def _given(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if any(body.get(name) != value for name, value in self._credentials.items()):
            return _error(10006, "the parameter appSecret is missing or illegal")
        if not self._token or self._until <= self.book.now():
            self.tokens += 1
            self._token, self._until = f"TOKEN_{self.tokens}", self.book.now() + self._lasts
        left = int((self._until - self.book.now()).total_seconds())
        return _fine(corpAccessToken=self._token, corpId="FSCID_1", expiresIn=left)

    def _crowded(self, path: str) -> bool:
        if self.window is None:
            return False
        calls, seconds = self.window
        now, made = self.book.now(), self._made[path]
        while made and made[0] <= now - timedelta(seconds=seconds):
            made.popleft()
        if len(made) >= calls:
            return True
        made.append(now)
        return False

    def _described(self, entity: str) -> dict[str, Any]:
        if entity not in self.fields:
            return _error(ODD, f"对象{entity}不存在")
        return _fine(data={"describe": {"api_name": entity, "fields": self.fields[entity]}})

    def _carried_out(self, path: str, data: Mapping[str, Any]) -> dict[str, Any]:
        where, _, name = path.rpartition("/")
        told = data["object_data"] if name in ("create", "update") else data
        entity = told["dataObjectApiName"]
        wanted = CUSTOM if entity.endswith("__c") else STANDARD
        deed = getattr(self, f"_do_{name}", None)
        if f"{where}/" != wanted or entity not in self.fields or deed is None:
            return _error(ODD, f"对象{entity}不存在")
        found: dict[str, Any] = deed(entity, told)
        return found

    def _do_query(self, entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
        info = data["search_query_info"]
        rows = self._queries.page(entity, info, shows_voided=self.shows_voided)
        place = {"offset": info.get("offset", 0), "limit": info.get("limit", 20)}
        total = 0  # as it is where nobody asks for it
        if data.get("find_explicit_total_num", True):
            total = self._queries.count(entity, info, shows_voided=self.shows_voided)
        return _fine(data={"total": total, **place, "dataList": rows})

    def _do_get(self, entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
        entry = self._entry(entity, data["objectDataId"])
        return _fine(data=row(entity, entry)) if entry else _gone()

    def _do_create(self, entity: str, told: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: value for name, value in told.items() if name != "dataObjectApiName"}
        why = objection(self.fields[entity], values, new=True)
        if why:
            return _error(ODD, why)
        made = self.book.create(entity, values, id=f"{next(self._ids):024x}")
        return _fine(dataId=made.id) if self.tells_ids else _fine()

    def _do_update(self, entity: str, told: Mapping[str, Any]) -> dict[str, Any]:
        named = ("_id", "dataObjectApiName")
        values = {name: value for name, value in told.items() if name not in named}
        entry = self._entry(entity, told["_id"])
        if entry is None or entry.deleted is not None:
            return _gone()
        why = objection(self.fields[entity], values, new=False)
        if why:
            return _error(ODD, why)
        if self.keeps_owner:
            values.pop("owner", None)
        self.book.update(entity, entry.id, values)
        return _fine()

    def _do_changeOwner(self, entity: str, data: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        for one in data["Data"]:
            self.book.update(entity, one["objectDataId"], {"owner": list(one["ownerId"])})
        return _fine()

    def _do_invalid(self, entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
        entry = self._entry(entity, data["object_data_id"])
        if entry is None or entry.deleted is not None:
            return _gone()
        self.book.delete(entity, entry.id)
        return _fine()

    def _do_delete(self, entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
        entries = [self._entry(entity, id_) for id_ in data["idList"]]
        voided = [entry.id for entry in entries if entry and entry.deleted is not None]
        if len(voided) < len(entries):
            return _error(ODD, "删除之前请先作废数据")
        for id_ in voided:
            self.book.forget(entity, id_)
        return _fine()

    def _do_recover(self, entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
        for id_ in data["idList"]:
            self.book.of(entity)[id_].deleted = None
            self.book.update(entity, id_, {})
        return _fine()

    def _entry(self, entity: str, id_: str) -> Entry | None:
        return self.book.of(entity).get(id_)


def _fine(**more: Any) -> dict[str, Any]:
    return {"errorCode": 0, "errorMessage": "OK", "errorDescription": "success", **more}


def _error(code: int, message: str) -> dict[str, Any]:
    return {"errorCode": code, "errorMessage": message, "errorDescription": message}


def _gone() -> dict[str, Any]:
    return _error(ODD, "数据不存在或者已作废")
