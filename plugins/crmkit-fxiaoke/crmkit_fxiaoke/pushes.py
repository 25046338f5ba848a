"""Pushes of the platform: who signed them, and which records they speak of.

Wire: ``FSCallbackController.java`` of the vendor's demo (github.com/openfxiaoke/demo). The message
is JSON of a ``type`` and a ``content``, itself JSON in a text. What it says of a changed record is
documented nowhere, so records are looked for by the names that the platform uses elsewhere; values
are never believed, the records are read anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from crmkit.contracts.connector import Hint
from crmkit.contracts.reading import loaded, mapping
from crmkit.contracts.sealed import opened, signature
from crmkit.contracts.signatures import fresh, refuse, same
from crmkit_fxiaoke.settings import FxiaokeConfig

_OBJECTS = frozenset(
    "objectapiname dataobjectapiname apiname objapiname objdescapiname objectdescribeapiname "
    "describeapiname objdescribeapiname entityid".split()
)
_IDS = frozenset(
    "id objectid dataid objectdataid objdataid objectids dataids objectdataids idlist ids".split()
)
_EVENTS = frozenset(
    "event eventtype operation operationtype op action actiontype triggertype".split()
)
_ENTITY, _ANY = re.compile(r"\w+(Obj|__c)"), re.compile(".+")
_DELETED = re.compile(r"delete|invalid|remove|作废|删除", re.IGNORECASE)
_DEEP = 12
_MILLISECONDS = 11  # digits of an instant from which it is told in thousandths


def received(config: FxiaokeConfig, body: bytes, now: datetime) -> tuple[Hint, ...]:
    """Read a push.

    Raises:
        SignatureInvalid: it is not the platform's, or too old.
    """
    if not config.token or not config.encoding_aes_key:
        refuse("token and encoding_aes_key are not set")
    found = mapping(loaded(body))
    stamp, nonce, content, sig = (
        str(found.get(name) or "") for name in ("timeStamp", "nonce", "content", "sig")
    )
    if not same(sig.lower(), signature(config.token.reveal(), stamp, nonce, content)):
        refuse("its sig is missing or wrong")
    if not (stamp.isascii() and stamp.isdigit()):
        refuse("its timeStamp is no number")
    seconds = int(stamp) / 1000 if len(stamp) >= _MILLISECONDS else int(stamp)
    fresh(seconds, now, config.push_tolerance)
    message = opened(content, config.encoding_aes_key.reveal())
    hints: dict[tuple[str, bool], dict[str, None]] = {}
    for entity, id_, deleted in _records(message.decode("utf-8", "replace"), "", "", 0):
        hints.setdefault((entity, deleted), {})[id_] = None
    return tuple(
        Hint(entity=entity, ids=tuple(ids), deleted=deleted)
        for (entity, deleted), ids in hints.items()
    )


def _records(value: Any, entity: str, event: str, depth: int) -> Iterator[tuple[str, str, bool]]:
    """Find the records in a message, whatever it is wrapped in."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value = loaded(value)
    if not isinstance(value, (list, Mapping)) or depth > _DEEP:
        return
    if isinstance(value, list):
        for one in value:
            yield from _records(one, entity, event, depth + 1)
        return
    told = {str(name).lower().replace("_", ""): one for name, one in value.items()}
    entity = _first(told, _OBJECTS, _ENTITY) or entity
    event = _first(told, _EVENTS, _ANY) or event
    for name, one in told.items():
        if name in _IDS and entity:
            for id_ in _texts(one):
                yield entity, id_, bool(_DELETED.search(event))
        if not (name in _IDS and isinstance(one, str)):
            yield from _records(one, entity, event, depth + 1)


def _texts(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, str) and part]


def _first(told: Mapping[str, Any], names: frozenset[str], fits: re.Pattern[str]) -> str:
    found = (told[name] for name in told if name in names)
    return next((one for one in found if isinstance(one, str) and fits.fullmatch(one)), "")
