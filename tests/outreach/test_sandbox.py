"""What a template may say, and that nothing else does any harm."""

from __future__ import annotations

import enum
import types
from collections import OrderedDict, UserList
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from crmkit.errors import InvalidValueError
from crmkit.outreach.templates import values
from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.sandbox import Compiled, compiled
from tests.odd import ODD

ME: dict[str, Any] = {
    "name": "王芳",
    "customer": {
        "name": "Wang <b>",
        "number": None,
        "needs": ["tea", None, "rice"],
        "custom": {"等级": "gold", "visits": 3},
        "items": "a key, and no method",
    },
    "long": ["x"] * 1000,
    "text": "a" * 1_000_000,
    "today": date(2026, 5, 1),
    "amount": Decimal("1234.5"),
    "yes": True,
    "empty": [],
    "nones": [None] * 1000,
    "none_at_all": None,
}

ATTACKS = {
    # the classics of server-side template injection
    "class": "{{ ''.__class__ }}",
    "mro": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "subscript": "{{ name['__class__'] }}",
    "part": "{{ customer.__init__.__globals__ }}",
    "attr": "{{ name|attr('__class__') }}",
    "map": "{{ [name]|map(attribute='__class__')|list }}",
    "self": "{{ self._TemplateReference__context }}",
    "globals": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "cycler": "{{ cycler.__init__.__globals__.os }}",
    "joiner": "{{ joiner('x') }}",
    "config": "{{ config.items() }}",
    "format": "{{ '{0.__class__}'.format(name) }}",
    "format map": "{{ '%s'|format(name) }}",
    "percent": "{{ '%1000000000d' % 1 }}",
    "call": "{{ name.upper() }}",
    "method of a mapping": "{{ customer.keys() }}",
    "super": "{{ super() }}",
    "escape": "{{ '\\x5f\\x5fclass'|trim }}{{ name['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "concatenated": "{{ name['__cl' ~ 'ass__'] }}",
    "key from a variable": "{{ customer[name] }}",
    # without end, or without bound
    "product": "{{ 'a' * 10**9 }}",
    "power": "{{ 9**9**9 }}",
    "shift of lists": "{{ [1] * 1000000000 }}",
    "sum": "{{ name + name }}",
    "tilde": "{{ name ~ name }}",
    "ljust": "{{ name.ljust(1000000000) }}",
    "center": "{{ name|center(1000000000) }}",
    "indent": "{{ name|indent(1000000000) }}",
    "wordwrap": "{{ name|wordwrap(1) }}",
    "replace": "{{ text|replace('a', text) }}",
    "range": "{% for a in range(1000000000) %}x{% endfor %}",
    "nested range": "{% for a in range(9) %}{% for b in range(9) %}x{% endfor %}{% endfor %}",
    "loop over a literal": "{% for a in [1, 2, 3] %}x{% endfor %}",
    "loop over a filter": "{% for a in name|list %}x{% endfor %}",
    "recursive loop": "{% for a in long recursive %}{{ loop(long) }}{% endfor %}",
    "loop that filters": "{% for a in long if a %}x{% endfor %}",
    "loop's methods": "{% for a in long %}{{ loop.cycle('a') }}{% endfor %}",
    "loop itself": "{% for a in long %}{{ loop }}{% endfor %}",
    "loop outside": "{{ loop.index }}",
    "unpacking": "{% for a, b in long %}x{% endfor %}",
    "namespace": "{% set n = namespace(x='a') %}{% set n.x = n.x ~ n.x %}",
    "set": "{% set a = 'x' %}",
    "set block": "{% set a %}x{% endset %}",
    "macro": "{% macro m() %}{{ m() }}{% endmacro %}",
    "call block": "{% call m() %}x{% endcall %}",
    "filter block": "{% filter upper %}x{% endfilter %}",
    "with": "{% with a = 1 %}x{% endwith %}",
    "block": "{% block a %}x{% endblock %}",
    "autoescape": "{% autoescape false %}{{ name }}{% endautoescape %}",
    "do": "{% do name.append(1) %}",
    "debug": "{% debug %}",
    "slice": "{{ text[::-1] }}",
    "dictionary": "{{ {'a': 1} }}",
    "test with arguments": "{{ 1 if name is divisibleby(0) else 2 }}",
    "test by name": "{{ 1 if name is filter else 2 }}",
    "star arguments": "{{ name|default(*long) }}",
    "a filter of our own": "{{ long|_each(1) }}",
    # other files
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import 'os' as os %}",
    "from": "{% from 'os' import system %}",
    "extends": "{% extends 'base' %}",
    # look-alikes
    "full-width low line": "{{ customer.\uff3f\uff3fclass }}",
    "long s": "{{ \u017felf }}",
    "full-width letters": "{{ \uff53elf }}",
    # long, deep, torn
    "parentheses": "{{ " + "(" * 100_000 + "1" + ")" * 100_000 + " }}",
    "brackets": "{{ " + "[" * 100_000,
    "parts": "{{ a" + ".b" * 90_000 + " }}",
    "minus": "{{ " + "-" * 100_000 + "1 }}",
    "not": "{{ " + "not " * 40_000 + "1 }}",
    "or": "{{ " + "a or " * 40_000 + "a }}",
    "filters": "{{ a" + "|upper" * 30_000 + " }}",
    "ifs in ifs": "{% if a %}" * 900 + "{% endif %}" * 900,
    "loops in loops": "{% for a in long %}" * 30 + "{% endfor %}" * 30,
    "many tags": "{{ a }}" * 20_000,
    "10 MB": "a" * 10_000_000,
    "digits": "{{ 1" + "0" * 10_000 + " }}",
    "not closed": "{{ name",
    "comment not closed": "{# name",
    "if not closed": "{% if name %}",
    "NUL": "a\0b",
    "half a character": "\ud800",
}

