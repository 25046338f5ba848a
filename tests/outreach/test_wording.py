"""What a template is given of each customer."""

from __future__ import annotations

from datetime import date

import pytest

from crmkit.model.customer import Contact, Customer, Identity
from crmkit.model.people import Person
from crmkit.outreach.templates.catalogue import Templates
from crmkit.outreach.templates.errors import ContentError
from crmkit.outreach.templates.wording import salutation_of, variables_of

TODAY = date(2027, 2, 6)
LIN = Person(id="lin", name="林经理")
GREETING = Templates().take(
    {
        "default": {
            "zh": {
                "text": "{{ salutation }}:{% if tone == 'familiar' %}新年好呀!"
                "{% else %}恭祝您新春快乐。{% endif %}{{ owner }} {{ today|date }}"
            },
            "en": {"text": "{{ salutation }}, a happy new year. {{ owner }}"},
        }
    }
)


def letter(customer: Customer, **extra: object) -> str:
    form = GREETING.form(["email"], customer.language)
    assert form is not None
    return form.render(variables_of(customer, owner=LIN, today=TODAY, extra=extra)).text


@pytest.mark.row("R38", "R217")
def test_no_two_customers_get_the_same_greeting() -> None:
    """Salutation, tone, wording and language are each customer's own."""
    plain = Customer(name="王芳", language="zh-CN")
    own = Customer(name="李强", language="zh", salutation="李总", custom={"tone": "familiar"})
    assert letter(plain) == "尊敬的王芳:恭祝您新春快乐。林经理 2027年2月6日"
    assert letter(own) == "李总:新年好呀!林经理 2027年2月6日"
    english = Customer(name="Ann Lee", language="en-GB", custom={"tone": "familiar"})
    assert letter(english) == "Hello Ann Lee, a happy new year. 林经理"


@pytest.mark.row("R38")
@pytest.mark.parametrize(
    ("customer", "tone", "words"),
    [
        (Customer(name="王芳", language="zh"), "familiar", "亲爱的王芳"),
        (Customer(name="王芳", language="zh-TW"), "familiar", "親愛的王芳"),
        (Customer(name="Wang Fang", language="en"), "formal", "Dear Wang Fang"),
        (Customer(name="Wang Fang"), "formal", "尊敬的Wang Fang"),
        (Customer(name="Jean", language="fr"), "formal", "Jean"),
        (Customer(name="Wang", salutation="Ms Wang"), "formal", "Ms Wang"),
        (Customer(name="Wang", language="en", salutation=" "), "formal", "Dear Wang"),
        (Customer(name="مريم", language="ar"), "formal", "مريم"),
        (
            Customer(name="👩🏽‍🚀 {0} {{ x }} %s", language="en"),
            "formal",
            "Dear 👩🏽‍🚀 {0} {{ x }} %s",
        ),
        (Customer(name="华茶公司", language="zh", kind="organisation"), "formal", "尊敬的华茶公司"),
        (
            Customer(
                name="Acme",
                language="en",
                kind="organisation",
                contacts=(Contact(name="Bo"), Contact(name="Cy Lo", primary=True)),
            ),
            "formal",
            "Dear Cy Lo",
        ),
        (Customer(number="77", identities=(Identity("phone", "+8613800138000"),)), "formal", None),
    ],
)
def test_salutations(customer: Customer, tone: str, words: str | None) -> None:
    """The customer's own goes first; no title is guessed, and nobody is addressed by a number."""
    assert salutation_of(customer, language="zh-CN", tone=tone) == words


@pytest.mark.row("R38")
def test_who_has_no_name_gets_no_letter() -> None:
    """A blank salutation, owner or field is a refusal that names it."""
    with pytest.raises(ContentError, match="the variable salutation is missing"):
        letter(Customer(number="77", language="en"))
    form = GREETING.form(["email"], "en")
    assert form is not None
    for owner in (None, Person(id="lin")):
        variables = variables_of(Customer(name="Ann"), owner=owner, today=TODAY, extra={})
        with pytest.raises(ContentError, match="the variable owner is missing"):
            form.render(variables)


def test_explicit_variables_go_before() -> None:
    """What a host says itself replaces what crmkit would say."""
    assert "致王芳" in letter(Customer(name="王芳", language="zh"), salutation="致王芳")


def test_a_template_reads_no_keys_and_addresses() -> None:
    """Contacts, identities and addresses of a customer stay out of a template's reach."""
    customer = Customer(name="Ann", identities=(Identity("email", "ann@example.com"),))
    given = variables_of(customer, owner=None, today=TODAY, extra={})
    assert "ann@example.com" not in repr(given)
    form = Templates().take({"text": "{{ customer.identities }}"}).form(["email"], None)
    assert form is not None
    with pytest.raises(ContentError, match=r"customer\.identities is missing"):
        form.render(given)


@pytest.mark.parametrize("tone", ["rude", 5, None, ["formal"], {}])
def test_a_tone_that_is_none_is_passed_over(tone: object) -> None:
    """A field of the host's own that is called tone may hold anything."""
    customer = Customer(name="Ann", language="en", custom={"tone": tone})
    given = variables_of(customer, owner=None, today=TODAY, extra={})
    assert given["tone"] == "formal"
    assert given["salutation"] == "Dear Ann"
