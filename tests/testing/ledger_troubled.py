"""Connectors that each fail wrongly in one way; which test must notice stands in each."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs

from crmkit.contracts.connector import (
    Changes,
    Cursor,
    Finding,
    Hint,
    Result,
    RetryLater,
    SyncAborted,
    SyncError,
    Token,
    Upsert,
    WriteLost,
)
from crmkit.contracts.exchange import Answer
from crmkit.contracts.service import OK, Service
from crmkit.contracts.signatures import header, refuse, same
from tests.testing.ledger import PEOPLE, WORDS, Settings, Sound


class Unguarded(Sound):
    """It reads every answer itself, throttled or not."""

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        judge = self.judge
        self.service = Service("the ledger", config.limits, login=self.login, judge=judge)

    def judge(self, said: Answer) -> str:
        return "expired" if said.status == 401 else OK


class Impatient(Unguarded):
    """A moment's throttling puts everything off."""

    notices = "test_too_much_to_do_is_waited_out"

    def look(self, said: Answer) -> None:
        if said.status == 429:
            raise RetryLater("busy", after=1.0)
        super().look(said)


class ShortWait(Unguarded):
    """What Retry-After said is dropped."""

    notices = "test_a_long_wait_is_put_off"

    def look(self, said: Answer) -> None:
        if said.status == 429:
            raise RetryLater("busy", after=1.0, kind="burst")
        super().look(said)


class Offended(Unguarded):
    """Throttling stops the run for good."""

    notices = "test_a_remote_that_stays_busy"


class ReadsOnce(Sound):
    """A page that broke off is given up."""

    notices = "test_a_cut_while_reading"

    def call(self, entity: str, action: str, asked: Any, *, again: bool = True) -> Answer:
        return super().call(entity, action, asked, again=again and action != "page")


class TriesCutAgain(Sound):
    """A new record that may have been taken is sent again."""

    notices = "test_a_cut_new_record_is_never_doubled"

    def write(self, entity: str, records: Sequence[Upsert], *, again: bool) -> Answer:  # noqa: ARG002
        return super().write(entity, records, again=True)


class NeverAgain(Sound):
    """What could be found by its match is given up as lost."""

    notices = "test_a_cut_write_is_repeated_by_its_match"

    def write(self, entity: str, records: Sequence[Upsert], *, again: bool) -> Answer:
        known = all(record.remote_id for record in records)
        return super().write(entity, records, again=again and known)


class LostIsRefused(Sound):
    """What may have been taken is called refused."""

    notices = "test_a_cut_write_by_id_is_repeated"

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        try:
            return super().upsert(entity, records)
        except WriteLost as error:
            return [Result(key=record.key, reason=str(error)) for record in records]

    def write(self, entity: str, records: Sequence[Upsert], *, again: bool) -> Answer:  # noqa: ARG002
        return super().write(entity, records, again=False)


class FirstToken(Sound):
    """The first token is the last."""

    notices = "test_a_token_that_ends_in_the_middle"
    first: Token | None = None

    def login(self) -> Token:
        self.first = self.first or super().login()
        return self.first


class OwnPocket(Sound):
    """The engine's place for the token is left alone."""

    notices = "test_the_engine_keeps_the_token"

    def call(self, entity: str, action: str, asked: Any, *, again: bool = True) -> Answer:
        tokens, self.tokens = self.tokens, None
        if tokens is not None and "token" not in vars(self):
            self.token = tokens.get(self.login)
            tokens.get(self.login, stale=self.token)
        return super().call(entity, action, asked, again=again)


class EachItsOwn(Sound):
    """Each call fetches a token, whether there is one or not."""

    notices = "test_threads_fetch_one_token"

    def call(self, entity: str, action: str, asked: Any, *, again: bool = True) -> Answer:
        if self.tokens is not None:
            self.tokens.get(self.login, stale=self.tokens.get(self.login))
        return super().call(entity, action, asked, again=again)


class Contented(Sound):
    """An answer that holds no rows is an empty page."""

    notices = "test_an_answer_that_nobody_can_read"

    def look(self, said: Answer) -> None:
        if said.status != 200:
            super().look(said)

    def part(self, said: Answer, name: str) -> list[dict[str, Any]]:
        return super().part(said, name) if isinstance(said.data, dict) else []


class Surprised(Sound):
    """An answer of another shape is an AttributeError."""

    notices = "test_an_answer_that_nobody_can_read"

    def look(self, said: Answer) -> None:
        said.data.get("rows")
        super().look(said)


class AnyStatus(Sound):
    """The status of an answer is not looked at."""

    notices = "test_an_error_is_no_success"

    def look(self, said: Answer) -> None:
        """Find nothing wrong."""

    def part(self, said: Answer, name: str) -> list[dict[str, Any]]:
        return super().part(said, name) if said.status == 200 else []


class GivesUp(Sound):
    """After one failure it never works again."""

    notices = "test_trouble_passes"
    down = False

    def call(self, entity: str, action: str, asked: Any, *, again: bool = True) -> Answer:
        if self.down:
            raise SyncAborted("the ledger was down")
        try:
            return super().call(entity, action, asked, again=again)
        except SyncAborted:
            self.down = True
            raise


