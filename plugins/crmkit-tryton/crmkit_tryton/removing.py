"""Records that go: deleted or archived, and two parties made one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmkit.contracts.connector import Result
from crmkit_tryton.model import Model, changed
from crmkit_tryton.reading import found
from crmkit_tryton.refusals import refusal, refused
from crmkit_tryton.rpc import Refused, Rpc

_WIZARD = "wizard.party.replace"
_WARNINGS = 5  # that are accepted in one merge


def remove(rpc: Rpc, model: Model, ids: Sequence[str], *, archive: bool) -> list[Result]:
    """Delete records, or make them inactive; what others refer to is refused alone."""
    numbers = [int(one) for one in ids if one.isdecimal()]
    rows = found(rpc, model, numbers, model.columns(()))
    archive = archive and "active" in model.fields
    live = [n for n in numbers if n in rows and not (archive and not rows[n].get("active", True))]
    results = {one: Result(key=one, done="unchanged", remote_id=one) for one in ids}
    results.update(_removed(rpc, model, list(dict.fromkeys(live)), archive=archive))
    return [results[one] for one in ids]


def _removed(rpc: Rpc, model: Model, numbers: Sequence[int], *, archive: bool) -> dict[str, Result]:
    """Remove all in one call, or each in its own where that is refused."""
    if not numbers:
        return {}
    try:
        if archive:
            rpc.call(f"model.{model.name}.write", list(numbers), {"active": False})
        else:
            rpc.call(f"model.{model.name}.delete", list(numbers))
    except Refused as error:
        if len(numbers) == 1:
            key = str(numbers[0])
            return {key: refusal(key, error, model)}
        half = len(numbers) // 2
        parts = (numbers[:half], numbers[half:])
        return {
            k: v for part in parts for k, v in _removed(rpc, model, part, archive=archive).items()
        }
    return {str(one): Result(key=str(one), done="deleted", remote_id=str(one)) for one in numbers}


def merge(rpc: Rpc, model: Model, keep: str, drop: str) -> Result:
    """Replace a party by another with Tryton's own wizard, which moves what hangs on it.

    The wizard warns where the two have different names; that is accepted, as a click would be.
    """
    rows = found(rpc, model, [int(keep), int(drop)], model.columns(()))
    gone, stays = rows.get(int(drop)), rows.get(int(keep))
    if stays is None:
        return refused(drop, "gone", f"Tryton has no {model.name} {keep}")
    if gone is None or gone.get("replaced_by") == int(keep):
        return Result(key=drop, done="unchanged", remote_id=keep, changed_at=changed(stays))
    session = rpc.call(f"{_WIZARD}.create")[0]
    try:
        _replace(rpc, session, {"source": int(drop), "destination": int(keep)})
    except Refused as error:
        return refusal(drop, error, model)
    finally:
        rpc.call(f"{_WIZARD}.delete", session)
    after = found(rpc, model, [int(keep)], model.columns(())).get(int(keep), stays)
    return Result(key=drop, done="updated", remote_id=keep, changed_at=changed(after))


def _replace(rpc: Rpc, session: int, asked: Mapping[str, Any]) -> None:
    """Run the wizard, accepting what it warns of."""
    for turn in range(_WARNINGS):
        try:
            rpc.call(f"{_WIZARD}.execute", session, {"ask": dict(asked)}, "replace")
        except Refused as error:
            if not error.warning or turn == _WARNINGS - 1:
                raise
            accepted = {"user": rpc.user(), "name": error.warning, "always": False}
            rpc.call("model.res.user.warning.create", [accepted])
        else:
            return
