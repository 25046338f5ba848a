"""Named templates: how they are read, chosen, stored and filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.config import Config
from crmkit.contracts.channel import Template
from crmkit.errors import ConfigError, InvalidValueError
from crmkit.outreach.templates.catalogue import Source, Templates
from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.escaping import is_link, markdown, one_line
from crmkit.outreach.templates.filters import PUBLIC
from crmkit.outreach.templates.form import Content
from crmkit.outreach.templates.language import pick
from crmkit.outreach.templates.wording import SHOWN
from tests.pages import ROOT, blocks

WANG = {"salutation": "尊敬的王芳", "customer": {"name": "Wang <Fang>", "number": "7"}}
SECTION: dict[str, Any] = {
    "language": "en",
    "greeting": {
        "subject": "Hello {{ customer.name }}",
        "text": "all",
        "email": {
            "en": {"subject": "Season's greetings", "text": "Dear {{ customer.name }}"},
            "zh": {"subject": "节日快乐", "text": "{{ salutation }},祝您节日快乐!"},
            "zh-Hant": {"text": "{{ salutation }},祝您節日快樂!"},
        },
        "sms": {
            "provider_template": "SMS_1",
            "sign": "茶庄",
            "params": {"name": "{{ customer.name }}", "code": "{{ customer.number }}"},
        },
        "default": {"fr": {"text": "Bonjour {{ customer.name }}"}},
    },
}


def written(template: object, channels: tuple[str, ...] = ("email",), tag: str = "") -> Content:
    form = Templates().take(template).form(channels, tag or None)
    assert form is not None
    return form.render(WANG)


@pytest.mark.row("R38", "R217")
def test_the_form_is_the_channel_s_and_the_customer_s_language_s() -> None:
    """One greeting is written to each by his channel and in his language."""
    greeting = Templates.of(SECTION).take("greeting")

    def text(channels: list[str], language: str | None) -> str:
        form = greeting.form(channels, language)
        assert form is not None
        return form.render(WANG).text

    assert text(["work", "email"], "zh-CN") == "尊敬的王芳,祝您节日快乐!"
    assert text(["email", "smtp"], "zh-TW") == "尊敬的王芳,祝您節日快樂!"
    assert text(["email"], "en-GB") == "Dear Wang <Fang>"
    assert text(["email"], "sw") == text(["email"], None) == "Dear Wang <Fang>"
    assert text(["line"], "fr-CA") == "Bonjour Wang <Fang>"
    assert text(["line"], None) == "all"


@pytest.mark.parametrize(
    ("languages", "wanted", "fallback", "chosen"),
    [
        ("zh zh-Hant en", "zh-TW", None, "zh-Hant"),
        ("zh zh-Hant en", "zh-HK", None, "zh-Hant"),
        ("zh zh-Hant en", "zh-Hant-TW", None, "zh-Hant"),
        ("zh zh-Hant en", "zh-CN", None, "zh"),
        ("zh zh-Hans en", "zh-CN", None, "zh-Hans"),
        ("zh en", "zh-TW", None, "zh"),
        ("zh-Hans en", "zh-TW", None, None),
        ("zh-CN en", "zh-TW", "en", "en"),
        ("zh-TW en", "zh-HK", None, "zh-TW"),
        ("zh-TW zh-CN zh-HK", "zh_hk", None, "zh-HK"),
        ("zh-CN zh-TW", "zh-SG", None, "zh-CN"),
        ("en-US fr", "en-GB", None, "en-US"),
        ("en en-US", "en-GB", None, "en"),
        ("EN", "en-GB-oxendict", None, "EN"),
        ("de-CH de", "de-CH-1996", None, "de-CH"),
        ("en default", "fr", None, "default"),
        ("en default", "fr", "en-AU", "en"),
        ("default", None, "en", "default"),
        ("en", None, None, None),
    ],
)
def test_languages(
    languages: str, wanted: str | None, fallback: str | None, chosen: str | None
) -> None:
    """The nearest text is chosen, and never one in the other script of Chinese."""
    assert pick(languages.split(), wanted, fallback) == chosen


@given(
    st.lists(st.text("zhanst-_TWCN", max_size=9), max_size=5), st.text("zhanst-_TWCN", max_size=9)
)
def test_choosing_never_fails(languages: list[str], wanted: str) -> None:
    """Whatever a customer's language is, one of the texts is chosen or none."""
    assert pick(languages, wanted, None) in {*languages, None}
    if wanted in languages and wanted:
        assert pick([wanted], wanted, None) == wanted


