"""What goes wrong while a log is exported: one clear error, and the export before still holds."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit.contracts.durable import alone
from crmkit.contracts.lineage import fork
from crmkit.contracts.parquet import MANIFEST, open_log
from crmkit.parquet import drafting
from tests.parquet.kit import afresh, bought, captured, content, files, opened, pa, whose

KILLED = """
import sys
from tests.parquet.kit import opened
with opened(sys.argv[1]) as crm:
    print("go", flush=True)
    crm.touchpoints.export_log(sys.argv[2])
"""


@pytest.fixture
def crm() -> Any:
    with opened() as made:
        captured(made, [bought(n, f"p{n % 3}") for n in range(20)])
        yield made


def fails(crm: crmkit.CRM, folder: Path, words: str) -> None:
    with pytest.raises(crmkit.ExportError, match=words) as caught:
        crm.touchpoints.export_log(folder)
    assert str(folder) in str(caught.value)
    assert vars(caught.value)["folder"] == str(folder)


# -- folders that are not ours ----------------------------------------------------------


def test_a_folder_with_other_files_is_refused(crm: crmkit.CRM, tmp_path: Path):
    """And nothing is written there."""
    (tmp_path / "notes.txt").write_text("mine")
    fails(crm, tmp_path, "other files are there")
    assert files(tmp_path) == {"notes.txt": b"mine"}


def test_a_file_is_no_folder(crm: crmkit.CRM, tmp_path: Path):
    """It is named."""
    (tmp_path / "notes.txt").write_text("mine")
    fails(crm, tmp_path / "notes.txt", "this is a file")


def test_files_of_others_in_the_folder_are_left_alone(crm: crmkit.CRM, tmp_path: Path):
    """Whatever is not called as crmkit calls its files is somebody else's."""
    crm.touchpoints.export_log(tmp_path)
    part = Path(open_log(tmp_path).paths("touchpoints")[0])
    mine = [tmp_path / "README", part.parent / "mine.parquet", part.parent / "part-1.parquet.bak"]
    for path in mine:
        path.write_text("mine")
    crm.customers.erase(whose(crm, "p1"), reason="asked")
    crm.touchpoints.export_log(tmp_path)
    assert [path.read_text() for path in mine] == ["mine"] * 3


def test_another_workspaces_folder_is_refused(crm: crmkit.CRM, tmp_path: Path):
    """Two tenants' logs are never mixed."""
    crm.touchpoints.export_log(tmp_path)
    before = files(tmp_path)
    with opened(workspace="other") as other:
        fails(other, tmp_path, "workspace 'default' is there")
    assert files(tmp_path) == before


def test_another_databases_folder_is_refused(crm: crmkit.CRM, tmp_path: Path):
    """Its newest rows are not ours: the same where a database was set back to a backup."""
    crm.touchpoints.export_log(tmp_path)
    with opened() as other:
        captured(other, [bought(1)])
        fails(other, tmp_path, "another database")
    with crmkit.connect("memory://", plugins=[]) as other:  # further on, by another clock
        captured(other, [bought(n, f"p{n % 3}") for n in range(200)])
        fails(other, tmp_path, "another database")


def test_a_database_that_was_restored_is_told(crm: crmkit.CRM, tmp_path: Path):
    """Behind the place where its log was taken back to there are other rows now."""
    made = crm.touchpoints.export_log(tmp_path)
    with crm.session.store.write() as writer:
        fork(writer, made.watermark)
    assert crm.touchpoints.export_log(tmp_path).rows == 0
    with crm.session.store.write() as writer:
        fork(writer, made.watermark - 1)
    fails(crm, tmp_path, "restored from a backup since")


def test_changes_go_on_where_an_export_ends(crm: crmkit.CRM, tmp_path: Path):
    """Whoever has loaded the files follows the log from there and misses nothing."""
    crm.touchpoints.export_log(tmp_path)
    assert crm.changes(after=open_log(tmp_path).cursor) == ()
    captured(crm, [bought(50, "p0")])
    (change,) = crm.changes(after=open_log(tmp_path).cursor)
    assert change.record.id == "o-50"


