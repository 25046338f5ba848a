"""Install crmkit with every dependency at the lower bound that pyproject.toml states.

Takes the names of the extras to install along, separated by commas or blanks.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def lowest(requirement: str) -> str:
    """Turn ``name>=1.2`` into ``name==1.2``; any other form would state no honest bound."""
    name, found, bound = requirement.partition(">=")
    if not found or not bound.replace(".", "").isdigit():
        raise SystemExit(f"pyproject.toml: write {requirement!r} as name>=version")
    return f"{name}=={bound}"


def main() -> None:
    """Let pip find one set in which everything stands at its bound."""
    extras = " ".join(sys.argv[1:]).replace(",", " ").split()
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    pip = [sys.executable, "-m", "pip", "install"]
    subprocess.run([*pip, str(PROJECT), *map(lowest, wanted)], check=True)


if __name__ == "__main__":
    main()