def test_a_template_without_a_form_for_a_channel_gives_none() -> None:
    """Where nothing is written for a channel, nothing else is sent in its place."""
    source = Templates().take({"sms": {"text": "x"}, "email": {"zh-Hans": {"text": "x"}}})
    assert source.form(["work", "email"], "zh-TW") is None
    assert source.form(["whatsapp"], None) is None
    assert source.form(["mine", "sms"], None) is not None


@pytest.mark.row("R38")
def test_a_provider_s_own_template_has_its_values_in_order() -> None:
    """A form for SMS names the approved template, its sign, and what is filled in."""
    form = Templates.of(SECTION).take("greeting").form(["aliyun", "sms"], "zh-CN")
    assert form is not None
    assert form.variables == ("customer.name", "customer.number")
    content = form.render(WANG)
    values = {"name": "Wang <Fang>", "code": "7"}
    assert content == Content(template=Template(code="SMS_1", signature="茶庄", values=values))
    assert list(content.template.values if content.template else ()) == ["name", "code"]
    many = {"provider_template": 123456, "params": [f"v{n}" for n in range(1, 13)]}
    numbered = written(many).template
    assert numbered is not None
    assert numbered.code == "123456"
    assert list(numbered.values.items()) == [(str(n), f"v{n}") for n in range(1, 13)]


def test_each_part_is_escaped_for_what_it_is() -> None:
    """HTML is escaped, plain text is not, a subject is one line, Markdown is escaped on request."""
    form = {
        "subject": "To {{ customer.name }}\r\nBcc: all@example.com",
        "text": "To {{ customer.name }}",
        "html": "<p>To {{ customer.name }}</p>",
    }
    content = written(form)
    assert content.subject == "To Wang <Fang> Bcc: all@example.com"
    assert content.text == "To Wang <Fang>"
    assert content.html == "<p>To Wang &lt;Fang&gt;</p>"
    assert written(form | {"format": "markdown"}).text == r"To Wang \<Fang\>"


def test_a_part_may_be_left_empty_beside_another() -> None:
    """A text beside HTML may be empty, and no subject is none, in whatever way it is written."""
    assert written({"subject": "", "text": "", "html": "<p>x</p>"}) == Content(html="<p>x</p>")
    assert written({"subject": None, "text": "x", "html": None, "sign": None}) == Content(text="x")


@given(st.text(max_size=50))
def test_a_subject_is_one_line(text: str) -> None:
    """Nothing that Unicode or a mail program takes for the end of a line is left in a subject."""
    line = one_line(f"a{text}b")
    assert len(line.splitlines()) == 1
    assert not {chr(n) for n in range(32)} & set(line)
    assert one_line(line) == line


@given(st.text(max_size=50))
def test_markdown_means_what_was_written(text: str) -> None:
    """Without its backslashes an escaped text is the one it was made of."""
    escaped = markdown(text)
    plain, at = "", 0
    while at < len(escaped):
        at += escaped[at] == "\\"
        plain += escaped[at]
        at += 1
    assert plain == text


