"""Every instant is printed in one zone: the configuration's, or else the machine's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.kit import Shop

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the machine's zone is fixed")
AT = ("--at", "2026-05-01T20:30+00:00")
ZONED = '[agenda]\ntimezone = "{}"\n[people.lin]\nname = "Lin"\n'


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine stand in Kathmandu."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def printed(shop: Shop) -> dict[str, str]:
    """Move something in each namespace, and give what the commands print."""
    who = shop.id(0)
    opened = shop.run("feedback", "open", who, "--kind", "complaint", "--text", "cold", *AT).stderr
    case = opened.split()[1]
    window = ("--start", "2026-05-01T20:30+00:00", "--end", "2026-05-02T20:30+00:00")
    shop.run("market", "promotion", "Rival", *window)
    plan = shop.json("plan", "draft", who, "--owner", "lin", *AT)["id"]
    return {
        "open": opened,
        "listed": shop.run("feedback", *AT).stdout,
        "case": shop.run("feedback", "show", case).stdout,
        "promotions": shop.run("market", "promotions").stdout,
        "plan": shop.run("plan", "show", plan).stdout,
        "score": shop.run("score", who, *AT).stdout,
        "advance": shop.run("advance", *AT).stdout,
    }


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("configured", "stands"),
    [("Asia/Shanghai", "2026-05-02 04:30"), ("Europe/Berlin", "2026-05-01 22:30")],
)
def test_the_zone_of_the_configuration(shop: Shop, configured: str, stands: str):
    """No command prints what it was stored in, nor the machine's."""
    Path("crmkit.toml").write_text(ZONED.format(configured), "utf-8")
    said = printed(shop)
    for name in ("case", "promotions", "plan", "score", "advance"):
        assert stands in said[name], name
    for name, text in said.items():
        assert "20:30" not in text, name
        assert "02:15" not in text, name


@pytest.mark.usefixtures("there")
def test_without_one_it_is_the_machines(shop: Shop):
    """Half past eight in the evening is a quarter past two there."""
    said = printed(shop)
    for name in ("case", "promotions", "plan", "score", "advance"):
        assert "2026-05-02 02:15" in said[name], name
