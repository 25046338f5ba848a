"""``python -m benchmarks``: run some or all, one after the other, and print one table."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Result, Setting

NAMES = (
    "imports",
    "capture",
    "scores",
    "scorers",
    "whole_log",
    "movers",
    "agenda",
    "touched",
    "growth",
    "backup",
    "postgres",
    "outreach",
    "sync",
    "export",
)
_MIB = 1 << 20


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--customers", default=100_000, show_default=True, type=click.IntRange(min=100))
@click.option("--touchpoints", default=1_000_000, show_default=True, type=click.IntRange(min=100))
@click.option("--full", is_flag=True, help="Also measure a firm of ten times as many customers.")
@click.option("--seed", default=1, show_default=True, help="Of the firm that is made up.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the databases here, and use those that are here already.",
)
def main(  # noqa: PLR0913 - the options of the program
    names: tuple[str, ...],
    customers: int,
    touchpoints: int,
    seed: int,
    folder: Path | None,
    *,
    full: bool,
) -> None:
    """Measure crmkit beside bare tools that do the same work; NAMES: which, all if none is given.

    Ratios are measured side by side in one run; a machine that is busy otherwise spoils them.
    """
    console = Console()
    with tempfile.TemporaryDirectory(prefix="crmkit-benchmarks-") as temporary:
        setting = Setting(
            folder=folder or Path(temporary),
            customers=customers,
            touchpoints=touchpoints,
            full=full,
            seed=seed,
        )
        setting.folder.mkdir(parents=True, exist_ok=True)
        results: list[Result] = []
        failed = False
        for name in names or NAMES:
            console.print(f"{name} ...", style="dim")
            try:
                results += import_module(f"benchmarks.{name}").run(setting)
            except Exception:  # noqa: BLE001 - the others took long, and are shown all the same
                console.print_exception(max_frames=4)
                failed = True
    console.print(table(results))
    sys.exit(failed)


def table(results: list[Result]) -> Table:
    """Lay the results out, a line each."""
    laid = Table("measured", "took", "against", "took", "ratio")
    for column in (1, 3, 4):
        laid.columns[column].justify = "right"
    for result in results:
        ratio = "" if result.ratio is None else f"{result.ratio:.3g}"
        base = "" if result.base is None else shown(result.base, result.unit)
        laid.add_row(result.what, shown(result.took, result.unit), result.against, base, ratio)
    return laid


def shown(value: float, unit: str) -> str:
    """Write seconds, bytes or calls so that people can read them."""
    if unit == "calls":
        return f"{value:,.0f} calls"
    if unit == "B":
        return f"{value / _MIB:.0f} MiB"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.2f} ms"


if __name__ == "__main__":
    main()
