"""The records of the contracts: made cheaply, opened late, and sent over JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.channel import OUTCOMES, Delivery, Message, Receipt, Template
from crmkit.contracts.connector import RetryLater, SyncError, Upsert
from crmkit.contracts.runner import Job, Runner, shard_of
from crmkit.contracts.specs import (
    ChannelSpec,
    CommandSpec,
    ConnectorSpec,
    KindSpec,
    Limits,
    ReferenceSpec,
    RunnerSpec,
    StoreConfig,
    StoreSpec,
)
from crmkit.errors import ConfigError, CrmkitError, InvalidValueError
from crmkit.plugins import hookimpl
from crmkit.testing.plugins import manager_for

MESSAGE = Message(id="m1", customer_id="c1", to="loft 7", purpose="care", text="咕咕")


@attrs.frozen
class Wings:
    """Settings of a connector and a runner."""

    span: int


class Flock(Runner):
    """Does no job."""

    def __init__(self, wings: Wings) -> None:
        self.wings = wings

    def submit(self, *_: object, **__: object) -> None:
        raise NotImplementedError

    work = submit


@pytest.mark.parametrize("opened", [None, "a pigeon", dict], ids=str)
def test_what_is_opened_is_what_was_offered(opened: object) -> None:
    """A function that forgot its return, or gives anything else, is told before it is used."""
    spec = ChannelSpec(name="pigeon", open=lambda _: opened)

    with pytest.raises(TypeError, match="pigeon: opening it must give a Channel, gave"):
        spec.open()


@pytest.mark.parametrize(
    ("spec", "wrong", "words"),
    [
        (ChannelSpec, {"open": dict, "config": dict}, "config must be an attrs class"),
        (StoreSpec, {"open": dict, "config": Wings(3)}, "config must be an attrs class"),
        (ChannelSpec, {"open": dict, "identity": 5}, "identity"),
        (ChannelSpec, {"open": dict, "limits": {"batch": 3}}, "limits"),
        (
            ReferenceSpec,
            {"repoint": print, "export": print, "erase": None},
            "erase must be a function",
        ),
        (
            ReferenceSpec,
            {"repoint": print, "export": print, "erase": print, "unmerge": "x:y"},
            "unmerge must be a function",
        ),
    ],
)
def test_a_spec_that_cannot_work_is_refused_when_it_is_made(
    spec: type, wrong: dict[str, object], words: str
) -> None:
    """Not months later, when somebody is to be erased: the line names the attribute."""
    with pytest.raises((InvalidValueError, TypeError), match=words):
        spec(name="nest", **wrong)


@pytest.mark.parametrize("name", ["", "Pigeon", "1st", "a b", "a" * 65, "鸽", 3])
@pytest.mark.parametrize("spec", [ChannelSpec, KindSpec, CommandSpec])
def test_a_name_can_be_typed(spec: type, name: object) -> None:
    """Names go into URLs, files and commands: small letters, digits and a few signs."""
    needed = {ChannelSpec: {"open": dict}, CommandSpec: {"command": "x:y"}}.get(spec, {})

    with pytest.raises(InvalidValueError, match="must start with a letter"):
        spec(name=name, **needed)


def test_one_capability_may_stand_alone() -> None:
    """A word is a word, and not its letters."""
    assert ChannelSpec(name="pigeon", open=dict, capabilities="poll").capabilities == {"poll"}


def test_what_is_offered_is_imported_when_it_is_opened() -> None:
    """A place that is not there costs nothing before, and says so then."""
    spec = ChannelSpec(name="pigeon", open="crmkit_not_there:Pigeon")

    with pytest.raises(ModuleNotFoundError, match="crmkit_not_there"):
        spec.open()
    assert CommandSpec(name="x", command="json:dumps").load() is json.dumps
    assert CommandSpec(name="x", command=print).load() is print


def test_a_channel_without_settings_takes_none() -> None:
    """Settings for what has none are a mistake that is told."""
    spec = ChannelSpec(name="pigeon", open=dict)

    assert spec.configure({}) is None
    with pytest.raises(ConfigError, match=r"^channels\.pigeon\.loft: is no setting$"):
        spec.configure({"loft": "north"})


def test_connectors_and_runners_are_opened_with_their_settings() -> None:
    """The manager checks the settings, and hands them over as the class that was declared."""
    plugin = SimpleNamespace(
        crmkit_connectors=hookimpl(lambda: [ConnectorSpec(name="ledger", open=list, config=Wings)]),
        crmkit_runners=hookimpl(lambda: [RunnerSpec(name="flock", open=Flock, config=Wings)]),
    )
    manager = manager_for(plugin)

    assert manager.open_runner("flock", {"span": 3}).wings == Wings(3)
    with pytest.raises(ConfigError, match=r"^connectors\.ledger\.span: is required$"):
        manager.open_connector("ledger")


def test_a_stores_url_is_not_in_its_repr() -> None:
    """The URL may carry a password."""
    assert "hunter2" not in repr(StoreConfig(url="postgresql://lin:hunter2@db/shop"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": 0},
        {"unit": "words"},
        {"text": 0},
        {"per_second": 0},
        {"per_second": float("nan")},
        {"per_day": -1},
        {"batch": "3"},
    ],
    ids=str,
)
def test_limits_make_sense(wrong: dict[str, object]) -> None:
    """A batch holds one message at least, and a text is counted in characters or bytes."""
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
        Limits(**wrong)


def test_a_receipt_says_one_of_five_things() -> None:
    """Each outcome has its own way to say it, and carries the message's id."""
    receipts = [
        Receipt.accepted(MESSAGE, "p-1"),
        Receipt.retry(MESSAGE, "busy", after=30.0),
        Receipt.refused(MESSAGE, "no such loft", code="5.1.1"),
        Receipt.misconfigured(MESSAGE, "no credit"),
        Receipt.unknown(MESSAGE, "timed out"),
    ]

    assert tuple(receipt.outcome for receipt in receipts) == OUTCOMES
    assert {receipt.message_id for receipt in receipts} == {"m1"}
    with pytest.raises(ValueError, match="outcome"):
        Receipt(message_id="m1", outcome="sent")
    with pytest.raises(ValueError, match="what"):
        Delivery(what="read")
    with pytest.raises(ValueError, match="purpose"):
        Message(id="m1", customer_id="c1", purpose="spam")


