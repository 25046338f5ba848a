"""Whoever was erased after a backup stays erased, whatever is left to tell of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit import Contact, Customer, Identity, hookimpl
from crmkit.capture import journal
from crmkit.contracts.specs import ReferenceSpec
from crmkit.errors import StoreError
from crmkit.plugins import PluginManager
from tests.backup.kit import DAY, KEY, NOW, Clock, connect, fill, held, purchase, sqlite
from tests.postgres import database

SECRET = "p0@example.com"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRMKIT_ERASURE_JOURNAL", raising=False)
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", KEY)


def shop(url: str, **more: Any) -> crmkit.CRM:
    """Give a shop in which others name one customer, too."""
    crm = connect(url, **more)
    fill(crm)
    crm.capture(
        [
            purchase(
                950, "p4", kind="referral", friend={"email": SECRET}, amount=None, currency=None
            )
        ],
        source="shop",
    )
    crm.customers.save(
        Customer(
            name="A firm",
            kind="organisation",
            identities=(Identity("email", "firm@example.com"),),
            contacts=(Contact(name="P Zero", email=SECRET),),
        )
    )
    return crm


def erase(crm: crmkit.CRM, email: str = SECRET) -> str:
    found = crm.customers.find(email=email)
    assert found
    crm.customers.erase(found.id, reason="asked for it")
    return found.id


def raw(folder: Path) -> bytes:
    """Give every byte of the database: the file, and what lies beside it."""
    return b"".join(one.read_bytes() for one in sorted(folder.glob("shop.db*")))


def is_gone(crm: crmkit.CRM, id: str) -> None:  # noqa: A002
    """Nobody finds him, nothing names him, and he does not come in again."""
    assert crm.customers.find(email=SECRET) is None
    with pytest.raises(crmkit.CustomerNotFound):
        crm.customers.get(id)
    assert "p0@" not in repr(held(crm)).lower()
    report = crm.capture([purchase(1_000, "p0")], source="shop")
    assert report.rejected[0].reason.endswith("must not be captured again")
    again = crm.capture([purchase(0, "p9")], source="shop")  # one of his records, as another's
    assert again.rejected


@pytest.mark.row("R69")
def test_by_the_database_that_is_restored_over(tmp_path: Path) -> None:
    """The old database knows whom it erased: no byte of him comes back."""
    with shop(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
        assert b"p0@example" in raw(tmp_path)
        gone = erase(crm)
        (tmp_path / "shop.erasures").unlink()
        done = crmkit.restore(crm, tmp_path / "b")
        assert (done.erased, done.lost, done.journals) == (1, {}, ())
        assert b"p0@example" not in raw(tmp_path)
        assert b"p1@example" in raw(tmp_path)
        assert b"A firm" in raw(tmp_path)
        assert b"P Zero" not in raw(tmp_path)
        is_gone(crm, gone)
        assert json.loads((tmp_path / "shop.erasures").read_text())["ids"] == [gone]


@pytest.mark.row("R69")
@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_by_the_journal_where_the_database_is_lost(tmp_path: Path, into: str) -> None:
    """Nothing but the backup, the journal and the key is left; and it works on any store."""
    with shop(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
        gone = erase(crm)
    for one in tmp_path.glob("shop.db*"):
        one.unlink()
    url = sqlite(tmp_path) if into == "sqlite" else database()
    named = [] if into == "sqlite" else [tmp_path / "shop.erasures"]
    with connect(url) as crm:
        done = crmkit.restore(crm, tmp_path / "b", erasures=named)
        assert (done.erased, done.empty) == (1, True)
        assert done.journals == (str(tmp_path / "shop.erasures"),)
        is_gone(crm, gone)
    assert b"p0@example" not in raw(tmp_path)


def test_by_the_journal_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database is no file, the environment names the journal; only its owner reads it."""
    monkeypatch.setenv("CRMKIT_ERASURE_JOURNAL", str(tmp_path / "erased"))
    with shop(database()) as crm:
        crmkit.backup(crm, tmp_path / "b")
        gone = erase(crm)
    assert (tmp_path / "erased").stat().st_mode & 0o777 == 0o600
    text = (tmp_path / "erased").read_text()
    assert gone in text
    assert "p0@" not in text
    with connect(sqlite(tmp_path)) as crm:
        assert crmkit.restore(crm, tmp_path / "b").erased == 1
        is_gone(crm, gone)
    # The journal has it already: it is not noted twice.
    assert (tmp_path / "erased").read_text().count(gone) <= 2


