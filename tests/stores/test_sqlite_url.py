"""What a SQLite URL may say, and what it must not."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.contracts.tables import META
from crmkit.errors import ConfigError, SchemaError, StoreBusy, StoreError
from crmkit.stores import open_store


def fill(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    with store.write() as writer:
        writer.put(META, [("a", "1")])
    store.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///a.db?timeout=abc", "timeout='abc'.*number of seconds"),
        ("sqlite:///a.db?timeout=-1", "timeout='-1'"),
        ("sqlite:///a.db?timeout=nan", "timeout='nan'"),
        ("sqlite:///a.db?timeout=inf", "timeout='inf'"),
        ("sqlite:///a.db?timeout=1&timeout=2", "number of seconds"),
        ("sqlite:///file:a.db?uri=true&timeout=abc", "timeout='abc'"),
        ("sqlite:///a.db?mode=read", "mode='read'.*ro, rw, rwc"),
        ("sqlite:///a.db?mode=ro&mode=rw", "ro, rw, rwc"),
        ("sqlite:///a.db?detect_types=1", "option 'detect_types'.*mode=ro.*timeout"),
        ("sqlite://?mode=ro", "mode=ro of a database in memory"),
        ("sqlite:///a\0b.db", "NUL"),
        ("sq\0lite:///a.db", "NUL"),
        ("sqlite://shop.db", "three slashes"),
        ("sqlite://user:hunter2@host:x/a.db", "cannot be read"),
        ("sqlite+papyrus:///a.db", "papyrus"),
    ],
)
def test_what_a_url_must_not_say(
    url: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The error names the option and what it may be; no file is made, and no secret told."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=words) as caught:
        open_store(url)
    assert caught.value.key == "url"  # type: ignore[attr-defined]
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///{}?mode=ro", "a #1 shop;&.db"),
        ("sqlite:///file:{}?mode=ro&uri=true", "a shop.db"),
    ],
    ids=["ours", "SQLite's"],
)
def test_read_only_writes_nothing(url: str, name: str, tmp_path: Path):
    """What is there is read; a write says why it is refused, and the file stays as it was."""
    path = tmp_path / name
    fill(path)
    store = open_store(url.format(path))
    before = path.read_bytes()
    assert store.file == path
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]
    with pytest.raises(StoreError, match=r"read only.*writable"), store.write():
        pass
    store.close()
    assert path.read_bytes() == before


def test_read_only_makes_no_file_and_no_schema(tmp_path: Path):
    """A file that is not there is named, and one without a schema is left without."""
    path = tmp_path / "a.db"
    for mode in ("ro", "rw"):
        with pytest.raises(StoreError, match="there is no such file"):
            open_store(f"sqlite:///{path}?mode={mode}")
    assert not path.exists()
    path.touch()
    with pytest.raises(SchemaError, match="no crmkit schema"):
        open_store(f"sqlite:///{path}?mode=ro")
    assert path.stat().st_size == 0
    open_store(f"sqlite:///{path}?mode=rw").close()
    assert path.stat().st_size > 0


def test_a_workspace_is_read_by_a_read_only_url(tmp_path: Path):
    """Everything that only reads works; everything that writes says what to do."""
    url = f"sqlite:///{tmp_path}/a.db"
    with crmkit.connect(url) as crm:
        ann = crm.customers.save(crmkit.Customer(name="Ann")).id
    with crmkit.connect(f"{url}?mode=ro") as crm:
        assert crm.customers.get(ann).name == "Ann"
        assert crm.value.score(ann).total == 0
        assert crm.customers.export(ann)["ids"] == [ann]
        with pytest.raises(StoreError, match="read only"):
            crm.customers.save(crmkit.Customer(name="Bob"))
        with pytest.raises(StoreError, match="read only"):
            crm.capture(
                [{"id": "1", "kind": "visit", "at": "2026-05-01T10:00:00Z", "customer": ann}],
                source="shop",
            )


def test_a_timeout_holds_with_a_mode(tmp_path: Path):
    """Options go together."""
    path = tmp_path / "a.db"
    fill(path)
    store, other = (
        open_store(f"sqlite:///{path}?mode=rw&timeout=0.05"),
        open_store(f"sqlite:///{path}"),
    )
    with other.write(), pytest.raises(StoreBusy, match=r"0\.05 s"), store.write():
        pass
    store.close()
    other.close()


@pytest.mark.parametrize("name", ["{}", "file:{}"])
def test_the_path_of_a_hosts_engine_is_known(name: str, tmp_path: Path):
    """The erasure key stands beside the file, however the host wrote it."""
    path = tmp_path / "host.db"
    uri = name.startswith("file")
    engine = sa.create_engine(f"sqlite:///{name.format(path)}" + "?uri=true" * uri)
    store = open_store("sqlite://", engine=engine)
    assert store.file == path
    store.close()
    engine.dispose()