@given(st.text("javscript:/&#; \n\thps", max_size=12))
def test_what_counts_as_a_link_has_a_scheme_that_runs_nothing(text: str) -> None:
    """Only four schemes are links."""
    if is_link(text):
        assert text.lower().startswith(("http://", "https://", "mailto:", "tel:", "sms:"))


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"text": "{{ customer.birthday }}"}, "customer.birthday is missing"),
        ({"text": "a", "html": "{{ nobody.name }}"}, "nobody.name is missing"),
        ({"text": "a", "subject": "{{ offer }}"}, "offer is missing"),
        ({"provider_template": "1", "params": ["{{ offer }}"]}, "offer is missing"),
        ({"text": "{% if nobody is defined %}x{% endif %}\n"}, "text came out empty"),
        ({"text": ""}, "text came out empty"),
        ({"text": "a", "html": " "}, "html came out empty"),
        ({"text": "a", "subject": "{# none #}"}, "subject came out empty"),
        ({"provider_template": "1", "params": {"x": ""}}, "params.x came out empty"),
        ({"text": "{{ bad }}"}, "NUL"),
        ({"text": "{{ half }}"}, "surrogate"),
    ],
)
def test_an_incomplete_message_is_refused(form: Mapping[str, Any], why: str) -> None:
    """A missing variable or an empty part is a refusal with its reason, never a blank."""
    made = Templates().take(form).form(["email"], None)
    assert made is not None
    with pytest.raises(ContentError, match=why) as caught:
        made.render(WANG | {"bad": "a\0", "half": "\ud800"})
    assert why in caught.value.detail


def test_a_stored_template_does_not_change_with_its_file(tmp_path: Path) -> None:
    """What is kept with a mailing holds every form whole, through JSON that sorts its keys."""
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "letter.html").write_text("<p>{{ salutation }}</p>\n", "utf-8")
    (tmp_path / "forms" / "letter.toml").write_text(
        '[email.zh]\nsubject = "信"\ntext = "{{ salutation }}"\nhtml = { file = "letter.html" }\n'
        '[sms]\nprovider_template = "1"\nparams = { b = "2", a = "{{ salutation }}" }\n',
        "utf-8",
    )
    templates = Templates.of({"folder": "forms", **SECTION}, tmp_path)
    assert sorted(templates.named) == ["greeting", "letter"]
    before = templates.take("letter")
    stored = json.dumps(before.to_plain(), sort_keys=True)
    (tmp_path / "forms" / "letter.html").unlink()
    again = Source.from_plain(json.loads(stored))
    assert again == before
    form = again.form(["email"], "zh-CN")
    assert form is not None
    assert form.render(WANG).html == "<p>尊敬的王芳</p>\n"
    sms = again.form(["sms"], None)
    assert sms is not None
    assert [name for name, _ in sms.params] == ["b", "a"]


def test_a_stored_template_that_is_no_longer_allowed_is_a_refusal() -> None:
    """An upgrade that allows less refuses the messages, and does not stop the others."""
    plain = Templates().take({"text": "x"}).to_plain()
    plain["forms"]["default"]["default"]["text"] = "{% set x = 1 %}"
    with pytest.raises(ContentError, match="line 1"):
        Source.from_plain(plain).form(["email"], None)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"a": {}}, "outreach.templates.a"),
        ({"a": "text"}, "outreach.templates.a"),
        ({"a": {"subject": "x"}}, "outreach.templates.a"),
        ({"a": {"txt": "x"}}, "outreach.templates.a.txt"),
        ({"a": {"text": 5}}, "outreach.templates.a.text"),
        ({"a": {"text": {"path": "x"}}}, "outreach.templates.a.text"),
        ({"a": {"text": {"file": "nowhere.txt"}}}, "outreach.templates.a.text"),
        ({"a": {"html": {"file": 5}}}, "outreach.templates.a.html"),
        ({"a": {"text": "{{ x.__class__ }}"}}, "outreach.templates.a.text"),
        ({"a": {"html": "<p {{ x }}>", "text": "x"}}, "outreach.templates.a.html"),
        ({"a": {"email": {}}}, "outreach.templates.a.email"),
        ({"a": {"email": {"zh": {}}}}, "outreach.templates.a.email.zh"),
        ({"a": {"email": {"zh": {"text": "{{"}}}}, "outreach.templates.a.email.zh.text"),
        ({"a": {"email": {"zh": {"zh": {"text": "x"}}}}}, "outreach.templates.a.email.zh.zh"),
        ({"a": {"email": {"中文": {"text": "x"}}}}, "outreach.templates.a.email.中文"),
        ({"a": {"emial": {"text": "x"}}}, "outreach.templates.a.emial"),
        ({"a": {"text": "x", "default": {"text": "y"}}}, "outreach.templates.a.default"),
        (
            {"a": {"email": {"text": "x", "default": {"text": "y"}}}},
            "outreach.templates.a.email.default",
        ),
        ({"a": {"text": "x", "format": "html"}}, "outreach.templates.a.format"),
        ({"a": {"text": "x", "format": ["html"]}}, "outreach.templates.a.format"),
        ({"a": {"text": "x", "params": ["x"]}}, "outreach.templates.a.params"),
        ({"a": {"text": "x", "sign": "x"}}, "outreach.templates.a.sign"),
        ({"a": {"provider_template": ""}}, "outreach.templates.a.provider_template"),
        ({"a": {"provider_template": True}}, "outreach.templates.a.provider_template"),
        ({"a": {"provider_template": "1", "params": "x"}}, "outreach.templates.a.params"),
        ({"a": {"provider_template": "1", "params": [1]}}, "outreach.templates.a.params.1"),
        (
            {"a": {"provider_template": "1", "params": {"x": "{% %}"}}},
            "outreach.templates.a.params.x",
        ),
        ({"language": 5}, "outreach.templates.language"),
        ({"folder": "nowhere"}, "outreach.templates.folder"),
        ({"folder": 5}, "outreach.templates.folder"),
    ],
)
def test_a_fault_in_the_configuration_names_its_key(
    section: Mapping[str, Any], key: str, tmp_path: Path
) -> None:
    """Every mistake shows when it is configured, in one line that begins with the key."""
    with pytest.raises(ConfigError) as caught:
        Templates.of(section, tmp_path, channels=["email", "sms"])
    assert caught.value.key == key  # type: ignore[attr-defined]
    assert str(caught.value).startswith(f"{key}: ")
    assert "\n" not in str(caught.value)


