"""What a type checker must see in the plugin manager: read by mypy, never run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_type

from crmkit.contracts.channel import Channel, Message, Receipt
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import ChannelSpec, KindSpec, Refusal, StoreSpec
from crmkit.contracts.store import Store
from crmkit.plugins import PluginManager


def offers_have_types(manager: PluginManager) -> None:
    assert_type(manager.stores(), Mapping[str, StoreSpec])
    assert_type(manager.touchpoint_kinds(), Mapping[str, KindSpec])
    assert_type(manager.store("sqlite").open(None), Store)
    assert_type(manager.open_channel("console"), Channel)


def a_misspelt_hook_is_an_error(manager: PluginManager) -> None:
    manager.score_changed(["c1"], "default")  # type: ignore[attr-defined]


def so_is_a_wrong_argument(manager: PluginManager, message: Message) -> None:
    manager.scores_changed(["c1"], work_space="default")  # type: ignore[call-arg]
    manager.stages_changed([message], "default")  # type: ignore[list-item]
    assert_type(manager.refuse_send([message], "default", {}), dict[str, tuple[Refusal, ...]])


class Pigeon(Channel):
    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        return [Receipt.accepted(message) for message in messages]


class Hawk:
    pass


def make(_config: object) -> Pigeon:
    return Pigeon()


def a_spec_opens_what_its_contract_says() -> None:
    ChannelSpec(name="pigeon", open=make)
    ChannelSpec(name="pigeon", open="crmkit_pigeon:Pigeon")
    ChannelSpec(name="hawk", open=lambda _: Hawk())  # type: ignore[arg-type, return-value]


def a_secret_is_no_text(secret: Secret) -> str:
    return secret  # type: ignore[return-value]
