"""Opening the engine that ``crmkit rebuild --engine`` names, with a log for it to read."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from crmkit.cli.failing import wrong
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings
from crmkit.errors import ConfigError

if TYPE_CHECKING:
    from crmkit.contracts.engine import Engine
    from crmkit.crm import CRM

_BY_SIGNAL = 128
"""Added to a signal's number it is the code of a program that it ended, as shells have it."""


@contextmanager
def opened_engine(settings: Settings, crm: CRM, named: str, log: Path | None) -> Iterator[Engine]:
    """Open an engine; close it, and remove what was exported for it alone, at the end.

    Args:
        settings: The program's.
        crm: Whose log is to be read.
        named: ``NAME`` or ``NAME:BACKEND``.
        log: Folder of the exported log; None: one is made where the engine needs one.

    Raises:
        PluginError: nobody offers it, or its plugin breaks.
        ConfigError: it has no such backend, or a package is missing.
        ExportError: the log cannot be exported.
    """
    name, colon, backend = named.partition(":")
    if not name or (colon and not backend):
        wrong(f"--engine {named}: name it as NAME or NAME:BACKEND, such as ibis or ibis:duckdb")
    told: dict[str, Any] = {
        "backend": backend,
        "url": crm.config.url,
        "workspace": crm.session.store.workspace,
    }
    with ExitStack() as stack:
        if log is None:
            try:  # one that reads the database itself needs none
                engine = settings.plugins.open_engine(name, told)
            except ConfigError as error:
                if getattr(error, "key", None) != "log":
                    raise
                log = stack.enter_context(_folder())
        if log is not None:
            with watched("Exporting the log", None) as step:
                crm.touchpoints.export_log(log, step=step)
            engine = settings.plugins.open_engine(name, told | {"log": str(log)})
        stack.callback(engine.close)
        yield engine


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder, and remove it at the end: also where SIGTERM is what ends the program.

    A log holds everything about everybody, and may fill a disk. Whoever handles the signal
    already goes on doing so; only the main thread may handle it at all.
    """
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    told: list[int] = []

    def ended(number: int, _: object) -> None:
        told.append(number)
        raise SystemExit(_BY_SIGNAL + number)

    try:
        with TemporaryDirectory(prefix="crmkit-log-") as name:
            if ours:
                signal.signal(signal.SIGTERM, ended)
            try:
                yield Path(name)
            finally:
                if ours:  # the end is near: what is removed now is removed whole
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except Exception as error:
        if told:  # an engine may make an error of its own of what is raised while it works
            raise SystemExit(_BY_SIGNAL + told[0]) from error
        raise
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