@pytest.mark.parametrize(
    "record",
    [
        attrs.evolve(MESSAGE, template=Template(code="T1", values={"name": "王"})),
        Receipt.retry(MESSAGE, "busy", after=30.0),
        Delivery(what="replied", text="好"),
        Upsert(key="k", match=("Email", "a@b.cn"), values={"a": [1, None]}),
        Job(id="j", name="rescore", shard=1, shards=2),
    ],
    ids=lambda record: type(record).__name__,
)
def test_records_go_over_json_and_come_back(record: Message) -> None:
    """What crosses a queue or a process is the same on the other side."""
    plain = json.loads(json.dumps(record.to_dict()))

    assert type(record).from_dict(plain) == record


@given(st.text(), st.integers(1, 64))
def test_a_customer_has_one_shard(customer_id: str, shards: int) -> None:
    """Every customer falls into one of the shards."""
    assert 0 <= shard_of(customer_id, shards) < shards


def test_a_shard_is_the_same_in_every_process() -> None:
    """Python's own hash differs from process to process; a shard must not."""
    code = "from crmkit.contracts.runner import shard_of; print(shard_of('c-1', 1000))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(done.stdout) == shard_of("c-1", 1000)


def test_an_error_of_a_sync_tells_what_happens_next() -> None:
    """The facts of a throttle are attributes, and one base class catches all."""
    error = RetryLater("slow down", after=30.0, kind="burst")

    assert (error.after, error.kind) == (30.0, "burst")
    assert isinstance(error, SyncError)
    assert isinstance(error, CrmkitError)


def test_a_capability_that_is_none_is_named() -> None:
    """Misspelt, it would be one that nobody asks for; the nearest is told."""
    with pytest.raises(InvalidValueError, match=r"'recieve' is no .*'receive'") as refused:
        ChannelSpec(name="pigeon", open=SimpleNamespace, capabilities={"poll", "recieve"})

    assert refused.value.field == "capabilities"  # type: ignore[attr-defined]
