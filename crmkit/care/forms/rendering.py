"""A plan's forms as HTML or XLSX, filled in or blank."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.arguments import choice, optional_text
from crmkit.care.forms.contents import Filling
from crmkit.care.forms.html import document
from crmkit.care.forms.layout import FORMS, VERSION
from crmkit.care.forms.pages import Pages
from crmkit.care.forms.words import LANGUAGES
from crmkit.care.forms.workbook import workbook
from crmkit.errors import InvalidValueError
from crmkit.model.people import Person
from crmkit.model.plan import CarePlan

FORMATS = ("html", "xlsx")
CHOICES = (*FORMS, "all")


def check_choices(form: object, lang: object, format: object) -> None:  # noqa: A002 - as it is named
    """Refuse a form, language or format that there is not.

    Raises:
        InvalidValueError: `field` names which.
    """
    choice("form", form, CHOICES)
    choice("lang", lang, LANGUAGES)
    choice("format", format, FORMATS)


def render_form(  # noqa: PLR0913 - how a form may look, all by name
    plan: CarePlan | None,
    form: str,
    *,
    lang: str = "zh",
    format: str = "html",  # noqa: A002 - what users call it
    blank: bool = False,
    action: str | None = None,
    people: Mapping[str, Person] | None = None,
) -> str | bytes:
    """Render a plan's forms.

    Args:
        plan: The plan; None: the form belongs to nobody, and is blank.
        form: ``087`` ``088`` ``089`` ``090``, or ``all`` in one document.
        lang: ``zh`` or ``en``.
        format: ``html`` gives a str, ``xlsx`` bytes.
        blank: Fill in the head only.
        action: Form 090 of this action alone; None: one sheet an action.
        people: Account managers by id, whose names are shown.

    Raises:
        InvalidValueError: there is no such form, language, format or action.
        CrmkitError: `format` is ``xlsx`` and openpyxl is not installed.
    """
    check_choices(form, lang, format)
    action = optional_text("action", action)
    known = [one.id for one in plan.action_plan.actions] if plan else []
    if action is not None and action not in known:
        message = f"the plan has no action {action!r}; its actions are {', '.join(known) or 'none'}"
        raise InvalidValueError(message, field="action")
    contents = list(Filling(plan, lang, people or {}, bool(blank)).contents(form, action))
    if format == "html":
        return document(contents, lang)
    pages = [page for content in contents for page in Pages(content, lang).laid_out()]
    mark = {
        "layout": VERSION,
        "plan": plan.id if plan else "",
        "revision": plan.revision if plan else 0,
        "customer": plan.customer_id if plan else None,
        "number": plan.customer_number if plan else None,
        "sheets": [page.name for page in pages],
    }
    return workbook(pages, lang, mark)
