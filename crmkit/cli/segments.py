"""Whom a message is for, and what it says: options that preview, enqueue and ask have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import IO, TYPE_CHECKING, Any

import attrs
import click

from crmkit.cli import options
from crmkit.cli.failing import wrong
from crmkit.cli.filters import check_filters
from crmkit.cli.options import F
from crmkit.cli.settings import Settings
from crmkit.cli.when import When, when
from crmkit.model.consent import PURPOSES

if TYPE_CHECKING:
    from crmkit.crm import CRM

_PAGE = 1_000
_FILTERS = ("tier", "stage", "kind", "owner")


@attrs.frozen(kw_only=True)
class Segment:
    """Whom it is for, as the command line names him: single customers, or a part of all (R148).

    Attributes:
        ids: Ids that were typed.
        file: More of them, one a line.
        tier: Only this tier; with `direction`, who stood in it at the start.
        stage: Only this stage of the lifecycle.
        kind: Only this kind.
        owner: Only this account manager's.
        direction: Only who rose or fell.
        since: Since when.
        everybody: All customers.
    """

    ids: tuple[str, ...] = ()
    file: IO[str] | None = None
    tier: str | None = None
    stage: str | None = None
    kind: str | None = None
    owner: str | None = None
    direction: str | None = None
    since: When = attrs.field(factory=lambda: When.parse("30d"))
    everybody: bool = False

    def customers(self, crm: CRM, settings: Settings) -> list[str]:
        """Give their ids, each once; end the command where it names nobody that can be found."""
        narrowed = {name: getattr(self, name) for name in _FILTERS if getattr(self, name)}
        listed = bool(self.ids) or self.file is not None
        if listed == bool(narrowed or self.direction or self.everybody):
            wrong(
                "name whom it is for: by IDs or --ids FILE; or by --tier, --stage, --kind, "
                "--owner, --direction; or --all"
            )
        if listed:
            lines = () if self.file is None else (line.strip() for line in self.file)
            return list(dict.fromkeys([*self.ids, *filter(None, lines)]))
        found = list(self._found(crm, settings, narrowed))
        if not found:
            check_filters(crm, owner=self.owner, stage=self.stage, kind=self.kind)
        return found

    def _found(self, crm: CRM, settings: Settings, narrowed: dict[str, str]) -> Iterator[str]:
        if self.direction is None:
            yield from _pages(crm, narrowed)
            return
        start, end = settings.between(crm, self.since, None)
        moved = crm.value.movers(
            start, end, direction=self.direction, tier=narrowed.pop("tier", None), limit=None
        )
        among = set(_pages(crm, narrowed)) if narrowed else None
        yield from (one.customer_id for one in moved if among is None or one.customer_id in among)


@attrs.frozen(kw_only=True)
class Said:
    """What a message says and on what occasion, as the command line has it.

    Attributes:
        purpose: What it is for.
        occasion: On the occasion of what.
        template: Name of a template.
        subject: Its subject, where there is no template of a name.
        text: Its text, likewise.
        channel: By which channel; None: by the one chosen for each customer.
        variables: ``NAME=VALUE``.
        expires: When it is no longer worth sending.
    """

    purpose: str
    occasion: str
    template: str | None = None
    subject: str | None = None
    text: str | None = None
    channel: str | None = None
    variables: tuple[str, ...] = ()
    expires: When | None = None

    def arguments(self, crm: CRM, settings: Settings) -> dict[str, Any]:
        """Give the arguments of ``crm.outreach.enqueue``."""
        now = crm.session.clock()
        return {
            "purpose": self.purpose,
            "occasion": self.occasion,
            "channel": self.channel,
            "template": self._template(),
            "variables": pairs("--var", self.variables),
            "expires": None if self.expires is None else self.expires.instant(now, settings.zone),
        }

    def _template(self) -> str | Mapping[str, str]:
        if (self.template is None) == (self.text is None):
            wrong("say what: by --template NAME, or by --text (and --subject)")
        if self.template is not None:
            if self.subject is not None:
                wrong("a template has its own subject: leave --subject out")
            return self.template
        given = {"subject": self.subject, "text": self.text}
        return {name: value for name, value in given.items() if value is not None}


def pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    """Read ``NAME=VALUE`` of an option that may be repeated."""
    found = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not (name and equals):
            wrong(f"{option} is NAME=VALUE, got {word!r}")
        found[name] = value
    return found


def whom(command: F) -> F:
    """Add the options that name a `Segment`; the command gets it as `whom`."""
    return _gathered(command, "whom", Segment, _WHOM)


def said(command: F) -> F:
    """Add the options that make a `Said`; the command gets it as `said`."""
    return _gathered(command, "said", Said, _SAID)


def _gathered(command: F, name: str, kind: type, added: tuple[Callable[[F], F], ...]) -> F:
    fields = [field.name for field in attrs.fields(kind)]

    @wraps(command)
    def gathered(*args: Any, **given: Any) -> Any:
        mine = {field: given.pop(field) for field in fields if field in given}
        return command(*args, **{name: kind(**mine)}, **given)

    made: Any = gathered
    for option in reversed(added):
        made = option(made)
    wrapped: F = made
    return wrapped


def _pages(crm: CRM, narrowed: Mapping[str, str]) -> Iterator[str]:
    after: str | None = None
    while True:
        page = crm.customers.search(None, **narrowed, limit=_PAGE, after=after)
        yield from (one.id for one in page.items)
        after = page.next
        if after is None:
            return


_WHOM: tuple[Callable[[Any], Any], ...] = (
    click.argument("ids", nargs=-1),
    click.option(
        "--ids",
        "file",
        type=click.File(encoding="utf-8"),
        help="File of ids, one a line; - reads them.",
    ),
    options.tier,
    click.option("--stage", help="Only this stage of the lifecycle."),
    click.option("--kind", help="Only this kind."),
    click.option("--owner", help="Only this account manager's."),
    click.option(
        "--direction", type=click.Choice(["rising", "falling"]), help="Only who moved so."
    ),
    click.option(
        "--since", type=when, metavar="DATE", default="30d", help="Moved since then; 30d."
    ),
    click.option("--all", "everybody", is_flag=True, help="Every customer."),
)
_SAID: tuple[Callable[[Any], Any], ...] = (
    options.choice("--purpose", of=PURPOSES, required=True, words="What it is for."),
    click.option("--occasion", required=True, help="On the occasion of what; each gets one."),
    click.option("--template", metavar="NAME", help="Name of a template."),
    click.option("--subject", help="Without a template: the subject."),
    click.option("--text", help="Without a template: the text."),
    click.option("--channel", metavar="NAME", help="By this one; without it, the best for each."),
    click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="For the text."),
    click.option("--expires", type=when, metavar="DATE", help="Not worth sending from then on."),
)
