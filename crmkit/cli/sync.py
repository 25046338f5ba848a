"""``crmkit sync``: an external CRM kept in step; the plan first, then the run."""

from __future__ import annotations

import sys

import click

from crmkit.cli import options
from crmkit.cli.failing import REJECTIONS
from crmkit.cli.output import columns, note, print_array, print_json, say, table
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.sync_words import both, report_lines, took, value, written
from crmkit.model.sync import SIDES

_FINDINGS = columns("state! found~ remedy~")
_CONFLICTS = {
    "en": columns("id! record~ field~ took~ found~"),
    "zh": columns("编号! 记录~ 字段~ 采用~ 时间~"),
}
_HELD = {
    "en": columns("object! side! key~ field! at!"),
    "zh": columns("对象! 拒绝方! 记录~ 字段! 时间!"),
}
_RUNS = {
    "en": columns("started! finished! read written conflicts quarantined ended~"),
    "zh": columns("开始! 结束! 读取 写入 冲突 隔离 结束原因~"),
}


@click.group()
def sync() -> None:
    """Keep the CRM that a team already has in step, both ways."""


@sync.command()
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="Every record, not the first of each kind.")
@options.lang
@options.as_json
@pass_settings
def plan(settings: Settings, name: str, everything: bool, lang: str, as_json: bool) -> None:
    """Show what a run would do; neither side is touched."""
    with settings.open() as crm:
        with watched(name, None) as step:
            found = crm.sync.plan(name, step=step)
        if as_json:
            print_json(found.to_dict())
        else:
            say(*written(found, lang, None if everything else 10))


@sync.command()
@click.argument("name")
@click.option("--retry", is_flag=True, help="Try what stands in quarantine again.")
@options.lang
@options.as_json
@pass_settings
def run(settings: Settings, name: str, retry: bool, lang: str, as_json: bool) -> None:
    """Bring both sides into step; ends with 1 where something is held back or left over."""
    with settings.open() as crm:
        with watched(name, None) as step:
            report = crm.sync.run(name, retry=retry, step=step)
        if as_json:
            print_json(report.to_dict())
        else:
            say(*report_lines(report, lang))
        if report.quarantined or report.stopped:
            sys.exit(REJECTIONS)


@sync.command()
@click.argument("name")
@options.as_json
@pass_settings
def doctor(settings: Settings, name: str, as_json: bool) -> None:
    """Check credentials, objects, fields and types; ends with 1 where a run could not work."""
    with settings.open() as crm:
        found = crm.sync.doctor(name)
        if as_json:
            print_array(found)
        elif found:
            rows = (("problem" if one.fatal else "note", one.what, one.remedy) for one in found)
            table(_FINDINGS, rows)
        else:
            note("", f"{name}: everything is in order")
        if any(one.fatal for one in found):
            sys.exit(REJECTIONS)


@sync.command()
@click.argument("name")
@options.lang
@options.as_json
@pass_settings
def quarantine(settings: Settings, name: str, lang: str, as_json: bool) -> None:
    """List the records that a side refused, with its reason."""
    with settings.open() as crm:
        found = crm.sync.quarantine(name)
        if as_json:
            print_array(found)
            return
        rows = ((o.object, o.side, o.key, o.field, o.at) for o in found)
        table(_HELD[lang], rows, [[one.reason] for one in found])


@sync.command()
@click.argument("name")
@click.option("--open", "waiting", is_flag=True, help="Only those that wait for somebody.")
@options.lang
@options.as_json
@pass_settings
def conflicts(settings: Settings, name: str, waiting: bool, lang: str, as_json: bool) -> None:
    """List the fields that were changed on both sides, and whose value was taken."""
    with settings.open() as crm:
        found = [one for one in crm.sync.conflicts(name) if one.took is None or not waiting]
        if as_json:
            print_array(found)
            return
        rows = ((o.id, o.name or o.key, o.field, took(o, lang), o.at) for o in found)
        table(_CONFLICTS[lang], rows, [list(both(one, lang)) for one in found])


@sync.command()
@click.argument("name")
@click.argument("id")
@options.choice("--take", of=SIDES, required=True, words="Whose value holds.")
@options.as_json
@pass_settings
def resolve(settings: Settings, name: str, id: str, take: str, as_json: bool) -> None:
    """Decide a conflict that waits for somebody."""
    with settings.open() as crm:
        settled = crm.sync.resolve(name, id, take=take)
        if as_json:
            print_json(settled.to_dict())
            return
        found = settled.ours if take == SIDES[0] else settled.theirs
        who = settled.name or settled.key
        note("", f"{settled.field} of {who} is {value(found)} from the next run on")


@sync.command()
@click.argument("name")
@options.limit(10)
@options.lang
@options.as_json
@pass_settings
def history(settings: Settings, name: str, limit: int, lang: str, as_json: bool) -> None:
    """List the last runs, the newest first."""
    with settings.open() as crm:
        found = crm.sync.history(name, limit)
        if as_json:
            print_array(found)
            return
        rows = (
            (o.started, o.finished, o.read, o.written, o.conflicts, o.quarantined, o.stopped)
            for o in found
        )
        table(_RUNS[lang], rows)
