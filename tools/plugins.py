"""Install every distribution under plugins/ beside crmkit and run each one's own tests.

A distribution's ``test`` dependency group is installed along. Arguments name the folders to
take (all, if none). They share one environment, as they would in an application; the tests of as
many as there are processors run at the same time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def install(folders: list[Path]) -> bool:
    """Install distributions; what builds them is installed once, not once for each."""
    needed: set[str] = set()
    for folder in folders:
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
        needed |= {*project["build-system"]["requires"]}
        needed |= {*project.get("dependency-groups", {}).get("test", [])}
    steps = (sorted(needed), ["--no-build-isolation", *map(str, folders)])
    return all(
        subprocess.call([sys.executable, "-m", "pip", "install", *one]) == 0 for one in steps
    )


def tested(folder: Path) -> tuple[bool, str]:
    """Run the tests of one; tell whether they passed, and what they printed."""
    tests = ["-c", "pyproject.toml", "--rootdir", ".", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *tests, str(folder / "tests")],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode == 0, done.stdout


def main() -> int:
    """Install all, test each, and name those that failed."""
    folders = sorted(found.parent for found in PROJECT.glob("plugins/*/pyproject.toml"))
    if sys.argv[1:]:
        folders = [folder for folder in folders if folder.name in sys.argv[1:]]
    if not folders:
        print("no distribution under plugins/")
        return 0
    if not install(folders):
        return 1
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for folder, (passed, printed) in zip(folders, pool.map(tested, folders), strict=True):
            print(f"== {folder.name}\n{printed}", flush=True)
            failed += [] if passed else [folder.name]
    print(f"{len(folders)} plugins tested, {len(failed)} failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
