"""What the commands that only look print: for people, and for programs."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len

import crmkit
from crmkit.care.words import INDICATORS, falling, money
from crmkit.cli.output import columns, shown, signed, table
from crmkit.cli.pyramid import show_pyramid
from crmkit.model.value import Tier
from crmkit.value import ranks
from crmkit.value.models import default_model
from tests.cli.kit import END, HOSTILE, NAMES, Shop, process, run

AT = ("--at", END.isoformat())
LISTINGS = [
    ("customers",),
    ("customers", "--limit", "3"),
    ("movers", *AT),
    ("movers", *AT, "--since", "12w", "--direction", "falling", "--tier", "base"),
    ("movers", *AT, "--order", "size", "--as-shown"),
    ("pyramid", *AT),
    ("agenda", *AT),
    ("plugins",),
    ("doctor",),
]
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_json_is_an_array_and_nothing_else(sold: Shop, words: tuple[str, ...]):
    """A program can read every listing: one array on standard output."""
    rows = sold.json(*words)
    assert isinstance(rows, list)
    assert rows
    assert all(isinstance(row, dict) for row in rows)


@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_a_pipe_gets_text_that_nothing_obeys(sold: Shop, words: tuple[str, ...]):
    """Outside a terminal there is no colour and no bar, and names from outside are written out."""
    done = sold.run(*words)
    assert not OBEYED.search(done.stdout)
    assert done.stdout.strip()
    if words == ("customers",):
        assert "\\x1b[31mEve\\x07 [bold]x[/bold] \\u202egnp" in done.stdout


@pytest.mark.parametrize("width", [40, 80, 120])
def test_tables_fit_the_terminal(sold: Shop, monkeypatch: pytest.MonkeyPatch, width: int):
    """No line is wider than the terminal, also where letters are two columns wide."""
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (("pyramid", *AT), ("customers",), ("movers", *AT), ("agenda", *AT)):
        lines = sold.run(*words).stdout.splitlines()
        assert max(map(cell_len, lines)) <= width, words


def test_customers_are_found(sold: Shop):
    """Text finds by name; a page tells how to go on, where it does not mix with the rows."""
    (found,) = sold.json("customers", "王小")
    assert found["name"] == "王小明"
    first = sold.run("customers", "--limit", "6", "--json")
    after = first.stderr.split("--after ")[1].strip()
    rest = sold.json("customers", "--after", after)
    names = [row["name"] for row in [*json.loads(first.stdout), *rest]]
    assert sorted(names) == sorted(NAMES)
    assert sold.json("customers", "nobody of that name") == []


def test_score_by_every_key(sold: Shop):
    """A customer is named by id or by any key that finds him."""
    one = sold.id(1)
    by_id = sold.json("score", one, *AT)
    assert by_id == sold.json("score", "--email", "C1@example.com", *AT)
    assert by_id == sold.json("score", "--identity", "shop=1", *AT)
    assert sum(part["contribution"] for part in by_id["parts"]) == pytest.approx(by_id["total"])
    shown = sold.run("score", one, *AT).stdout
    assert shown.startswith(f"Ann Able: {by_id['total']:.1f} of 100, tier")


def test_explain_adds_up(sold: Shop):
    """The causes that are printed sum to the change that is printed."""
    moved = sold.json("explain", sold.id(5), "--since", "30d", *AT)
    assert sum(cause["delta"] for cause in moved["causes"]) == pytest.approx(moved["delta"])
    shown = sold.run("explain", sold.id(5), "--since", "30d", *AT).stdout
    lines = re.findall(r"^ *([+-]\d+\.\d)  ", shown, re.MULTILINE)
    assert shown.startswith("Bob: ")
    assert abs(sum(map(float, lines)) - moved["delta"]) < 0.05 * (len(lines) + 1)
    assert "faded as time passed" in shown


def test_explain_does_not_wait_for_the_ranking(sold: Shop, monkeypatch: pytest.MonkeyPatch):
    """Why the score moved is on the screen before everybody is ranked; the tiers come last."""
    words = ("explain", sold.id(5), "--since", "30d", *AT)
    moved = sold.json(*words)
    whole = sold.run(*words).stdout
    assert whole.splitlines()[-1] == (
        f"tier: {moved['before']['tier']} on {moved['before']['at'][:10]}, "
        f"{moved['after']['tier']} on {moved['after']['at'][:10]}"
    )

    def never(*_: object) -> None:
        raise crmkit.StoreError("nobody is ranked")

    monkeypatch.setattr(ranks, "totals_of_known", never)
    done = sold.run(*words, code=3)
    assert whole.startswith(done.stdout)
    assert "together" in done.stdout


def test_explain_as_shown(sold: Shop):
    """Who looks by what was known at the time sees that everything arrived late."""
    moved = sold.json("explain", sold.id(5), "--since", "30d", "--as-shown", *AT)
    assert moved["before"]["total"] == 0


def test_movers_say_why(sold: Shop):
    """Each row of movers names what mainly moved the customer."""
    shown = sold.run("movers", "--since", "30d", "--direction", "falling", *AT).stdout
    assert "    faded as time passed: purchase_recency -" in shown


def test_movers_as_json_are_brief(sold: Shop):
    """Touchpoints behind a cause are left out, or named where it was asked for."""
    words = ("movers", "--since", "30d", *AT)
    brief = sold.json(*words)
    assert all("touchpoints" not in cause for row in brief for cause in row["causes"])
    named = sold.json(*words, "--touchpoints")
    found = [one for row in named for cause in row["causes"] for one in cause["touchpoints"]]
    assert found
    assert all(set(one) == {"source", "id", "at"} for one in found)
    for row in named:
        for cause in row["causes"]:
            del cause["touchpoints"]
    assert named == brief


def test_instants_are_in_the_zone_in_use(sold: Shop):
    """A day that was asked for is the day that is shown, in the configured zone."""
    Path("crmkit.toml").write_text('[agenda]\ntimezone = "Asia/Shanghai"\n', "utf-8")
    shown = sold.run("score", sold.id(1), "--at", "2026-05-01").stdout
    assert "as of 2026-05-01 00:00 CST" in shown
    shown = sold.run("explain", sold.id(1), "--since", "2026-04-01", "--until", "2026-05-01").stdout
    assert "on 2026-04-01 to" in shown


def test_nothing_is_said_to_be_nothing(sold: Shop):
    """A listing without rows says so, where it does not mix with them."""
    done = sold.run("customers", "nobody of that name")
    assert "nothing to list" in done.stderr
    assert sold.run("customers", "--stage", "ended").stderr == done.stderr


def test_the_agenda_in_chinese_says_all_of_it_in_chinese(sold: Shop):
    """Nothing to list, and as of when, are words too."""
    done = sold.run("agenda", "--at", "1999-05-01T10:00Z", "--lang", "zh")
    assert "没有需要联系的客户。" in done.stderr
    assert "数据截至 1999-05-01 00:00 UTC。" in done.stderr
    assert "nothing" not in done.output


def test_a_yen_has_no_cents_in_the_pyramid(capsys: pytest.CaptureFixture[str]):
    """Money has the digits of its currency, as elsewhere."""
    tier = Tier(
        name="key", count=1, value_share=1.0, revenue_share=1.0, floor=9.0,
        revenue=Decimal("1682125.00"),
    )  # fmt: skip
    for currency, told in (("JPY", "1,682,125 JPY"), ("EUR", "1,682,125.00 EUR")):
        show_pyramid([tier], currency)
        assert told in capsys.readouterr().out


def test_what_stands_below_a_row_is_its_own(capsys: pytest.CaptureFixture[str]):
    """A name of two lines, as spreadsheets give it, moves nothing to the row of another."""
    names = ["Smith\r\nand Sons", "Ann"]
    table(columns("customer"), [[name] for name in names], below=[["fell"], ["rose"]])
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["customer", "Smith\\r\\nand Sons", "fell", "Ann", "rose"]


def test_no_figure_is_minus_zero():
    """What rounds to nothing has no sign of a loss, and is no reason for one."""
    assert falling(5.0, [("purchase_recency", -5.0), ("shares", -0.04)]).en.endswith(
        "by 5.0 points (purchase recency -5.0)"
    )
    assert (shown(-0.04), signed(-0.04), signed(-0.06)) == ("0.0", "+0.0", "-0.1")


def test_dates_of_every_form_agree(sold: Shop):
    """A day is its midnight; so long ago counts from now."""
    forms = ["2026-04-01T00:00:00Z", "2026-04-01T08:00+08:00", "30d", "720h"]
    found = [sold.run("movers", "--since", form, *AT, "--json").stdout for form in forms]
    assert len(set(found)) == 1


def test_a_day_is_local_midnight(sold: Shop, tmp_path: Path):
    """A date without a time is midnight where the machine stands."""
    env = {"TZ": "Asia/Shanghai"}
    there = process(
        "--url", sold.url, "pyramid", "--at", "2026-04-01", "--json", cwd=tmp_path, environ=env
    )
    meant = sold.run("pyramid", "--at", "2026-03-31T16:00Z", "--json")
    assert there.stdout == meant.stdout


def test_the_agenda_speaks_chinese(sold: Shop):
    """Reasons that have both languages are given in the one that is asked for."""
    done = sold.run("agenda", "--lang", "zh", *AT)
    head = done.stdout.splitlines()[0]
    assert head.split()[:3] == ["到期", "客户", "编号"]
    assert "purchase" not in done.stdout


def test_every_indicator_of_the_default_model_has_words():
    """No reason in Chinese names an indicator in English."""
    assert [one.name for one in default_model().indicators] == list(INDICATORS)
    assert all(re.search("[\u4e00-\u9fff]", zh) for _, zh in INDICATORS.values())
    assert "最近购买 -3.2" in falling(3.2, [("purchase_recency", -3.2)]).zh
    assert "grey owl -1.0" in falling(1.0, [("grey_owl", -1.0)]).zh


def test_the_agenda_says_as_of_when(sold: Shop):
    """Where the figures are from stands beside the list, not in it."""
    assert "Figures as of 2026-05-01 00:00 UTC" in sold.run("agenda", *AT, "--json").stderr
    assert "Figures as of 2026-03-01" in sold.run("agenda", "--at", "2026-03-01T10:00Z").stderr


def test_report_tells_the_burden_of_typing(sold: Shop):
    """The share that came by itself is measured, not claimed (R57)."""
    found = sold.json("report", *AT)
    assert (found["touchpoints"], found["captured"], found["typed"]) == (51, 50, 1)
    assert found["captured_share"] == pytest.approx(50 / 51)
    assert found["by_touchpoint"] == {"purchase": 50, "call": 1}
    assert sum(found["by_tier"].values()) == found["customers"] == len(NAMES)
    assert sum(tier["revenue_share"] for tier in found["pyramid"]) == pytest.approx(1)
    april = sold.json("report", "--since", "2026-04-01", "--until", "2026-05-01", *AT)
    assert 0 < april["touchpoints"] < 51
    assert "captured by themselves 98.0%" in sold.run("report", *AT).stdout


def test_export_holds_everything(sold: Shop):
    """What is known of a customer comes as JSON, his hostile notes too."""
    held = json.loads(sold.run("export", "--email", "c1@example.com").stdout)
    assert HOSTILE in json.dumps(held, ensure_ascii=False).encode().decode("unicode_escape") or (
        any(touch.get("text") == HOSTILE for touch in held["touchpoints"])
    )


def test_help_is_there_for_every_command():
    """The help page lists each command with its summary, and each has a page of its own."""
    page = run("--help").stdout
    names = re.findall(r"^  ([a-z][a-z-]+)  ", page.split("Commands:")[1], re.MULTILINE)
    assert names[0] == "demo"
    assert len(names) >= 15
    for name in names:
        assert "--help" in run(name, "--help").stdout


def test_money_has_the_digits_it_usually_has():
    """A figure is written as people write the currency; what is more exact stays exact."""
    paid = (
        ("2500.0", "GBP"),
        ("0.125", "GBP"),
        ("880.00", "JPY"),
        ("880.5", "JPY"),
        ("1.5", "KWD"),
    )
    written = [money(Decimal(text), code) for text, code in paid]
    assert written == ["2500.00 GBP", "0.125 GBP", "880 JPY", "880.5 JPY", "1.500 KWD"]


def test_a_mistake_may_be_a_plugins(monkeypatch: pytest.MonkeyPatch):
    """A connector that answers nonsense is no mistake of ours: its author is to hear of it, too."""

    def broken(*_: object, **__: object) -> None:
        raise AttributeError("'list' object has no attribute 'more'")

    monkeypatch.setattr("crmkit.cli.pyramid.show_pyramid", broken)
    done = run("--url", "memory://x", "pyramid", code=3)
    assert "has no attribute 'more'" in done.stderr
    assert "crmkit or in a plugin (`crmkit plugins` lists them)" in done.stderr
