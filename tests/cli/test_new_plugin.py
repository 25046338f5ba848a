"""What ``crmkit new-plugin`` writes is a plugin that works."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.kit import END, Shop, python_path, run

KINDS = ("channel", "store", "connector", "runner", "indicator")


@pytest.mark.parametrize("kind", KINDS)
def test_its_tests_pass(kind: str, tmp_path: Path):
    """The distribution's own tests pass where it is installed, as they are written."""
    done = run("new-plugin", kind, "grey-owl")
    folder = tmp_path / "crmkit-grey-owl"
    assert [str(tmp_path / line) for line in done.stdout.splitlines()] == [
        str(path) for path in sorted(folder.rglob("*"), key=_written) if path.is_file()
    ]
    _install(folder)
    done = _tested(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_tests_see_what_an_author_gets_wrong(tmp_path: Path):
    """A channel that calls every HTTP 200 a success, as many do, fails the laws it came with."""
    run("new-plugin", "channel", "owl")
    folder = tmp_path / "crmkit-owl"
    module = folder / "crmkit_owl.py"
    text = module.read_text("utf-8")
    judged = "receipt = CODES.receipt(message, reply, self.clock)"
    assert judged in text
    blind = judged.replace("= ", "= Receipt.accepted(message) if reply.status == 200 else ")
    module.write_text(text.replace(judged, blind), "utf-8")
    _install(folder)
    done = _tested(folder, "-k", "own_errors or says_nothing or bad_recipient")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED tests/test_crmkit_owl.py::TestOwlChannel::test_the_provider_s_own_errors" in (
        done.stdout
    )


def test_a_connector_s_tests_see_what_its_author_gets_wrong(tmp_path: Path):
    """A connector that takes half an answer for an empty page fails the laws it came with."""
    run("new-plugin", "connector", "owl")
    folder = tmp_path / "crmkit-owl"
    module = folder / "crmkit_owl.py"
    text = module.read_text("utf-8")
    looked = (
        "answer.status != HTTPStatus.OK or not isinstance(mapping(answer.data).get(part), list)"
    )
    assert looked in text
    module.write_text(text.replace(looked, "answer.status != HTTPStatus.OK"), "utf-8")
    _install(folder)
    done = _tested(folder, "-k", "nobody_can_read")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TestOwlConnector::test_an_answer_that_nobody_can_read" in done.stdout


@pytest.mark.parametrize("name", ["", " ", "Owl", "3d", "a/b", "../owl", "owl\n", "鸮", "a--b"])
def test_a_name_that_is_none_writes_nothing(name: str, tmp_path: Path):
    """A name that no package could have is refused before a file is written."""
    before = sorted(tmp_path.rglob("*"))
    assert "pigeon" in run("new-plugin", "channel", name, code=2).stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_its_page_adds_an_indicator_to_a_model_in_force(shop: Shop, tmp_path: Path):
    """A model that somebody put in force does not change by itself: the page's lines widen it."""
    with shop.open(clock=lambda: END) as crm:
        crm.value.use(crm.value.calibrate(), reason="fitted")
        assert "grey_owl" not in {one.name for one in crm.value.model().indicators}
    run("new-plugin", "indicator", "grey-owl")
    folder = tmp_path / "crmkit-grey-owl"
    page = (folder / "README.md").read_text("utf-8")
    assert "environment that has crmkit" in page
    (code,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    _install(folder)
    Path("crmkit.toml").write_text(f'url = "{shop.url}"\n', "utf-8")
    path = python_path()["PYTHONPATH"]
    show = (
        "\nwith crmkit.connect(config='crmkit.toml') as crm:\n    print(crm.value.model().version)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + show],
        env={"PYTHONPATH": f"{folder}:{path}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout == "essay-1-calibrated+grey_owl\n", done.stderr
    run("new-plugin", "store", "owl")
    assert "value.use" not in (tmp_path / "crmkit-owl" / "README.md").read_text("utf-8")


def test_it_overwrites_nothing(tmp_path: Path):
    """A folder that is there already stays as it is."""
    run("new-plugin", "channel", "owl")
    (tmp_path / "crmkit-owl" / "crmkit_owl.py").write_text("mine", "utf-8")
    run("new-plugin", "channel", "owl", code=2)
    assert (tmp_path / "crmkit-owl" / "crmkit_owl.py").read_text("utf-8") == "mine"


def _tested(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    path = python_path()["PYTHONPATH"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{path}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def _written(path: Path) -> int:
    order = ("pyproject.toml", "README.md")
    return order.index(path.name) if path.name in order else len(order) + len(path.parts)


def _install(folder: Path) -> None:
    """Do what an installer does: put down what pyproject.toml says about the distribution."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    facts = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = "".join(f"{name} = {at}\n" for name, at in project["entry-points"]["crmkit"].items())
    (facts / "entry_points.txt").write_text(f"[crmkit]\n{points}")


@pytest.mark.parametrize(
    ("kind", "name", "what"),
    [
        ("channel", "email", "channels"),
        ("connector", "csv", "connectors"),
        ("runner", "embedded", "runners"),
        ("store", "sqlite", "stores"),
        ("indicator", "purchase-count", "indicators"),
        ("indicator", "visit", "kinds of touchpoint"),
    ],
)
def test_a_plugin_is_called_none_of_crmkit_s_own(kind: str, name: str, what: str, tmp_path: Path):
    """Nobody could use it beside the built-in one."""
    assert f"crmkit's own {what}" in run("new-plugin", kind, name, code=2).stderr
    assert not [*tmp_path.iterdir()]
