"""A small shop's year, told to any database: what a released schema is recorded with.

Its chapters are told once and never changed, for databases of released schemas hold them. A schema
with something new brings a chapter.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import crmkit
from crmkit.model.customer import Customer, Identity
from tests.many.work import NOW
from tests.stores.migrating.post import CONFIG, with_post
from tests.sync.fake import MAPPING, Fake, Fakes

TOLD = NOW - timedelta(hours=1)
ERASURE_KEY = "stands outside of every database"
INDICATOR = "purchase_recency"


def opened(url: str, **settings: Any) -> crmkit.CRM:
    """Open the shop at the hour at which the story is told."""
    plugins = with_post()
    plugins.register(Fakes(Fake()))
    connectors = {"ledger": {"type": "fake", "mapping": [MAPPING]}}
    config = {"region": "CN", "connectors": connectors} | CONFIG
    return crmkit.connect(url, plugins=plugins, clock=lambda: TOLD, config=config, **settings)


def email(name: str) -> str:
    return f"{name}@example.com"


def touchpoint(name: str, number: int, kind: str = "purchase", **more: Any) -> dict[str, Any]:
    """Give something that happened with a customer `number` days ago."""
    return {
        "id": f"{kind}-{name}-{number}",
        "kind": kind,
        "at": (TOLD - timedelta(days=number)).isoformat(),
        "customer": {"email": email(name)},
    } | more


def paid(amount: str, **more: Any) -> dict[str, Any]:
    return {"amount": amount, "currency": "CNY"} | more


def known(crm: crmkit.CRM, name: str) -> str:
    found = crm.customers.find(email=email(name))
    assert found is not None
    return found.id


def happened() -> list[dict[str, Any]]:
    """Give the touchpoints, of several years, scripts and kinds."""
    wang = {"email": email("wang"), "phone": "138 0013 8000", "name": "王小明"}
    return [
        *(touchpoint("ann", 20 + 30 * n, **paid(f"{100 + n}.50", item="tea")) for n in range(9)),
        *(touchpoint("wang", 400 * n + 3, **paid("880.00"), customer=wang) for n in range(3)),
        touchpoint("wang", 2, "return", **paid("-80.10"), of="purchase-wang-3"),
        touchpoint("ann", 9, "survey_answered", rating=9.5, text="好 🍵 “very” good"),
        touchpoint("ann", 8, "referral", friend={"email": email("bob")}),
        touchpoint("bob", 7, "visit", attributes={"shelf": 3}, channel="shop", direction="in"),
        touchpoint("bob", 6, **paid("0.10", margin="-0.05", quantity="3", category="cups")),
        touchpoint("cat", 300, **paid("12")),
        touchpoint("cat", 5, "complaint", text="cold"),
        touchpoint("cats", 4, "call", customer={"email": email("cats"), "phone": "13800138000"}),
        touchpoint("dan", 3, **paid("5")),
        touchpoint("gone", 2, **paid("7"), text="never to be read again"),
    ]


def tell(crm: crmkit.CRM) -> None:
    """Let all of it happen, and everything that can be decided about it."""
    report = crm.capture(happened(), source="till")
    assert report.rejected == ()
    wrong = crm.capture([touchpoint("ann", 1, **paid("99999"))], source="wrong till")
    crm.touchpoints.undo(wrong.run, reason="another shop's")
    crm.touchpoints.correct("till", "purchase-ann-20", {"amount": "7.25"}, reason="misread")
    crm.touchpoints.retract("till", "purchase-dan-3", reason="never was")
    crm.customers.save(
        Customer(name="Bob Berg", owner="lin", identities=(Identity("email", email("bob")),))
    )
    crm.customers.merge(known(crm, "cat"), known(crm, "cats"), reason="one person")
    merged = crm.customers.merge(known(crm, "bob"), known(crm, "dan"), reason="one person")
    crm.customers.unmerge(merged.id, reason="two after all")
    crm.value.decline(known(crm, "cat"), INDICATOR, reason="she asked")
    crm.value.override(known(crm, "bob"), INDICATOR, 50, reason="he wrote")
    crm.market.promotion("teahouse", TOLD - timedelta(days=60), TOLD - timedelta(days=40))
    crm.customers.erase(known(crm, "gone"), reason="asked for it")
    crm.lifecycle.advance()
    first, *_ = crm.care.agenda(TOLD.date())
    crm.care.done(first, outcome={"text": "called", "at": TOLD})


def tell_sales(crm: crmkit.CRM) -> None:
    """Let somebody hope for sales, the newest of the tables in the second schema."""
    tea = {"name": "A year of tea", "currency": "CNY", "owner": "lin", "by": "lin"}
    hoped = crm.funnel.open(known(crm, "wang"), amount="880.10", source="fair", **tea)
    crm.funnel.move(hoped.id, "accept", reason="he said so", by="lin")
    lost = crm.funnel.open(known(crm, "bob"), amount="12", competitors=("teahouse",), **tea)
    crm.funnel.lose(lost.id, reason="dear", competitor="teahouse", by="lin")


def tell_letters(crm: crmkit.CRM) -> None:
    """Let the shop write to those who want it, and hear from them, as the third schema can."""
    ann, bob, wang, cat = (known(crm, name) for name in ("ann", "bob", "wang", "cat"))
    for who in (ann, bob, cat):
        crm.consents.grant(who, "care", "post", source="a card", wording="Write to me.")
    crm.consents.withdraw(bob, "marketing", source="on the phone")
    tea = {"subject": "Tea", "text": "{{ name }}, new tea is here: {{ sort }}"}
    care = {"purpose": "care", "channel": "post", "template": tea, "by": "lin"}
    for number, sort in enumerate(("green", "black", "white")):
        crm.outreach.enqueue(
            [ann, bob, wang, cat] if sort != "white" else ann,
            occasion=f"tea {number}",
            variables={"sort": sort, "name": "Friend"},
            each={ann: {"name": "Ann"}},
            **care,
        )
        crm.outreach.dispatch()
        if sort == "green":
            heard = [("cat", {"what": "bounced", "permanent": True}), ("bob", {"what": "replied"})]
            told = [{"address": email(who), **what} for who, what in heard]
            told[0]["provider_id"] = f"post-{crm.outreach.ledger(cat)[0].id}"
            told[1] |= {"text": "thank you", "event_id": "reply-1"}
            crm.outreach.receive("post", {}, json.dumps(told))
    asked = {"text": "{{ question }} {{ survey_url }}"}
    crm.outreach.surveys.send("tea", bob, occasion="asked", channel="post", template=asked)
    # He has had his letters for today: he answers at once the link that he would get tomorrow.
    (row,) = crm.outreach.ledger(bob, occasion="asked")
    links = crm.outreach.setup.surveys.variables(row.id, "tea", "en")
    crm.outreach.surveys.answer(links["survey_url"].partition("s=")[2], 9, "hot")


def tell_step(crm: crmkit.CRM) -> None:
    """Let the shop keep a CRM in step, as the fourth schema can; one record is refused there."""
    odd = Customer(name="refuse me", identities=(Identity("email", email("odd")),))
    crm.customers.save(odd)
    assert crm.sync.run("ledger").quarantined == 1


def tell_little(crm: crmkit.CRM) -> None:
    """Let a branch of the shop be opened."""
    assert crm.capture(happened()[7:11], source="till").rejected == ()


CHAPTERS: dict[str, tuple[Callable[[crmkit.CRM], None], ...]] = {
    "default": (tell, tell_sales, tell_letters, tell_step),
    "branch": (tell_little,),
}
"""What is told, by workspace; the n-th chapter could be told to the n-th schema first."""
