"""``crm.customers``: who they are, who is who, and what is held about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import attrs

from crmkit.capture import collisions as colliding
from crmkit.capture import finding, merge, references
from crmkit.capture.bulk import save_all
from crmkit.capture.customer_rows import read_customer
from crmkit.capture.engine import OnReject
from crmkit.capture.erasing import erasable, erase, export
from crmkit.capture.exact import Fault
from crmkit.capture.gathering import Gathering
from crmkit.capture.journal import Noting
from crmkit.capture.normalise import Normaliser
from crmkit.capture.references import References
from crmkit.capture.saving import Saver, SaveReport, read_saved
from crmkit.capture.tombstones import Key, Tombstones, no_key
from crmkit.capture.unsaving import unsave
from crmkit.contracts.session import Session
from crmkit.contracts.specs import ReferenceSpec
from crmkit.contracts.store import Reader, Writer
from crmkit.errors import CustomerMerged, CustomerNotFound, InvalidValueError
from crmkit.model.customer import Collision, Customer, Merge
from crmkit.model.log import Decision, Page
from crmkit.model.touchpoint import Rejection
from crmkit.value.basis import Defaults, read_basis
from crmkit.value.layout import Layout


def _never_ended(_reader: Reader, _customer: str) -> None:
    """Say that nobody's relationship was ended."""


