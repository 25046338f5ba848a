"""Several processes that open one database at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from crmkit.stores import open_store

_OPEN = """
import sys
from crmkit.contracts.tables import META
from crmkit.stores import open_store
sys.stdin.read()
store = open_store(sys.argv[1], workspace=sys.argv[2])
with store.write() as writer:
    writer.put(META, [("a", sys.argv[2])])
store.close()
"""


def open_by_many_processes(url: str, first: str = "") -> None:
    """Open a database in several processes at once, and see that each could write.

    Args:
        url: Which.
        first: What each does before.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", first + _OPEN, url, f"w{n}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for n in range(4)
    ]
    time.sleep(0.8)  # until all of them wait for the signal below
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        assert process.stderr is not None
        assert process.wait(timeout=60) == 0, process.stderr.read().decode()
        process.stderr.close()
    store = open_store(url)
    assert {"w0", "w1", "w2", "w3"} <= set(store.workspaces())
    store.close()
