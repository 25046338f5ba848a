"""The objects of a connector made ready: mapping, schema and account fit, or nothing begins."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.capture.ids import digest
from crmkit.contracts.connector import Connector, Finding, SyncAborted
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.sync.cases import Cases
from crmkit.sync.checking import check_links, check_mapping
from crmkit.sync.concepts.scores import Scores
from crmkit.sync.fields import CONTACTS, CUSTOMERS, OPPORTUNITIES, SCORES, TOUCHPOINTS
from crmkit.sync.pairs import Pairs
from crmkit.sync.places import Place, read_place
from crmkit.sync.settings import FieldRule, Link, MappingRule, read_link
from crmkit.sync.setup import Opened, Setup
from crmkit.sync.tally import Tally
from crmkit.sync.track import Track

_ORDER = (CUSTOMERS, CONTACTS, OPPORTUNITIES, TOUCHPOINTS)


def findings(setup: Setup, opened: Opened) -> list[Finding]:
    """Hold everything against the CRM: credentials, account, objects, fields, owners.

    Raises:
        SyncAborted: the CRM cannot be asked.
    """
    links = [read_link(name, setup.settings(name)) for name in setup.names()]
    found = list(check_links(links))
    found += opened.connector.check()
    found += _check_account(setup, opened)
    for rule, rules in _objects(opened.link):
        found += check_mapping(rule, rules, opened.schema(rule.object))
    return found


def open_tracks(setup: Setup, opened: Opened, tally: Tally, *, retry: bool) -> list[Track]:
    """Make a track of each object, and see that its mapping fits what the CRM has.

    Raises:
        SyncAborted: it does not; the message names every fault.
    """
    bad = [one for one in findings(setup, opened) if one.fatal]
    if bad:
        told = "; ".join(f"{one.what}: {one.remedy}" for one in bad)
        raise SyncAborted(f"{opened.link.name}: {told}", findings=tuple(bad))
    tracks = [
        _track(setup, opened, rule, rules, tally, retry=retry)
        for rule, rules in _objects(opened.link)
    ]
    naming = [track for track in tracks if "customer" in track.kinds.values()]
    for track in tracks:
        track.related = lambda concept: [one for one in tracks if one.rule.concept == concept]
        track.dependents = naming if track.rule.concept == CUSTOMERS else ()
    return tracks


def _track(  # noqa: PLR0913 - what a track is made of
    setup: Setup,
    opened: Opened,
    rule: MappingRule,
    rules: Sequence[FieldRule],
    tally: Tally,
    *,
    retry: bool,
) -> Track:
    name, object_ = opened.link.name, rule.object
    with setup.session.store.read() as reader:
        place = read_place(reader, name, object_)
    known = digest("rules", repr(rule), repr(rules))
    if place.rules != known:  # another mapping: everything is looked at anew, on both sides
        place = Place(rules=known, deleted=place.deleted, swept=place.swept)
    concept = setup.concept(rule, name)
    concept.pairs = Pairs(name, object_, dry=tally.dry)
    scores = next((one for one in opened.link.mappings if _scores(one, object_)), None)
    return Track(
        session=setup.session,
        link=opened.link,
        spec=opened.spec,
        connector=opened.connector,
        rule=rule,
        rules=tuple(rules),
        schema=opened.schema(object_),
        concept=concept,
        normaliser=setup.normaliser,
        place=place,
        pairs=concept.pairs,
        cases=Cases(name, object_, dry=tally.dry),
        tally=tally,
        extra=None if scores is None else Scores(scores, setup.scores, setup.zone),
        retry=retry,
        merge=lambda keep, drop: concept.merge(keep, drop, f"merged in {name}"),
        erase=lambda key: concept.erase(key, f"deleted in {name}"),
    )


def _scores(rule: MappingRule, object_: str) -> bool:
    return rule.concept == SCORES and rule.object == object_


def _objects(link: Link) -> list[tuple[MappingRule, tuple[FieldRule, ...]]]:
    """Give each object's mapping, with the score's fields beside the customer's."""
    found = []
    for rule in link.mappings:
        if rule.concept != SCORES:
            more = [one for one in link.mappings if _scores(one, rule.object)]
            found.append((rule, (*rule.fields, *(field for one in more for field in one.fields))))
    return sorted(found, key=lambda pair: _ORDER.index(pair[0].concept))


def _check_account(setup: Setup, opened: Opened) -> list[Finding]:
    """See that the credentials open the account that they opened before."""
    now = opened.connector.account()
    with setup.session.store.read() as reader:
        before = read_fact(reader, _account(opened.link.name))
    if now is None:
        tells = type(opened.connector).account is not Connector.account
        return [_untold(before)] if tells else []
    if before is None or before == now:
        return []
    return [
        Finding(
            what=f"the credentials open account {now}, where {before} was in step so far",
            remedy="give the credentials of that account, or a section of its own to this one",
        )
    ]


def _untold(before: str | None) -> Finding:
    """Say what nobody could notice; where an account was known, nothing goes on without."""
    known = f", where {before} was in step so far" if before else ""
    return Finding(
        what=f"the credentials do not tell which account they open{known}",
        remedy="give them the right to read the account itself: the connector's README names it",
        fatal=bool(before),
    )


def note_account(setup: Setup, opened: Opened) -> None:
    """Keep which account it is before anything is written, though the run should be broken off."""
    # asked before the write begins: for the answer a token may have to be written down
    account, name = opened.connector.account(), _account(opened.link.name)
    with setup.session.store.read() as reader:
        known = read_fact(reader, name)
    if account is not None and known != account:
        with setup.session.store.write() as writer:
            write_fact(writer, name, account)


def _account(name: str) -> str:
    return f"sync.{name}.account"
