"""What e-mails are sent with otherwise: a bare loop of `smtplib`, and Apprise."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from jinja2 import Environment

from benchmarks.sink import Letter


def bare_loop(port: int, letters: Sequence[Letter], connections: int) -> None:
    """Send letters that are ready, each connection its share, with ``sendmail``."""

    def share(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for sender, to, data in letters[number::connections]:
                client.sendmail(sender, [to], data)

    _at_once(share, range(connections), connections)


def by_apprise(
    port: int,
    people: Iterable[tuple[str, str]],
    template: Mapping[str, str],
    variables: Mapping[str, str],
    threads: int,
) -> None:
    """Render and send as users of Apprise do: a ``mailto://`` URL a recipient.

    Args:
        port: Of the mail server.
        people: Name and address of each.
        template: Texts by part: subject and HTML are rendered; Apprise makes the text itself.
        variables: Values for everybody.
        threads: So many at a time, each with its own connection, since it cannot keep any.
    """
    import apprise  # noqa: PLC0415 - its group may not be installed

    environment = Environment(autoescape=True)
    subject, html = (environment.from_string(template[part]) for part in ("subject", "html"))

    def one(person: tuple[str, str]) -> None:
        name, address = person
        values = {"salutation": f"Dear {name}", **variables}
        client = apprise.Apprise()
        client.add(
            f"mailto://127.0.0.1:{port}?mode=insecure&format=html"
            f"&from={quote('shop@shop.example')}&to={quote(address)}"
        )
        if not client.notify(
            title=subject.render(values), body=html.render(values), body_format="html"
        ):
            message = f"Apprise could not send to {address}"
            raise RuntimeError(message)

    _at_once(one, people, threads)


def _at_once(work: Callable[[Any], None], items: Iterable[Any], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, items):
            pass