HARMLESS_UNTIL_FILLED = {
    "request": "{{ request.application }}",
    "an empty list": "{{ customer.nothing|join }}",
    "loops in loops": "{% for a in long %}" * 5 + "x" + "{% endfor %}" * 5,
    "loop with nothing in it": "{% for a in long %}{% for b in long %}{% endfor %}{% endfor %}",
    "comparing": "{% for a in long %}{% if text == text %}{% endif %}{% endfor %}",
    "searching": "{% for a in long %}{% if 'b' in text %}{% endif %}{% endfor %}",
    "capitals": "{% for a in long %}{% if text|upper %}{% endif %}{% endfor %}",
    "join": "{{ long|join(text) }}",
    "joining nothing": "{% for a in long %}{% if nones|join is none %}{% endif %}{% endfor %}",
    "joined twice": "{{ long|join(long|join(text)) }}",
    "a million and one": "{{ text }}!",
    "ten million": "{{ text }}" * 10,
    "pattern": "{{ today|date(text) }}",
    "unknown code": "{{ today|date('%Q') }}",
    "no day": "{{ name|date }}",
    "no number": "{{ name|money('CNY') }}",
    "truncate nothing": "{{ name|truncate(-1) }}",
    "a mapping": "{{ customer }}",
    "a list": "{{ long }}",
    "a flag": "{{ yes }}",
    "a method": "{{ customer.keys }}",
    "a letter of a text": "{{ name[0] }}",
    "order of unlike things": "{% if name < 5 %}x{% endif %}",
    "too few arguments": "{{ name|truncate }}",
    "too many arguments": "{{ name|upper(1, 2) }}",
    "loop over a mapping": "{% for a in customer %}x{% endfor %}",
    "loop over a text": "{% for a in name %}x{% endfor %}",
    "loop over nothing known": "{% for a in nothing %}x{% endfor %}",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_is_not_listed_is_refused_before_anything_runs(attack: str) -> None:
    """Each of these is refused when it is configured, and says in which line."""
    for text_format in ("text", "html", "markdown"):
        with pytest.raises(InvalidValueError, match=r"^template: line \d+: ") as caught:
            Compiled(attack, text_format)
        assert caught.value.field == "template"
        assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("template", HARMLESS_UNTIL_FILLED.values(), ids=HARMLESS_UNTIL_FILLED)
def test_what_is_too_much_for_the_values_given_is_a_refusal(template: str) -> None:
    """A text too long, a loop too often, a value of the wrong kind: that message is not sent."""
    with pytest.raises(ContentError):
        compiled(template).render(ME)


class Trap(dict[str, Any]):
    """A mapping whose methods and attributes must never be reached."""

    secret = "leaked"

    def __getattr__(self, name: str) -> Any:
        pytest.fail(f"{name} was reached")


class Lazy:
    """An object that would be asked for its text."""

    def __str__(self) -> str:
        raise AssertionError("was asked")

    __html__ = __iter__ = __len__ = __str__


def endless() -> Iterator[str]:
    while True:
        yield "x"


@pytest.mark.parametrize(
    "value",
    [Lazy(), endless(), print, ME.get, types, object, b"x", {1}],
    ids="abcdefgh",
)
def test_a_value_that_is_no_plain_data_is_refused(value: object) -> None:
    """No object reaches a template, nor what it would do when it is written or gone through."""
    texts = ("{{ x }}", "{% for a in x %}{{ a }}{% endfor %}", "{{ x|default('y') }}", "{{ x.y }}")
    for template in texts:
        with pytest.raises(ContentError, match="plain data"):
            compiled(template).render({"x": value})
        with pytest.raises(ContentError, match="plain data"):
            compiled(template.replace("x", "z.x")).render({"z": {"x": value}})


def test_a_value_of_a_subclass_is_the_plain_value_it_is() -> None:
    """A lazy or enumerated text, a proxy, a list of another kind are read as what they hold."""

    class Level(enum.StrEnum):
        GOLD = "gold"

    assert compiled("{{ x }}").render({"x": Level.GOLD}) == "gold"
    assert compiled("{{ x }}", "html").render({"x": Markup("<b>")}) == "&lt;b&gt;"
    assert compiled("{{ x.y }}").render({"x": Trap(y="z")}) == "z"
    assert compiled("{{ x.y }}").render({"x": types.MappingProxyType({"y": 1})}) == "1"
    assert compiled("{{ x.y }}").render(OrderedDict(x=OrderedDict(y=1))) == "1"
    assert compiled("{{ x|join }}").render({"x": UserList(["a", "b"])}) == "a, b"
    with pytest.raises(ContentError, match=r"x\.secret is missing"):
        compiled("{{ x.secret }}").render({"x": Trap()})
    with pytest.raises(ContentError, match=r"the variable x\.y is missing"):
        compiled("{{ x.y|join }}").render({"x": {"y": []}})


def test_a_hostile_value_is_text_and_nothing_else() -> None:
    """What a customer calls himself is never read as a template, in no format."""
    name = "{{ 7 * 7 }}{% for x in range(9) %}{# <script>alert(1)</script>"
    assert compiled("{{ name }}").render({"name": name}) == name
    assert "<script" not in compiled("<p>{{ name }}</p>", "html").render({"name": name})


@pytest.mark.parametrize(
    "number", [10**5000, -(10**31), 1e300, float("nan"), float("inf")], ids="abcde"
)
def test_a_number_beyond_all_measure_is_refused(number: float) -> None:
    """No digits are written by the thousand, and no NaN reaches a customer."""
    for value in (number, Decimal("1e999999"), Decimal("1e-999999"), Decimal("sNaN")):
        for template in ("{{ x }}", "{{ x|money('CNY') }}", "{% if x > 1 %}y{% endif %}"):
            with pytest.raises(ContentError, match="number"):
                compiled(template).render({"x": value})
    with pytest.raises(ContentError):
        compiled("{{ x|number }}").render({"x": "1e999999999"})


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Dear {{ customer.name }}", "Dear Wang <b>"),
        ("{{ customer.custom['等级']|upper }}", "GOLD"),
        ("{{ customer.items }}", "a key, and no method"),
        ("{{ customer['items'] }}", "a key, and no method"),
        ("{% for n in customer.needs %}{{ n|default('-') }} {% endfor %}", "tea - rice "),
        ("{% for n in customer.needs %}{{ loop.index }}{% endfor %}", "123"),
        ("{% for n in customer.number %}x{% else %}none{% endfor %}", "none"),
        ("{{ customer.needs|join('/') }} {{ customer.needs|length }}", "tea/rice 3"),
        ("{{ customer.needs[0] }} {{ customer.needs[-1] }}", "tea rice"),
        ("{{ customer.needs[7]|default('x') }}", "x"),
        ("{{ customer.number|default(name) }}", "王芳"),
        ("{{ none_at_all|join|default('none') }}{{ empty|join|default(-1) }}", "none-1"),
        ("{{ nothing.at.all|default('x') }}", "x"),
        ("{% if customer.number %}a{% else %}b{% endif %}", "b"),
        ("{% if customer.number is none and nothing is undefined %}x{% endif %}", "x"),
        ("{% if customer.number == 'x' %}a{% elif yes %}c{% endif %}", "c"),
        ("{% if customer.custom.visits >= 3 and not customer.number %}x{% endif %}", "x"),
        ("{{ 'a' if customer.custom['等级'] in ['gold', 'silver'] else 'b' }}", "a"),
        ("{{ 'a' if 'tea' in customer.needs else 'b' }}", "a"),
        (
            "{{ today|date }} {{ today|date('%A %-d %b %Y, 100%%') }}",
            "2026-05-01 Friday 1 May 2026, 100%",
        ),
        ("{{ '2026-12-31T08:05:00+08:00'|date('%H:%M %-m/%-d') }}", "08:05 12/31"),
        ("{{ amount }} {{ amount|money('CNY') }} {{ 5000|number }}", "1234.5 1,234.50 CNY 5,000"),
        (
            "{{ 'a b/&'|urlencode }} {{ ' x '|trim }} {{ 'abcdef'|truncate(4) }}",
            "a%20b%2F%26 x abc…",
        ),
        ("{# nobody sees this #}{% raw %}{{ name }}{% endraw %}\n", "{{ name }}\n"),
    ],
)
def test_what_may_be_said(template: str, text: str) -> None:
    """The list of what is allowed is enough for letters."""
    assert compiled(template).render(ME) == text


