"""What the objects of a simulated company look like, as ``object/describe`` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT_RECORD_TYPE = "default__c"
LONGEST = 100
"""Characters of a text field that names no other length."""


def described(name: str, type: str = "text", **facts: Any) -> dict[str, Any]:  # noqa: A002 - its word
    """Describe a field as the platform does; `facts` are ``is_required``, ``options`` and so on."""
    known = {
        "api_name": name,
        "label": name,
        "type": type,
        "is_required": False,
        "is_active": True,
        "define_type": "custom" if name.endswith("__c") else "package",
    }
    if type in ("text", "long_text", "email", "phone_number"):
        known["max_length"] = 2000 if type == "long_text" else LONGEST
    return {**known, **facts}


def _options(**labels: str) -> dict[str, Any]:
    return {"options": [{"value": value, "label": label} for value, label in labels.items()]}


def system_fields() -> dict[str, dict[str, Any]]:
    """Give the fields that every object has."""
    life = _options(normal="正常", invalid="作废", ineffective="未生效", under_review="审核中")
    types = {"options": [{"api_name": DEFAULT_RECORD_TYPE, "label": "预设业务类型"}]}
    fields = (
        described("_id", label="数据ID"),
        described("owner", "employee", label="负责人", is_required=True),
        described("record_type", "record_type", label="业务类型", is_required=True, **types),
        described("life_status", "select_one", label="生命状态", **life),
        described("create_time", "date_time", label="创建时间"),
        described("last_modified_time", "date_time", label="最后修改时间"),
        described("created_by", "employee", label="创建人"),
        described("is_deleted", "true_or_false"),
    )
    return {field["api_name"]: field for field in fields}


def standard_objects() -> dict[str, dict[str, dict[str, Any]]]:
    """Give the fields of the standard objects, by object and field."""
    name = described("name", label="名称", is_required=True)
    account = described("account_id", "object_reference", target_api_name="AccountObj")
    email, tel = described("email", "email", label="邮件"), described("tel", "phone_number")
    remark = described("remark", "long_text", label="备注")
    stages = _options(**{"1": "验证客户", "2": "需求确定", "3": "方案报价", "4": "赢单"})
    objects = {
        "AccountObj": (
            name,
            email,
            tel,
            remark,
            described("industry", "select_one", **_options(hotel="酒店", retail="零售")),
            described("tags", "select_many", **_options(vip="VIP", chain="连锁")),
            described("employees", "number", decimal_places=0),
            described("turnover", "currency", decimal_places=2),
            described("listed", "true_or_false"),
            described("founded", "date"),
            described("last_followed_time", "date_time"),
            described("account_no", "auto_number"),
        ),
        "ContactObj": (name, account, email, tel, described("job_title"), remark),
        "LeadsObj": (name, email, tel, described("company"), remark),
        "NewOpportunityObj": (
            name,
            account,
            described("amount", "currency"),
            described("sales_stage", "select_one", **stages),
            described("close_date", "date"),
            remark,
        ),
        "ActiveRecordObj": (
            described("active_record_content", "long_text", is_required=True),
            account,
            described("active_record_type", "select_one", **_options(**{"1": "电话", "2": "拜访"})),
        ),
        "SalesOrderObj": (account, described("order_amount", "currency"), remark),
    }
    return {
        entity: {**system_fields(), **{field["api_name"]: field for field in fields}}
        for entity, fields in objects.items()
    }


def objection(
    fields: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any], *, new: bool
) -> str | None:
    """Say what the platform would object to in a record; None: nothing."""
    for name, field in fields.items():
        missing = values.get(name) in (None, "", [])
        asked = field["is_required"] and name not in ("record_type", "_id")
        if asked and missing and (new or name in values):
            return f"{field['label']}({name})为必填项，不能为空"
    for name, value in values.items():
        found = fields.get(name)
        if found is None:
            return f"字段{name}不存在"
        if value is not None and (why := _odd(found, value)):
            return f"{found['label']}({name}){why}"
    return None


def _odd(field: Mapping[str, Any], value: Any) -> str | None:
    longest = field.get("max_length")
    if longest is not None:
        if not isinstance(value, str):
            return "类型错误"
        return f"长度不能超过{longest}" if len(value) > longest else None
    options = {option.get("value") for option in field.get("options", ())}
    match field["type"]:
        case "select_one":
            return None if value in options else "选项不存在"
        case "select_many":
            return None if isinstance(value, list) and options >= set(value) else "选项不存在"
        case "number" | "currency" | "percentile":
            return None if _numeric(value) else "类型错误"
        case "employee":
            return None if isinstance(value, list) and len(value) == 1 else "类型错误"
        case "true_or_false":
            return None if isinstance(value, bool) else "类型错误"
        case "date" | "date_time":
            return None if isinstance(value, int) else "类型错误"
        case _:
            return None


def _numeric(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)
