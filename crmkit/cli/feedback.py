"""``crmkit feedback``: cases that wait, and the moves they go through."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.feedback_tables import show_case, show_cases
from crmkit.cli.filters import check_filters
from crmkit.cli.naming import found as find
from crmkit.cli.output import note, placed, print_array, print_json, tell
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when
from crmkit.model.feedback import FEEDBACK_KINDS, FEEDBACK_STATES, SEVERITIES, FeedbackCase

if TYPE_CHECKING:
    from crmkit.crm import CRM


@click.group(invoke_without_command=True)
@options.choice("--state", of=FEEDBACK_STATES, words="Only this; without it, all but closed.")
@options.choice("--kind", of=FEEDBACK_KINDS, words="Only this kind.")
@options.choice("--severity", of=SEVERITIES, words="Only this severity.")
@click.option("--owner", help="Only those this person answers for.")
@click.option("--overdue", is_flag=True, help="Only those whose next step is late.")
@options.lang
@options.as_of
@options.as_json
@pass_settings
@click.pass_context
def feedback(
    context: click.Context,
    settings: Settings,
    state: str | None,
    kind: str | None,
    severity: str | None,
    owner: str | None,
    overdue: bool,
    lang: str,
    at: When | None,
    as_json: bool,
) -> None:
    """List the cases of feedback that wait for a step, overdue ones first; or move one."""
    if context.invoked_subcommand is not None:
        return
    with settings.open(at) as crm:
        now = crm.session.clock()
        cases = crm.feedback.list(
            state=state, kind=kind, severity=severity, owner=owner, overdue=overdue
        )
        if not cases:
            check_filters(crm, owner=owner)
        if as_json:
            print_array(_plain(case, now) for case in cases)
        else:
            show_cases(crm, cases, now, lang)


@feedback.command()
@click.argument("case")
@options.lang
@options.as_json
@pass_settings
def show(settings: Settings, case: str, lang: str, as_json: bool) -> None:
    """Show one case: what was said, and every round of what was done about it."""
    with settings.open() as crm:
        found = crm.feedback.case(case)
        now = crm.session.clock()
    if as_json:
        print_json(_plain(found, now))
    else:
        show_case(found, lang)


@feedback.command()
@click.option("--since", type=when, metavar="DATE", help="What was said from here on.")
@options.as_of
@options.as_json
@pass_settings
def take(settings: Settings, since: When | None, at: When | None, as_json: bool) -> None:
    """Open a case for all feedback of the log that has none; run it after an import, or daily."""
    with settings.open(at) as crm:
        now = crm.session.clock()
        cases = crm.feedback.take(None if since is None else since.instant(now, settings.zone))
        if as_json:
            print_array(_plain(case, now) for case in cases)
        else:
            note(f"{many(len(cases), 'case')} opened.")


@feedback.command("open")
@options.who
@options.choice("--kind", of=FEEDBACK_KINDS, required=True, words="What it is.")
@click.option("--text", required=True, help="What was said.")
@options.choice("--severity", of=SEVERITIES, words="Without it, by the kind.")
@click.option("--channel", help="How it came: phone, email, meeting, survey, review, social.")
@options.as_of
@options.as_json
@pass_settings
def open_(
    settings: Settings,
    id: str | None,
    email: str | None,
    phone: str | None,
    identity: str | None,
    kind: str,
    text: str,
    severity: str | None,
    channel: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Open a case for what a customer said."""
    with settings.open(at) as crm:
        customer = find(crm, id, email, phone, identity)
        case = crm.feedback.open(customer, kind, text, severity=severity, channel=channel)
        _told(crm, case, as_json=as_json)


@feedback.command()
@click.argument("case")
@click.option("--text", required=True, help="What we told the customer.")
@click.option("--channel", help="By which channel; without it, the case's.")
@options.as_of
@options.as_json
@pass_settings
def respond(
    settings: Settings,
    case: str,
    text: str,
    channel: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Record our answer."""
    with settings.open(at) as crm:
        _told(crm, crm.feedback.respond(case, text, channel=channel), as_json=as_json)


@feedback.command()
@click.argument("case")
@click.option("--category", required=True, help="What it is about, such as process or price.")
@click.option("--cause", default="", help="How it came to it.")
@options.as_of
@options.as_json
@pass_settings
def analyse(
    settings: Settings, case: str, category: str, cause: str, at: When | None, as_json: bool
) -> None:
    """Record what a case is about, and its cause."""
    with settings.open(at) as crm:
        _told(crm, crm.feedback.analyse(case, category, cause=cause), as_json=as_json)


@feedback.command()
@click.argument("case")
@click.option("--measure", required=True, help="What is done, such as staff_training or research.")
@click.option("--text", default="", help="The measure in words.")
@click.option("--department", help="Where it is carried out.")
@click.option("--level", help="Who answers for it: staff, team, department or management.")
@options.as_of
@options.as_json
@pass_settings
def act(
    settings: Settings,
    case: str,
    measure: str,
    text: str,
    department: str | None,
    level: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Record the measure taken; where the last did not help, a harder one."""
    with settings.open(at) as crm:
        acted = crm.feedback.act(case, measure, text=text, department=department, level=level)
        _told(crm, acted, as_json=as_json)


@feedback.command("follow-up")
@click.argument("case")
@click.option("--solved/--unsolved", required=True, help="Whether the measure helped.")
@click.option("--text", default="", help="What was found.")
@click.option("--used", default="", help="How a suggestion was used.")
@options.as_of
@options.as_json
@pass_settings
def follow_up(
    settings: Settings,
    case: str,
    solved: bool,
    text: str,
    used: str,
    at: When | None,
    as_json: bool,
) -> None:
    """Record whether the measure helped: the case is closed, or analysed again."""
    with settings.open(at) as crm:
        followed = crm.feedback.follow_up(case, solved=solved, text=text, used=used)
        _told(crm, followed, as_json=as_json)


def _told(crm: CRM, case: FeedbackCase, *, as_json: bool) -> None:
    """Say where a case stands."""
    due = "" if case.due is None else f", to be done by {placed(case.due):%Y-%m-%d %H:%M %Z}"
    after = f"next: {case.next_step}{due}" if case.next_step else "nothing is left to do"
    listed = _plain(case, crm.session.clock())
    tell(listed, f"Case {case.id} is {case.state}; {after}.", as_json=as_json)


def _plain(case: FeedbackCase, now: datetime) -> dict[str, object]:
    """Give a case as JSON values, with what a listing shows beside."""
    return case.to_dict() | {"next_step": case.next_step, "overdue": case.overdue(now)}
