"""``crm.key_accounts``: few, chosen by explicit criteria, and reviewed (R255-R265)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property

import attrs

from crmkit.arguments import (
    ID_LIMIT,
    choice,
    count,
    flag,
    mapping,
    optional_text,
    refuse,
    text,
)
from crmkit.care import promises
from crmkit.care.key_figures import benchmark, read_figures
from crmkit.care.key_members import ACCOUNTS, Memberships, by_root, members, shown
from crmkit.care.key_review import Reviewing, revenues
from crmkit.care.key_settings import (
    KeyAccountSettings,
    judge,
    key_account_settings,
    questions,
    unmet,
)
from crmkit.care.promises import step
from crmkit.clock import instant
from crmkit.contracts.decisions import decide
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.errors import RefusedError
from crmkit.lifecycle.ended import refuse_ended
from crmkit.model.key_account import (
    MEMBER,
    REMOVED,
    Benchmark,
    KeyAccount,
    KeyReview,
    Promise,
)
from crmkit.value.basis import Defaults, read_basis
from crmkit.value.scoring import require_root

REVIEW = "key_review"
_CANDIDATES = 10


@attrs.frozen(slots=False)
class KeyAccounts:
    """The key accounts of a workspace.

    Attributes:
        session: The open workspace.
        defaults: Value model and kinds that hold before anything was decided.
    """

    session: Session
    defaults: Defaults

    # -- in and out --------------------------------------------------------------------

    def admit(  # noqa: PLR0913 - what an admission is made of
        self,
        id: str,  # noqa: A002
        *,
        sponsor: str,
        manager: str,
        reason: str,
        answers: Mapping[str, bool] | None = None,
        exception: str | None = None,
        by: str | None = None,
    ) -> KeyAccount:
        """Make a customer a key account, where he meets the criteria of the configuration.

        Args:
            id: Whom.
            sponsor: The senior person who stands for the account (R255).
            manager: Who manages it; somebody else.
            reason: Why.
            answers: What people say to the questions among the criteria: yes or no, by name.
            exception: Why he is admitted although he does not meet them; it is on record and shown
                at every review (R260).
            by: Who decides; None: the actor.

        Raises:
            RefusedError: he does not meet the criteria, is one already, or was ended; there is no
                room; or the sponsor is not senior, or is the manager.
            InvalidValueError: an argument is no such thing; `field` names it.
            CustomerNotFound: nobody has that id.
        """
        said = self._answers(answers)
        why_not = optional_text("exception", exception)
        if why_not is not None and not why_not.strip():
            refuse("exception", "must say why")
        text("manager", manager, ID_LIMIT, least=1)
        self._sponsor(sponsor, manager)
        self.session.person("manager", manager)
        deciding = self.session.deciding(text("reason", reason, least=1), by)
        settings = self.settings
        with self.session.store.write() as writer:
            require_root(writer, id)
            refuse_ended(writer, id, "becoming a key account")
            held = members(writer)
            if id in held:
                raise RefusedError(f"customer {id!r} is a key account already", customer_id=id)
            if len(held) >= settings.most:
                message = (
                    f"there are {len(held)} key accounts, and {settings.most} at most: a review "
                    "says who no longer meets the criteria"
                )
                raise RefusedError(message, customer_id=id)
            basis = read_basis(writer, self.defaults)
            earned = revenues(writer, basis, deciding.now)
            costs, now = settings.costs, deciding.now
            figures = read_figures(writer, basis.layout, costs, [id], earned, now)[id]
            criteria = judge(settings, figures, said)
            left = unmet(criteria)
            if left and why_not is None:
                message = (
                    f"customer {id!r} does not meet the criteria of a key account: "
                    f"{'; '.join(left)}; exception= admits him all the same, with the reason on "
                    "record"
                )
                raise RefusedError(message, customer_id=id, unmet=tuple(left))
            account = KeyAccount(
                customer_id=id,
                owner=manager,
                state=MEMBER,
                sponsor=sponsor,
                reason=reason,
                exception=why_not if left else None,
                answers=said,
                admitted_at=instant(deciding.now),
                criteria=criteria,
                review_due=self._due(deciding.now),
                steps=(step("admitted", deciding),),
            )
            return ACCOUNTS.open(writer, deciding, account, "admitted")

    def remove(self, id: str, *, reason: str, by: str | None = None) -> KeyAccount:  # noqa: A002
        """Let a customer be no key account any longer; what was promised to him stands.

        Raises:
            RefusedError: he is none.
            InvalidValueError: there is no reason.
        """
        deciding = self.session.deciding(text("reason", reason, least=1), by)
        with self.session.store.write() as writer:
            gone = [
                attrs.evolve(
                    one,
                    state=REMOVED,
                    removed_at=instant(deciding.now),
                    steps=(*one.steps, step("removed", deciding)),
                )
                for one in self._memberships(writer, id)
            ]
            ACCOUNTS.move_all(writer, deciding, gone, "removed")
            return shown(id, gone)

    def list(self, *, state: str | None = MEMBER) -> tuple[KeyAccount, ...]:
        """Give the key accounts, in the order they were admitted.

        Those who were merged into one stand here once, by their oldest admission.

        Args:
            state: ``member``, ``removed``, or None for both.

        Raises:
            InvalidValueError: there is no such state.
        """
        if state is not None:
            choice("state", state, (MEMBER, REMOVED))
        with self.session.store.read() as reader:
            found = ACCOUNTS.all(reader, states=() if state is None else (state,))
            held = by_root(reader, found)
        told = {group[0].id: shown(root, group) for root, group in held.items()}
        return tuple(
            told.get(one.id, one) for one in found if one.state != MEMBER or one.id in told
        )

    # -- looking at all ----------------------------------------------------------------

    def review(self, *, candidates: int = _CANDIDATES, by: str | None = None) -> KeyReview:
        """Review the programme: who still meets the criteria, and who else would (R263).

        Nobody is admitted or removed by it: that is for people to decide. That it was held is on
        record, with who held it and when the next one is due; each account keeps what was seen.

        Args:
            candidates: So many of the others are looked at, the best by score; those with the
                largest profit less cost come first.
            by: Who holds it; None: the actor.

        Raises:
            InvalidValueError: `candidates` is below 0.
        """
        count("candidates", candidates)
        deciding = self.session.deciding("review of the key accounts", by)
        with self.session.store.write() as writer:
            basis = read_basis(writer, self.defaults)
            held = members(writer)
            reviewing = Reviewing(writer, basis, self.settings, deciding)
            accounts = [shown(root, group) for root, group in held.items()]
            kept, others = reviewing.assess(accounts, candidates)
            due = self._due(deciding.now)
            new = [
                attrs.evolve(
                    one,
                    assessed=seen,
                    review_due=due,
                    steps=(*one.steps, step("reviewed", deciding)),
                )
                for group, seen in zip(held.values(), kept, strict=True)
                for one in group
            ]
            ACCOUNTS.move_all(writer, deciding, new, "reviewed")
            # Figures stand with the customers they are about, so that an erasure finds them.
            body = {"accounts": len(kept), "due": due.isoformat()}
            seq = decide(writer, REVIEW, None, deciding, body)
        return KeyReview(
            id=str(seq),
            at=instant(deciding.now),
            by=deciding.by,
            due=due,
            champion=self.settings.champion,
            least=self.settings.least,
            most=self.settings.most,
            accounts=tuple(kept),
            candidates=tuple(others),
            benchmark=benchmark(
                basis.layout.model.currency, {one.customer_id: one.figures for one in kept}
            ),
        )

    def benchmark(self) -> Benchmark:
        """Put the key accounts beside each other: each figure, its median, and who leads (R264)."""
        now = self.session.now()
        with self.session.store.read() as reader:
            basis = read_basis(reader, self.defaults)
            ids = list(members(reader))
            earned = revenues(reader, basis, now)
            figures = read_figures(reader, basis.layout, self.settings.costs, ids, earned, now)
        return benchmark(basis.layout.model.currency, figures)

    # -- promises ----------------------------------------------------------------------

    def promise(  # noqa: PLR0913 - what a promise is made of
        self,
        id: str,  # noqa: A002
        what: str,
        *,
        departments: Iterable[str] | str,
        since: datetime | None = None,
        until: datetime | None = None,
        owner: str | None = None,
        by: str | None = None,
    ) -> Promise:
        """Put on record what was promised to a key account, for all who must keep it (R265).

        Args:
            id: To whom.
            what: What: ``first call on the winter stock``.
            departments: Which departments must keep it.
            since: From when it holds; None: from now on.
            until: Until when it must be kept; None: for as long as he is a key account.
            owner: Who answers for it; None: the account's manager.
            by: Who promised it; None: the actor.

        Raises:
            RefusedError: he is no key account, or the relationship was ended.
            InvalidValueError: it names no department, or ends before it begins.
        """
        deciding = self.session.deciding("", by)
        with self.session.store.write() as writer:
            account = shown(id, self._memberships(writer, id))
            refuse_ended(writer, id, "a promise")
            made = promises.promise(
                self.session, account, what, departments, since, until, owner, deciding
            )
            return promises.PROMISES.open(writer, deciding, made, "promised")

    def settle(
        self, promise_id: str, *, kept: bool, evidence: str, by: str | None = None
    ) -> Promise:
        """Record that a promise was kept, or broken.

        Args:
            promise_id: Which.
            kept: Whether it was.
            evidence: What shows it.
            by: Who says so; None: the actor.

        Raises:
            DecisionNotFound: there is no such promise.
            RefusedError: it is settled already.
        """
        return promises.settle(self.session, promise_id, kept, evidence, by)

    def promises(
        self,
        id: str | None = None,  # noqa: A002
        *,
        department: str | None = None,
        state: str | None = None,
        due: datetime | None = None,
    ) -> tuple[Promise, ...]:
        """Give promises, in the order they were made.

        Args:
            id: Only those to this customer.
            department: Only those that this department must keep.
            state: ``open``, ``kept`` or ``broken``; None: all.
            due: Only open ones that must be kept by this instant, the most pressing first.

        Raises:
            CustomerNotFound: nobody has that id.
            InvalidValueError: there is no such state.
        """
        optional_text("department", department)
        with self.session.store.read() as reader:
            if id is not None:
                require_root(reader, id)
            return promises.listed(reader, id, department, state, due)

    # -- inside ------------------------------------------------------------------------

    @cached_property
    def settings(self) -> KeyAccountSettings:
        """The policy that the configuration states."""
        return key_account_settings(self.session)

    def _due(self, now: int) -> datetime:
        return instant(now) + timedelta(days=self.settings.review_days)

    def _memberships(self, reader: Reader, customer: str) -> Memberships:
        require_root(reader, customer)
        found = [one for one in ACCOUNTS.of(reader, customer) if one.state == MEMBER]
        if not found:
            raise RefusedError(f"customer {customer!r} is no key account", customer_id=customer)
        return found

    def _answers(self, answers: Mapping[str, bool] | None) -> dict[str, bool]:
        """Check that what was answered was asked."""
        given = {} if answers is None else answers
        said = mapping("answers", given, 'yes or no by criterion: {"fit": True}')
        asked = questions(self.settings)
        for name, answer in said.items():
            choice("answers", name, asked)
            flag("answers", answer)
        return dict(said)

    def _sponsor(self, sponsor: str, manager: str) -> None:
        """Refuse a sponsor who is not senior, or who is the manager himself."""
        named = text("sponsor", sponsor, ID_LIMIT, least=1)
        person = self.session.people.get(named)
        if person is None or not person.senior:
            senior = sorted(name for name, one in self.session.people.items() if one.senior)
            known = ", ".join(senior) or "nobody yet: set senior = true under [people]"
            message = f"{named} cannot sponsor a key account; senior people are {known}"
            raise RefusedError(message, by=named)
        if named == manager:
            raise RefusedError(f"{named} cannot be the account's sponsor and manager", by=named)
