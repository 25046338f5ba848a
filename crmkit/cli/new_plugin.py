"""``crmkit new-plugin``: a small distribution to start from, with tests that pass."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from crmkit.channels.offered import BUILT_IN as CHANNELS
from crmkit.cli.failing import wrong
from crmkit.cli.output import note, say
from crmkit.connectors.offered import BUILT_IN as CONNECTORS
from crmkit.contracts.specs import KindSpec, OpenedSpec
from crmkit.model.value import Indicator
from crmkit.plugins.builtin import own_names
from crmkit.runners.offered import BUILT_IN as RUNNERS
from crmkit.stores import BUILT_IN as STORES

_SUMMARIES = {
    "channel": "Lets crmkit reach customers by {name}.",
    "store": "Lets crmkit keep its data in {name}.",
    "connector": "Keeps {name} in step with crmkit.",
    "runner": "Has crmkit's jobs done by {name}.",
    "indicator": "Lets crmkit measure {name}.",
}
_OURS: dict[str, Sequence[OpenedSpec[Any]]] = {
    "channel": CHANNELS,
    "store": STORES,
    "connector": CONNECTORS,
    "runner": RUNNERS,
}
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


@click.command("new-plugin")
@click.argument("kind", type=click.Choice(list(_SUMMARIES)))
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="The folder to put the plugin's own into; without it, this one.",
)
def new_plugin(kind: str, name: str, into: Path) -> None:
    """Write a plugin called NAME to start from: one module, its tests, and its pyproject.toml.

    A channel reaches customers, a store keeps the data, a connector is another CRM, a runner is a
    task queue, and an indicator is something a value model may measure.
    """
    if not _NAME.fullmatch(name):
        wrong(f"a plugin's name is like pigeon or carrier-pigeon, got {name!r}")
    if what := _ours(kind).get(name.replace("-", "_")):
        wrong(f"{name} is one of crmkit's own {what}: choose another name")
    folder = into / f"crmkit-{name.replace('_', '-')}"
    if folder.exists():
        wrong(f"{folder} is there already: choose another name, or remove it")
    for place, text in written(name, kind).items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        say(path)
    note("", f"Next: cd {folder} && cat README.md")


def _ours(kind: str) -> dict[str, str]:
    """Tell what each of crmkit's own names is that a plugin of this kind would take."""
    if kind != "indicator":
        return {spec.name.replace("-", "_"): f"{kind}s" for spec in _OURS[kind]}
    kinds = dict.fromkeys(own_names(KindSpec), "kinds of touchpoint")  # it declares one of its own
    return kinds | dict.fromkeys(own_names(Indicator), "indicators")


def written(name: str, kind: str) -> dict[str, str]:
    """Fill the templates in: each file's text by its path."""
    from jinja2 import Environment, StrictUndefined

    word = name.replace("-", "_")
    module = f"crmkit_{word}"
    facts = {
        "name": name.replace("_", "-"),
        "word": word,
        "module": module,
        "distribution": f"crmkit-{name.replace('_', '-')}",
        "cls": "".join(map(str.capitalize, word.split("_"))),
        "kind": kind,
        "summary": _SUMMARIES[kind].format(name=word.replace("_", " ")),
        "version": _version(),
    }
    fill = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - it writes Python, no HTML
    shelf = files("crmkit.cli").joinpath("templates")
    return {
        place: fill.from_string(shelf.joinpath(f"{template}.j2").read_text("utf-8")).render(facts)
        for place, template in (
            ("pyproject.toml", "pyproject.toml"),
            ("README.md", "README.md"),
            (f"{module}.py", f"{kind}.py"),
            (f"tests/test_{module}.py", f"{kind}_test.py"),
        )
    }


def _version() -> str:
    try:
        return version("crmkit")
    except PackageNotFoundError:  # run from a checkout
        return "0.1.0"
