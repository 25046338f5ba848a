"""Laws of what the remote's webhook brings: forgeries, and hints that are only hints."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from crmkit.contracts.channel import Response
from crmkit.contracts.connector import Connector, Hint
from crmkit.contracts.specs import ConnectorSpec
from crmkit.errors import InvalidValueError, SignatureInvalid
from crmkit.testing.connector_base import ConnectorLaws
from crmkit.testing.kit import STRANGE, Incoming, needs


def heard(connector: Connector, call: Incoming) -> tuple[Sequence[Hint], Response]:
    """Hand a call to the connector, as the engine does."""
    return connector.receive(call.headers, call.body, method=call.method, url=call.url)


class CallLaws(ConnectorLaws):
    """One law a test."""

    @pytest.fixture
    def call(self, connector: Connector, spec: ConnectorSpec, simulator: Any) -> Incoming:
        """Give a sound call of the remote's."""
        needs(spec, "receive")
        made = self.signed_call(connector, simulator)
        if made is None:
            pytest.skip("override `signed_call`: a call as the remote signs it")
        return made

    def test_a_sound_call_is_read(self, connector: Connector, call: Incoming) -> None:
        """A rightly signed call says which records to read again, and has an answer."""
        hints, response = heard(connector, call)
        assert hints
        for hint in hints:
            assert isinstance(hint, Hint)
            assert hint.entity in connector.entities(), hint
            assert all(isinstance(one, str) and one for one in hint.ids), hint
        assert isinstance(response, Response)
        assert isinstance(response.body, bytes)

    def test_header_names_come_in_any_case(self, connector: Connector, call: Incoming) -> None:
        """Servers spell the names of headers as they like."""
        expected = heard(connector, call)[0]
        for spelling in (str.upper, str.lower, str.title):
            headers = {spelling(name): value for name, value in call.headers.items()}
            assert list(heard(connector, attrs.evolve(call, headers=headers))[0]) == list(expected)

    def test_the_same_call_again(self, connector: Connector, call: Incoming) -> None:
        """A call that comes twice says the same twice: reading again does no harm."""
        first, second = (heard(connector, call)[0] for _ in range(2))
        assert list(first) == list(second)

    def test_a_forged_call_is_refused(self, connector: Connector, call: Incoming) -> None:
        """A call that was changed on its way raises SignatureInvalid."""
        with pytest.raises(SignatureInvalid):
            heard(connector, self.forged(call))

    def test_an_unsigned_call_is_refused(self, connector: Connector, call: Incoming) -> None:
        """A call without its signature raises SignatureInvalid."""
        with pytest.raises(SignatureInvalid):
            heard(connector, self.unsigned(call))

    @pytest.mark.parametrize("body", STRANGE, ids=lambda body: repr(body[:9]))
    def test_a_strange_body(
        self, connector: Connector, spec: ConnectorSpec, simulator: Any, body: bytes
    ) -> None:
        """A body nobody can read raises SignatureInvalid or InvalidValueError, or tells nothing."""
        needs(spec, "receive")
        sound = self.signed_call(connector, simulator)
        signed = self.signed_call(connector, simulator, body) if body else None
        calls = [Incoming(headers={}, body=body)]
        calls += [attrs.evolve(sound, body=body)] if sound else []
        calls += [signed] if signed else []
        for call in calls:
            try:
                hints, response = heard(connector, call)
            except (SignatureInvalid, InvalidValueError):
                continue
            except Exception as error:  # noqa: BLE001 - whatever it raises, it is the wrong one
                pytest.fail(f"raised {type(error).__name__}, not InvalidValueError: {error}")
            assert list(hints) == []
            assert isinstance(response, Response)
