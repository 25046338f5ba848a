"""The preview is what happens: the same channel, the same text, or the reason why nothing goes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from crmkit import Customer, Identity
from crmkit.model.consent import PURPOSES
from tests.outreach.kit import HOUR, Firm

SETTINGS: dict[str, Any] = {
    "caps": {"all": {"max": 1, "per": "day"}},
    "quiet_hours": {"start": "21:00", "end": "08:00"},
    "chain": ["mail", "sms", "call"],
}


def _somebody(firm: Firm, name: str, lot: random.Random) -> None:
    keys = [
        *([Identity("email", f"{name}@example.com")] if lot.random() < 0.7 else []),
        *([Identity("phone", f"+861380013800{name[1:]}")] if lot.random() < 0.6 else []),
    ]
    called = lot.choice(["Ann", "", "Ann\nBcc: all@example.com"])
    zone = lot.choice(["UTC", None, "America/New_York", "Asia/Shanghai"])
    firm.crm.customers.save(Customer(id=name, name=called, identities=tuple(keys), time_zone=zone))
    for purpose in PURPOSES:
        if lot.random() < 0.6:
            firm.agree(name, purpose, channel=lot.choice([None, "mail", "sms"]))
    if lot.random() < 0.2:
        firm.crm.consents.withdraw(name, "care", lot.choice([None, "mail"]), source="call")


@pytest.mark.row("R37", "R39")
@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_customers_are_like(seed: int):
    """Six of them and three occasions, by a channel that is named or chosen."""
    lot = random.Random(seed)
    firm = Firm(outreach=SETTINGS)
    names = [f"c{number}" for number in range(6)]
    for name in names:
        _somebody(firm, name, lot)
    firm.now += HOUR * lot.randrange(24)
    channels = {"mail": firm.mail, "sms": firm.sms, "call": firm.call}
    for occasion in "abc":
        how = {
            "purpose": lot.choice([*PURPOSES]),
            "occasion": occasion,
            "channel": lot.choice([None, "mail", "sms"]),
            "template": {"text": lot.choice(["hi", "{{ customer.name }}"]), "subject": "s"},
        }
        seen = {one.customer_id: one for one in firm.outreach.preview(names, **how)}
        before = {name: len(channel.sent) for name, channel in channels.items()}
        firm.send(*names, **how)
        sent = {
            message.customer_id: (name, message.text)
            for name, channel in channels.items()
            for message in channel.sent[before[name] :]
        }
        for name in names:
            told = seen[name]
            expected = None if told.reason else (told.channel, told.text)
            assert sent.get(name) == expected, (occasion, told, firm.rows(name, occasion))
    firm.crm.close()