def test_the_next_restore_knows_what_this_one_was_told(tmp_path: Path) -> None:
    """A journal that was handed over once need not be kept for ever."""
    (tmp_path / "new").mkdir()
    with shop(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
        gone = erase(crm)
    for _ in range(2):
        named = [tmp_path / "shop.erasures"] if (tmp_path / "shop.erasures").exists() else []
        with connect(sqlite(tmp_path / "new")) as crm:
            crmkit.restore(crm, tmp_path / "b", erasures=named, replace=True)
            is_gone(crm, gone)
        for one in [*tmp_path.glob("shop.*"), *(tmp_path / "new").glob("shop.db*")]:
            one.unlink()


def test_under_another_id(tmp_path: Path) -> None:
    """Who was erased from a database begun anew is recognised in the backup of the old one."""
    with shop(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
    for one in tmp_path.glob("shop.db*"):
        one.unlink()
    with connect(sqlite(tmp_path), Clock(NOW + DAY)) as crm:
        crm.capture([purchase(1, "p0"), purchase(2, "p3")], source="other")
        gone = erase(crm)
        done = crmkit.restore(crm, tmp_path / "b", replace=True)
        assert done.erased == 1
        is_gone(crm, gone)
        assert crm.customers.find(email="p3@example.com")
    assert b"p0@example" not in raw(tmp_path)


@pytest.mark.parametrize("what", ["merged since", "parted since", "moved since"])
def test_whatever_became_of_him_in_between(tmp_path: Path, what: str) -> None:
    """He is erased as he was when he asked for it, and nobody else with him."""
    with connect(sqlite(tmp_path)) as crm:
        fill(crm)
        back = purchase(960, "p4", kind="return", amount="-1.00", of="o-0")
        assert crm.capture([back], source="shop").new == 1
        first, second = (crm.customers.find(email=f"p{n}@example.com") for n in (0, 1))
        assert first
        assert second
        if what == "parted since":
            merge = crm.customers.merge(second.id, first.id, reason="the same")
        crmkit.backup(crm, tmp_path / "b")
        if what == "merged since":
            crm.customers.merge(second.id, first.id, reason="the same")
            crm.customers.erase(second.id, reason="asked for it")
        elif what == "parted since":
            crm.customers.unmerge(merge.id)
            crm.customers.erase(first.id, reason="asked for it")
        else:
            change = {"customer": {"email": "p1@example.com"}}
            crm.touchpoints.correct("shop", "o-0", change, reason="it was his")
            crm.customers.erase(second.id, reason="asked for it")
        crmkit.restore(crm, tmp_path / "b", replace=True)
        scores = {one.customer_id: one.total for one in crm.value.scores()}
        crm.value.rebuild()
        right = {one.customer_id: one.total for one in crm.value.scores()}
        assert scores == pytest.approx(right, rel=1e-9)
        alive = {"merged since": [], "parted since": ["p1"], "moved since": ["p0"]}[what]
        for name in ("p0", "p1"):
            found = crm.customers.find(email=f"{name}@example.com")
            assert (found is not None) == (name in alive), name
            if found:
                held_here = {one.id for one in crm.touchpoints.of(found.id)}
                assert ("o-0" in held_here) == (name == "p0" and what != "moved since")
    for name in {b"p0@example", b"p1@example"} - {f"{one}@example".encode() for one in alive}:
        assert name not in raw(tmp_path)


def test_plugins_forget_him_first(tmp_path: Path) -> None:
    """What a plugin keeps may have been brought back too; where it fails, nothing is restored."""

    class Keeping:
        forgotten: list[str] = []  # noqa: RUF012 - one plugin
        broken = False

        def erase(self, id: str, *, workspace: str) -> None:  # noqa: A002, ARG002
            if self.broken:
                raise RuntimeError("the disk is gone")
            self.forgotten.append(id)

        @hookimpl
        def crmkit_references(self) -> list[ReferenceSpec]:
            return [
                ReferenceSpec(
                    name="kept",
                    export=lambda one, *, workspace: None,  # noqa: ARG005
                    repoint=lambda keep, drop, *, workspace: None,  # noqa: ARG005
                    erase=self.erase,
                )
            ]

    plugins = PluginManager(discover=False, strict=True)
    plugin = Keeping()
    plugins.register(plugin)
    with crmkit.connect(sqlite(tmp_path), clock=Clock(), plugins=plugins) as crm:
        fill(crm)
        crmkit.backup(crm, tmp_path / "b")
        gone = erase(crm)
        plugin.forgotten.clear()
        plugin.broken = True
        before = held(crm)
        with pytest.raises(crmkit.PluginError, match="the disk is gone"):
            crmkit.restore(crm, tmp_path / "b")
        assert held(crm) == before
        plugin.broken = False
        crmkit.restore(crm, tmp_path / "b")
        assert plugin.forgotten == [gone]


def test_without_the_key_nobody_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing key, or another one, is told before anything is touched."""
    with shop(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
        erase(crm)
    (tmp_path / "new").mkdir()
    monkeypatch.delenv("CRMKIT_ERASURE_KEY")
    named = {"erasures": [tmp_path / "shop.erasures"]}
    with connect(sqlite(tmp_path / "new")) as crm:
        with pytest.raises(crmkit.ConfigError, match="the erasure key is not there: put it back"):
            crmkit.restore(crm, tmp_path / "b", **named)
        monkeypatch.setenv("CRMKIT_ERASURE_KEY", "quite another key, alas")
        with pytest.raises(crmkit.ConfigError, match="not the same for the database, the backup"):
            crmkit.restore(crm, tmp_path / "b", **named)
        assert not any(held(crm).values())
        assert [one.name for one in (tmp_path / "new").iterdir() if "erasure" in one.name] == []


def test_an_erasure_that_cannot_be_noted_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would not outlive a restore is not done, and the error says what to mend."""
    with shop(sqlite(tmp_path)) as crm:
        monkeypatch.setenv("CRMKIT_ERASURE_JOURNAL", str(tmp_path / "nowhere" / "erased"))
        with pytest.raises(
            StoreError, match=r"cannot be noted in .*: nobody was erased. Mend that"
        ):
            erase(crm)
        assert crm.customers.find(email=SECRET)


def test_a_disk_that_takes_half_a_line(tmp_path: Path) -> None:
    """Half of a line on the disk is no erasure that was noted."""
    resource = pytest.importorskip("resource", reason="no limits of a process there")
    path = tmp_path / "journal"
    one = journal.Erasure(workspace="default", at=1, ids=("c1",), hashes=("h",), key="k")
    journal.note(path, one)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        with pytest.raises(StoreError, match=r"File too large.*: nobody was erased"):
            journal.note(path, one)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.note(path, one)
    assert list(journal.read(path, named=True)) == [one, one]


def test_a_journal_line_that_was_cut_short(tmp_path: Path) -> None:
    """A kill while a line is written was before the erasure; any other damage is told."""
    path = tmp_path / "journal"
    one = journal.Erasure(workspace="default", at=1, ids=("c1",), hashes=("h",), key="k")
    journal.note(path, one)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    journal.note(path, one)
    assert list(journal.read(path)) == [one, one]
    path.write_bytes(whole.replace(b'"at"', b'"ate"'))
    with pytest.raises(crmkit.BackupError, match=r"line 1 of .* is damaged"):
        list(journal.read(path))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("{cut}", r"ends in an unfinished line.* Take the whole journal, or, .* delete that line"),
        ("{whole}{cut}", "ends in an unfinished line"),
        ("{cut}\n{whole}{cut}\n\n", "ends in an unfinished line"),
        ("", r"tells of no erasure.* Take the whole journal, or, .* leave it out"),
        ("\n", "tells of no erasure"),
    ],
)
def test_a_journal_that_is_handed_over_must_be_whole(tmp_path: Path, form: str, words: str) -> None:
    """A copy that broke off would bring somebody back, and nobody would hear of it."""
    with shop(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
        erase(crm)
    whole = (tmp_path / "shop.erasures").read_text()
    copy = tmp_path / "copy"
    copy.write_text(form.format(whole=whole, cut=whole[:30]))
    (tmp_path / "new").mkdir()
    with connect(sqlite(tmp_path / "new")) as crm:
        with pytest.raises(crmkit.BackupError, match=f"{copy} {words}") as caught:
            crmkit.restore(crm, tmp_path / "b", erasures=[copy])
        assert vars(caught.value)["file"] == str(copy)
        assert not any(held(crm).values())
        copy.write_text(f"{whole[:30]}\n{whole.rstrip()}")  # a kill in the middle, and all there
        assert crmkit.restore(crm, tmp_path / "b", erasures=[copy]).erased == 1


def test_the_own_journal_may_end_in_an_unfinished_line(tmp_path: Path) -> None:
    """A kill was before that erasure; but half a line and nothing else is no journal."""
    with shop(sqlite(tmp_path)) as crm:
        crmkit.backup(crm, tmp_path / "b")
        erase(crm)
    path = tmp_path / "shop.erasures"
    whole = path.read_text()
    for one in tmp_path.glob("shop.db*"):
        one.unlink()
    with connect(sqlite(tmp_path)) as crm:
        path.write_text(whole[:30])
        with pytest.raises(crmkit.BackupError, match=f"{path} ends in an unfinished line"):
            crmkit.restore(crm, tmp_path / "b")
        assert not any(held(crm).values())
        path.write_text(whole + whole[:30])
        assert crmkit.restore(crm, tmp_path / "b", erasures=[path]).erased == 1
    path.write_text("")
    with connect(sqlite(tmp_path)) as crm:
        assert crmkit.restore(crm, tmp_path / "b", replace=True).journals == (str(path),)
