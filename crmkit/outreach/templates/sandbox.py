"""Templates, compiled and rendered under limits: none can hang, fill the memory or leak.

Three walls: only what `crmkit.outreach.templates.allowed` lists is compiled; what runs reads keys
of mappings and items of lists and never an attribute of an object; and a render has a limited
amount of work and of output. Jinja2's immutable sandbox lies below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from crmkit.arguments import flaw
from crmkit.errors import InvalidValueError
from crmkit.outreach.templates import escaping
from crmkit.outreach.templates.allowed import LOOP, Checked, fail
from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.filters import NO_ITEMS, OWN, PUBLIC
from crmkit.outreach.templates.plain import plain_of
from crmkit.outreach.templates.safe_html import check_places
from crmkit.outreach.templates.values import (
    OUTPUT_LIMIT,
    Missing,
    Work,
    taken,
    written,
)

SOURCE_LIMIT = 200_000
"""Most characters of a template."""
TOKENS_LIMIT = 20_000
"""Most words and signs of a template."""
FORMATS = ("text", "html", "markdown")
"""How the variables of a text are escaped: not, as HTML, as CommonMark."""


class Scope(Context):
    """The variables of one render, taken as they are read, and its work."""

    work: Work

    def resolve_or_missing(self, key: str) -> Any:
        """Give a variable as plain data."""
        value = self.parent.get(key, missing)
        return value if value is missing else taken(value, key)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, without globals, that reads keys and never attributes."""

    context_class = Scope

    def __init__(self, text_format: str) -> None:
        """Make one for a format of `FORMATS`."""
        marked = _markdown if text_format == "markdown" else written
        super().__init__(
            undefined=Missing,
            autoescape=text_format == "html",
            finalize=marked,
            keep_trailing_newline=True,
            cache_size=0,
        )
        self.globals = {}
        self.tests = {name: self.tests[name] for name in ("defined", "undefined")}
        self.tests |= {"none": lambda value: isinstance(value, Missing)}
        self.filters = PUBLIC | OWN

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give the value of a key; the methods of a mapping are no keys."""
        if type(obj) is dict:
            value = obj.get(attribute, missing)
            return Missing(name=attribute) if value is missing else taken(value, attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        return obj if isinstance(obj, Missing) else Missing(name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give the value of a key, or an item of a list by its place."""
        if type(obj) in (list, tuple) and type(argument) is int:
            name = str(argument)
            inside = -len(obj) <= argument < len(obj)
            return taken(obj[argument], name) if inside else Missing(name=name)
        return self.getattr(obj, argument)


def _markdown(value: Any) -> str:
    return escaping.markdown(written(value))


@cache
def _sandbox(text_format: str) -> Sandbox:
    return Sandbox(text_format)


class Compiled:
    """A template that was found harmless, ready to render.

    Attributes:
        variables: What it reads and must have, with dots, in order.
    """

    __slots__ = ("_environment", "_plain", "_read", "_root", "variables")

    def __init__(self, source: str, text_format: str) -> None:
        """Check and compile a template.

        Raises:
            InvalidValueError: it is none, or says what is not allowed; the message names the line.
        """
        self._environment = _sandbox(text_format)
        tree = _parsed(self._environment, source)
        checked = Checked()
        checked.statements(tree.body)
        if text_format == "html":
            check_places(tree.body)
        self._plain = plain_of(tree, text_format)
        code = self._environment.compile(tree)
        self._root = Template.from_code(self._environment, code, {}).root_render_func
        self._read = checked.read
        self.variables = tuple(sorted(checked.read - checked.tested))

    def render(self, variables: Mapping[str, Any], *, language: str | None = None) -> str:
        """Write the text for one customer.

        Args:
            variables: Plain data by name; a template reads nothing else.
            language: BCP 47 tag of the text; the filter ``date`` writes days by it.

        Raises:
            ContentError: a variable is missing, empty or no plain data, or the text too long.
        """
        given = variables if type(variables) is dict else dict(variables)
        if self._plain is not None and (text := self._plain.filled(given)) is not None:
            return text
        scope = Scope(self._environment, given, None, {})
        scope.work = Work(language)
        try:
            return _gathered(self._root(scope))
        except UndefinedError as error:
            lacking = str(error.message)
        except ContentError as error:
            lacking = getattr(error, "variable", None) or ""
            if not lacking or lacking != str(error):
                raise
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise ContentError(f"the template cannot be filled in: {error}") from None
        name = self._called(lacking, given)
        raise ContentError(f"the variable {name} is missing", variable=name)

    def _called(self, last: str, variables: Mapping[str, Any]) -> str:
        """Give the whole name of the missing variable whose last name is known."""
        for name in sorted(self._read):
            parts = name.split(".")
            value: Any = variables
            for part in parts:
                value = value.get(part) if isinstance(value, Mapping) else None
            blank = value is None or (isinstance(value, str) and not value.strip())
            if (blank and last in parts) or (last == NO_ITEMS and value in ([], ())):
                return name
        return last


def _gathered(pieces: Iterable[str]) -> str:
    """Put a text together, and stop where it becomes too long."""
    found = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > OUTPUT_LIMIT:
            raise ContentError(f"the text has more than {OUTPUT_LIMIT} characters")
        found.append(piece)
    return "".join(found)


def _parsed(environment: Sandbox, source: str) -> nodes.Template:
    """Read a template into its parts."""
    if not isinstance(source, str):
        raise InvalidValueError("template: must be text", field="template", why="must be text")
    why = flaw(source, SOURCE_LIMIT)
    if why:
        fail(1, why)
    try:
        if sum(1 for _ in islice(environment.lex(source), TOKENS_LIMIT + 1)) > TOKENS_LIMIT:
            fail(1, f"the template has more than {TOKENS_LIMIT} words and signs")
        return environment.parse(source)
    except InvalidValueError:
        raise
    except TemplateSyntaxError as error:
        line, why = error.lineno, str(error.message)
    except RecursionError:
        line, why = 1, "nested too deep"
    except ValueError:  # a number of more digits than Python reads
        line, why = 1, "holds a number that is too long"
    return fail(line, why)


@lru_cache(maxsize=256)
def compiled(source: str, text_format: str = "text") -> Compiled:
    """Compile a template, or give what was made of the same text before.

    Raises:
        InvalidValueError: it says what is not allowed; the message names the line.
    """
    return Compiled(source, text_format)
