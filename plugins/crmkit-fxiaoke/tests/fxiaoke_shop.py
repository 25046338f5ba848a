"""A workspace of ours with one connector to the company."""

from datetime import timedelta
from typing import Any

from crmkit_fxiaoke import hooks
from fxiaoke_kit import deeds

import crmkit
from crmkit import Customer, Identity
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.fxiaoke import Fxiaoke

CUSTOMERS = {
    "concept": "customers",
    "object": "AccountObj",
    "match": "email",
    "fields": {
        "name": {"field": "name", "owner": "newest"},
        "email": {"field": "email", "owner": "newest"},
        "phone": {"field": "tel", "owner": "newest"},
        "owner": {"field": "owner", "owner": "newest"},
        "attributes": {"employees": {"field": "employees", "owner": "newest"}},
    },
}
FAST = {"per_second": 100_000, "burst": 100_000, "wait": 0}


class Shop:
    """A workspace of ours with one connector to the company."""

    def __init__(self, company: Fxiaoke, **settings: Any) -> None:
        self.company, self.book = company, company.book
        section = {
            "type": "fxiaoke",
            "base_url": company.url,
            "app_id": "FSAID_1",
            "app_secret": "app-secret",
            "permanent_code": "permanent-code",
            "mobile": "13800138000",
            "token": "push-token",
            "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            "push_tolerance": 1e12,  # the company's clock is not the machine's
            "limits": FAST,
            "users": {"lin": "FSUID_LIN", "admin": "FSUID_ADMIN"},
            "mapping": [CUSTOMERS],
            **settings,
        }
        self.crm = crmkit.connect(
            "memory://",
            plugins=manager_for(hooks),
            clock=company.book.now,
            config={"connectors": {"sales": section}},
        )

    def save(self, number: int, **fields: Any) -> Any:
        keys = (
            Identity("email", f"c{number}@example.cn"),
            Identity("phone", f"+861380013{number:04d}"),
        )
        return self.crm.customers.save(Customer(name=f"客户{number}", identities=keys, **fields))

    def run(self, **more: Any) -> Any:
        """Run once, a little later, counting the calls of this run alone."""
        self.book.advance(timedelta(minutes=5))
        self.company.calls.clear()
        return self.crm.sync.run("sales", **more)

    def theirs(self) -> dict[str, str]:
        """Give the ids of their records by name."""
        return {one.values["name"]: one.id for one in self.book.live("AccountObj")}


def writes(company: Fxiaoke) -> list[str]:
    return [name for name in deeds(company) if name not in ("query", "get")]
