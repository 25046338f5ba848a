"""What the doctor looks at in the configuration: much of it is only read when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from crmkit.care.plays import plays_of
from crmkit.cli.checks import Finding, ok, problem
from crmkit.config import Config
from crmkit.errors import ConfigError, ModelError, PluginError
from crmkit.jobs.opening import Desk
from crmkit.jobs.periods import read_periods
from crmkit.plugins.manager import PluginManager
from crmkit.plugins.records import MISSING
from crmkit.value.models import load_model

if TYPE_CHECKING:
    from crmkit.crm import CRM


def wrong(error: ConfigError | ModelError) -> Finding:
    """Say which setting, or which file that one names, makes no sense."""
    return problem("configuration", str(error), "mend the setting")


def configuration(config: Config, plugins: PluginManager) -> Iterator[Finding]:
    """Check what is only read when it is used: the model's file, and every plugin's settings."""
    where = "none" if config.file is None else str(config.file)
    yield ok("configuration", f"{where}, {len(config.people)} people")
    try:
        plugins.configure(config)
    except ConfigError as error:
        yield wrong(error)
    if config.model_file is not None:
        try:
            load_model(config.model_file)
        except ModelError as error:
            yield problem("model file", str(error), "mend the file")
    try:
        Desk.configured(config, plugins)
        read_periods(config.sections.get("jobs", {}))
    except (ConfigError, PluginError) as error:
        yield problem("jobs", str(error), "mend the setting, or install the plugin")
    there = {row.name for row in plugins.report() if row.status != MISSING}
    for name in config.plugins:
        if name not in there:
            yield problem(
                "configuration",
                f"plugins.{name}: nothing that is installed is called so",
                "install the plugin, or remove the section; `crmkit plugins` lists what there is",
            )


def sections(crm: CRM) -> Iterator[Finding]:
    """Read every section as its first user would, so that a mistake is told before he comes."""
    config = crm.config
    readers: tuple[Callable[[], object], ...] = (
        lambda: crm.lifecycle,  # the agenda's too
        lambda: crm.feedback,
        lambda: crm.funnel,
        lambda: crm.targets,
        lambda: crm.key_accounts.settings,
        lambda: plays_of(config.sections.get("care", {}), config.folder),
    )
    told = []
    for read in readers:
        try:
            read()
        except (ConfigError, ModelError) as error:
            told.append(wrong(error))
    yield from dict.fromkeys(told)  # one section may be read for several