SPOILT: dict[str, Callable[[str], str]] = {
    "newer format": lambda text: text.replace('"format": 1', '"format": 2'),
    "newer tables": lambda text: text.replace('"schema": ', '"schema": 9'),
    "cut short": lambda text: text[:100],
    "empty": lambda _: "",
    "a list": lambda _: "[]",
    "nothing": lambda _: "{}",
    "no format": lambda _: '{"format": "x"}',
    "deep": lambda _: "[" * 100_000,
    "elsewhere": lambda text: text.replace("customers-000001", "../../customers-000001"),
    "no number": lambda text: text.replace('"rows": ', '"rows": null, "was": '),
    "no instant": lambda text: text.replace('"exported": "', '"exported": "x'),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_manifest_that_is_none_is_refused(crm: crmkit.CRM, tmp_path: Path, how: str):
    """Whoever writes there, or reads; newer tables may well be read."""
    words = "newer crmkit" if how.startswith("newer") else "damaged"
    crm.touchpoints.export_log(tmp_path)
    path = tmp_path / MANIFEST
    path.write_text(SPOILT[how](path.read_text("utf-8")), "utf-8")
    before = files(tmp_path)
    fails(crm, tmp_path, words)
    if how == "newer tables":
        assert open_log(tmp_path).schema > 90
    else:
        with pytest.raises(crmkit.ExportError, match=words):
            open_log(tmp_path)
    assert files(tmp_path) == before


def test_a_manifest_of_older_tables_is_read_anew(crm: crmkit.CRM, tmp_path: Path):
    """An upgrade of the database may have changed rows."""
    crm.touchpoints.export_log(tmp_path)
    fields = json.loads((tmp_path / MANIFEST).read_text("utf-8"))
    (tmp_path / MANIFEST).write_text(json.dumps(fields | {"schema": 1}))
    assert crm.touchpoints.export_log(tmp_path).rows == 20
    assert content(tmp_path) == afresh(crm, tmp_path / "fresh")


def test_a_folder_without_a_manifest_cannot_be_opened(tmp_path: Path):
    """The first export did not come to its end."""
    with pytest.raises(crmkit.ExportError, match="no export of a log was finished"):
        open_log(tmp_path)


# -- files that are missing or damaged --------------------------------------------------


@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "a folder"])
@pytest.mark.parametrize("table", ["touchpoints", "decisions", "customers"])
def test_damaged_files_are_told_and_read_anew(
    crm: crmkit.CRM, tmp_path: Path, harm: str, table: str
):
    """A change that keeps the size is found where every byte is read."""
    crm.touchpoints.retract("shop", "o-1", reason="typo")
    crm.touchpoints.export_log(tmp_path)
    path = Path(open_log(tmp_path).paths(table)[0])
    held = path.read_bytes()
    path.unlink()
    if harm == "cut":
        path.write_bytes(held[:-9])
    elif harm == "changed":
        path.write_bytes(held[:-9] + bytes(9))
    elif harm == "a folder":
        path.mkdir()
    with pytest.raises(crmkit.ExportError, match="missing or damaged"):
        open_log(tmp_path, verify=True)
    captured(crm, [bought(50, "p0")])
    made = crm.touchpoints.export_log(tmp_path, verify=harm == "changed")
    assert (made.rows, made.rewritten > 0) == (1, table != "customers")
    assert content(tmp_path) == afresh(crm, tmp_path / "fresh")


# -- ends before the end ----------------------------------------------------------------


def test_two_exports_at_once(crm: crmkit.CRM, tmp_path: Path):
    """The second is refused at once; the first goes on."""
    crm.touchpoints.export_log(tmp_path)
    with alone(tmp_path / MANIFEST):
        fails(crm, tmp_path, "another export is writing there")
    crm.touchpoints.export_log(tmp_path)


