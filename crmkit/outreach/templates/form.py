"""One form of a template: its texts for one channel and language, compiled and filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.arguments import flaw
from crmkit.contracts.channel import Template
from crmkit.errors import InvalidValueError
from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.escaping import one_line

if TYPE_CHECKING:
    from crmkit.outreach.templates.sandbox import Compiled

Raw = Mapping[str, Any]
"""A form as it is stored: texts by the names of `KEYS`, ``params`` a mapping of texts."""

TEXTS = ("subject", "text", "html")
KEYS = (*TEXTS, "format", "provider_template", "sign", "params")
"""What a form may say."""


@attrs.frozen(kw_only=True)
class Content:
    """What one customer is written.

    Attributes:
        subject: One line; None where the form has none.
        text: Plain text, or in the form's format; empty where there is only another part.
        html: The same as HTML.
        template: The provider's own template, filled in.
    """

    subject: str | None = None
    text: str = ""
    html: str | None = None
    template: Template | None = None


@attrs.frozen(kw_only=True)
class Form:
    """A template's form for one channel and language.

    Attributes:
        channel: The level it was found under: a channel's name or type, or ``default``.
        language: BCP 47 tag it was found under, or ``default``.
        variables: Names, with dots, of what it must be given.
        subject: Compiled, as are `text`, `html` and `params`.
        code: Id of the provider's own template; None: there is none.
        sign: Name the sender signs with.
        params: Values of the provider's template by name, in order.
    """

    channel: str
    language: str
    variables: tuple[str, ...]
    subject: Compiled | None = None
    text: Compiled | None = None
    html: Compiled | None = None
    code: str | None = None
    sign: str | None = None
    params: tuple[tuple[str, Compiled], ...] = ()

    def render(self, variables: Mapping[str, Any], *, language: str | None = None) -> Content:
        """Write the message for one customer.

        Args:
            variables: Plain data by name.
            language: What days are written in where the form is of no language of its own.

        Raises:
            ContentError: a variable is missing or no plain data, or a part came out empty, a text
                beside HTML or a provider's template excepted; `detail` says why.
        """
        own = language if self.language == "default" else self.language
        text = ""
        if self.text is not None:
            alone = self.html is None and self.code is None
            text = _kept("text", self.text, variables, own, empty=not alone)
        html = None if self.html is None else _kept("html", self.html, variables, own)
        subject = None
        if self.subject is not None:
            subject = one_line(_kept("subject", self.subject, variables, own))
        template = None
        if self.code is not None:
            values = {
                name: _kept(f"params.{name}", param, variables, own) for name, param in self.params
            }
            template = Template(code=self.code, signature=self.sign, values=values)
        return Content(subject=subject, text=text, html=html, template=template)


def form_of(channel: str, language: str, raw: Raw) -> Form:
    """Compile a form.

    Raises:
        InvalidValueError: a text says what is not allowed; `part` names which.
    """
    texts = {name: _compiled(name, raw[name], raw) for name in TEXTS if name in raw}
    params = tuple(
        (name, _compiled(f"params.{name}", text, {}))
        for name, text in raw.get("params", {}).items()
    )
    parts = [*texts.values(), *(param for _, param in params)]
    return Form(
        channel=channel,
        language=language,
        variables=tuple(sorted({name for part in parts for name in part.variables})),
        code=raw.get("provider_template"),
        sign=raw.get("sign"),
        params=params,
        **texts,
    )


def _compiled(part: str, text: str, raw: Raw) -> Compiled:
    # Jinja2 is loaded by who renders something, and by nobody else.
    from crmkit.outreach.templates.sandbox import compiled  # noqa: PLC0415

    kind = "html" if part == "html" else raw.get("format", "text") if part == "text" else "text"
    try:
        return compiled(text, kind)
    except InvalidValueError as error:
        error.part = part  # type: ignore[attr-defined]
        raise


def _kept(
    part: str,
    template: Compiled,
    variables: Mapping[str, Any],
    own: str | None,
    *,
    empty: bool = False,
) -> str:
    """Render a part, and see that it can be kept and is not empty unless it may be."""
    text = template.render(variables, language=own)
    if not text or text.isspace():
        if empty:
            return ""
        raise ContentError(f"the {part} came out empty")
    why = flaw(text)
    if why:
        raise ContentError(f"the {part} {why}")
    return text
