"""Sending: what a mail server says, or does, and what becomes of each message."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from threading import Thread
from typing import Any

import pytest

from crmkit.contracts.channel import Receipt
from tests.channels.email_kit import close_all, message, opened, parsed
from tests.channels.email_server import CUT, Talk, serving, wait_for

STEPWISE = ("8BITMIME",)
PIPED = ("PIPELINING", "8BITMIME")
ARCHIVE = {"archive": "maildir:/nowhere", "archive_address": "archive@shop.example"}
both_ways = pytest.mark.parametrize("offers", [STEPWISE, PIPED], ids=["stepwise", "piped"])


@pytest.fixture(autouse=True)
def closing():
    yield
    close_all()


def saying(command: str, answer: bytes, *, times: int = 1000):
    """Answer the commands that begin so, a few times."""
    left = [times]

    def answers(_talk: Talk, said: str) -> bytes | None:
        if said.startswith(command) and left[0]:
            left[0] -= 1
            return answer
        return None

    return answers


def outcomes(receipts: Sequence[Receipt]):
    return [receipt.outcome for receipt in receipts]


def delivered(server: Any):
    return sorted(to for mail in server.taken for to in mail.to)


@both_ways
@pytest.mark.row("R29", "R30", "R31")
def test_each_recipient_gets_exactly_his_own_mail(offers: tuple[str, ...]):
    """Over several connections, nobody gets another's text, and nobody gets two."""
    with serving(offers=offers) as server:
        channel = opened(port=server.port, connections=4)
        receipts = channel.send([message(n, text=f"for {n} alone\n.\n") for n in range(60)])
        channel.close()
    assert outcomes(receipts) == ["accepted"] * 60
    assert [receipt.message_id for receipt in receipts] == [str(n) for n in range(60)]
    assert receipts[7].provider_id == "crmkit.7@shop.example"
    assert len(server.taken) == 60
    for mail in server.taken:
        number = mail.to[0].removeprefix("li").partition("@")[0]
        assert parsed(mail.data).get_content() == f"for {number} alone\r\n.\r\n"
        assert mail.sender == "news@shop.example"
    assert 1 < len(server.talks) <= 4


def test_a_mail_costs_one_packet_where_the_server_allows_it():
    """The body and the next envelope leave together: one round trip a mail."""
    with serving(offers=PIPED) as server:
        channel = opened(port=server.port, connections=1)
        channel.send([message(n) for n in range(20)])
    packets = server.talks[0].packets
    assert b"RCPT" in next(one for one in packets if one.startswith(b"MAIL"))
    assert len([one for one in packets if b"\r\n.\r\n" in one]) == 20
    assert len(packets) <= 22 + 1  # EHLO, the first envelope, and one a mail


def test_step_by_step_where_it_does_not():
    """A server without PIPELINING never sees two commands in one packet."""
    with serving(offers=STEPWISE) as server:
        opened(port=server.port, connections=1).send([message(n) for n in range(3)])
    commands = [one for one in server.talks[0].packets if not one.startswith(b"Message-ID")]
    assert all(one.count(b"\r\n") == 1 for one in commands)


def test_connections_are_kept_for_the_next_batch():
    """The second send greets nobody; after the server hung up, the third does."""
    with serving() as server:
        channel = opened(port=server.port, connections=1)
        channel.send([message(1)])
        channel.send([message(2)])
        assert len(server.talks) == 1
        server.hang_up()
        assert outcomes(channel.send([message(3)])) == ["accepted"]
        assert len(server.talks) == 2
        channel.close()
        channel.close()
        wait_for(lambda: "QUIT" in server.talks[1].commands)
    assert delivered(server) == ["li1@example.com", "li2@example.com", "li3@example.com"]


