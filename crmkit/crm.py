"""The facade: a `CRM` has one namespace a concept, and no logic of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Self

import attrs

from crmkit.arguments import ID_LIMIT, text
from crmkit.capture.changes import changes
from crmkit.capture.customers import Customers
from crmkit.capture.engine import OnReject
from crmkit.capture.hook import Captures
from crmkit.capture.intake import Intake, Take
from crmkit.capture.tombstones import Key, key_of
from crmkit.capture.touchpoints import Touchpoints
from crmkit.care.feedback import Feedback
from crmkit.care.feedback.policy import FeedbackPolicy
from crmkit.care.key_accounts import KeyAccounts
from crmkit.care.namespace import Care
from crmkit.care.reports import Reports
from crmkit.care.standards import Standards
from crmkit.care.statistics import report
from crmkit.care.targets.namespace import Targets
from crmkit.care.targets.policy import TargetSettings
from crmkit.config import Config
from crmkit.contracts.session import Session
from crmkit.contracts.store import Writer
from crmkit.errors import StoreError
from crmkit.jobs.namespace import Jobs
from crmkit.jobs.opening import Desk
from crmkit.lifecycle.ended import mark
from crmkit.lifecycle.funnel.namespace import Funnel
from crmkit.lifecycle.funnel.policy import FunnelPolicy
from crmkit.lifecycle.namespace import Lifecycle
from crmkit.lifecycle.opening import guide, lifecycle_settings
from crmkit.lifecycle.rules import offered_rules
from crmkit.lifecycle.world import Guide
from crmkit.market import Market
from crmkit.model.lifecycle import Move
from crmkit.model.log import Change, Decision
from crmkit.model.statistics import Statistics
from crmkit.model.touchpoint import KINDS, CaptureReport, Rejection, Touchpoint
from crmkit.outreach.consents import Consents
from crmkit.outreach.lines import Lines
from crmkit.outreach.namespace import Outreach
from crmkit.outreach.opening import Outfit, open_setup
from crmkit.plugins import PluginManager
from crmkit.plugins.records import MissingPlugin
from crmkit.relied import Relied, kinds_of, model_of
from crmkit.sync.namespace import Sync
from crmkit.sync.opening import open_setup as open_sync
from crmkit.value.basis import Defaults
from crmkit.value.namespace import Value


class CRM:
    """One open workspace: the names of every concept, and no logic of its own.

    Thread-safe and synchronous; a context manager that closes itself.
    """

    def __init__(self, session: Session, config: Config, plugins: PluginManager) -> None:
        self.session = session
        self.config = config
        self.plugins = plugins

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections to database and channels back; closing twice does nothing."""
        with ExitStack() as closing:  # a plugin that cannot be closed keeps nothing else open
            closing.callback(self.session.store.close)
            closing.callback(self._lines.close)
            closing.callback(self._desk.close)
            if "sync" in self.__dict__:
                closing.callback(self.sync.close)

    def as_actor(self, name: str) -> CRM:
        """Give the same connection for somebody else.

        Raises:
            InvalidValueError: `name` is no text, or empty.
        """
        actor = text("name", name, ID_LIMIT, least=1)
        return self._with(attrs.evolve(self.session, actor=actor))

    def using(self, connection: Any) -> CRM:
        """Give the same workspace inside the host's own database transaction.

        What is written by it is committed or undone by the host, and plugins are told after the
        host's commit. Where the host has no transaction open, since its connection commits each
        statement by itself, each call is a transaction of its own.

        Args:
            connection: A SQLAlchemy connection to the same database, which a session gives by
                ``session.connection()``; or Django's, ``django.db.connection``, which may be
                joined once for all threads and requests.

        Raises:
            StoreError: this store cannot take part in a transaction of the host's.
            InvalidValueError: `connection` is none of these, or one of another kind of database.
        """
        store = self.session.store
        if not hasattr(store, "using"):
            raise StoreError(f"a {store.name} store has no transactions of the host's to join")
        session = attrs.evolve(self.session, store=store.using(connection))
        return self._with(session)

    # -- touchpoints in ----------------------------------------------------------------

    def capture(
        self,
        records: Iterable[Mapping[str, Any] | Touchpoint | Rejection],
        source: str | None = None,
        *,
        on_reject: OnReject | None = None,
    ) -> CaptureReport:
        """Take records in: any iterable of dicts or `Touchpoint`s, in batches.

        Args:
            records: What happened, in the fields of `Touchpoint`.
            source: Name of the system of records that name none.
            on_reject: Called with each `Rejection` instead of keeping it in the report.

        Raises:
            StoreError: the database failed; what was reported stays, and the same call goes on.
            InvalidValueError: `records` is no iterable; one record alone goes into a list.
        """
        self._relied.remember()
        return self._intake.capture(records, source, on_reject=on_reject)

    @cached_property
    def captures(self) -> Captures:
        """Make a decorator: ``@crm.captures(kind="purchase")`` captures what a function returns."""
        return Captures(self.capture, self.session.clock)

    def changes(self, after: str | None = None, limit: int = 1000) -> tuple[Change, ...]:
        """Give what changed behind a cursor, in commit order, with no gap.

        Args:
            after: The cursor of the last change that was seen; None: from the beginning.
            limit: At most so many, 1 and more.

        Raises:
            InvalidValueError: `after` is no cursor, or `limit` no number of rows.
        """
        with self.session.store.read() as reader:
            return changes(reader, after, limit)

    def report(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        step: Callable[[int], object] | None = None,
    ) -> Statistics:
        """Count customers and touchpoints: by kind, source, tier and stage, captured and typed.

        Args:
            since: Touchpoints from here on; None: from the first.
            until: Touchpoints before this; None: to the last.
            step: Told now and then how many were counted, for a progress bar.

        Raises:
            InvalidValueError: `until` lies before `since`; `NaiveTimeError`: one has no offset.
        """
        return report(self.session, since, until, step)

    def missing_plugins(self) -> tuple[MissingPlugin, ...]:
        """Name the plugins that this workspace relies on, and that are installed no more."""
        return self._relied.missing()

    def forget_plugin(self, name: str, *, reason: str, by: str | None = None) -> Decision:
        """Say that a plugin was removed for good: nothing of this workspace waits for it any more.

        Scoring, sending, merging, exporting and erasing go on without what it declared. What it
        kept about customers itself is out of reach from then on: who is erased later stays there.

        Args:
            name: Its distribution, as the error that stopped names it.
            reason: Why, at least a character; it is recorded.
            by: Who says so; None: the actor.

        Raises:
            InvalidValueError: it is installed still, or declared nothing that is missing.
        """
        return self._relied.forget(name, reason=reason, by=by)

    # -- namespaces --------------------------------------------------------------------

    @cached_property
    def customers(self) -> Customers:
        """Who they are, who is who, and what is held about them."""
        return Customers(
            self.session,
            self._defaults,
            region=self.config.region,
            key=self._key,
            kept=self._relied.references,
            remember=self._relied.remember,
            ended=lambda reader, id_: mark(reader, id_, lifecycle_settings(self.session).retention),
        )

    @cached_property
    def touchpoints(self) -> Touchpoints:
        """What happened, and putting it right."""
        kinds, region = self._kind_names, self.config.region
        return Touchpoints(self.session, self._defaults, kinds=kinds, region=region, key=self._key)

    @cached_property
    def value(self) -> Value:
        """Scores, movements, tiers, and the model they rest on."""
        return Value(self.session, self._defaults)

    @cached_property
    def market(self) -> Market:
        """Competitors and their promotions, how buying develops, and word of mouth."""
        return Market(self.session, self._defaults, self.config.region)

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """Stages and tiers, and their moves."""
        hears = self.plugins.hears("crmkit_stages_changed")
        return Lifecycle(self.session, self._guide, self._tell_moves if hears else None)

    @cached_property
    def funnel(self) -> Funnel:
        """Opportunities: where each stands, where the funnel leaks, what it is to bring."""
        policy = FunnelPolicy.of(self.config.sections.get("funnel", {}))
        return Funnel(self.session, policy, self._guide.policy)

    @cached_property
    def care(self) -> Care:
        """Whom to contact today, why and about what; and care plans, from draft to outcome."""
        return Care(self.session, self._guide, self._joint, self.config.folder)

    @cached_property
    def outreach(self) -> Outreach:
        """One-to-one messages: who gets which, by which channel, when, and what became of each."""
        return Outreach(partial(open_setup, self.session, self.config, self._relied, self._outfit))

    @cached_property
    def sync(self) -> Sync:
        """External CRMs kept in step, both ways."""
        return Sync(lambda: open_sync(self, self._key, self._intake.part))

    @cached_property
    def jobs(self) -> Jobs:
        """What a CRM does by itself, here or on a task queue."""
        return Jobs(self, self._desk)

    @cached_property
    def reports(self) -> Reports:
        """Periodic reports: channels, segments, who decided what."""
        return Reports(self.session, self._defaults)

    @cached_property
    def key_accounts(self) -> KeyAccounts:
        """The few accounts that matter most: chosen, reviewed, and what they were promised."""
        return KeyAccounts(self.session, self._defaults)

    @cached_property
    def feedback(self) -> Feedback:
        """What customers say, and what is done about it until it is solved."""
        return Feedback(self.session, self._feedback_policy, self._defaults.kinds, self._joint)

    @cached_property
    def standards(self) -> Standards:
        """What the service promises, what was measured, and what is done to do better."""
        return Standards(self.session, self._feedback_policy)

    @cached_property
    def targets(self) -> Targets:
        """What account managers shall reach, and what they have reached."""
        settings = TargetSettings.of(self.config.sections.get("targets", {}))
        return Targets(self.session, self._guide, settings)

    @cached_property
    def consents(self) -> Consents:
        """What customers agreed to, by purpose and channel, and what they took back."""
        return Consents(self.session)

    # -- inside ------------------------------------------------------------------------

    @cached_property
    def _relied(self) -> Relied:
        return Relied(self.session, self.plugins)

    @cached_property
    def _defaults(self) -> Defaults:
        model, kinds = model_of(self.config, self.plugins), kinds_of(self.plugins)
        return Defaults(model, kinds, self._relied.guard)

    def _with(self, session: Session) -> CRM:
        """Give the same connection for another session; a host may ask with every request."""
        other = CRM(session, self.config, self.plugins)
        other._defaults, other._key, other._lines = self._defaults, self._key, self._lines
        other._desk = self._desk
        return other

    @cached_property
    def _desk(self) -> Desk:
        return Desk(self.session, self.config, self.plugins)

    @cached_property
    def _key(self) -> Key:
        return key_of(self.session.store, os.environ)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.plugins, self.config.channels, self.config.channel, self.session.clock)

    @cached_property
    def _guide(self) -> Guide:
        offered = offered_rules(self.plugins)
        return guide(self.session, self._defaults, offered=offered, folder=self.config.folder)

    @cached_property
    def _feedback_policy(self) -> FeedbackPolicy:
        return FeedbackPolicy.of(self.session.settings.get("feedback", {}))

    @cached_property
    def _kind_names(self) -> frozenset[str]:
        return frozenset(KINDS) | set(self.plugins.touchpoint_kinds())

    @cached_property
    def _intake(self) -> Intake:
        hears = any(
            map(self.plugins.hears, ("crmkit_touchpoints_recorded", "crmkit_scores_changed"))
        )
        return Intake(
            self.session,
            self._defaults,
            self._kind_names,
            self.config.region,
            self._key,
            heard=self._tell if hears else None,
            missing=self._relied.missing_kinds,
        )

    @property
    def _outfit(self) -> Outfit:
        return Outfit(self._key, self._joint, self._lines)

    def _joint(self) -> AbstractContextManager[tuple[Writer, Take]]:
        return self._intake.joint()  # asked for late: plugins may still be registered

    def _tell(self, touchpoints: Callable[[], list[Touchpoint]], customers: list[str]) -> None:
        workspace = self.session.store.workspace
        if self.plugins.hears("crmkit_touchpoints_recorded"):
            self.plugins.touchpoints_recorded(touchpoints(), workspace)
        self.plugins.scores_changed(customers, workspace)

    def _tell_moves(self, moves: tuple[Move, ...]) -> None:
        workspace = self.session.store.workspace
        self.session.store.after_commit(lambda: self.plugins.stages_changed(moves, workspace))
