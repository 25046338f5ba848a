"""One run of the sync in a process of its own, which a test kills: FOLDER as its only argument."""

import sys
from pathlib import Path

import crmkit

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with crmkit.connect(config=folder / "crm.toml") as crm:
        crm.sync.run("erp")
