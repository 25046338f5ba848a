"""The pages of a survey's link: the question, and thanks for the answer."""

from __future__ import annotations

import html

from crmkit.contracts.channel import Response
from crmkit.contracts.pages import page
from crmkit.outreach.surveys.settings import RANGES, Survey

_TITLE = "Survey"


def question(survey: Survey, fault: str = "") -> Response:
    """Give the page with the question, in every language it has.

    Args:
        survey: What is asked.
        fault: What is wrong with an answer that came; then the status is 400.
    """
    low, high = RANGES[survey.scale]
    asked = "<br>".join(html.escape(one) for one in survey.question.values())
    choices = " ".join(
        f'<label><input type="radio" name="score" value="{one}" required>{one}</label>'
        for one in range(low, high + 1)
    )
    content = (
        f"<p>{asked}</p>{f'<p role=alert>{html.escape(fault)}</p>' if fault else ''}"
        f'<form method="post">{choices}<p><textarea name="text" rows="4"></textarea></p>'
        '<button type="submit"><span lang="zh">发送</span> Send</button></form>'
    )
    return page(_TITLE, content, 400 if fault else 200)


def thanks() -> Response:
    """Give the page that is shown once an answer is taken."""
    return page(_TITLE, '<p lang="zh">谢谢您的回答！</p><p>Thank you for your answer.</p>')


def closed() -> Response:
    """Give the page of a survey that takes no answers any more (410)."""
    said = '<p lang="zh">谢谢，问卷已结束。</p><p>Thank you; the survey is closed.</p>'
    return page(_TITLE, said, 410)
