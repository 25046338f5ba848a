"""The global options, and the CRM that a command opens with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmkit.cli.failing import wrong
from crmkit.cli.when import When, local
from crmkit.clock import system_clock
from crmkit.errors import CrmkitError
from crmkit.masking import masked
from crmkit.plugins.records import cause_of

if TYPE_CHECKING:
    from crmkit.config import Config
    from crmkit.crm import CRM
    from crmkit.plugins.manager import PluginManager

FILE = Path("crmkit.toml")
"""The configuration that is used where none is named."""


@attrs.frozen(kw_only=True, slots=False)
class Settings:
    """What was said before the command's name.

    Attributes:
        config: The configuration's file.
        url: Goes before the one in the configuration.
        workspace: Whose data.
        actor: Who is acting.
        no_plugins: No plugin may load.
    """

    config: Path | None = None
    url: str | None = attrs.field(default=None, repr=False)  # it may carry a password
    workspace: str | None = None
    actor: str | None = None
    no_plugins: bool = False

    @cached_property
    def plugins(self) -> PluginManager:
        """The plugins that may load, found once."""
        from crmkit.plugins.manager import PluginManager

        return PluginManager([] if self.no_plugins else None)

    @property
    def file(self) -> Path | None:
        """The configuration's file, where there is one."""
        return self.config or (FILE if FILE.is_file() else None)

    @cached_property
    def configuration(self) -> Config:
        """The configuration, checked."""
        from crmkit.config import Config

        return Config.load(self.file, url=self.url)

    @cached_property
    def zone(self) -> tzinfo | None:
        """The zone that dates are meant in, and instants are printed in; None: the machine's."""
        return local(self.configuration)

    def open(
        self, at: When | None = None, *, migrate: str = "auto", workspace: str | None = None
    ) -> CRM:
        """Open the workspace.

        Args:
            at: The instant that the CRM takes for now; None: now.
            workspace: Another than the one that was named.
            migrate: As in `crmkit.connect`.
        """
        from crmkit.connecting import connect

        url = self.configuration.url
        if url is None:
            wrong(
                "no database is named: give --url sqlite:///shop.db, or --config FILE with a line "
                'url = "sqlite:///shop.db"'
            )
        clock = self.clock(at)
        try:
            return connect(
                self.url,
                config=self.file,
                workspace=workspace or self.workspace,
                actor=self.actor,
                clock=clock,
                plugins=self.plugins,
                migrate=migrate,
            )
        except (CrmkitError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - a driver's own words about the URL
            wrong(f"{masked(url)} cannot be opened: {cause_of(error)}")

    def between(self, crm: CRM, since: When, until: When | None) -> tuple[datetime, datetime]:
        """Give both ends of a span; without an end, it ends now."""
        now = crm.session.clock()
        return since.instant(now, self.zone), now if until is None else until.instant(
            now, self.zone
        )

    def clock(self, at: When | None) -> Callable[[], datetime]:
        """Give the clock that stands at an instant, or goes."""
        if at is None:
            return system_clock
        fixed = at.instant(system_clock(), self.zone)
        return lambda: fixed


pass_settings: Callable[[Any], Any] = click.make_pass_decorator(Settings)
"""Give a command the `Settings` as its first argument."""
