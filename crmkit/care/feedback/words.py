"""The words of a case, in English and in Chinese; a word of the configuration stands for itself."""

from __future__ import annotations

from crmkit.care.words import KINDS
from crmkit.model.feedback import FEEDBACK_KINDS

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "kind": {kind: KINDS[kind] for kind in FEEDBACK_KINDS},
    "severity": {
        "low": ("low", "低"),
        "normal": ("normal", "一般"),
        "high": ("high", "高"),
        "critical": ("critical", "紧急"),
    },
    "state": {
        "open": ("open", "待响应"),
        "responded": ("responded", "待分析"),
        "analysed": ("analysed", "待采取措施"),
        "acted": ("acted", "待跟踪反馈"),
        "reopened": ("reopened", "待再次分析"),
        "closed": ("closed", "已解决"),
    },
    "step": {
        "respond": ("respond", "及时响应"),
        "analyse": ("analyse", "认真分析"),
        "act": ("act", "采取措施"),
        "follow_up": ("follow up", "跟踪反馈"),
    },
    "category": {
        "service_quality": ("service quality", "服务质量"),
        "product_function": ("product function", "产品功能"),
        "price": ("price", "价格"),
        "process": ("process", "服务流程"),
        "delivery": ("delivery", "交付"),
        "staff": ("staff", "员工"),
        "other": ("other", "其他"),
    },
    "measure": {
        "explanation": ("explanation", "解释说明"),
        "repair": ("repair", "整改修复"),
        "compensation": ("compensation", "补偿"),
        "staff_training": ("staff training", "培训员工"),
        "process_change": ("process change", "改进流程"),
        "research": ("research and development", "反馈给研发部门"),
        "other": ("other", "其他"),
    },
    "level": {
        "staff": ("staff", "经办人"),
        "team": ("team", "班组"),
        "department": ("department", "部门"),
        "management": ("management", "管理层"),
    },
    "solved": {"True": ("solved", "已解决"), "False": ("not solved", "未解决")},
}
"""By what it is of, then by the word."""


def word(of: str, name: str, lang: str) -> str:
    """Give a word of a case in ``en`` or ``zh``.

    Example:
        >>> word("state", "acted", "zh"), word("category", "new box", "zh")
        ('待跟踪反馈', 'new box')
    """
    en, zh = WORDS[of].get(name, (name.replace("_", " "), name))
    return zh if lang == "zh" else en
