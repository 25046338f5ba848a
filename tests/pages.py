"""Markdown pages as the tests see them: blocks of code that are run, links that are followed."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

ROOT = Path(__file__).parent.parent
FENCE = re.compile(
    r"(?:^<!-- skip: (?P<skip>.+?) -->\n+)?"
    r"^```(?P<language>\w+)(?: (?P<file>[\w./-]+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?![a-z]+:|#)(?P<target>[^)#\s]+)")
RUN = frozenset({"bash", "console", "pycon", "python"})
PROGRAMS = frozenset({"crmkit", "createdb", "pg_dump", "pg_restore", "psql"})
"""What the tests run of a block of commands."""


@attrs.frozen
class Block:
    """A fenced block of code, with the line its text begins on."""

    page: Path
    line: int
    language: str
    file: str | None
    text: str
    skip: str | None

    def __str__(self) -> str:
        """Name the block as an editor would open it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The commands of a console block that are run, each with the output shown below it."""
        shown = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        parts = [part.replace("\\\n", "").partition("\n") for part in shown]
        return [(line, output) for line, _, output in parts if line.split()[0] in PROGRAMS]


def pages() -> list[Path]:
    """Every page that a reader may open."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("changes/*.md"), *ROOT.glob("docs/**/*.md")])


def blocks(page: Path) -> list[Block]:
    """Give the blocks of a page that are run or written to a file, in order."""
    text = page.read_text("utf-8")
    return [
        Block(
            page=page,
            line=text.count("\n", 0, found.start("text")) + 1,
            language=found["language"],
            file=found["file"],
            text=found["text"],
            skip=found["skip"],
        )
        for found in FENCE.finditer(text)
        if found["file"] or found["language"] in RUN
    ]


def links(page: Path) -> list[Path]:
    """Give the files of this repository that a page points to."""
    return [page.parent / found["target"] for found in LINK.finditer(page.read_text("utf-8"))]
