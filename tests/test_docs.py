"""Whatever the documentation shows works as it is shown."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import crmkit
from tests import mariadb, mariadb_server
from tests.pages import ROOT, Block, blocks, links, pages
from tests.postgres import environment

LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
BLOCKS = [block for page in pages() for block in blocks(page)]
MODULES = [crmkit.__name__] + [
    module.name
    for module in pkgutil.walk_packages(crmkit.__path__, "crmkit.")
    if not module.name.endswith("__main__")
]


@cache
def _mariadb() -> str:
    """Give the URL of the database that one page is about."""
    return mariadb.database()


@pytest.fixture(scope="module")
def opened() -> dict[Path, tuple[ModuleType, Path]]:
    """Hold the names and the folder that all blocks of a page share."""
    return {}


@pytest.fixture
def names(
    block: Block,
    opened: dict[Path, tuple[ModuleType, Path]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> ModuleType:
    """Enter the folder of a block's page and give its names, as a module that can be imported."""
    stem = block.page.stem.replace("-", "_")
    if block.page not in opened:
        opened[block.page] = (ModuleType(f"page_{stem}"), tmp_path_factory.mktemp(stem))
    module, folder = opened[block.page]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(folder)
    if block.page.stem == "postgresql":
        for name, value in environment().items():
            monkeypatch.setenv(name, value)
    if block.page.stem == "mariadb":
        mariadb_server.need()
        monkeypatch.setenv("CRMKIT_URL", _mariadb())
    return module


@pytest.mark.parametrize("block", BLOCKS, ids=map(str, BLOCKS))
def test_block(block: Block, names: ModuleType) -> None:
    """Every block of code in the documentation runs, in the order of its page."""
    if block.skip:
        pytest.skip(f"{block}: {block.skip}")
    if block.file:
        Path(block.file).parent.mkdir(parents=True, exist_ok=True)
        Path(block.file).write_text(block.text, "utf-8")
    elif block.language in {"bash", "console"}:
        run_commands(block)
    elif ">>> " in block.text:
        run_session(names, block)
    else:
        lines = "\n" * (block.line - 1) + block.text
        exec(compile(lines, str(block.page), "exec", dont_inherit=True), vars(names))


def run_commands(block: Block) -> None:
    """Run the commands of a block and compare what is shown below each."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    quiet = {"COLUMNS": "100", "NO_COLOR": "1", "PATH": path, "PYTHONWARNINGS": "error"}
    for command, shown in block.commands:
        done = subprocess.run(
            command,
            shell=True,
            env=os.environ | quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        if shown.strip():
            alike = doctest.OutputChecker().check_output(shown, done.stdout, LENIENT)
            assert alike, f"$ {command}\n{done.stdout}"


def run_session(names: ModuleType, block: Block) -> None:
    """Run a block written as an interpreter session and compare what it shows."""
    parser = doctest.DocTestParser()
    test = parser.get_doctest(block.text, {}, str(block), str(block.page), block.line - 1)
    test.globs = vars(names)
    doctest.DebugRunner(optionflags=LENIENT).run(test, clear_globs=False)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example in a docstring gives what it says."""
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module(name), optionflags=LENIENT).failed == 0


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    """Every relative link leads to a file that is there."""
    assert [str(link) for link in links(page) if not link.exists()] == []


def test_the_command_of_the_readme_is_the_one_that_is_run() -> None:
    """Who follows the README runs exactly what the project's own checks run."""
    command = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1]
    assert command in [
        line for block in blocks(ROOT / "README.md") for line in block.text.split("\n")
    ]
