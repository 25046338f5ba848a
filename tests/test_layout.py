"""The shape of the project: what its files may hold, and what importing it costs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, entry_points, files
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("crmkit/**/*.py"), *ROOT.glob("plugins/**/*.py")])
LONGEST = 400
HEAVY = {"click", "jinja2", "phonenumbers", "requests", "rich", "sqlalchemy"}
PLUGINS_MAY = re.compile(r"crmkit(\.(contracts|testing)(\..+)?)?$")
MACHINE = re.compile(r"(?<![\w.~-])/(work|home|root|Users)/")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    """Give the files under version control, and those that are about to be."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    options = ["--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run([*git, *options], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    named = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return [path for path in named if path.is_file()]


def stray(statement: ast.stmt) -> bool:
    """Tell whether a statement is none of those that an ``__init__.py`` may hold."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(ast.Constant(str())):
            return False
        case ast.Assign([ast.Name("__all__")]) | ast.FunctionDef("__getattr__" | "__dir__"):
            return False
        case ast.If(ast.Name("TYPE_CHECKING"), body, []):
            return any(map(stray, body))
    return True


def imported(module: Path) -> set[str]:
    """Give the names of all modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def test_modules_are_short() -> None:
    """A module that outgrows a few screens is divided."""
    lengths = {relative(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_packages_only_gather() -> None:
    """An ``__init__.py`` holds a docstring, imports and ``__all__``: code has a name of its own."""
    found = {
        f"{relative(path)}:{statement.lineno}"
        for path in ROOT.glob("crmkit/**/__init__.py")
        for statement in ast.parse(path.read_text("utf-8")).body
        if stray(statement)
    }
    assert found == set()


def test_plugins_import_only_what_is_offered() -> None:
    """A distribution under plugins/ needs nothing that another author could not have."""
    found = {
        f"{relative(path)}: {name}"
        for path in MODULES
        if path.is_relative_to(ROOT / "plugins")
        for name in imported(path)
        if name.split(".")[0] == "crmkit" and not PLUGINS_MAY.match(name)
    }
    assert found == set()


def test_no_file_names_a_machine() -> None:
    """No file holds a path that exists on one machine only."""
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [f"{relative(path)}: {hit[0]}" for hit in MACHINE.finditer(text)]
    assert found == []


def test_import_is_cheap() -> None:
    """``import crmkit`` loads no database, no terminal, no telephone book and no plugin."""
    code = "import sys, json, crmkit; print(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    plugins = {entry.module for entry in entry_points(group="crmkit")}
    assert (HEAVY | plugins) & set(json.loads(out.stdout)) == set()


def test_the_wheel_holds_every_file() -> None:
    """Data, templates and forms are shipped with the code that reads them."""
    try:
        shipped = {str(path) for path in files("crmkit") or ()}
    except PackageNotFoundError:
        pytest.skip("crmkit is not installed")
    if "crmkit/__init__.py" not in shipped:
        pytest.skip("crmkit is installed in place")
    package = {path.as_posix() for path in map(Path, map(relative, tracked()))}
    assert {path for path in package if path.startswith("crmkit/")} - shipped == set()