def test_days_are_written_as_the_text_s_language_writes_them() -> None:
    """The same template line serves every language."""
    day = compiled("{{ today|date }}")
    assert day.render(ME, language="zh-CN") == "2026年5月1日"
    assert day.render(ME, language="en-GB") == "1 May 2026"
    at = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
    assert compiled("{{ at }}").render({"at": at}) == "2026-05-01 08:00"


@pytest.mark.parametrize("blank", [None, "", " \n\u3000"])
def test_a_missing_variable_is_named_and_never_a_blank(blank: str | None) -> None:
    """A variable that is not there, None or blank is a refusal that gives its whole name."""
    template = compiled("Dear {{ customer.name }}, your number is {{ customer.number }}.")
    for customer in ({"name": "Wang", "number": blank}, {"name": "Wang"}):
        with pytest.raises(
            ContentError, match=r"^the variable customer\.number is missing$"
        ) as seen:
            template.render({"customer": customer})
        assert seen.value.variable == "customer.number"
    with pytest.raises(ContentError, match=r"customer\.\w+ is missing"):
        template.render({})
    for use in ("|upper", "|money", "|date", "|join", "|length"):
        with pytest.raises(ContentError):
            compiled("{{ nothing" + use + " }}").render({})


def test_a_template_tells_what_it_needs() -> None:
    """Variables are told with their whole names; those it does without are not."""
    text = (
        "{{ a.b }}{{ c|default('x') }}{% if d is defined %}{{ d }}{% endif %}"
        "{% for e in f.g %}{{ e.h }}{{ loop.index }}{% endfor %}{{ a['i'] }}"
    )
    assert compiled(text).variables == ("a.b", "a.i", "f.g")


