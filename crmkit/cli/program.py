"""The program itself: global options, and commands that load when they are run."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crmkit.cli.commands import COMMANDS
from crmkit.cli.failing import DONE, FAILED, Failed, guarded, wrong
from crmkit.cli.settings import Settings
from crmkit.cli.streams import prepare, settle
from crmkit.contracts.specs import CommandSpec
from crmkit.plugins.records import cause_of
from crmkit.plugins.registry import own_version

if TYPE_CHECKING:
    from crmkit.plugins.manager import PluginManager

_OWN = {spec.name: spec for spec in COMMANDS}
_HOOK = "crmkit_commands"


class Program(click.Group):
    """A group whose commands come from the hook ``crmkit_commands``.

    One of the core is found without asking a plugin, and none is imported for the help page.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the program on streams that can be written to."""
        prepare()
        try:
            return super().main(*args, **extra)
        except OSError:  # what went wrong could not even be told
            settle()
            sys.exit(FAILED)
        except SystemExit as end:
            lost = settle()  # here, since Python itself would end with a code of its own
            if lost is None or end.code not in (None, DONE):
                raise
            click.echo(f"Error: {lost.strerror}", err=True)
            sys.exit(FAILED)

    def make_context(
        self, info_name: str | None, args: list[str], *rest: Any, **extra: Any
    ) -> click.Context:
        """Read the global options; help and version are printed here."""
        with guarded():
            if any("\0" in word for word in args):
                wrong("an argument holds a NUL character")
            return super().make_context(info_name, args, *rest, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command: the core's in their order, then those of plugins."""
        return [*_OWN, *sorted(set(_offered(ctx)) - set(_OWN))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name in _OWN:
            own: click.Command = _OWN[cmd_name].load()
            return own
        plugins = _plugins(ctx)
        spec = plugins.commands().get(cmd_name)
        return None if spec is None else _loaded(plugins, spec)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by their summaries, importing none."""
        specs = {**_offered(ctx), **_OWN}
        rows = [(name, specs[name].summary) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and end as the program ends."""
        with guarded():
            try:
                return super().invoke(ctx)
            except Exception as error:
                _bug(ctx, error)
                raise


def _plugins(ctx: click.Context) -> PluginManager:
    """Give the plugins; on a help page the options may not have been read yet."""
    settings = ctx.find_object(Settings)
    if settings is None:
        settings = Settings(no_plugins=bool(ctx.params.get("no_plugins")))
    return settings.plugins


def _offered(ctx: click.Context) -> dict[str, CommandSpec]:
    """Ask the plugins for their commands."""
    return dict(_plugins(ctx).commands())


def _loaded(plugins: PluginManager, spec: CommandSpec) -> click.Command:
    """Import a plugin's command; where that fails, the error names command and plugin."""
    whose = f"the command {spec.name!r} of {plugins.owner(_HOOK, spec.name)}"
    try:
        command = spec.load()
    except Exception as error:
        raise Failed(f"{whose} cannot be loaded: {cause_of(error)}") from error
    if not isinstance(command, click.Command):
        raise Failed(f"{whose} is no click command: {command!r}")
    return command


def _bug(ctx: click.Context, error: Exception) -> None:
    """End on an exception that nobody raised on purpose."""
    from crmkit.errors import CrmkitError

    if isinstance(error, (CrmkitError, OSError, click.ClickException, click.exceptions.Exit)):
        return
    if isinstance(error, click.Abort):
        return
    name = ctx.invoked_subcommand
    if name is None or name in _OWN:
        traceback.print_exception(error)
        blamed = "this is a mistake in crmkit or in a plugin (`crmkit plugins` lists them)"
        raise Failed(f"{blamed}; please report the lines above", FAILED)
    whose = _plugins(ctx).owner(_HOOK, name)
    raise Failed(f"the command {name!r} of {whose} failed: {cause_of(error)}") from error


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--config",
    envvar="CRMKIT_CONFIG",
    type=click.Path(path_type=Path),
    help="The configuration; without it crmkit.toml of this folder, where there is one.",
)
@click.option("--url", envvar="CRMKIT_URL", help="Where the data is, such as sqlite:///shop.db.")
@click.option("--workspace", help="Whose data, where one database holds several tenants'.")
@click.option("--actor", envvar="CRMKIT_ACTOR", help="Who is acting; recorded with every decision.")
@click.option("--no-plugins", is_flag=True, help="Load no plugin.", is_eager=True)
@click.version_option(own_version() or "(not installed)", message="crmkit %(version)s")
@click.pass_context
def main(
    ctx: click.Context,
    config: Path | None,
    url: str | None,
    workspace: str | None,
    actor: str | None,
    no_plugins: bool,
) -> None:
    """Know what every customer is worth, who is drifting away and why, and whom to contact today.

    CRMKIT_CONFIG, CRMKIT_URL and CRMKIT_ACTOR in the environment stand for the options.

    Exit codes: 0 done, 1 done with rejections, 2 wrong use, 3 failed.
    """
    ctx.obj = Settings(
        config=config, url=url, workspace=workspace, actor=actor, no_plugins=no_plugins
    )