@both_ways
@pytest.mark.parametrize(
    ("command", "answer", "outcome", "code"),
    [
        ("RCPT", b"550 5.1.1 no such user\r\n", "refused", "550 5.1.1"),
        ("RCPT", b"550 no such user\r\n", "refused", "550"),
        ("RCPT", b"501 5.1.3 bad address\r\n", "refused", "501 5.1.3"),
        ("RCPT", b"450 4.2.0 greylisted\r\n", "retry", "450 4.2.0"),
        ("RCPT", b"452 4.5.3 too many\r\n", "retry", "452 4.5.3"),
        ("RCPT", b"552 5.2.2 mailbox full\r\n", "retry", "552 5.2.2"),
        ("RCPT", b"550 5.2.2 mailbox full\r\n", "retry", "550 5.2.2"),
        ("RCPT", b"554 5.7.1 relaying denied\r\n", "misconfigured", "554 5.7.1"),
        ("RCPT", b"530 log in first\r\n", "misconfigured", "530"),
        ("MAIL", b"553 5.1.8 not your address\r\n", "misconfigured", "553 5.1.8"),
        ("MAIL", b"451 4.3.0 later\r\n", "retry", "451 4.3.0"),
        ("MAIL", b"552 5.3.4 too large\r\n", "refused", "552 5.3.4"),
        ("DATA", b"451 4.3.0 later\r\n", "retry", "451 4.3.0"),
        ("BODY", b"451-4.3.0 disk\r\n451 4.3.0 full\r\n", "retry", "451 4.3.0"),
        ("BODY", b"554 5.7.1 spam\r\n", "misconfigured", "554 5.7.1"),
        ("BODY", b"550 5.1.1 after all\r\n", "refused", "550 5.1.1"),
    ],
)
def test_an_answer_is_about_its_own_message(
    offers: tuple[str, ...], command: str, answer: bytes, outcome: str, code: str
):
    """A refused message costs the others nothing, and its receipt says whose fault it is."""

    def one_bad(talk: Talk, said: str) -> bytes | None:
        about = {"MAIL": "SIZE=0", "RCPT": "li3@"}.get(command)
        if command in ("MAIL", "DATA", "BODY"):
            nth = sum(one.startswith(command) for one in talk.commands)
            return answer if said.startswith(command) and nth == 4 else None
        return answer if said.startswith(command) and about in said else None

    with serving(one_bad, offers=offers) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(7)])
    assert outcomes(receipts) == ["accepted"] * 3 + [outcome] + ["accepted"] * 3
    assert receipts[3].code == code
    assert receipts[3].reason
    assert delivered(server) == [f"li{n}@example.com" for n in range(7) if n != 3]


@both_ways
def test_a_server_that_takes_a_body_for_nobody_gets_none(offers: tuple[str, ...]):
    """Where DATA is allowed though RCPT was refused, the text of the mail does not leave."""

    def odd(talk: Talk, said: str) -> bytes | None:
        if said.startswith("RCPT TO:<li1@"):
            return b"550 5.1.1 no\r\n"
        if said == "DATA" and not talk.to:
            return b"354 go ahead\r\n"
        if said == ".":
            return b"554 5.5.1 no recipients\r\n"
        return None

    with serving(odd, offers=offers) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(3)])
    assert outcomes(receipts) == ["accepted", "refused", "accepted"]
    assert not any(b"Hello 1" in packet for packet in server.talks[0].packets)


def test_a_server_that_refuses_the_sender_and_goes_on_gets_no_empty_mail():
    """The connection is broken off: a lone last line could be delivered."""

    def odd(talk: Talk, said: str) -> bytes | None:
        if said.startswith("MAIL"):
            talk.sender, talk.to = "x@y.example", []
            return b"451 4.3.0 later\r\n"
        return None

    with serving(odd, offers=PIPED) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(3)])
    assert outcomes(receipts) == ["retry"] * 3
    assert server.taken == []


@both_ways
@pytest.mark.parametrize("said", [b"354 go on\r\n", b"600 what is that\r\n"])
def test_an_answer_that_says_nothing_leaves_it_unknown(offers: tuple[str, ...], said: bytes):
    """Neither taken nor refused: a person has to look."""
    with serving(saying("BODY", said, times=1), offers=offers) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(3)])
    assert outcomes(receipts) == ["unknown", "accepted", "accepted"]


@both_ways
def test_the_archive_gets_what_the_customer_got(offers: tuple[str, ...]):
    """A blind copy goes in the same transaction, and none where the customer was refused."""
    with serving(saying("RCPT TO:<li1@", b"550 5.1.1 no\r\n"), offers=offers) as server:
        channel = opened(port=server.port, connections=1, **ARCHIVE)
        receipts = channel.send([message(n) for n in range(3)])
    assert outcomes(receipts) == ["accepted", "refused", "accepted"]
    assert [mail.to for mail in server.taken] == [
        ["li0@example.com", "archive@shop.example"],
        ["li2@example.com", "archive@shop.example"],
    ]
    assert all(b"archive@" not in mail.data for mail in server.taken)


