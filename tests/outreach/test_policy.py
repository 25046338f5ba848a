"""Section ``[outreach]``: strict where nothing is said, and every mistake is named."""

from __future__ import annotations

import tomllib
from datetime import date, time
from typing import Any

import pytest

from crmkit.clock import DAY, SECOND
from crmkit.errors import ConfigError
from crmkit.model.consent import PURPOSES
from crmkit.model.customer import Customer
from crmkit.outreach.policy import CAPS, QUIET, OutreachPolicy
from crmkit.outreach.quiet import QuietHours
from tests.pages import FENCE, ROOT

WHOLE = """
chain = ["email", "sms"]
wait = "2d"
lease = "10m"
attempts = 5
backoff = "30s"
backoff_most = "1h"
batch = 100
holdout = 0.1
tone = "warm"

[caps]
all = {max = 3, per = "day"}
email = {max = 1, per = "24h"}
sms = {max = 0, per = "week"}

[quiet_hours]
start = "22:00"
end = 07:30:00
candidate_zones = ["America/New_York", "America/Los_Angeles"]
regions = {"US-FL" = {start = "20:00", end = "08:00"}}

[days]
working = ["mon", "tue"]
closed = [2026-10-01]

[basis]
transactional = "opt_out"

[[groups]]
when = {age_from = 60, kind = "person"}
chain = ["phone"]

[[groups]]
when = {tier = ["key", "core"], language = "zh", industry = "Tea"}
chain = ["wecom", "sms"]

[templates]
new-year = {email = {text = "..."}}
"""
CHANNELS = ("email", "sms", "phone", "wecom")


@pytest.mark.row("R37")
def test_everything_that_can_be_said():
    """As a TOML file says it."""
    policy = OutreachPolicy.of(tomllib.loads(WHOLE), CHANNELS)
    assert policy.chain == ("email", "sms")
    assert (policy.wait, policy.lease, policy.backoff) == (2 * DAY, 600 * SECOND, 30 * SECOND)
    assert (policy.attempts, policy.batch, policy.holdout) == (5, 100, 0.1)
    assert {name: (cap.most, cap.period, cap.span) for name, cap in policy.caps.items()} == {
        "all": (3, "day", 0),
        "email": (1, None, DAY),
        "sms": (0, "week", 0),
    }
    night, florida = QuietHours(time(22), time(7, 30)), QuietHours(time(20), time(8))
    assert policy.quiet.windows() == (night,)
    assert policy.quiet.windows({"US-FL", "US-NY"}) == (night, florida)
    assert policy.basis["transactional"] == "opt_out"
    assert policy.basis["care"] == "opt_in"
    assert not policy.days.holds("care", "email", person=False)


@pytest.mark.row("R73", "R37")
def test_where_nothing_is_said_it_is_strict():
    """Consent is needed for everything, and whoever's zone nobody knows gets nothing by guess.

    Quiet hours and working days hold where they have a section.
    """
    policy = OutreachPolicy.of({})
    assert policy.basis == dict.fromkeys(PURPOSES, "opt_in")
    assert (policy.quiet, policy.days, policy.wait) == (None, None, None)
    night = OutreachPolicy.of({"quiet_hours": {}}).quiet
    assert night is not None
    assert night.hours == QuietHours(time(21), time(8))
    assert night.candidate_zones == ()
    assert (policy.caps, policy.holdout, policy.lease) == ({}, 0.0, 600 * SECOND)


def test_the_documentation_shows_what_can_be_configured():
    """The page's example is read, and says what holds by default where the table says so."""
    pytest.importorskip("holidays")
    page = (ROOT / "docs" / "consent.md").read_text("utf-8")
    (text,) = (one["text"] for one in FENCE.finditer(page) if one["language"] == "toml")
    shown = OutreachPolicy.of(tomllib.loads(text)["outreach"], CHANNELS)
    default = OutreachPolicy.of({})
    for name in ("lease", "attempts", "backoff", "backoff_most", "batch", "holdout"):
        assert getattr(shown, name) == getattr(default, name), name
    assert shown.quiet.hours == OutreachPolicy.of({"quiet_hours": {}}).quiet.hours


