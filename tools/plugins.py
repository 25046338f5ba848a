"""Install every distribution under plugins/ beside crmkit and run each one's own tests.

A distribution's ``test`` dependency group is installed along. Arguments name the folders to
take (all, if none). They share one environment, as they would in an application.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def run(*command: str) -> int:
    """Run a Python module and give its exit code."""
    return subprocess.run([sys.executable, "-m", *command], cwd=PROJECT, check=False).returncode


def installation(folder: Path) -> list[str]:
    """Give pip's arguments for one distribution; not every pip knows dependency groups."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    return [str(folder), *project.get("dependency-groups", {}).get("test", [])]


def main() -> int:
    """Install all, test each, and name those that failed."""
    folders = sorted(found.parent for found in PROJECT.glob("plugins/*/pyproject.toml"))
    if sys.argv[1:]:
        folders = [folder for folder in folders if folder.name in sys.argv[1:]]
    if not folders:
        print("no distribution under plugins/")
        return 0
    if run("pip", "install", *(part for folder in folders for part in installation(folder))):
        return 1
    failed = []
    for folder in folders:
        print(f"== {folder.name}", flush=True)
        tests = str(folder / "tests")
        if run("pytest", "-c", "pyproject.toml", "--rootdir", ".", tests):
            failed.append(folder.name)
    print(f"{len(folders)} plugins tested, {len(failed)} failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