@both_ways
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(b"550 5.1.1 no\r\n", "misconfigured"), (b"450 4.2.1 later\r\n", "retry")],
)
def test_without_the_archive_nothing_goes(offers: tuple[str, ...], answer: bytes, outcome: str):
    """A message that could never be found again is not sent: it is no fault of the customer."""
    with serving(saying("RCPT TO:<archive@", answer), offers=offers) as server:
        channel = opened(port=server.port, connections=1, **ARCHIVE)
        receipts = channel.send([message(n) for n in range(3)])
    assert outcomes(receipts) == [outcome] * 3
    assert "archive" in receipts[0].reason
    assert server.taken == []


@both_ways
@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_connection_cut_before_the_body_is_made_again(offers: tuple[str, ...], command: str):
    """Surely not taken: it goes over a new connection, once."""
    with serving(saying(command, CUT, times=1), offers=offers) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(5)])
    assert outcomes(receipts) == ["accepted"] * 5
    assert delivered(server) == [f"li{n}@example.com" for n in range(5)]


@both_ways
def test_a_connection_cut_after_the_body_leaves_one_message_unknown(offers: tuple[str, ...]):
    """Nobody knows about that one; those behind it go over a new connection."""
    calls = []

    def cut_third(_talk: Talk, said: str) -> bytes | None:
        calls.extend([said] * (said == "BODY"))
        return CUT if said == "BODY" and len(calls) == 3 else None

    with serving(cut_third, offers=offers) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(6)])
    assert outcomes(receipts) == ["accepted"] * 2 + ["unknown"] + ["accepted"] * 3
    assert delivered(server) == [f"li{n}@example.com" for n in (0, 1, 3, 4, 5)]


def test_a_body_cut_in_the_middle_was_surely_not_taken():
    """Without its last line no server may deliver it, so it may go again."""
    big = "x" * 70 + "\n"

    with serving() as server, socket.create_server(("127.0.0.1", 0)) as front:
        Thread(target=_cutting, args=(front, server.port), daemon=True).start()
        channel = opened(port=front.getsockname()[1], connections=1)
        receipts = channel.send([message(1, text=big * 200_000), message(2)])
    assert outcomes(receipts) == ["retry", "accepted"]
    assert delivered(server) == ["li2@example.com"]


def _cutting(front: socket.socket, port: int) -> None:
    """Pass on what a client says, and hang up once it said more than 100 kB."""
    while True:
        try:
            client, _ = front.accept()
        except OSError:
            return
        with socket.create_connection(("127.0.0.1", port)) as server, client:
            Thread(target=_copy, args=(server, client), daemon=True).start()
            seen = 0
            while seen < 100_000 and (data := client.recv(10_000)):
                seen += len(data)
                server.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
            server.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(10_000):
            target.sendall(data)
    except OSError:
        pass


@both_ways
@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "BODY"])
def test_421_means_a_new_connection(offers: tuple[str, ...], command: str):
    """The server says that it closes: what it did not take goes over the next one."""
    with serving(saying(command, b"421 4.3.2 restart\r\n", times=1), offers=offers) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(5)])
    assert outcomes(receipts) == ["accepted"] * 5
    assert len(server.talks) == 2
    assert delivered(server) == [f"li{n}@example.com" for n in range(5)]


@both_ways
def test_one_poisoned_recipient_never_costs_others(offers: tuple[str, ...]):
    """A server that dies on one address dies twice, and the other messages go."""
    with serving(saying("RCPT TO:<li2@", CUT), offers=offers) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(20)])
    assert outcomes(receipts) == ["accepted"] * 2 + ["retry"] + ["accepted"] * 17
    assert len(server.taken) == 19
    assert len(server.talks) <= 3


def test_a_server_that_always_hangs_up_is_not_asked_forever():
    """After a few connections in vain the rest is left for later."""
    with serving(saying("MAIL", CUT)) as server:
        receipts = opened(port=server.port, connections=1).send([message(n) for n in range(100)])
    assert set(outcomes(receipts)) == {"retry"}
    assert len(server.talks) < 20


