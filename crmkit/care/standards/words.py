"""The words of service standards, in English and in Chinese."""

from __future__ import annotations

from crmkit.model.standard import Standard

AREAS = {
    "product_quality": ("product quality", "产品品质标准"),
    "customer_support": ("customer support", "客户支持标准"),
    "service_process": ("service process", "服务流程标准"),
    "technical_maintenance": ("technical maintenance", "技术维护标准"),
    "solution": ("solution", "解决方案标准"),
}
FIGURES = {
    "response_time": ("answered in time", "服务响应及时率"),
    "solution_time": ("solved in time", "问题解决及时率"),
    "solved_first_time": ("solved at the first attempt", "一次解决率"),
    "steps_in_time": ("steps in time", "步骤及时率"),
    "complaint_rate": ("complaints a purchase", "投诉率"),
    "satisfaction": ("mean rating", "客户满意度"),
}
ATTAINED = {True: ("yes", "达标"), False: ("no", "未达标"), None: ("not measured", "未测量")}


def figure_of(standard: Standard, lang: str) -> str:
    """Say what a standard measures, with the time to stay within."""
    words = FIGURES[standard.figure][lang == "zh"]
    if standard.within is None:
        return words
    hours = f"{standard.within.total_seconds() / 3600:g}"
    return f"{words}({hours}小时内)" if lang == "zh" else f"{words}, {hours} hours"


def value_of(standard: Standard, value: float | None) -> str | None:
    """Write a value of a standard's figure: a share in percent, a rating as it is."""
    if value is None:
        return None
    return f"{value:.1f}" if standard.figure == "satisfaction" else f"{value:.1%}"
