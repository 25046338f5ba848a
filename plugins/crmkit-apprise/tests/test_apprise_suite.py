"""The laws of every channel, held by this one."""

from collections.abc import Mapping
from typing import Any

import pytest
from crmkit_apprise import hooks

from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite


class TestApprise(ChannelSuite):
    """Apprise's plugin that posts JSON, with a credential in its URL."""

    any_answer_is_success = True
    breaks_are_escaped = True

    def test_a_busy_provider_is_asked_later(self) -> None:  # type: ignore[override]
        """Apprise drops Retry-After: that it is asked later at all, another law shows."""
        pytest.skip("Apprise does not say for how long a provider is busy")

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return next(spec for spec in hooks.crmkit_channels() if spec.name == "apprise")

    @pytest.fixture
    def simulator(self, service: Any) -> Any:
        return service

    @pytest.fixture
    def settings(self, service: Any) -> Mapping[str, Any]:
        return {"service": f"json://lin:hunter22@{service.place}/{{to}}?rto=0.3"}

    def address(self, spec: ChannelSpec, number: int = 0) -> str:
        del spec
        return f"ann{number}"


class TestStaff(TestApprise):
    """The same to colleagues, whose place stands in the URL."""

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return next(spec for spec in hooks.crmkit_channels() if spec.name == "apprise.staff")

    @pytest.fixture
    def settings(self, service: Any) -> Mapping[str, Any]:
        return {"service": f"json://lin:hunter22@{service.place}/sales?rto=0.3"}