def test_a_server_that_is_not_there():
    """A refused connection, an unknown name: surely not sent, may be later."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for host in ("127.0.0.1", "no-such-host.invalid"):
        receipts = opened(host=host, port=port, tls="none").send([message(1), message(2)])
        assert outcomes(receipts) == ["retry"] * 2
        assert host in receipts[0].reason


def test_a_busy_greeting_is_retried_later():
    """A server that turns us away at the door took nothing."""
    with serving(saying("CONNECT", b"421 4.3.2 too many connections\r\n")) as server:
        receipts = opened(port=server.port).send([message(1)])
    assert outcomes(receipts) == ["retry"]
    assert receipts[0].code == "421 4.3.2"


@pytest.mark.parametrize(("command", "outcome"), [("RCPT", "retry"), ("BODY", "unknown")])
def test_a_server_that_says_nothing(command: str, outcome: str):
    """Silence before the body had left is no harm; after it, nobody knows."""

    def silent(_talk: Talk, said: str) -> bytes | None:
        return b" " if said.startswith(command) else None  # never a whole line

    with serving(silent) as server:
        receipts = opened(port=server.port, timeout=0.2, connections=1).send([message(1)])
    assert outcomes(receipts) == [outcome]


def test_what_cannot_be_a_mail_is_refused_alone():
    """A bad address or an injected name costs the others nothing, and never reaches the server."""
    bad = [
        message(1, to="x@-y.z"),
        message(2, name="a\nBcc: b"),
        message(3, headers={"To": "x"}),
        message(4, headers={"X-Count": 7}),
    ]
    with serving() as server:
        receipts = opened(port=server.port).send([message(0), *bad, message(5)])
    assert outcomes(receipts) == ["accepted", *["refused"] * 4, "accepted"]
    assert all(receipt.reason for receipt in receipts[1:5])
    assert delivered(server) == ["li0@example.com", "li5@example.com"]


def test_an_address_beyond_ascii_needs_a_server_that_takes_it():
    """With SMTPUTF8 it goes as it is; without, it alone is refused."""
    wide = message(1, to="李明@例子.中国")
    with serving() as server:
        assert outcomes(opened(port=server.port).send([wide])) == ["accepted"]
    assert server.taken[0].to == ["李明@xn--fsqu00a.xn--fiqs8s"]
    assert any("SMTPUTF8" in one for one in server.talks[0].commands)
    with serving(offers=PIPED) as server:
        channel = opened(port=server.port)
        receipts = channel.send([wide, message(2, to="li@bücher.example")])
    assert outcomes(receipts) == ["refused", "accepted"]
    assert delivered(server) == ["li@xn--bcher-kva.example"]


def test_a_mail_larger_than_the_server_takes_is_not_begun():
    """SIZE tells before the first byte."""
    with serving(offers=("PIPELINING", "SIZE 10000")) as server:
        channel = opened(port=server.port)
        receipts = channel.send([message(1), message(2, text="x " * 9000), message(3)])
    assert outcomes(receipts) == ["accepted", "refused", "accepted"]


def test_any_mixture_of_faults_leaves_one_receipt_a_message_that_is_true():
    """Accepted was taken once, refused and retried never, unknown at most once."""
    for seed in range(6):
        dice = random.Random(seed)

        def fault(_talk: Talk, said: str, dice: Any = dice) -> bytes | None:
            if said.startswith(("MAIL", "RCPT", "DATA", "BODY")) and dice.random() < 0.1:
                return dice.choice([CUT, b"421 4.3.2 bye\r\n", b"451 4.0.0 later\r\n"])
            return None

        offers = PIPED if seed % 2 else STEPWISE
        with serving(fault, offers=offers) as server:
            channel = opened(port=server.port, connections=3, **(ARCHIVE if seed % 3 else {}))
            receipts = channel.send([message(n) for n in range(60)])
            channel.close()
        taken = [mail.to[0] for mail in server.taken]
        assert len(receipts) == 60
        for receipt in receipts:
            copies = taken.count(f"li{receipt.message_id}@example.com")
            least, most = {"accepted": (1, 1), "unknown": (0, 1)}.get(receipt.outcome, (0, 0))
            assert least <= copies <= most, receipt
        assert "accepted" in outcomes(receipts)


@pytest.mark.parametrize(
    ("command", "answer", "alone"),
    [
        ("RCPT", b"450 4.2.0 greylisted\r\n", True),
        ("RCPT", b"451 4.7.1 greylisted\r\n", True),
        ("RCPT", b"552 5.2.2 full\r\n", True),
        ("RCPT", b"450 later\r\n", True),
        ("RCPT", b"451 4.3.0 later\r\n", False),
        ("RCPT", b"451 later\r\n", False),
        ("RCPT", b"550 5.1.1 nobody\r\n", False),
        ("MAIL", b"450 4.2.0 later\r\n", False),
    ],
)
def test_what_is_about_one_mailbox_alone(command: str, answer: bytes, alone: bool):
    """A full or greylisted one is; a server that has trouble of its own has it with all."""
    with serving(saying(command, answer)) as server:
        (receipt,) = opened(port=server.port).send([message()])
    assert receipt.alone is alone
