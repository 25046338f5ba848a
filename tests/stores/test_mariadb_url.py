"""What a MariaDB URL may say, and what nobody is ever shown of it."""

from __future__ import annotations

import traceback

import pytest
import sqlalchemy as sa

from crmkit.contracts.tables import META
from crmkit.errors import ConfigError
from crmkit.stores import open_store
from crmkit.stores.mariadb_url import read_url
from crmkit.stores.mariadb_values import double, kept, writer
from tests.mariadb import emptied, server
from tests.mariadb_server import need
from tests.stores.postgres_kit import SECRET, opened

pytest.importorskip("pymysql", reason="PyMySQL is not installed")


@pytest.mark.parametrize(
    "form",
    [
        "mariadb://shop:hunter2@127.0.0.1:{port}/{name}",
        "mysql://shop:hunter2@127.0.0.1:{port}/{name}",
        "mysql+pymysql://shop:hunter2@127.0.0.1:{port}/{name}?timeout=2.5",
        "mariadb+mysqldb://shop:hunter2@127.0.0.1:{port}/{name}?connect_timeout=5&read_timeout=9",
        "MARIADB://shop:hunter2@/{name}?unix_socket={folder}/socket",
        "mariadb://shop:hunter2@{quoted}%2Fsocket/{name}",
    ],
)
def test_a_url_in_any_spelling(form: str):
    """As providers and SQLAlchemy spell it; whatever driver it names, PyMySQL serves it."""
    need()
    name, folder = str(sa.make_url(emptied()).database), str(server().folder)
    quoted = folder.replace("/", "%2F")
    store = opened(form.format(port=server().port, name=name, folder=folder, quoted=quoted))
    with store.write() as into:
        into.put(META, [("a", "1")])
    assert store.name == "mariadb"
    assert SECRET not in f"{store.engine!r} {store.engine.url!r} {vars(store)!r} {store.dialect!r}"
    store.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mariadb://bob:hunter2@h/x?connect_timeout=abc", "connect_timeout='abc'.*seconds"),
        ("mariadb://bob:hunter2@h/x?timeout=-1", "timeout='-1'.*seconds"),
        ("mariadb://bob:hunter2@h/x?timeout=1&timeout=2", "timeout twice"),
        ("mariadb://bob:hunter2@h/x?local_infile=1", "'local_infile'; there are connect_timeout"),
        ("mariadb://bob:hunter2@h/x?ssl_check_hostname=2", "neither true nor false"),
        ("mariadb://bob:hunter2@h/x?ssl_check_hostname=true", "add ssl_ca=FILE"),
        ("mariadb://bob:hunter2@h/x?ssl_check_hostname=TRUE&ssl_cert=/c", "add ssl_ca=FILE"),
        ("mariadb://bob:hunter2@h", "must name the database"),
        ("mariadb://bob:hunter2@h:x/y", "cannot be read"),
        ("mariadb://bob:hunter2@x@h/y", "more than one @"),
        ("mariadb://bob:hunter2%00@h/y", "NUL"),
    ],
)
def test_a_url_that_makes_no_sense(url: str, words: str):
    """It is a ConfigError that names what is wrong, and never the password."""
    with pytest.raises(ConfigError, match=words) as caught:
        open_store(url)
    assert caught.value.key == "url"
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_what_the_driver_is_told():
    """The password by its bytes, TLS where it is asked for, and none where nothing leaves."""
    place = read_url("mariadb://lin:p%40ss%C3%BC@db/shop?ssl_ca=/ca.pem&ssl_check_hostname=true")
    assert place.options["password"] == "p@ssü".encode()
    assert place.options["ssl"] == {"ca": "/ca.pem", "check_hostname": True}
    assert (place.options["host"], place.options["port"]) == ("db", 3306)
    assert str(place) == "mariadb://lin@db/shop"
    assert read_url("mariadb://lin@/shop?unix_socket=/s").options["ssl_disabled"] is True
    assert read_url("mariadb://lin@/shop?timeout=0.2").wait == 1
    unchecked = read_url("mariadb://lin@db/shop?ssl_cert=/c.pem&ssl_check_hostname=false")
    assert unchecked.options["ssl"] == {"cert": "/c.pem", "check_hostname": False}


def test_another_engine_is_refused():
    """An engine that speaks something else, or by another driver, is named."""
    with pytest.raises(ConfigError, match="speaks sqlite"):
        open_store("mariadb://", engine=sa.create_engine("sqlite://"))


def test_values_as_sql_writes_them():
    """Quotes and backslashes by the session's rule; minus zero by the number that stands for it."""
    one = ("a'\\", 1, 0.5, None, b"\0'", True, -0.0, 1e300)
    numbers = "1,0.5e0,NULL,x'0027',1,-2.5e-323,1e+300"
    assert writer(backslash=True)(one) == f"'a''\\\\',{numbers}"
    assert writer(backslash=False)(one) == f"'a''\\',{numbers}"
    assert repr(double("-2.5e-323")) == "-0.0"
    assert [kept(value) for value in (0.0, 1.5, "a", None)] == [0.0, 1.5, "a", None]
