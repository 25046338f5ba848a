"""The runner of this host, opened once when it is first used, from section ``[runner]``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from crmkit.config import Config
from crmkit.contracts.runner import Runner
from crmkit.contracts.session import Session
from crmkit.contracts.settings import Secret, refuse
from crmkit.contracts.specs import RunnerSpec
from crmkit.errors import CrmkitError
from crmkit.plugins import PluginManager
from crmkit.runners.offered import EMBEDDED

_HOOK = "crmkit_runners"


class Desk:
    """Where jobs are handed in: the runner that the configuration names."""

    def __init__(self, session: Session, config: Config, plugins: PluginManager) -> None:
        """Open nothing yet.

        Args:
            session: The connection's own, which joins no transaction of a host's.
            config: Whose section ``[runner]`` names the type.
            plugins: Who offers the types.
        """
        self._session, self._config, self._plugins = session, config, plugins
        self._opened: tuple[RunnerSpec, Runner] | None = None
        self._lock = RLock()

    @contextmanager
    def runner(self) -> Iterator[Runner]:
        """Lend the runner to a block; whatever it raises there names the plugin it is of.

        Raises:
            ConfigError: a setting under ``[runner]`` is wrong; `key` names it.
            PluginError: the plugin that offers its type is missing or broken.
        """
        spec, runner = self._open()
        with self._blaming(spec):
            yield runner

    @property
    def is_transactional(self) -> bool:
        """Whether jobs are queued in the transaction that asks for them; raises as `runner`."""
        spec, runner = self._open()
        return runner.transactional and "transactional" in spec.capabilities

    def close(self) -> None:
        """Close what was opened; closing twice does nothing."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            with self._blaming(opened[0]):
                opened[1].close()

    @staticmethod
    def configured(config: Config, plugins: PluginManager) -> tuple[RunnerSpec, Any]:
        """Give the runner that section ``[runner]`` names, and its settings; raises as `runner`."""
        settings = config.runner_settings()
        kind = settings.pop("type", EMBEDDED)
        name = kind.reveal() if isinstance(kind, Secret) else kind
        if not isinstance(name, str):
            refuse("runner.type", "must be text", name)
        spec = plugins.runner(name)
        return spec, spec.configure(settings, "runner")

    def _open(self) -> tuple[RunnerSpec, Runner]:
        with self._lock:
            if self._opened is None:
                spec, settings = self.configured(self._config, self._plugins)
                runner = spec.open(settings)
                with self._blaming(spec):  # it may have given anything
                    runner.store = self._session.store
                    runner.location = self._config.location
                    runner.clock = self._session.clock
                self._opened = spec, runner
            return self._opened

    @contextmanager
    def _blaming(self, spec: RunnerSpec) -> Iterator[None]:
        try:
            yield
        except CrmkitError:
            raise
        except Exception as error:
            raise self._plugins.blame(_HOOK, spec.name, error) from error