LINK = '<a href="{{ url }}">x</a>'
BAD_LINKS = (
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "//evil.example",
    "/a",
    "&#106;avascript:alert(1)",
)


@pytest.mark.parametrize("url", BAD_LINKS)
def test_a_variable_is_no_link_that_runs(url: str) -> None:
    """A link that a variable gives leads to a page, a mailbox or a telephone."""
    for template in (LINK, LINK.replace('"', "'"), '<img alt="" src=" {{ url|trim }}?x=1">'):
        with pytest.raises(ContentError, match="link"):
            compiled(template, "html").render({"url": url})
    assert "https://a.example/?b&amp;c" in compiled(LINK, "html").render(
        {"url": "https://a.example/?b&c"}
    )


@pytest.mark.parametrize(
    "template",
    [
        "<script>var a = '{{ x }}'</script>",
        "<style>a { color: {{ x }} }</style>",
        "<STYLE>{{ x }}</STYLE>",
        "<!-- {{ x }} -->",
        "<{{ x }}>",
        "<p {{ x }}>",
        "<p {{ x }}='a'>",
        "<a href={{ x }}>a</a>",
        "<a href=https://a.example/{{ x }}>a</a>",
        "<p onclick=\"f('{{ x }}')\">a</p>",
        '<p STYLE="color: {{ x }}">a</p>',
        '<iframe srcdoc="{{ x }}"></iframe>',
        '<a href="java{{ x }}">a</a>',
        '<a href="&#106;avascript:{{ x }}">a</a>',
        '<a href="javascript:{{ x }}">a</a>',
        '<a href = "javascript:{{ x }}">a</a>',
        '<meta http-equiv="refresh" content="0;url={{ x }}">',
        '<p title="{% if x %}"{% endif %}>',
        "{% for a in b %}<p title='{% endfor %}'>",
        '<a href="{% for a in b %}{{ a }}{% endfor %}">a</a>',
        '<p title="{{ x }}',
        "<!--{{ x }}",
    ],
)
def test_a_variable_stands_where_escaping_makes_it_harmless(template: str) -> None:
    """In a script, a style, a comment or a bare attribute no variable may stand."""
    with pytest.raises(InvalidValueError, match="template: line 1"):
        compiled(template, "html")
    compiled(template)  # as plain text it is that


