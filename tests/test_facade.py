"""The facade: whatever a host hands over, it gets a result or an error of crmkit's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import attrs
import pytest

import crmkit
from crmkit.capture.customers import Customers
from crmkit.capture.touchpoints import Touchpoints
from crmkit.care.feedback import Feedback
from crmkit.care.key_accounts import KeyAccounts
from crmkit.care.namespace import Care
from crmkit.care.reports import Reports
from crmkit.care.standards import Standards
from crmkit.care.targets.namespace import Targets
from crmkit.contracts.signatures import token
from crmkit.jobs.namespace import Jobs
from crmkit.lifecycle.funnel.namespace import Funnel
from crmkit.lifecycle.namespace import Lifecycle
from crmkit.market import Market
from crmkit.outreach.consents import Consents
from crmkit.outreach.namespace import Outreach
from crmkit.outreach.surveys.namespace import Surveys
from crmkit.sync.namespace import Sync
from crmkit.value.namespace import Value
from tests.odd import NOW, ODD

DAY = timedelta(days=1)
PEOPLE = {"lin": {"name": "Lin", "senior": True}, "wu": {"name": "Wu"}}
NAMESPACES = {
    "customers": Customers,
    "touchpoints": Touchpoints,
    "value": Value,
    "market": Market,
    "lifecycle": Lifecycle,
    "care": Care,
    "reports": Reports,
    "key_accounts": KeyAccounts,
    "feedback": Feedback,
    "standards": Standards,
    "funnel": Funnel,
    "targets": Targets,
    "consents": Consents,
    "outreach": Outreach,
    "outreach.surveys": Surveys,
    "sync": Sync,
    "jobs": Jobs,
}
OUTREACH = {
    "chain": ["out", "task"],
    "surveys": {"nice": {"question": "Nice?"}, "url": "https://shop.example/", "secret": "s" * 16},
}
ASKED = {
    "concept": "customers",
    "object": "people",
    "fields": {"email": "mail", "name": {"field": "name", "owner": "ask"}},
}


def records() -> Iterator[dict[str, Any]]:
    for number in range(20):
        at = NOW - (9 * number + 1) * DAY
        whose = {"email": f"p{number % 3}@x.org", "name": f"P{number % 3}"}
        record = {"id": f"o{number}", "kind": "purchase", "at": at, "customer": whose}
        yield record | {"amount": "5", "currency": "CNY"}
    yield {"id": "c", "kind": "complaint", "at": NOW - 9 * DAY, "customer": {"email": "p0@x.org"}}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written to an odd path is written to a folder that goes away."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def crm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("facade")
    url = "memory://" if request.param == "memory" else f"sqlite:///{folder}/shop.db"
    channels = {
        "out": {"type": "file", "path": str(folder / "out.jsonl")},
        "hook": {"type": "webhook", "endpoint": "https://[::1]:9/", "secret": f"whsec_{'A' * 32}"},
        "mail": {"type": "email", "host": "127.0.0.1", "sender": "shop@x.org", "secret": "s" * 16}
        | {"bounces": f"maildir:{folder}/bounces"},
    }
    (folder / "people.csv").write_text("id,mail,name\n", "utf-8")
    office = {"type": "csv", "folder": str(folder), "mapping": [ASKED]}
    config = {"people": PEOPLE, "channels": channels, "outreach": OUTREACH}
    config["connectors"] = {"office": office}
    options: dict[str, Any] = {"plugins": [], "clock": lambda: NOW, "config": config}
    with crmkit.connect(url, actor="lin", **options) as opened:
        opened.capture(records(), "shop")
        opened.lifecycle.advance()
        yield opened


Call = tuple[str, dict[str, Callable[[crmkit.CRM], Any]]]


def who(crm: crmkit.CRM, number: int = 0) -> str:
    found = crm.customers.find(email=f"p{number}@x.org")
    assert found is not None
    return found.id


def plain(value: Any) -> Callable[[crmkit.CRM], Any]:
    return lambda _crm: value


def item(crm: crmkit.CRM) -> str:
    return f"{who(crm)}:2026-06-01"


def ending(crm: crmkit.CRM) -> str:
    made = [d for d in crm.changes(limit=10_000) if d.what == "decision"]
    asked = [d.record.id for d in made if d.record.kind == "ending"]
    return asked[0] if asked else crm.lifecycle.end(who(crm, 1), reason="market_exit", by="wu").id


def member(crm: crmkit.CRM) -> str:
    id_ = who(crm, 2)
    if id_ not in {one.customer_id for one in crm.key_accounts.list()}:
        crm.key_accounts.admit(id_, sponsor="lin", manager="wu", reason="why")
    return id_


def promise(crm: crmkit.CRM) -> str:
    return crm.key_accounts.promise(member(crm), "stock", departments="supply").id


def case(crm: crmkit.CRM) -> str:
    return (crm.feedback.of(who(crm)) or (crm.feedback.open(who(crm), "complaint", "cold"),))[0].id


def standard(crm: crmkit.CRM) -> str:
    options: dict[str, Any] = {"area": "solution", "figure": "complaint_rate"}
    return crm.standards.set("few", target=0.5, **options).name


def improvement(crm: crmkit.CRM) -> str:
    made = crm.standards.improvements() or (crm.standards.improve(standard(crm), "new cups"),)
    return made[0].id


def opportunity(crm: crmkit.CRM) -> str:
    facts: dict[str, Any] = {"amount": "5", "currency": "CNY", "owner": "lin"}
    found = crm.funnel.list()
    return found[0].id if found else crm.funnel.open(who(crm, 2), name="tea", **facts).id


def plan(crm: crmkit.CRM, state: str) -> str:
    """Give a plan in a state; one that a test has moved on is followed by another."""
    found = crm.care.plans(state=state)
    if not found:
        crm.care.hold_out(0, NOW + DAY, reason="nobody is set aside")
        drafted = crm.care.draft(who(crm), owner="wu", by="wu")
        if state != "draft":
            crm.care.submit(drafted.id, by="wu")
        if state == "running":
            crm.care.approve(drafted.id, by="lin")
        found = crm.care.plans(state=state)
    return found[0].id


def of_plan(state: str) -> dict[str, Callable[[crmkit.CRM], Any]]:
    return {"plan_id": lambda crm: plan(crm, state)}


def task(crm: crmkit.CRM, state: str | None = "accepted") -> str:
    """Give a task that waits for its outcome; one that is done is followed by another."""
    found = [row for row in crm.outreach.ledger(channel="task") if row.state == state]
    if not found:
        occasion = f"t{len(crm.outreach.ledger())}"
        how: dict[str, Any] = {"purpose": "care", "template": {"text": "Call him"}}
        crm.outreach.enqueue(who(crm), occasion=occasion, channel="task", **how)
        crm.outreach.dispatch()
        found = [row for row in crm.outreach.ledger(channel="task") if row.state == state]
    return found[0].id if found else "77777"


def conflict(crm: crmkit.CRM) -> str:
    """Give a name that waits for somebody; one that was decided is followed by another."""
    waiting = [one for one in crm.sync.conflicts("office") if one.took is None]
    if not waiting:
        crm.sync.run("office")
        file = Path(crm.config.connector("office")["folder"].reveal(), "people.csv")
        head, first, *others = file.read_text("utf-8").splitlines()
        mail = first.split(",")[1]
        file.write_text("\n".join([head, f"{first} and so on", *others]) + "\n", "utf-8")
        found = crm.customers.find(email=mail)
        assert found is not None
        crm.customers.save(attrs.evolve(found, name=f"{found.name} or not"))
        crm.sync.run("office")
        waiting = [one for one in crm.sync.conflicts("office") if one.took is None]
    return waiting[0].id


def stopping(_crm: crmkit.CRM) -> Event:
    """Give what tells a worker to stop at once: an odd argument must not make it work for ever."""
    stop = Event()
    stop.set()
    return stop


WHOSE, WHY, BY = {"id": who}, {"reason": plain("why")}, {"by": plain("lin")}
CONSENT = WHOSE | {"purpose": plain("care"), "channel": plain("email"), "source": plain("form")}
CONSENT |= BY
SINCE = {"since": plain(NOW - 60 * DAY), "until": plain(NOW)}
OFFICE = {"name": plain("office")}
MODEL = {"model": lambda crm: crm.value.model()}
SALE = {"name": plain("tea"), "amount": plain("5"), "currency": plain("CNY"), "owner": plain("lin")}
SALE |= {"source": plain("fair"), "competitors": plain(("rival",)), "competition": plain("low")}
SALE |= {"closes": plain(date(2026, 7, 1))}
QUOTA = {"person": plain("lin"), "period": plain("2026"), "measure": plain("sales")}
QUOTA |= {"currency": plain("CNY")}
MESSAGE = {"ids": who, "purpose": plain("care"), "occasion": plain("o"), "channel": plain("out")}
MESSAGE |= {"template": plain({"text": "hello {{ a }}"}), "variables": plain({"a": "b"})}
MESSAGE |= {"each": plain({}), "expires": plain(NOW + DAY), "brief": plain({"about": ["tea"]})}
CALLS: dict[str, Mapping[str, Callable[[crmkit.CRM], Any]]] = {
    "as_actor": {"name": plain("wu")},
    "capture": {"records": plain([]), "source": plain("shop"), "on_reject": plain(None)},
    "captures": {"kind": plain("visit"), "source": plain("shop")},
    "changes": {"after": plain(None), "limit": plain(5)},
    "report": SINCE | {"step": plain(None)},
    "missing_plugins": {},
    "forget_plugin": {"name": plain("crmkit-gone")} | WHY | BY,
    "using": {"connection": plain(None)},
    "close": {},
    "customers.get": WHOSE,
    "customers.find": dict.fromkeys(("email", "number", "shop"), plain("p0@x.org")),
    "customers.search": dict.fromkeys(("text", "tier", "stage", "kind", "owner"), plain(None))
    | {"limit": plain(5), "after": plain(None)},
    "customers.collisions": {},
    "customers.export": WHOSE,
    "customers.save": {"customer": plain(crmkit.Customer(number="7"))},
    "customers.save_all": {"customers": plain([]), "on_reject": plain(None)},
    "customers.undo": {"run": plain("99")} | WHY | BY,
    "customers.merge": {"keep": who, "drop": who} | WHY | BY,
    "customers.unmerge": {"merge_id": plain("5")} | WHY | BY,
    "customers.resolve": {"collision_id": plain("5"), "action": plain("merge"), "keep": who}
    | WHY
    | BY,
    "customers.erase": {"id": plain("nobody")} | WHY | BY,
    "touchpoints.of": WHOSE | SINCE | {"kinds": plain(("visit",))},
    "touchpoints.correct": {"source": plain("shop"), "id": plain("o1")}
    | {"changes": plain({"text": "a"})}
    | WHY
    | BY,
    "touchpoints.corrections": {"source": plain("shop"), "ids": plain(("o1",))},
    "touchpoints.retract": {"source": plain("shop"), "id": plain("no")} | WHY | BY,
    "touchpoints.export_log": {"folder": plain("log"), "verify": plain(True)}
    | {"step": plain(None)},
    "touchpoints.undo": {"run": plain("99")} | WHY | BY,
    "value.score": WHOSE | {"at": plain(NOW), "as_shown": plain(True)},
    "value.scores": {"ids": lambda crm: [who(crm)], "at": plain(NOW)},
    "value.pyramid": {"at": plain(NOW)},
    "value.explain": WHOSE | SINCE | {"as_shown": plain(False)},
    "value.movers": SINCE
    | dict.fromkeys(("direction", "tier", "limit"), plain(None))
    | {"order": plain("size"), "min_delta": plain(0), "as_shown": plain(False)},
    "value.kind": WHOSE,
    "value.model": {},
    "value.use": MODEL | WHY | BY,
    "value.compare": MODEL,
    "value.calibrate": {},
    "value.rebuild": {"shard": plain(0), "shards": plain(2), "engine": plain(None)},
    "value.decline": WHOSE | {"indicator": plain("shares")} | WHY | BY,
    "value.override": WHOSE
    | {"indicator": plain("shares"), "points": plain(5), "until": plain(NOW + DAY)}
    | WHY
    | BY,
    "value.reinstate": WHOSE | {"indicator": plain("shares")} | WHY | BY,
    "consents.grant": CONSENT
    | {"wording": plain("v1"), "at": plain(NOW - DAY), "expires": plain(NOW + DAY)}
    | {"confirmed": plain(False)},
    "consents.confirm": CONSENT,
    "consents.withdraw": CONSENT,
    "consents.of": WHOSE | {"at": plain(NOW)},
    "consents.history": WHOSE,
    "outreach.preview": MESSAGE,
    "outreach.enqueue": MESSAGE | {"holdout": plain(0.5)} | BY,
    "outreach.dispatch": {"limit": plain(5), "dry_run": plain(value=False)},
    "outreach.alert": {"channel": plain("console"), "text": plain("hear"), "occasion": plain("a")},
    "outreach.ledger": dict.fromkeys(("customer_id", "occasion", "state", "after"), plain(None))
    | {"channel": plain("out"), "limit": plain(5)},
    "outreach.receive": {"channel": plain("hook"), "headers": plain({}), "body": plain(b"{}")}
    | {"method": plain("POST"), "url": plain("https://shop.example/hook")},
    "outreach.poll": {"channel": plain("mail")},
    "outreach.reconcile": {},
    "outreach.settle": {"id": task, "sent": plain(value=True)} | BY,
    "outreach.retry": {"id": task},
    "outreach.retry_all": {
        "occasion": plain("spring"),
        "channel": plain("mail"),
        "reason": plain("provider"),
    },
    "outreach.done": {"id": task, "outcome": plain("he is well")} | BY,
    "outreach.suppress": {"system": plain("email"), "value": plain("a@x.org")}
    | {"reason": plain("asked"), "channel": plain(None)},
    "outreach.unsuppress": {"system": plain("email"), "value": plain("a@x.org")}
    | {"channel": plain(None)},
    "outreach.surveys.send": {"survey": plain("nice"), "ids": who, "occasion": plain("s")}
    | {"template": plain({"text": "{{ question }}"}), "purpose": plain("care")}
    | {"channel": plain("out"), "variables": plain({}), "expires": plain(NOW + DAY)}
    | BY,
    "outreach.surveys.answer": {
        "token": lambda crm: token("s" * 16, "survey", task(crm), "nice"),
        "score": plain(5),
        "text": plain("so"),
    },
    "outreach.surveys.receive": {"headers": plain({}), "body": plain("score=5")}
    | {"method": plain("POST")}
    | {"url": lambda crm: f"https://x.org/?s={token('s' * 16, 'survey', task(crm), 'nice')}"},
    "outreach.surveys.results": {"survey": plain("nice")} | SINCE,
    "sync.names": {},
    "sync.plan": OFFICE | {"step": plain(None)},
    "sync.run": OFFICE | {"retry": plain(value=False), "step": plain(None)},
    "sync.doctor": OFFICE,
    "sync.conflicts": OFFICE,
    "sync.quarantine": OFFICE,
    "sync.resolve": OFFICE | {"conflict_id": conflict, "take": plain("ours")},
    "sync.history": OFFICE | {"limit": plain(5)},
    "sync.receive": OFFICE
    | {"headers": plain({}), "body": plain(b"{}"), "method": plain("POST")}
    | {"url": plain("https://shop.example/crm")},
    "sync.wait": {"timeout": plain(5.0)},
    "sync.close": {},
    "jobs.submit": {"name": plain("rebuild"), "of": plain(None), "shards": plain(2)}
    | {"not_before": plain(NOW + DAY)},
    "jobs.due": {},
    "jobs.tick": {},
    "jobs.run": {"job": plain(crmkit.Job(id="a", name="advance"))},
    "jobs.work": {"until_idle": plain(value=True), "stop": stopping, "told": plain(None)},
    "jobs.list": {},
    "market.promotion": {"competitor": plain("rival"), "start": plain(NOW), "end": plain(NOW)} | BY,
    "market.promotions": {},
    "market.competitor": {"name": plain("rival"), "prices": plain({"tea": "80"})}
    | dict.fromkeys(("products", "strengths", "weaknesses"), plain(["tea"]))
    | {"currency": plain("CNY"), "strategy": plain("cheap"), "source": plain("a visit")}
    | BY,
    "market.competitors": {},
    "market.versions": {"name": plain("rival")},
    "market.note": {"title": plain("tea"), "kind": plain("news"), "at": plain(NOW)}
    | dict.fromkeys(("text", "source", "competitor", "category"), plain("tea"))
    | BY,
    "market.notes": {"kind": plain("news"), "competitor": plain("rival")},
    "market.behaviour": SINCE | {"by": plain("category")},
    "market.referral_share": SINCE,
    "lifecycle.stage": WHOSE | {"at": plain(NOW)},
    "lifecycle.history": WHOSE,
    "lifecycle.advance": {"since": plain(NOW - 60 * DAY), "step": plain(30 * DAY)},
    "lifecycle.end": WHOSE | {"reason": plain("market_exit")} | BY,
    "lifecycle.approve": {"ending_id": ending} | BY,
    "lifecycle.decline": {"ending_id": plain("99")} | WHY | BY,
    "lifecycle.step": {"ending_id": ending, "step": plain("notify"), "evidence": plain("a letter")}
    | BY,
    "lifecycle.ending": {"ending_id": ending},
    "lifecycle.endings": {"state": plain("asked"), "due": plain(False)},
    "lifecycle.ended": {},
    "lifecycle.reopen": WHOSE | WHY | BY,
    "care.agenda": {"day": plain(NOW.date()), "owner": plain(None), "limit": plain(5)},
    "care.as_of": {"day": plain(NOW.date())},
    "care.done": {"item": item, "outcome": plain({"kind": "call", "text": "hello"})} | BY,
    "care.snooze": {"item": item, "until": plain(date(2026, 6, 5))} | BY,
    "key_accounts.admit": WHOSE
    | {"sponsor": plain("lin"), "manager": plain("wu"), "answers": plain(None)}
    | {"exception": plain(None)}
    | WHY
    | BY,
    "key_accounts.remove": WHOSE | WHY | BY,
    "key_accounts.list": {"state": plain("member")},
    "key_accounts.review": {"candidates": plain(2)} | BY,
    "key_accounts.benchmark": {},
    "key_accounts.promise": {"id": member, "what": plain("stock"), "departments": plain(["supply"])}
    | SINCE
    | {"owner": plain(None)}
    | BY,
    "key_accounts.settle": {"promise_id": promise, "kept": plain(True), "evidence": plain("a note")}
    | BY,
    "key_accounts.promises": {"id": member, "due": plain(NOW)}
    | dict.fromkeys(("department", "state"), plain(None)),
    "care.reassign": {"item": item, "owner": plain("wu")} | BY,
    "care.evaluate": SINCE,
    "care.assess": {"indicator": plain("awareness"), "points": plain(70)} | WHY | BY,
    "care.hold_out": {"share": plain(0.1), "until": plain(NOW + DAY)} | WHY | BY,
    "reports.channels": SINCE,
    "reports.segments": SINCE | {"by": plain("tier")},
    "reports.audit": SINCE,
    "feedback.open": WHOSE
    | {"kind": plain("opinion"), "text": plain("cold tea"), "severity": plain("high")}
    | {"owner": plain("wu"), "channel": plain("phone"), "route": plain("phone")}
    | {"at": plain(NOW - DAY), "touchpoint": plain(None)}
    | BY,
    "feedback.take": {"since": plain(NOW - DAY)} | BY,
    "feedback.respond": {"case_id": case, "text": plain("sorry"), "channel": plain("phone")} | BY,
    "feedback.analyse": {"case_id": case, "category": plain("price"), "cause": plain("dear")} | BY,
    "feedback.act": {"case_id": case, "measure": plain("repair"), "text": plain("new cup")}
    | {"department": plain("shop"), "level": plain("team")}
    | BY,
    "feedback.follow_up": {"case_id": case, "solved": plain(value=False), "text": plain("cold")}
    | {"used": plain("so"), "channel": plain("phone")}
    | BY,
    "feedback.case": {"case_id": case},
    "feedback.of": WHOSE,
    "feedback.list": dict.fromkeys(("state", "kind", "severity", "owner"), plain(None))
    | {"overdue": plain(value=True)},
    "standards.set": {"name": plain("quick"), "area": plain("solution")}
    | {"figure": plain("response_time"), "target": plain(0.5), "within": plain(DAY)}
    | dict.fromkeys(("kinds", "categories", "process"), plain(()))
    | dict.fromkeys(("scope", "time", "skills", "language"), plain("all"))
    | {"owner": plain("wu")}
    | WHY
    | BY,
    "standards.drop": {"name": standard} | WHY | BY,
    "standards.get": {"name": standard},
    "standards.versions": {"name": standard},
    "standards.attainment": SINCE,
    "standards.metrics": SINCE,
    "standards.improve": {"name": standard, "text": plain("new cups"), "way": plain("innovate")}
    | {"case": plain(None), "over": plain(DAY), "owner": plain("wu")}
    | BY,
    "standards.assess": {"improvement_id": improvement} | BY,
    "standards.improvements": {"name": standard},
    "funnel.open": WHOSE | SALE | {"stage": plain("discover"), "shared": plain(True)} | WHY | BY,
    "funnel.move": {"opportunity_id": opportunity, "stage": plain("meet"), "purchase": plain(None)}
    | WHY
    | BY,
    "funnel.lose": {"opportunity_id": opportunity, "competitor": plain("rival")} | WHY | BY,
    "funnel.update": {"opportunity_id": opportunity} | SALE | {"shared": plain(None)} | WHY | BY,
    "funnel.note": {"opportunity_id": opportunity, "problem": plain("no budget")}
    | {"countermeasure": plain("a trial"), "stage": plain(None)}
    | BY,
    "funnel.spend": {"opportunity_id": opportunity, "amount": plain("5"), "currency": plain("CNY")}
    | {"what": plain("travel")}
    | BY,
    "funnel.link": {"opportunity_id": opportunity, "purchase": plain(("shop", "o1"))} | BY,
    "funnel.advance": {},
    "funnel.opportunity": {"opportunity_id": opportunity},
    "funnel.of": WHOSE,
    "funnel.list": dict.fromkeys(("state", "stage", "owner"), plain(None)),
    "funnel.collisions": {},
    "funnel.forecast": {"owner": plain(None)},
    "funnel.leaks": SINCE,
    "funnel.cycle": SINCE,
    "funnel.point": {"opportunity_id": opportunity},
    "funnel.line": WHOSE,
    "funnel.plane": SINCE,
    "funnel.phases": {},
    "targets.set": QUOTA | {"value": plain("5"), "team": plain(True)} | WHY | BY,
    "targets.break_down": QUOTA | {"parts": plain({"lin": 2, "wu": 3})} | WHY | BY,
    "targets.rate": {"person": plain("lin"), "period": plain("2026"), "value": plain(7)}
    | {"measure": plain("attitude")}
    | WHY
    | BY,
    "targets.list": {"period": plain("2026"), "person": plain(None)},
    "targets.tree": {name: QUOTA[name] for name in ("period", "measure", "currency")},
    "targets.actual": {"person": plain("lin"), "period": plain("2026"), "team": plain(True)},
    "targets.everybody": {"period": plain("2026")},
    "targets.alerts": {"period": plain("2026-Q2")},
    "targets.products": {"period": plain("2026"), "person": plain(None)},
    "targets.workload": {},
    "targets.climate": {"periods": plain(["2026"])},
    "care.draft": WHOSE
    | {"owner": plain("wu"), "cause": plain(None), "goal_tier": plain("key"), "lang": plain("zh")}
    | BY,
    "care.save": {"plan": lambda crm: crm.care.plan(plan(crm, "draft"))} | BY,
    "care.submit": of_plan("draft") | {"by": plain("wu")},
    "care.approve": of_plan("submitted") | BY,
    "care.reject": of_plan("submitted") | WHY | BY,
    "care.check": of_plan("running")
    | {"action_id": plain("a1"), "checklist": plain({"mode": "phone", "at": NOW})}
    | BY,
    "care.close": of_plan("running") | {"outcome": plain("back")} | BY,
    "care.drop": of_plan("draft") | WHY | BY,
    "care.plan": of_plan("draft"),
    "care.plans": {"state": plain("draft"), "owner": plain("wu"), "customer": who},
    "care.history": of_plan("draft"),
    "care.reward": WHOSE
    | {"form": plain("gift"), "item": plain("tea"), "amount": plain("5"), "currency": plain("CNY")}
    | {"at": plain(NOW), "plan_id": plain(None)},
    "care.rewards": WHOSE,
    "care.render": {"plan_id": plain(None), "form": plain("all"), "lang": plain("zh")}
    | {"format": plain("xlsx"), "blank": plain(False), "action": plain(None)},
    "care.read": {"file": plain(b"")},
}
ARGUMENTS = [(call, name) for call, arguments in CALLS.items() for name in arguments]


def public(kind: type) -> set[str]:
    """Name what a host may call."""
    return {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}


def test_every_public_call_is_tried() -> None:
    """A new method comes with a line in the table above, and each of its arguments stands there."""
    offered = public(crmkit.CRM) | {"captures"}
    for namespace, kind in NAMESPACES.items():
        held = {one.name for one in getattr(kind, "__attrs_attrs__", ())}
        offered |= {f"{namespace}.{name}" for name in public(kind) - held}
    assert set(CALLS) == offered
    for call, arguments in CALLS.items():
        namespace, _, name = call.rpartition(".")
        method = getattr(NAMESPACES.get(namespace, crmkit.CRM), name)
        if call not in ("captures", "customers.find"):
            assert set(inspect.signature(method).parameters) - {"self"} == set(arguments), call


def outcome(crm: crmkit.CRM, call: str, arguments: Mapping[str, Any]) -> Any:
    """Make a call and look at all of what it gives."""
    method: Any = crm
    for name in call.split("."):
        method = getattr(method, name)
    found = method(**arguments)
    if call in ("value.scores", "value.movers", "value.compare"):
        return list(found)
    return found.to_dict() if hasattr(found, "to_dict") else found


@pytest.mark.parametrize(("call", "name"), ARGUMENTS, ids=map(" ".join, ARGUMENTS))
def test_odd_arguments_end_in_results_or_errors_of_crmkit(
    crm: crmkit.CRM, call: str, name: str
) -> None:
    """None, empty, huge, naive, far away, of another type: never an error of Python's own.

    What is wrong is refused before the store meets it; so no store may complain either.
    """
    arguments = {argument: make(crm) for argument, make in CALLS[call].items()}
    for odd in ODD:
        try:
            outcome(crm, call, arguments | {name: odd})
        except crmkit.StoreError:
            assert call == "using"
        except crmkit.CrmkitError:
            continue


REFUSED: dict[str, Callable[[crmkit.CRM], Any]] = {
    "at": lambda crm: crm.value.score(who(crm), datetime(1, 1, 1, tzinfo=UTC)),
    "since": lambda crm: crm.value.movers(NOW - DAY, NOW - 2 * DAY),
    "until": lambda crm: crm.value.explain(who(crm), NOW, NOW - DAY),
    "until ": lambda crm: crm.value.override(who(crm), "shares", 5, until=NOW - DAY, reason="r"),
    "points": lambda crm: crm.value.override(who(crm), "shares", "5", reason="r"),  # type: ignore[arg-type]
    "model": lambda crm: crm.value.use(None),  # type: ignore[arg-type]
    "limit": lambda crm: crm.changes(limit=0),
    "limit ": lambda crm: crm.customers.search(limit=2**70),
    "limit  ": lambda crm: crm.value.movers(NOW - DAY, limit=-1),
    "after": lambda crm: crm.changes(after=5),  # type: ignore[arg-type]
    "after ": lambda crm: crm.customers.search(after="WzVd"),
    "changes": lambda crm: crm.touchpoints.correct("shop", "o1", None, reason="r"),  # type: ignore[arg-type]
    "reason": lambda crm: crm.touchpoints.retract("shop", "o1", reason="a\0"),
    "reason ": lambda crm: crm.touchpoints.retract("shop", "o1", reason="\udfff"),
    "by": lambda crm: crm.touchpoints.retract("shop", "o1", reason="r", by="\ud800"),
    "day": lambda crm: crm.care.agenda(NOW),
    "day ": lambda crm: crm.care.agenda(date.max),
    "day  ": lambda crm: crm.care.as_of(date.min),
    "step": lambda crm: crm.lifecycle.advance(NOW - DAY, step=timedelta(seconds=1)),
    "name": lambda crm: crm.as_actor(""),
    "records": lambda crm: crm.capture({"id": "o-1", "kind": "visit"}),  # type: ignore[arg-type]
    "kind": lambda crm: crm.captures(print),  # type: ignore[arg-type]
    "actor": lambda _crm: crmkit.connect("memory://", plugins=[], actor=5),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("field", REFUSED)
def test_absurd_arguments_are_named(crm: crmkit.CRM, field: str) -> None:
    """The error is an InvalidValueError, names the argument, and nothing was done."""
    before = crm.changes(limit=10_000)
    with pytest.raises(crmkit.InvalidValueError) as caught:
        REFUSED[field](crm)
    named = vars(caught.value)["field"]
    assert named == {"since": "until"}.get(field.strip(), field.strip())
    assert str(caught.value).startswith(named)
    assert crm.changes(limit=10_000) == before


def test_one_name_alone_is_a_list_of_one(crm: crmkit.CRM) -> None:
    """A kind or an id is not taken apart into its letters."""
    id_ = who(crm)
    assert {t.kind for t in crm.touchpoints.of(id_, kinds="purchase")} == {"purchase"}
    assert [score.customer_id for score in crm.value.scores(id_)] == [id_]


def test_what_is_to_be_decorated_can_be_called(crm: crmkit.CRM) -> None:
    """`captures` refuses anything else when the module is loaded, not when the order comes in."""
    with pytest.raises(crmkit.InvalidValueError, match="function"):
        crm.captures("visit")(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["url", "config", "workspace", "actor", "clock", "plugins", "engine", "migrate"]
)
def test_odd_settings_of_a_connection_are_told(name: str) -> None:
    """An argument of `connect` opens a workspace that works, or is refused."""
    for odd in ODD:
        with suppress(crmkit.CrmkitError):
            given: Any = {"url": "memory://", "plugins": []} | {name: odd}
            with crmkit.connect(**given) as opened:
                opened.value.pyramid()
