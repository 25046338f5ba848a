"""``crmkit form`` and ``crmkit read-form``: the forms of a care plan, printed and read back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from crmkit.care.forms.rendering import CHOICES, FORMATS
from crmkit.care.forms.words import LANGUAGES
from crmkit.cli import options
from crmkit.cli.failing import wrong
from crmkit.cli.output import columns, note, print_json, table
from crmkit.cli.settings import Settings, pass_settings
from crmkit.model.plan import CarePlan

_HEAD = columns("form what number#")
_ENDINGS = {".htm": "html"} | {f".{name}": name for name in FORMATS}


@click.command()
@click.argument("form", type=click.Choice(CHOICES))
@click.argument("plan", required=False)
@click.option(
    "--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True, help="Language."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="HTML to print, XLSX to fill in as well; without it, by FILE's ending, else html.",
)
@click.option("--blank", is_flag=True, help="Fill in the head only.")
@click.option("--action", help="Form 090 of this action alone.")
@click.option("-o", "--output", metavar="FILE", help="Where to; without it, standard output.")
@pass_settings
def form(
    settings: Settings,
    form: str,
    plan: str | None,
    lang: str,
    format_: str | None,
    blank: bool,
    action: str | None,
    output: str | None,
) -> None:
    """Render a form of a care plan, or a blank one where no PLAN is named."""
    if action is not None and form != "090":
        wrong(f"--action goes with form 090, not with {form}")
    kind = _format(format_, output)
    with settings.open() as crm:
        made = crm.care.render(plan, form, lang=lang, format=kind, blank=blank, action=action)
    data = made.encode() if isinstance(made, str) else made
    if output is not None:
        try:
            Path(output).write_bytes(data)
        except ValueError as error:  # what no file can be called
            wrong(f"{output}: {error}")
        note(f"Written to {output}.")
    elif kind == "xlsx" and sys.stdout.isatty():
        wrong("a workbook is nothing for a terminal: name a file with -o")
    else:
        sys.stdout.buffer.write(data)


def _format(named: str | None, output: str | None) -> str:
    """Give the format that is named or that the file's ending says, which may not disagree."""
    ending = "" if output is None else Path(output).suffix.lower()
    said = _ENDINGS.get(ending)
    if named is not None and said not in (None, named):
        wrong(f"{output} ends like {said}, and --format is {named}")
    return named or said or FORMATS[0]


@click.command()
@click.argument("file")
@options.as_json
@pass_settings
def read_form(settings: Settings, file: str, as_json: bool) -> None:
    """Read a form that was filled in: every mistake is named by its cell. Nothing is saved."""
    with settings.open() as crm:
        plan = crm.care.read(file)
    if as_json:
        print_json(plan.to_dict())
    else:
        note(f"{plan.customer_name or 'Nobody'}, {plan.on}: the form can be read.")
        table(_HEAD, _counts(plan))


def _counts(plan: CarePlan) -> list[tuple[object, ...]]:
    """Count what a plan says, form by form."""
    return [
        ("087", "fields", sum(map(bool, plan.situation.to_dict().values()))),
        ("088", "sales goals", len(plan.goals.sales)),
        ("088", "obstacles", len(plan.goals.obstacles)),
        ("089", "actions", len(plan.action_plan.actions)),
        ("089", "issues", len(plan.action_plan.issues)),
        ("089", "relations", len(plan.action_plan.relations)),
        ("090", "checklists", len(plan.checklists)),
    ]
