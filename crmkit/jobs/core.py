"""What a connection lends to its jobs."""

from __future__ import annotations

from typing import Protocol

from crmkit.care.feedback import Feedback
from crmkit.config import Config
from crmkit.contracts.session import Session
from crmkit.lifecycle.funnel.namespace import Funnel
from crmkit.lifecycle.namespace import Lifecycle
from crmkit.outreach.namespace import Outreach
from crmkit.plugins import PluginManager
from crmkit.sync.namespace import Sync
from crmkit.value.namespace import Value


class Core(Protocol):
    """What a connection lends to its jobs: the namespaces they call."""

    session: Session
    config: Config
    plugins: PluginManager

    @property
    def outreach(self) -> Outreach:
        """Messages."""

    @property
    def sync(self) -> Sync:
        """External CRMs."""

    @property
    def lifecycle(self) -> Lifecycle:
        """Stages and tiers."""

    @property
    def funnel(self) -> Funnel:
        """Opportunities."""

    @property
    def feedback(self) -> Feedback:
        """What customers say."""

    @property
    def value(self) -> Value:
        """Scores."""