class DownIsRaised(Sound):
    """A remote that is down is an OSError."""

    notices = "test_a_remote_that_is_down"

    def login(self) -> Token:
        try:
            return super().login()
        except SyncError as error:
            raise ConnectionError(str(error)) from error


class Unmetered(Sound):
    """The engine's meter is left alone."""

    notices = "test_the_meter_is_asked"

    def call(self, entity: str, action: str, asked: Any, *, again: bool = True) -> Answer:
        self.meter = None
        return super().call(entity, action, asked, again=again)


class Blabbing(Sound):
    """An error quotes the key."""

    notices = "test_trouble_shows_no_secret"

    def look(self, said: Answer) -> None:
        try:
            super().look(said)
        except SyncAborted as error:
            raise SyncAborted(f"{error} with the key {self.config.key.reveal()}") from None


class Elsewhere(Sound):
    """A hint names an object that is none."""

    notices = "test_a_sound_call_is_read"

    def receive(self, headers: Mapping[str, str], body: bytes, **how: str) -> Any:
        hints, response = super().receive(headers, body, **how)
        return [attrs.evolve(hint, entity="persons") for hint in hints], response


class Trusting(Sound):
    """A call is believed as long as it is signed by anybody."""

    notices = "test_a_forged_call_is_refused"

    def signed(self, headers: Mapping[str, str], body: bytes) -> None:  # noqa: ARG002
        if not header(headers, "X-Signature"):
            refuse("its signature is missing")


class Optional(Sound):
    """The signature is checked where there is one."""

    notices = "test_an_unsigned_call_is_refused"

    def signed(self, headers: Mapping[str, str], body: bytes) -> None:
        if header(headers, "X-Signature"):
            super().signed(headers, body)


class CaseSensitive(Sound):
    """Headers are looked up as the remote's page spells them."""

    notices = "test_header_names_come_in_any_case"

    def signed(self, headers: Mapping[str, str], body: bytes) -> None:
        if not same(headers.get("X-Signature", ""), self.signature(body)):
            refuse("its signature is missing or wrong")


class OnlyOnce(Sound):
    """A call that comes again tells nothing, although it may have been lost the first time."""

    notices = "test_the_same_call_again"

    def receive(self, headers: Mapping[str, str], body: bytes, **how: str) -> Any:
        hints, response = super().receive(headers, body, **how)
        known, self.known = getattr(self, "known", None), body
        return ([] if known == body else hints), response


class Demanding(Sound):
    """A call of another shape is a KeyError."""

    notices = "test_a_strange_body"

    def receive(self, headers: Mapping[str, str], body: bytes, **how: str) -> Any:
        self.signed(headers, body)
        ids = [row["id"] for row in json.loads(body)["changed"]]
        _, response = super().receive(headers, body, **how)
        return [Hint(entity=PEOPLE, ids=tuple(ids))], response


class Understated(Sound):
    """It can merge, and does not say so."""

    notices = "test_capabilities_are_what_it_can_do"
    words = WORDS - {"merge"}


class PlainPassword(Sound):
    """The password is declared as a text."""

    notices = "test_a_secret_is_a_secret"

    @attrs.frozen(kw_only=True)
    class config_class(Settings):  # noqa: N801 - an attribute of the connector
        password: str = ""


class Unveiled(Sound):
    """It keeps the key as a plain text."""

    notices = "test_a_secret_is_never_shown"

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self.key = config.key.reveal()


class Eager(Sound):
    """It logs in when it is opened."""

    notices = "test_opening_connects_to_nothing"

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        with suppress(SyncError):
            self.service.token()


class OneClose(Sound):
    """Closing it a second time is an exception."""

    notices = "test_closing_twice"

    def close(self) -> None:
        del self.service


class CommonGround(Sound):
    """All connectors of the kind share what the first to be closed gives back."""

    notices = "test_two_of_one_kind"
    closed = threading.Event()

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self.closed.clear()

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        assert not self.closed.is_set(), "the connector is closed"
        return super().changes(entity, cursor, fields=fields)

    def close(self) -> None:
        self.closed.set()


class Meddling(Sound):
    """The check writes a record to see whether it can."""

    notices = "test_looking_changes_nothing"

    def check(self) -> Sequence[Finding]:
        self.upsert(PEOPLE, [Upsert(key="check", values={"name": "check"})])
        return ()


class Alarmed(Sound):
    """The check finds fault with sound settings."""

    notices = "test_looking_changes_nothing"

    def check(self) -> Sequence[Finding]:
        return [Finding(what="it might be slow", remedy="wait")]


class Hasty(Sound):
    """Many calls are said to take less time than few."""

    notices = "test_what_the_limits_leave"

    def seconds(self, calls: int) -> float:
        return 100.0 / calls if calls else 0.0


class Backwards(Sound):
    """What is to be read again lies in the future."""

    notices = "test_engine_attributes"
    overlap = -1.0


class NamedTwice(Sound):
    """One object has its name twice."""

    notices = "test_the_objects_it_keeps"

    def entities(self) -> Sequence[str]:
        return [PEOPLE, PEOPLE]