def test_what_passes_what():
    """Transactional messages pass quiet hours and caps, service messages caps, others nothing."""
    policy = OutreachPolicy.of({})
    passed = {(p, r) for p in PURPOSES for r in (QUIET, CAPS) if policy.passes(p, r)}
    assert passed == {("transactional", QUIET), ("transactional", CAPS), ("service", CAPS)}


@pytest.mark.row("R36")
def test_groups_are_reached_by_channels_of_their_own():
    """The old by telephone, key accounts who speak Chinese by WeCom, the rest by default."""
    policy = OutreachPolicy.of(tomllib.loads(WHOLE), CHANNELS)
    today = date(2026, 6, 1)

    def chain(tier: str | None = None, **who: Any) -> tuple[str, ...]:
        return policy.chain_of(Customer(**who), tier, today)

    assert chain(birthday=date(1966, 6, 1)) == ("phone",)
    assert chain(birthday=date(1966, 6, 2)) == ("email", "sms")
    assert chain(birthday=date(1900, 1, 1), kind="organisation") == ("email", "sms")
    assert chain("core", language="zh-CN", industry="tea") == ("wecom", "sms")
    for tier, language, industry in (
        ("base", "zh", "tea"),
        ("key", "zhx", "tea"),
        ("key", "zh", ""),
    ):
        assert chain(tier, language=language, industry=industry) == ("email", "sms")
    assert chain() == ("email", "sms")


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("cap", {"cap": {}}),
        ("caps", {"caps": 3}),
        ("caps.emial", {"caps": {"emial": {"max": 3, "per": "day"}}}),
        ("caps.all.per", {"caps": {"all": {"max": 3, "per": "y"}}}),
        ("quiet_hours", {"quiet_hours": "night"}),
        ("quiet_hours.start", {"quiet_hours": {"start": "9pm"}}),
        ("quiet_hours.end", {"quiet_hours": {"end": time(8, 0, 1)}}),
        ("quiet_hours.end", {"quiet_hours": {"end": 8}}),
        ("quiet_hours.candidate_zones", {"quiet_hours": {"candidate_zones": ["Mars/Olympus"]}}),
        ("quiet_hours.candidate_zones", {"quiet_hours": {"candidate_zones": "UTC"}}),
        ("quiet_hours.regions", {"quiet_hours": {"regions": {"Florida": {}}}}),
        (
            "quiet_hours.regions.US-FL.end",
            {"quiet_hours": {"regions": {"US-FL": {"start": "20:00"}}}},
        ),
        ("days.working", {"days": {"working": ["moon"]}}),
        ("basis.care", {"basis": {"care": "guess"}}),
        ("basis.spam", {"basis": {"spam": "opt_in"}}),
        ("chain", {"chain": ["fax"]}),
        ("chain", {"chain": ["sms", "sms"]}),
        ("chain", {"chain": "sms"}),
        ("wait", {"wait": "soon"}),
        ("wait", {"wait": 3}),
        ("lease", {"lease": "0s"}),
        ("backoff_most", {"backoff_most": "30s"}),
        ("attempts", {"attempts": 0}),
        ("batch", {"batch": "many"}),
        ("holdout", {"holdout": 1.1}),
        ("holdout", {"holdout": float("nan")}),
        ("tone", {"tone": 5}),
        ("groups", {"groups": {}}),
        ("groups[0].chain", {"groups": [{"when": {}}]}),
        ("groups[0].chain", {"groups": [{"chain": ["fax"]}]}),
        ("groups[0].when.age", {"groups": [{"when": {"age": 3}, "chain": ["sms"]}]}),
        ("groups[0].when.age_from", {"groups": [{"when": {"age_from": -1}, "chain": ["sms"]}]}),
        (
            "groups[0].when.age_to",
            {"groups": [{"when": {"age_from": 9, "age_to": 8}, "chain": ["sms"]}]},
        ),
        ("groups[0].when.tier", {"groups": [{"when": {"tier": "gold"}, "chain": ["sms"]}]}),
        ("groups[0].when.kind", {"groups": [{"when": {"kind": "cat"}, "chain": ["sms"]}]}),
    ],
)
def test_what_is_wrong_is_named(key: str, wrong: dict[str, Any]):
    """One clear line before anything starts."""
    with pytest.raises(ConfigError) as error:
        OutreachPolicy.of(wrong, CHANNELS)
    assert error.value.key == f"outreach.{key}"  # type: ignore[attr-defined]