@pytest.mark.parametrize(
    ("template", "html"),
    [
        ("<!DOCTYPE html><title>{{ x }}</title>", "<!DOCTYPE html><title>&lt;&#34;&gt;</title>"),
        (
            "<p {% if y %}class='a'{% endif %} title='{{ x }}'>",
            "<p class='a' title='&lt;&#34;&gt;'>",
        ),
        (
            "<br/>1 < 2 <style>p{}</style>{{ x }}<!-- a -->",
            "<br/>1 < 2 <style>p{}</style>&lt;&#34;&gt;<!-- a -->",
        ),
        ('<a href="https://a.example/{{ y }}">', '<a href="https://a.example/1">'),
        ("<td width=5 nowrap>{{ x }}</td>", "<td width=5 nowrap>&lt;&#34;&gt;</td>"),
        ('{% for a in z %}<a href="{{ a }}#{{ y }}">{% endfor %}', '<a href="tel:1#1">'),
    ],
)
def test_html_is_escaped(template: str, html: str) -> None:
    """Elsewhere a variable is escaped, and what the template itself says stays as it is."""
    given = {"x": '<">', "y": 1, "z": ["tel:1"]}
    assert compiled(template, "html").render(given) == html


PIECES = st.sampled_from(
    "{{ }} {% %} if for in endif endfor else elif not and x y.z x['a'] loop.index | upper join ( ) "
    "[ ] . 'a' 1 < > == ~ * ** is defined default set call _ __class__ <a href=\" \"> ' { } # - "
    "{{x.a}} {{y.z|join}} {%for\u00a0w\u00a0in\u00a0y.z%} {%endfor%}".replace("\u00a0", "\t").split(
        " "
    )
)