def test_the_page_shows_what_is_so(tmp_path: Path) -> None:
    """The configuration on the page is read and written as it says there; every filter is named."""
    page = ROOT / "docs" / "templates.md"
    for block in blocks(page):
        (tmp_path / str(block.file)).parent.mkdir(exist_ok=True)
        (tmp_path / str(block.file)).write_text(block.text, "utf-8")
    config = Config.load(tmp_path / "crmkit.toml")
    templates = Templates.of(config.sections["outreach"]["templates"], tmp_path)
    given_to_all = WANG | {"owner": "林"}
    found = {
        (name, channel): form.render(given_to_all)
        for name, source in templates.named.items()
        for channel in ("email", "sms")
        if (form := source.form([channel], "zh-CN"))
    }
    assert found["new-year", "email"].text == "尊敬的王芳:祝您节日快乐!林"
    assert found["new-year", "sms"].template is not None
    assert found["birthday", "email"].html == "<p>尊敬的王芳,祝您生日快乐!</p>\n"
    text = page.read_text("utf-8")
    assert [name for name in PUBLIC if f"`{name}" not in text] == []
    assert " ".join(SHOWN) in text


def test_a_fault_in_a_file_names_the_file(tmp_path: Path) -> None:
    """A file that is no TOML, or says a template over again, is named."""
    (tmp_path / "a.toml").write_text('text = "x"', "utf-8")
    with pytest.raises(ConfigError, match=r"outreach\.templates\.a: stands in .*a\.toml already"):
        Templates.of({"folder": ".", "a": {"text": "x"}}, tmp_path)
    for broken in (b"text = ", b"\xff", b"a = " + b"[" * 50_000):
        (tmp_path / "a.toml").write_bytes(broken)
        with pytest.raises(ConfigError, match=r"a\.toml: cannot be read"):
            Templates.of({"folder": str(tmp_path)}, None)


@pytest.mark.parametrize(
    "template",
    [
        *("greetign", "", None, 5, [], {}, {"text": 5}, {"text": "{{"}, {"txt": "x"}, {1: "x"}),
        *({"text": {"file": "/etc/hostname"}}, {"params": ["x"]}, {"email": "x"}, {"": {}}),
    ],
    ids=repr,
)
def test_what_is_no_template_is_refused_at_the_call(template: object) -> None:
    """A caller's mistake names the argument; a call cannot read files."""
    with pytest.raises(InvalidValueError, match="template") as caught:
        Templates.of(SECTION).take(template)
    assert caught.value.field == "template"
    if template == "greetign":
        assert "did you mean 'greeting'" in str(caught.value)
