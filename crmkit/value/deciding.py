"""What people decide about value: the model in force, declines, overrides."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import attrs

from crmkit.arguments import count, instance, number, refuse, show
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import decide
from crmkit.contracts.documents import restore
from crmkit.contracts.engine import Engine
from crmkit.contracts.runner import shard_of
from crmkit.contracts.session import Session
from crmkit.errors import InvalidValueError
from crmkit.model.value import Override, ValueModel
from crmkit.value.basis import Defaults, read_basis
from crmkit.value.calibrate import calibrate
from crmkit.value.comparing import compare
from crmkit.value.layout import Layout
from crmkit.value.movers import Movers
from crmkit.value.rebuild import rebuild_all
from crmkit.value.scoring import require_root
from crmkit.value.summed import rebuild_summed

_A_MODEL = "a ValueModel: make one, or read a file by crmkit.load_model(path)"


@attrs.frozen
class Decisions:
    """The half of ``crm.value`` that writes.

    Attributes:
        session: The open workspace.
        defaults: Model and kinds that hold before anything was decided.
    """

    session: Session
    defaults: Defaults

    # -- the model ---------------------------------------------------------------------

    def model(self) -> ValueModel:
        """Give the model in force."""
        with self.session.store.read() as reader:
            return read_basis(reader, self.defaults).layout.model

    def use(self, model: ValueModel, *, reason: str = "", by: str | None = None) -> ValueModel:
        """Put a model in force from now on; the states are rebuilt where it measures otherwise.

        Raises:
            InvalidValueError: it is no `ValueModel`.
        """
        instance("model", model, ValueModel, _A_MODEL)
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            decide(writer, "model", None, deciding, model.to_dict())
        rebuild_all(self.session.store, Layout(model, self.defaults.kinds), deciding.now)
        return model

    def compare(self, model: ValueModel) -> Movers:
        """Give what would move if `model` were put in force now, largest change first.

        Raises:
            InvalidValueError: it is no `ValueModel`.
        """
        instance("model", model, ValueModel, _A_MODEL)
        now = self.session.now()
        with self.session.store.read() as reader:
            basis = read_basis(reader, self.defaults)
            moved, make = compare(
                reader, basis, Layout(model, self.defaults.kinds), now, self.session.store
            )
        return Movers(moved, make)

    def calibrate(self) -> ValueModel:
        """Propose scales and half-lives from the data; put it in force with `use`."""
        with self.session.store.read() as reader:
            return calibrate(reader, read_basis(reader, self.defaults), self.session.now())

    def rebuild(self, *, shard: int = 0, shards: int = 1, engine: Engine | None = None) -> int:
        """Drop what is derived and build it anew from the logs; tell how many value states.

        Args:
            shard: Which part of the customers, 0 to ``shards - 1``.
            shards: Into how many parts they are split; 1: it is all of them.
            engine: What sums the log up in place of this process, all customers at once; whoever
                was touched since its log was written is folded here. None: nothing else does.

        Raises:
            InvalidValueError: there is no such shard; `field` names the argument.
            ExportError: the engine's log is no finished export of this workspace as it is now.
        """
        parts, part = count("shards", shards, 1), count("shard", shard)
        if part >= parts:
            refuse("shard", f"must be below shards, which is {parts}", part)
        with self.session.store.write() as writer:
            restore(writer)
        with self.session.store.read() as reader:
            layout = read_basis(reader, self.defaults).layout
        mine = None if parts == 1 else partial(_in_shard, part, parts)
        now = self.session.now()
        if engine is not None:
            if not isinstance(engine, Engine):
                refuse("engine", "must be an Engine, as a plugin's is opened", engine)
            if mine is not None:
                refuse("shards", "must be 1 where an engine sums up: it takes everybody", parts)
            return rebuild_summed(self.session.store, layout, now, engine)
        return rebuild_all(self.session.store, layout, now, everything=True, mine=mine)

    # -- what people decide ------------------------------------------------------------

    def decline(
        self,
        id: str,  # noqa: A002
        indicator: str,
        *,
        reason: str,
        by: str | None = None,
    ) -> Override:
        """Note that a customer asked not to be measured so; the weight is shared out."""
        return self._say("decline", id, indicator, reason, by)

    def override(  # noqa: PLR0913 - who, what, why, until when
        self,
        id: str,  # noqa: A002
        indicator: str,
        points: float,
        *,
        reason: str,
        until: datetime | None = None,
        by: str | None = None,
    ) -> Override:
        """Set one indicator's points until a date (exclusive); a newer one goes before it.

        Raises:
            InvalidValueError: points outside 0..100, or an `until` that has passed.
        """
        set_to = number("points", points, 0, 100)
        return self._say("override", id, indicator, reason, by, set_to, until)

    def reinstate(
        self,
        id: str,  # noqa: A002
        indicator: str,
        *,
        by: str | None = None,
        reason: str = "",
    ) -> Override:
        """Take back what was declined or overridden: the indicator is measured again."""
        return self._say("reinstate", id, indicator, reason, by)

    def _say(  # noqa: PLR0913 - the fields of the record
        self,
        kind: str,
        customer: str,
        indicator: str,
        reason: str,
        by: str | None,
        points: float | None = None,
        until: datetime | None = None,
    ) -> Override:
        deciding = self.session.deciding(reason, by)
        end = None if until is None else micros(until, "until")
        if end is not None and end <= deciding.now:
            message = f"until must lie ahead, got {until}: leave it out for no end"
            raise InvalidValueError(message, field="until")
        with self.session.store.write() as writer:
            require_root(writer, customer)
            model = read_basis(writer, self.defaults).layout.model
            names = [one.name for one in model.indicators]
            if indicator not in names:
                shown = show(indicator)
                message = f"model {model.version} has no indicator {shown}: one of {names}"
                raise InvalidValueError(message, field="indicator")
            body = {"indicator": indicator, "points": points, "until": end}
            seq = decide(writer, kind, customer, deciding, body)
        return Override(
            id=str(seq),
            customer_id=customer,
            indicator=indicator,
            points=points,
            since=instant(deciding.now),
            until=until,
            by=deciding.by,
            reason=reason,
        )


def _in_shard(shard: int, shards: int, customer: str) -> bool:
    return shard_of(customer, shards) == shard