def test_a_full_disk(crm: crmkit.CRM, tmp_path: Path):
    """Nothing is left of what was written, and the old export holds."""
    resource = pytest.importorskip("resource", reason="no limits of a process there")
    crm.touchpoints.export_log(tmp_path)
    before = files(tmp_path)
    captured(crm, [bought(n, f"p{n}") for n in range(100, 1500)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        fails(crm, tmp_path, "nothing was exported")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(tmp_path) == before
    assert crm.touchpoints.export_log(tmp_path).rows == 1400


@pytest.mark.parametrize("killed", [False, True], ids=["fails", "killed"])
@pytest.mark.parametrize("step", range(12))
def test_a_disk_that_fails_at_any_step(
    crm: crmkit.CRM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, killed: bool
):
    """Whichever file cannot be written, read back or renamed; who is killed tidies nothing up."""
    folder = tmp_path / "log"
    crm.touchpoints.export_log(folder)
    before = content(folder)
    captured(crm, [bought(50, "p0")])
    crm.touchpoints.retract("shop", "o-1", reason="typo")
    calls = iter(range(100))

    def failing(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **options: Any) -> Any:
            if next(calls) == step:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return call(*args, **options)

        return called

    with monkeypatch.context() as patched:
        for name in ("digest", "replace"):
            patched.setattr(drafting, name, failing(getattr(drafting, name)))
        patched.setattr(os, "fsync", failing(os.fsync))
        patched.setattr(Path, "replace", failing(Path.replace))
        if killed:
            patched.setattr(drafting.Draft, "discard", lambda _: None)
        fails(crm, folder, "No space left")
    after = content(folder)
    assert after in (before, now := afresh(crm, tmp_path / "fresh"))
    crm.touchpoints.export_log(folder)
    assert content(folder) == now
    assert set(files(folder)) == named(folder)


@pytest.mark.parametrize("what", ["an old file stays", "the names stay"])
def test_what_fails_behind_the_manifest_is_no_failed_export(
    crm: crmkit.CRM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
):
    """The new export counts, and the error says so, and what may be left; the next one tidies."""
    folder = tmp_path / "log"
    crm.touchpoints.export_log(folder)
    before = files(folder)
    crm.customers.erase(whose(crm, "p1"), reason="asked")

    def refused(path: object, *_: object, **__: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    with monkeypatch.context() as patched:
        if what == "an old file stays":
            patched.setattr(Path, "unlink", refused)
        else:
            patched.setattr(os, "link", refused)
            patched.setattr(drafting.shutil, "copyfile", refused)
        fails(crm, folder, "Permission denied; the export to .* is done and counts; .* older ones")
    assert content(folder) == (now := afresh(crm, tmp_path / "fresh"))
    assert set(files(folder)) >= named(folder)
    assert files(folder)["customers.parquet"] == before["customers.parquet"]
    crm.touchpoints.export_log(folder)
    assert content(folder) == now
    assert set(files(folder)) == named(folder)
    assert files(folder)["customers.parquet"] != before["customers.parquet"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(crm: crmkit.CRM, tmp_path: Path):
    """The system's words are told."""
    tmp_path.chmod(0o500)
    fails(crm, tmp_path, "Permission denied")
    tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that nobody may write to")
def test_a_folder_that_nobody_may_write_to(crm: crmkit.CRM):
    """Not even root."""
    fails(crm, Path("/proc/self/log"), "No such file|Permission")


@pytest.mark.slow("starts a program for every kill")
def test_killed_at_any_moment(tmp_path: Path):
    """The old export or the new one; and the next run leaves none of the pieces."""
    url, folder = f"sqlite:///{tmp_path}/shop.db", tmp_path / "log"
    draw = random.Random(5)
    with opened(url) as crm:
        captured(crm, [bought(n, f"p{n % 9}") for n in range(300)])
        crm.touchpoints.export_log(folder)
        for turn in range(6):
            crm.customers.erase(whose(crm, f"p{turn}"), reason="asked")
            captured(crm, [bought(1000 * turn + n, "zoe") for n in range(400, 900)])
            before = content(folder)
            run = [sys.executable, "-c", KILLED, url, str(folder)]
            with subprocess.Popen(run, stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(draw.uniform(0, 0.25))
                child.send_signal(signal.SIGKILL)
            now = afresh(crm, tmp_path / f"fresh-{turn}")
            assert content(folder) in (before, now)
            if turn % 2:
                crm.touchpoints.export_log(folder)
                assert content(folder) == now
    assert set(files(folder)) == named(folder)


def named(folder: Path) -> set[str]:
    """Give every file that a finished export consists of."""
    lasting = {MANIFEST, "customers.parquet", "voids.parquet"}
    return lasting | {one.path for one in open_log(folder).files}


def test_without_pyarrow(crm: crmkit.CRM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The error gives the command that installs it."""
    assert pa is not None
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(crmkit.ConfigError, match=r"pip install 'crmkit\[parquet\]'"):
        crm.touchpoints.export_log(tmp_path / "log")
    assert not (tmp_path / "log").exists()
