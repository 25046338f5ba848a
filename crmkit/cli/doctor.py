"""``crmkit doctor``: look for what is wrong or forgotten, and say what to do about it."""

from __future__ import annotations

import sys

import click

from crmkit.cli import checks, options
from crmkit.cli.failing import REJECTIONS
from crmkit.cli.output import columns, print_array, table
from crmkit.cli.outreach_checks import outreach
from crmkit.cli.setting_checks import configuration, sections, wrong
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.sync_checks import sync
from crmkit.errors import ConfigError, ModelError, PluginError, SchemaError

_HEAD = columns("check! state! found remedy")


@click.command()
@options.as_json
@pass_settings
def doctor(settings: Settings, as_json: bool) -> None:
    """Look for what is wrong or forgotten; ends with 1 where something needs to be mended."""
    found = list(examine(settings))
    if as_json:
        print_array(found)
    else:
        table(_HEAD, ((one.check, one.state, one.found, one.remedy) for one in found))
    if any(one.state == checks.PROBLEM for one in found):
        sys.exit(REJECTIONS)


def examine(settings: Settings) -> list[checks.Finding]:
    """Make every check that the state of things allows."""
    found = [*configuration(settings.configuration, settings.plugins)]
    found += checks.plugins(settings.plugins)
    try:
        with settings.open(migrate="check") as crm:
            found.append(checks.ok("schema", "as this crmkit needs it"))
            found += sections(crm)
            found += checks.missing(crm)
            for look in (checks.data, outreach, sync):
                try:
                    found += look(crm)
                except PluginError as error:  # what the data rely on is gone
                    found.append(checks.problem("data", str(error), "install or mend the plugin"))
                    break
                except (ConfigError, ModelError) as error:
                    found += {wrong(error)} - {*found}  # most were told with their sections
    except SchemaError as error:
        found.append(checks.problem("schema", str(error), _remedy(error)))
    return found


def _remedy(error: SchemaError) -> str:
    """Say what helps against a schema that is not this crmkit's: an older one can be upgraded."""
    found, expected = (getattr(error, name, None) or 0 for name in ("found", "expected"))
    return "install the newer crmkit" if found > expected else "crmkit migrate"
