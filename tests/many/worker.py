"""A process that does its share, part by part as it is told: ``worker URL NUMBER SHARES BEGAN``.

With ``follow`` in place of a number it reads ``crm.changes`` until it is told to end.
"""

from __future__ import annotations

import json
import select
import sys
from typing import Any

import crmkit
from tests.many.work import Share, ticking

_PAGE = 37


def work(share: Share) -> None:
    """Do each part that a line names, and tell when it is done."""
    for line in sys.stdin:
        getattr(share, line.strip())()
        print("done", flush=True)  # noqa: T201 - read by the test
    print(json.dumps(share.new))  # noqa: T201


def follow(crm: crmkit.CRM) -> None:
    """Follow every change by its cursor; tell what was seen, in order."""
    seen: list[tuple[Any, ...]] = []
    after = None
    is_over = False
    while True:
        page = crm.changes(after, limit=_PAGE)
        for change in page:
            record = change.record
            what = (record.source, record.id) if change.what == "touchpoint" else ()
            seen.append((int(change.cursor), change.what, change.customer_id, *what))
            after = change.cursor
        if not page and is_over:
            break
        # Whoever has seen all leaves the processor to those who work, for a moment.
        wait = 0 if page else 0.02
        is_over = is_over or bool(select.select([sys.stdin], [], [], wait)[0])
    print(json.dumps(seen))  # noqa: T201


def main(url: str, number: str, shares: str, began: str) -> None:
    """Open the workspace and do what is asked."""
    with crmkit.connect(url, plugins=[], clock=ticking(float(began))) as crm:
        if number == "follow":
            follow(crm)
        else:
            work(Share(crm, int(number), int(shares)))


if __name__ == "__main__":
    main(*sys.argv[1:])
