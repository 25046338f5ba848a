"""Suppressed addresses: nothing goes there, whoever has them, and no key, no look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import crmkit
from crmkit.capture.tombstones import VARIABLE, check_key, no_key
from crmkit.contracts.store import Store
from crmkit.contracts.tables import META, SUPPRESSION
from crmkit.errors import ConfigError
from crmkit.outreach.suppression import Suppressed, Suppressions, suppress, unsuppress
from crmkit.stores import open_store

DEAD, LIVE = ("email", "dead@x.org"), ("email", "live@x.org")


def key() -> bytes:
    return b"a secret of thirty-two characters"


def gone(pair: tuple[str, str] = DEAD, **more: Any) -> Suppressed:
    return Suppressed(**{"pair": pair, "reason": "5.1.1", "source": "bounce", **more})


@pytest.fixture
def store() -> Store:
    return open_store("memory://")


@pytest.mark.row("R74")
def test_what_is_suppressed_is_told_and_not_readable(store: Store):
    """The reason comes back for the address alone; the table holds a hash."""
    with store.write() as writer:
        assert suppress(writer, key, [gone(), gone(), gone(LIVE, channel="sms")], now=5) == 2
        assert suppress(writer, key, [gone(reason="complained")], now=6) == 0
    with store.read() as reader:
        known = Suppressions(reader, key)
        assert known.among([DEAD, LIVE]) == {DEAD: "5.1.1"}
        assert known.among([DEAD, LIVE], ("sms", "sms")) == {DEAD: "5.1.1", LIVE: "5.1.1"}
        assert known.among([DEAD, LIVE], ["email"]) == {DEAD: "5.1.1"}
        assert known.among([("emai", "ldead@x.org")]) == {}
        assert "dead@x.org" not in str(list(reader.scan(SUPPRESSION)))


def test_nobody_is_asked_for_a_key_before_anything_was_suppressed(store: Store):
    """A host without a key sends; one that has suppressed and lost the key sends nothing."""
    with store.write() as writer:
        assert unsuppress(writer, no_key, [DEAD]) == 0
        assert not Suppressions(writer, no_key)
        assert suppress(writer, no_key, [], now=5) == 0
        suppress(writer, key, [gone()], now=5)
    lost: list[Callable[[], bytes]] = [no_key, lambda: b"another secret, as long as that"]
    for wrong in lost:
        with store.read() as reader, pytest.raises(ConfigError) as error:
            Suppressions(reader, wrong)
        assert error.value.key == VARIABLE  # type: ignore[attr-defined]


def test_an_address_can_be_used_again(store: Store):
    """What was suppressed for one channel alone is not what was for all."""
    with store.write() as writer:
        suppress(writer, key, [gone(), gone(channel="sms")], now=5)
        assert unsuppress(writer, key, [DEAD, LIVE]) == 1
        assert Suppressions(writer, key).among([DEAD], ["sms"]) == {DEAD: "5.1.1"}
        assert unsuppress(writer, key, [DEAD], channel="sms") == 1
        assert not Suppressions(writer, no_key)


def test_the_key_is_the_one_of_erasures(store: Store):
    """One proof stands for both, so that neither can be gone on with under another key."""
    with store.write() as writer:
        suppress(writer, key, [gone()], now=5)
        assert [row[0] for row in writer.scan(META)] == ["erasure-key"]
        with pytest.raises(ConfigError):
            check_key(writer, lambda: b"another secret, as long as that")


@pytest.mark.row("R74")
def test_an_erasure_leaves_the_suppression():
    """Whoever asked to be forgotten is not written to again, if he comes back by another list."""
    with crmkit.connect("memory://", plugins=[]) as crm:
        whose = crmkit.Customer(identities=(crmkit.Identity(*DEAD),))
        id_ = crm.customers.save(whose).id
        with crm.session.store.write() as writer:
            suppress(writer, crm._key, [gone()], now=5)
        crm.customers.erase(id_, reason="asked")
        with crm.session.store.read() as reader:
            assert Suppressions(reader, crm._key).among([DEAD]) == {DEAD: "5.1.1"}
