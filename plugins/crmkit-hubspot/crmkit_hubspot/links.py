"""Associations read and written as fields: a note's contact, a deal's company.

Wire: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/overview
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.contracts.connector import Result
from crmkit.contracts.reading import mapping, rows
from crmkit_hubspot.api import Api, refused
from crmkit_hubspot.errors import Error, errors_of
from crmkit_hubspot.schemas import BATCH, LINKS, Link

_FINE, _MISSING = range(200, 300), 404
_FORBIDDEN = 403


@attrs.frozen
class Links:
    """One object's associations.

    Attributes:
        api: The account.
        entity: The object.
    """

    api: Api
    entity: str

    def read(self, name: str, ids: Sequence[str]) -> Mapping[str, str | None] | None:
        """Give what each record points at; None: this account has no such association."""
        link, found = LINKS[self.entity][name], dict.fromkeys(ids)
        for start in range(0, len(ids), BATCH):
            told = self._told(link, ids[start : start + BATCH])
            if told is None:
                return None
            found |= {id_: _meant(link, to) for id_, to in told.items()}
        return found

    def made(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Word the associations of a record that is created with them."""
        return [
            {"to": {"id": str(values[name])}, "types": [_type(link)]}
            for name, link in LINKS.get(self.entity, {}).items()
            if values.get(name)
        ]

    def write(self, name: str, wanted: Mapping[str, str | None]) -> dict[str, Error]:
        """Let records point at others, and at nothing else; give what was refused, by id.

        Of companies only the label moves, since a record may belong to several.
        """
        link, ids = LINKS[self.entity][name], list(wanted)
        told = self._told(link, ids) or {}
        parted, joined = [], []
        for id_ in ids:
            now = [str(to.get("toObjectId")) for to in told.get(id_, ())]
            meant, target = _meant(link, told.get(id_, ())), wanted[id_]
            gone = [one for one in now if one != target]
            if link.main:
                gone = [meant] if meant and target is None else []
            parted += [{"from": {"id": id_}, "to": [{"id": one} for one in gone]}] if gone else []
            if target is not None and (target not in now or (link.main and meant != target)):
                joined.append({"from": {"id": id_}, "to": {"id": target}, "types": [_type(link)]})
        failed = self._post(link, "archive", parted)
        return {**failed, **self._post(link, "create", joined)}

    def _told(self, link: Link, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]] | None:
        path = self.api.links(self.entity, link.to, "read")
        answer = self.api.ask("POST", path, {"inputs": [{"id": one} for one in ids]})
        if answer.status == _MISSING:
            return {} if mapping(answer.data).get("category") else None
        if answer.status not in _FINE:
            refused(answer, path)
        return {
            str(mapping(one, "from").get("id")): rows(one, "to")
            for one in rows(answer.data, "results")
        }

    def _post(self, link: Link, verb: str, inputs: list[dict[str, Any]]) -> dict[str, Error]:
        if not inputs:
            return {}
        path = self.api.links(self.entity, link.to, verb)
        answer = self.api.ask("POST", path, {"inputs": inputs})
        if answer.status == _FORBIDDEN:
            refused(answer, path)
        found: dict[str, Error] = {}
        for error in errors_of(answer):
            named = [one for one in inputs if one["from"]["id"] in error.ids]
            found |= {one["from"]["id"]: error for one in named or inputs}
        return found


def unlinked(result: Result, name: str, error: Error) -> Result:
    """Say of a record that was written that its association was not."""
    return attrs.evolve(result, done=None, field=name, code=error.code, reason=error.reason)


def _meant(link: Link, to: Sequence[Mapping[str, Any]]) -> str | None:
    """Give the record that is meant: the one with the label, else the one with the least id."""
    ids = [str(one.get("toObjectId")) for one in to]
    labelled = [
        id_
        for id_, one in zip(ids, to, strict=True)
        if any(kind.get("typeId") == link.type for kind in rows(one, "associationTypes"))
    ]
    among = labelled if link.main and labelled else ids
    return min(among, key=lambda id_: (len(id_), id_), default=None)


def _type(link: Link) -> dict[str, Any]:
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link.type}
