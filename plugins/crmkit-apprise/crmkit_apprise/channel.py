"""The channel: each message by an Apprise object of its own, and only as sure as Apprise is.

Apprise tells that a service took a message, and no id of it. Of a failure it tells what it logged:
where that is one HTTP status that means "not taken", the outcome is known; anything else (a
connection that broke, a timeout, an exception) may have been sent, and is ``unknown``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from crmkit.contracts.channel import Channel, Message, Receipt
from crmkit.contracts.lines import joined
from crmkit_apprise.settings import BETTER, PLACE, CustomerConfig, StaffConfig

TIMEOUT = 30.0
"""Seconds that one message may take."""
_STATUS = re.compile(r"error=(\d{3})\b")
_TOO_MUCH = frozenset({"429", "503"})
_ACCOUNT = frozenset({"301", "302", "303", "307", "308", "401", "402"})
_PERSON = frozenset({"400", "403", "404", "410", "413", "422"})
_NOT_A_LETTER = re.compile(r"[\W_]+")
_DROPPED = ("_invalid_targets", "invalid_targets")
"""Where services of Apprise's keep the recipients that they do not take."""
_LOADING = Lock()


class AppriseChannel(Channel):
    """One service of Apprise's; safe to use from several threads."""

    def __init__(self, config: CustomerConfig | StaffConfig) -> None:
        """Keep the settings; Apprise is imported when something is sent."""
        self._config = config
        self._customers = isinstance(config, CustomerConfig)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Send each message by an object of its own: an object would wait between two."""
        return [self._send(message) for message in messages]

    def _send(self, message: Message) -> Receipt:
        service = self._service(message)
        if isinstance(service, Receipt):
            return service
        title = joined(message.subject or "")
        if len(message.text) + len(title) + 2 > service.body_maxlen:
            # Apprise would cut it, or send it in pieces of which some may fail.
            return Receipt.refused(
                message, f"content: longer than {service.body_maxlen} characters"
            )
        if not message.text.strip() and not title:
            return Receipt.refused(message, "content: there is none")
        return self._receipt(message, _notify(service, title, message.text))

    def _service(self, message: Message) -> Any:
        """Make the service that reaches one recipient, or the receipt that says why not."""
        apprise = _apprise()
        url = self._config.service.reveal()
        if self._customers:
            if not message.to.strip() or not message.to.isprintable():
                return Receipt.refused(message, "address: there is none, or no printable one")
            url = url.replace(PLACE, quote(message.to.strip(), safe=""))
        service = apprise.Apprise.instantiate(url, asset=_asset())
        if service is None:
            if self._customers and apprise.Apprise.instantiate(
                self._config.service.reveal().replace(PLACE, "1234567890"), asset=_asset()
            ):
                return Receipt.refused(message, "address: the service does not take it")
            return Receipt.misconfigured(message, "Apprise knows no such service, or lacks a part")
        service.retry = 0  # only crmkit sends again
        service.redirects = False  # whatever its URL says
        schemas = {str(name) for name in service.schemas()}
        if schemas & BETTER.keys():
            return Receipt.misconfigured(
                message, "Apprise takes this service's failures for success"
            )
        if self._customers and (len(service) > 1 or not self._reaches(service, message.to)):
            # A service may drop an address that it does not like, and write to its owner instead.
            return Receipt.refused(message, "address: the service does not take it")
        return service

    def _reaches(self, service: Any, to: str) -> bool:
        """Tell whether a service took the recipient that its URL named.

        A service spells its URL out as it understood it; what was dropped is not in it, though the
        same letters may stand in the credential.
        """
        if any(getattr(service, name, None) for name in _DROPPED):
            return False
        if getattr(service, "targets", True) in ([], (), set(), {}):
            return False
        path, _, query = service.url(privacy=False).partition("?")
        wanted = _letters(to)
        if not wanted:
            return False
        alone = self._config.service.reveal().replace(PLACE, "").partition("?")[0]
        known, understood = (_letters(unquote(text)).count(wanted) for text in (alone, path))
        return understood > known or wanted in (_letters(value) for _, value in parse_qsl(query))

    def _receipt(self, message: Message, result: Any) -> Receipt:
        if result.status.name == "SUCCESS":
            return Receipt.accepted(message)
        told = [str(entry.message) for entry in result.logs()]
        codes = [code for line in told for code in _STATUS.findall(line)]
        if result.status.name == "FAILURE" and len(codes) == 1 and len(told) == 1:
            (code,) = codes
            if code in _TOO_MUCH:
                return Receipt.retry(message, "too much for now", code=code)
            if code in _ACCOUNT or (code in _PERSON and not self._customers):
                return Receipt.misconfigured(
                    message, "credential, account or address of the service", code=code
                )
            if code in _PERSON:
                return Receipt.refused(message, "the service does not write to him", code=code)
        words = "ran out of time" if result.status.name == "TIMEOUT" else "failed"
        return Receipt.unknown(
            message,
            f"the service {words}; Apprise does not say whether it took the message",
            code=codes[-1] if codes else None,
        )


def _apprise() -> Any:
    """Give the library, with all its services loaded."""
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> Any:
    with warnings.catch_warnings():
        # Some of its services import what Python will drop; that is no fault of the host's.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415 - 0.3 s

        apprise.Apprise.instantiate("json://localhost")
    return apprise


def _asset() -> Any:
    """Give what services share: nothing is kept on disk, and no secret is logged."""
    apprise = _apprise()
    memory = apprise.PersistentStoreMode.MEMORY
    return apprise.AppriseAsset(
        async_mode=False,
        http_redirects=False,  # what is posted to a moved place becomes an empty GET, and a success
        secure_logging=True,
        storage_mode=memory,
    )


def _notify(service: Any, title: str, text: str) -> Any:
    apprise = _apprise()
    sender = apprise.Apprise(asset=service.asset)
    sender.add(service)
    return sender.notify(
        title=title, body=text, body_format=apprise.NotifyFormat.TEXT, timeout=TIMEOUT
    )


def _letters(text: str) -> str:
    return _NOT_A_LETTER.sub("", text).lower()