@given(st.lists(PIECES, max_size=30), st.sampled_from(["text", "html", "markdown"]))
def test_whatever_is_written_is_compiled_or_refused(pieces: list[str], text_format: str) -> None:
    """No arrangement of a template's words raises anything else, or reaches an attribute."""
    try:
        template = Compiled(" ".join(pieces), text_format)
    except InvalidValueError:
        return
    try:
        text = template.render({"x": Trap(a="b"), "y": {"z": ["c"]}})
    except ContentError:
        return
    assert "object at" not in text
    assert "leaked" not in text


class Shape(HTMLParser):
    """The tags and the names of attributes of a page, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        links = [(value or "").startswith("http") for name, value in attrs if name == "href"]
        self.found.append((tag, [name for name, _ in attrs], links))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)


HTML_PIECES = st.sampled_from(
    [
        *("<p ", "<a", "<a href=", "</p>", "<!--", "-->", "<script>", "</script", "<style", "<br/"),
        *(">", "/", "=", '"', "'", " ", "\n", "title=", 'title="', "href='", "onclick=", "<", "<?"),
        *("{{ x }}", "{{ x }}", "{{ x }}", "{{ x }}", "{% if x %}", "{% endif %}", "{% else %}"),
        *("https://", "javascript:", "a", "<!DOCTYPE html>", "<title>", "</title>", "<svg>", "-"),
    ]
)
BAD_VALUES = (
    "<script>",
    '"><b x="',
    "' onload='f()",
    "-->",
    "</script><b>",
    "javascript:f()",
    "x=y",
)


@settings(max_examples=400)
@given(st.lists(HTML_PIECES, max_size=14), st.sampled_from(BAD_VALUES))
def test_no_value_changes_the_shape_of_html(pieces: list[str], value: str) -> None:
    """What a variable brings makes no tag, no attribute and no link that leads elsewhere."""
    try:
        template = compiled("".join(pieces), "html")
        page = template.render({"x": f"https://{value}"})
    except InvalidValueError:
        return
    assert Shape(page).found == Shape(template.render({"x": "https://y"})).found


@given(st.text(max_size=60))
def test_plain_text_stays_what_it_is(text: str) -> None:
    """What holds no brace is written as it stands, in every script."""
    if "{" not in text and "\0" not in text and "\r" not in text:
        assert compiled(text).render({}) == text
        assert compiled("{{ x }}").render({"x": f".{text}"}) == f".{text}"
        assert "<" not in compiled("{{ x }}", "html").render({"x": f".{text}"})


@pytest.mark.parametrize("value", ODD, ids=[f"{n}" for n in range(len(ODD))])
def test_odd_values_are_written_or_refused(value: object) -> None:
    """Whatever a host hands over by mistake, the message is written or refused with a reason."""
    for use in ("x", "x|date", "x|money", "x|join", "x|upper", "x.y", "x[0]", "x|default(1)"):
        for given_as in ({"x": value}, {"x": [value]}):
            found = outcome(compiled("{{ " + use + " }}"), given_as)
            assert found.strip()


def outcome(template: Compiled, variables: dict[str, Any]) -> str:
    """Give what was written, or why nothing was."""
    try:
        return template.render(variables)
    except ContentError as error:
        return str(error.detail)


def test_the_work_of_a_render_is_limited_as_a_whole() -> None:
    """Many small costs together are refused as one large cost is."""
    loop = "{% for a in long %}{{ a }}{% endfor %}"
    once = compiled(loop).render(ME)
    assert once == "x" * 1000
    most = values.WORK_LIMIT // (1000 * 20)
    with pytest.raises(ContentError, match="too much"):
        compiled(loop * most).render(ME)
