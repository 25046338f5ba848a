"""What is ours sent to the CRM: what changed, in batches, each result kept before the next call.

A record that the CRM could make twice is never sent blindly: it has a match by which the CRM finds
it, or it is noted as being made before the call, and read for before it is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.capture.exact import Fault
from crmkit.model.sync import OURS, THEIRS
from crmkit.sync.applying import inward, settle
from crmkit.sync.checking import objection
from crmkit.sync.choosing import awaited_no_more, chunks
from crmkit.sync.comparing import Verdict, compare
from crmkit.sync.concepts.base import Draft, Local
from crmkit.sync.fields import CUSTOMERS
from crmkit.sync.pairs import LINKED, MAKING, UNREAD, WANTED, Pair, packed
from crmkit.sync.passing_on import delete_there, follow_gone, merge_there
from crmkit.sync.referring import Waiting
from crmkit.sync.sending import Sender
from crmkit.sync.sendings import Sending
from crmkit.sync.tally import UPDATE
from crmkit.sync.track import Track, filled
from crmkit.sync.values import Value, empty


def write_changes(track: Track) -> None:
    """Send everything of ours that changed since the last run."""
    with track.session.store.read() as reader:
        upto = reader.watermark()
        track.pairs.look(reader)
    sender = Sender(track)
    for mark, keys in chunks(track, upto):
        _Chunk(track, sender).run(keys)
        sender.mark(mark)
    sender.mark(upto)
    awaited_no_more(track)
    sender.finish()
    merge_there(track)
    delete_there(track)


@attrs.define
class _Chunk:
    """A few hundred of our records being looked at."""

    track: Track
    sender: Sender
    kept_out: dict[str, str | None] = attrs.field(factory=dict)
    drafts: list[Draft] = attrs.field(factory=list)
    undone: dict[str, Verdict] = attrs.field(factory=dict)
    sendings: list[Sending] = attrs.field(factory=list)

    def run(self, keys: Sequence[str]) -> None:
        """Look at each, undo here what is theirs, and send what is ours."""
        track = self.track
        with track.session.store.read() as reader:
            pairs = track.pairs.of(reader, keys)
            locals_ = track.locals(reader, keys)
            missing = [key for key in keys if key not in locals_]
            missing += _brought(locals_, pairs)
            pairs |= track.pairs.of(reader, missing) if missing else {}
            gone = track.concept.gone(reader, missing) if missing else {}
            references = track.references(reader, locals_.values())
            held = track.cases.held(reader, THEIRS, keys)
            self.kept_out = track.cases.fields(reader, OURS, keys)
            follow_gone(track, reader, gone, pairs)
        for key in held.keys() & gone.keys():
            track.cases.release(THEIRS, key)
        for key, local in locals_.items():
            self._look(local, pairs.get(key), references, held.get(key))
        self._undo()
        twins = self._twins()
        for one in self.sendings:
            self.sender.add(one, twin=twins.get(one.key) if twins else None)

    def _twins(self) -> dict[str, str]:
        """Give who is in step already, by those to be made whom the CRM could not tell from him."""
        track, rule = self.track, self.track.matching
        if rule is None or not self.sendings:
            return {}
        made = (one.local for one in self.sendings if one.creates)
        with track.session.store.read() as reader:
            return track.concept.twins(reader, rule.ours, made)

    def _look(self, local: Local, pair: Pair | None, references: Any, held: str | None) -> None:
        track = self.track
        if pair is None or pair.state in (MAKING, WANTED):
            if track.outward and (local.selected or pair is not None):
                self._create(local, pair, references, held)
        elif pair.state == LINKED and pair.changed == UNREAD and not track.dry:
            track.pairs.put(pair._replace(due=1))
            track.tally.again = True  # what it says is taken in before
        elif pair.state == LINKED:
            self._update(local, pair, references, held)

    def _create(self, local: Local, pair: Pair | None, references: Any, held: str | None) -> None:
        track = self.track
        if pair is not None and pair.state == MAKING and not _read_since(track, pair):
            return  # the CRM may still show it later: it is looked for again in the next run
        said, faults = track.spoken(local, {}, references)
        owed, faults = _owed(track, faults) if faults else (False, faults)
        if faults and any(isinstance(fault, Waiting) for fault in faults):
            key, now = track.concept.waiting(local), track.session.now()
            if pair is not None and key != pair.ours:
                track.pairs.drop(pair.ours)
            track.pairs.put(track.pairs.begin(key, WANTED, now, customer=local.customer))
            return
        for name, default in track.defaults.items():
            if empty(said.get(name)):
                said[name] = default
        values = said if all(said.values()) else filled(said)
        sending = Sending(
            pair=pair, local=local, said=said, values=values, base={}, creates=True, owed=owed
        )
        if owed:
            track.tally.again = True
        self._queue(sending, faults, held)

    def _update(self, local: Local, pair: Pair, references: Any, held: str | None) -> None:
        track = self.track
        base = pair.base
        said, faults = track.spoken(local, base, references)
        owed, faults = _owed(track, faults, there=True) if faults else (False, faults)
        if pair.customer != local.customer:  # who is to wake it
            pair = pair._replace(customer=local.customer)
            track.pairs.put(pair)
        verdict = compare(
            track.rules, base, track.pairing(local, said, None, pair), track.normaliser
        )
        pair = settle(track, pair, verdict)
        asked = {
            name: said[name]
            for name, one in base.items()
            if one.asked and name in said and name not in verdict.settled
        }
        if asked:
            with track.session.store.read() as reader:
                track.cases.retell(reader, local.key, asked)
        if verdict.take:
            self._take(local, pair, verdict)
        values = {name: value for name, value in verdict.send.items() if track.outward}
        if not values and not faults:
            track.tally.unchanged += not verdict.take
            if held is not None:  # what was refused is not to be sent any more
                track.cases.release(THEIRS, local.key)
            due = 1 if owed else None
            if pair.due != due or verdict.base != base:
                track.pairs.put(pair._replace(due=due, fields=packed(verdict.base)))
            return
        left = self._left(local.key, values)
        if not left and not faults:
            if not pair.due:
                track.pairs.put(pair._replace(due=1))
            return
        verdict.base |= {name: base[name] for name in values.keys() - left.keys() if name in base}
        sending = Sending(
            pair=pair,
            local=local,
            said=said,
            values=left,
            base=verdict.base,  # itself: `_undo` says in it how ours stand
            creates=False,
            owed=owed,
        )
        self._queue(sending, faults, held)

    def _left(self, key: str, values: dict[str, Value]) -> dict[str, Value]:
        """Give what may be sent: what was said of a record there, and refused here, stays there.

        Where nobody knows for which field's sake it was refused, nothing of it is sent.
        """
        if key not in self.kept_out:
            return values
        field = self.kept_out[key]
        rules = self.track.rules
        out = {rule.ours for rule in rules if field in (rule.ours, rule.theirs)}
        return {name: one for name, one in values.items() if name not in out} if out else {}

    def _queue(self, sending: Sending, faults: Sequence[Any], held: str | None) -> None:
        """Send a record, unless it stands in quarantine as it is, or cannot be said there."""
        track, key = self.track, sending.local.key
        if held is not None and held == sending.hash and not track.retry:
            return
        where = objection(track, sending, faults) if faults or track.lengths else None
        if where is not None:
            field, reason = where
            track.cases.refuse(
                THEIRS,
                key,
                reason,
                at=track.session.now(),
                hash=sending.hash,
                customer=sending.local.customer,
                field=field,
            )
            return
        self.sendings.append(sending)

    def _take(self, local: Local, pair: Pair, verdict: Verdict) -> None:
        """Undo here what was changed of fields that are theirs."""
        track, remote_id = self.track, pair.theirs or ""
        try:
            with track.session.store.read() as reader:
                values = inward(track, reader, verdict.take)
        except Fault:
            return  # it was theirs when it came, and was refused then
        if track.dry:
            fields = {name: (local.values.get(name), value) for name, value in values.items()}
            said = {"key": local.key, "remote_id": remote_id, "name": local.name}
            track.note(UPDATE, OURS, fields=fields, why="the field is theirs", **said)
            track.patches.setdefault(local.key, {}).update(values)
        self.drafts.append(Draft(key=local.key, values=values, remote_id=remote_id))
        self.undone[local.key] = verdict

    def _undo(self) -> None:
        """Write the drafts here, and keep how ours stand then.

        That need not be theirs: what somebody who was merged into a customer brought along shows
        again once the customer's own is empty, and is not to be undone for ever.
        """
        track = self.track
        if not self.drafts or track.dry:
            return
        with track.writing() as writer:
            applied = track.concept.apply(writer, self.drafts)
            after = track.locals(writer, self.undone)
            pairs = track.pairs.of(writer, after)
            references = track.references(writer, after.values())
            for key, local in after.items():
                base, verdict = pairs[key].base, self.undone[key]
                said, _ = track.spoken(local, base, references)
                for name in verdict.take.keys() & said.keys() & base.keys():
                    base[name] = verdict.base[name] = base[name]._replace(ours=said[name])
                pairs[key] = pairs[key]._replace(fields=packed(base))
                track.pairs.put(pairs[key])
        for one in self.sendings:  # should nobody take it there, it is this that stands
            one.pair = pairs.get(one.key, one.pair)
        track.tally.add(UPDATE, sum(one.key is not None for one in applied))


def _brought(locals_: Mapping[str, Local], pairs: Mapping[str, Pair]) -> list[str]:
    """Give who was merged into those without a record there: theirs may be had, and none is made.

    The merge itself may come much later in our own order than whoever stays.
    """
    return [
        key
        for local in locals_.values()
        if local.merged and (local.key not in pairs or pairs[local.key].there is None)
        for key in local.merged
    ]


def _owed(track: Track, faults: list[Fault], *, there: bool = False) -> tuple[bool, list[Fault]]:
    """Take out the references that may follow, once whom they name is there, and tell of them.

    A customer goes over before his parent, or without one who never does. Of what is there already
    any may follow; a record about a customer need not be looked at until he is: he wakes it.
    """
    customers = track.rule.concept == CUSTOMERS
    kept = [
        fault
        for fault in faults
        if not isinstance(fault, Waiting)
        or not (there or (customers and not _required(track, fault)))
    ]
    return customers and len(kept) < len(faults), kept


def _required(track: Track, fault: Fault) -> bool:
    return track.fields[track.by_ours[fault.field].theirs].required


def _read_since(track: Track, pair: Pair) -> bool:
    """Tell whether a record that may have been made would show by now."""
    if not track.can("eventual"):
        return True
    return track.session.now() - pair.at > track.overlap * 1_000_000