@attrs.frozen
class Customers:
    """Customers of one workspace.

    Attributes:
        session: The open workspace.
        defaults: Model and kinds that hold before anything was decided.
        region: Country that phone numbers without a country code belong to.
        key: Gives the erasure key.
        kept: Gives what plugins keep about customers; raises where one is broken.
        remember: Notes in the database what plugins declare, before anything relies on it.
        ended: Tells what is to be known of a customer whose relationship was ended; else None.
    """

    session: Session
    defaults: Defaults
    region: str | None = None
    key: Key = no_key
    kept: Callable[[], Iterable[ReferenceSpec]] = references.none
    remember: Callable[[], object] = references.none
    ended: Callable[[Reader, str], Mapping[str, Any] | None] = _never_ended

    # -- looking up --------------------------------------------------------------------

    def get(self, id: str) -> Customer:  # noqa: A002 - the word of the record
        """Give a customer.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        """
        with self.session.store.read() as reader:
            return read_customer(reader, id)

    def find(self, **identity: Any) -> Customer | None:
        """Give the customer that a key finds: ``find(email="ann@example.com")``; else None.

        Several keys are tried strongest first: ids elsewhere, e-mail, phone; then ``number``.
        """
        with self.session.store.read() as reader:
            return finding.find(reader, Normaliser(self.region), identity)

    def search(  # noqa: PLR0913 - every filter by name
        self,
        text: str | None = None,
        *,
        tier: str | None = None,
        stage: str | None = None,
        kind: str | None = None,
        owner: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[Customer]:
        """Give a page of customers: by rank where a tier is asked for, else by id.

        Args:
            text: Words that all stand in names, number, contacts' names or keys; any script and
                case, Chinese names by a part, and by pinyin where pypinyin is installed.
            tier: Tier as recorded by ``lifecycle.advance``.
            stage: Stage as recorded there.
            kind: ``person``, ``organisation``, or a kind of customer as recorded there.
            owner: Account manager.
            limit: At most so many.
            after: The last page's `next`.

        Raises:
            InvalidValueError: `limit` is below 1, or `after` is no page's `next`.
        """
        query = finding.Query(text=text, tier=tier, stage=stage, kind=kind, owner=owner)
        with self.session.store.read() as reader:
            return finding.search(reader, query, limit, after)

    def collisions(self) -> tuple[Collision, ...]:
        """Give the keys that point at two customers and wait for somebody to decide."""
        with self.session.store.read() as reader:
            return colliding.collisions(reader)

    def export(self, id: str) -> dict[str, Any]:  # noqa: A002
        """Give everything that is held about a customer, JSON-ready, with what plugins keep.

        Of somebody whose relationship was ended, ``ended`` says that it is confidential, since
        when, and how long it is to be kept.

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            PluginError: a plugin that keeps data about customers is missing or fails.
        """
        kept = self._references()
        with self.session.store.read() as reader:
            held = export(reader, id) | {"ended": self.ended(reader, id)}
        return held | {"plugins": kept.export(held["ids"])}

    # -- writing down ------------------------------------------------------------------

    def save(self, customer: Customer) -> Customer:
        """Add a customer, or change one, and give him as he stands.

        With an id the record replaces what was known; without one, the number or the identities
        find the customer, and what the record leaves out stays. Identities are added, never taken
        away; one that another customer holds makes a collision and stays where it is.

        Raises:
            InvalidValueError: a field cannot be kept; `field` names it.
            CustomerMerged: the id was merged into another.
        """
        self.remember()
        with self.session.store.write() as writer:
            saved = self._saver(writer, self.session.now(), strict=True).save([customer])
            (outcome,), (base,) = saved.outcomes, saved.ids
            if base is None:
                raise _error(outcome, customer, writer)
            return read_saved(writer, base)

    def save_all(
        self, customers: Iterable[Customer | Rejection], *, on_reject: OnReject | None = None
    ) -> SaveReport:
        """Save many, in batches; doing it again changes nothing, and `undo` takes it back.

        Keys that identify nobody (``n/a``, ``noreply@...``) are left out. A customer that cannot
        be taken costs only himself.

        Args:
            customers: Customers, or `Rejection`s of lines that could not be read.
            on_reject: Called with each rejection instead of keeping it in the report.
        """
        self.remember()
        now = self.session.now()  # of the whole: what `undo` knows its collisions by
        gathering = Gathering(Normaliser(self.region))
        saver = partial(self._saver, now=now, strict=False, gathering=gathering)
        return save_all(self.session.store, saver, customers, on_reject)

    def undo(self, run: str, *, reason: str = "", by: str | None = None) -> Decision:
        """Take a whole `save_all` back: whom it made, what it changed, and the keys it taught.

        Whoever has touchpoints since, decisions, messages, a record in a CRM, or was saved again by
        somebody else stays as he is; the decision's body names the customers that went, those who
        say again what they said before (``restored``), and those who stay (``kept``).

        Raises:
            DecisionNotFound: no `save_all` has that id, or nothing of it is left.
        """
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            saver = partial(self._saver, now=deciding.now, strict=False)
            return unsave(writer, run, deciding, saver)

    def _saver(
        self, writer: Writer, now: int, *, strict: bool, gathering: Gathering | None = None
    ) -> Saver:
        normaliser, tombstones = Normaliser(self.region), Tombstones(writer, self.key)
        return Saver(writer, normaliser, tombstones, now, strict=strict, gathering=gathering)

    # -- who is who --------------------------------------------------------------------

    def merge(self, keep: str, drop: str, *, reason: str, by: str | None = None) -> Merge:
        """Say that two records are one customer; `drop` leads to `keep` from now on.

        What plugins keep is handed over after that. Where one of them failed, or the process
        ended, merging the same two again decides nothing new, and hands over once more.

        Raises:
            CustomerNotFound: one of the ids is nobody's; `CustomerMerged` names where it went.
            InvalidValueError: both are the same.
            PluginError: a plugin that keeps data about customers is missing, and nothing is done;
                or it fails to hand over, and the merge stands.
        """
        kept = self._references(writing=True)
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            made = merge.merge(writer, keep, drop, deciding, self._layout(writer))
            kept.note(writer, made)
        kept.repoint(self.session.store, made)
        return made

    def unmerge(self, merge_id: str, *, reason: str = "", by: str | None = None) -> Merge:
        """Take a merge back; what came since goes to whom its own keys belong to.

        Plugins that can give back what they keep do so first.

        Raises:
            DecisionNotFound: no merge that stands has that id.
            PluginError: a plugin that keeps data about customers is missing or fails; the merge
                stands.
        """
        kept = self._references(writing=True)
        deciding = self.session.deciding(reason, by)
        with self.session.store.read() as reader:
            standing = merge.find(reader, merge_id)
        kept.unmerge(standing)
        with self.session.store.write() as writer:
            return merge.unmerge(writer, merge_id, deciding, self._layout(writer))

    def resolve(
        self,
        collision_id: str,
        action: str,
        *,
        keep: str | None = None,
        reason: str,
        by: str | None = None,
    ) -> Collision:
        """Resolve a collision: ``merge`` both, or say that they are two (``apart``).

        After ``apart`` the key reaches both and identifies neither.

        Args:
            collision_id: Which.
            action: ``merge`` or ``apart``.
            keep: On a merge the id that goes on; None: the one that holds the key.
            reason: Why.
            by: Who decides; None: the actor.

        Raises:
            DecisionNotFound: no collision that stands has that id.
            InvalidValueError: another action, or `keep` is neither of the two.
            PluginError: as from `merge`; resolving so again then hands over once more.
        """
        merging = action == colliding.MERGE
        kept = self._references(writing=True) if merging else None
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            layout = self._layout(writer)
            found, made = colliding.resolve(
                writer, collision_id, action, deciding, layout, keep=keep
            )
            if kept is not None and made is not None:
                kept.note(writer, made)
        if kept is not None and made is not None:
            kept.repoint(self.session.store, made)
        return found

    def erase(self, id: str, *, reason: str, by: str | None = None) -> Decision:  # noqa: A002
        """Erase a customer for good, with everything that was merged into him.

        Plugins forget him first, so that the same call can be made again where one fails. What
        stays tells the id only, and keyed hashes by which capture refuses him. The right to be
        erased goes before a policy that keeps an ended customer's record; the decision then says
        until when that was (``kept_until``).

        Raises:
            CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
            ConfigError: there is no erasure key.
            StoreError: the erasure could not be noted outside the database; nobody is erased. Where
                that fails only after a host's commit, the log says whom to add.
            PluginError: a plugin that keeps data about customers is missing or fails; crmkit has
                erased nothing.
        """
        kept = self._references(writing=True)
        deciding = self.session.deciding(reason, by)
        store, normaliser = self.session.store, Normaliser(self.region)
        noting = Noting(store, self.key, deciding.now)
        with store.read() as reader:
            ids = erasable(reader, id, self.key)
        kept.erase(ids)
        with store.write() as writer:
            layout = self._layout(writer)
            until = (self.ended(writer, id) or {}).get("keep_until")
            made = erase(
                writer, id, deciding, layout, self.key, normaliser, ids=ids, kept=until, told=noting
            )
        store.after_commit(lambda: store.scrub(noting.words))
        return made

    # -- inside ------------------------------------------------------------------------

    def _layout(self, reader: Reader) -> Layout:
        return read_basis(reader, self.defaults).layout

    def _references(self, *, writing: bool = False) -> References:
        """Ask what plugins keep, before anything is done that needs all of them.

        Raises:
            PluginError: one that ever kept anything is missing or broken.
        """
        if writing:
            self.remember()
        return References(tuple(self.kept()), self.session.store.workspace)


def _error(outcome: str | Fault, customer: Customer, reader: Reader) -> Exception:
    """Give the error for a customer that could not be saved."""
    fault = outcome if isinstance(outcome, Fault) else Fault("customer", outcome)
    if fault.field == "id":
        try:
            read_customer(reader, customer.id)
        except CustomerMerged as error:
            return error
        except CustomerNotFound:
            pass  # the id itself is at fault
    return InvalidValueError(f"{fault.field}: {fault.reason}", field=fault.field)
