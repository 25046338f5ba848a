"""What every command has: help that can be read at the width of a terminal, and ``--json``."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from crmkit.cli.commands import COMMANDS

_WIDTH = 80
_WITHOUT_JSON = {
    "demo": "a tour for a person to watch",
    "form": "writes a form to print, to a file or a pipe",
    "new-plugin": "writes the files of a plugin",
}


def walked(command: click.Command, parent: click.Context | None = None) -> Iterator[click.Context]:
    """Give the context of a command and of everything below it."""
    found = click.Context(command, parent=parent, info_name=command.name, terminal_width=_WIDTH)
    yield found
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from walked(below, found)


@pytest.mark.parametrize("name", [spec.name for spec in COMMANDS])
def test_no_choice_is_broken_at_the_edge(name: str):
    """Every line fits, and each choice stands in it as a word of its own."""
    (spec,) = (one for one in COMMANDS if one.name == name)
    for context in walked(spec.load()):
        text = context.get_help()
        assert max(map(len, text.split("\n"))) <= _WIDTH, context.command_path
        words = set(text.replace("|", " ").translate(str.maketrans("[]{},.;`", " " * 8)).split())
        for parameter in context.command.params:
            if isinstance(parameter.type, click.Choice):
                missing = set(map(str, parameter.type.choices)) - words
                assert not missing, (context.command_path, parameter.name)


@pytest.mark.parametrize("name", [spec.name for spec in COMMANDS])
def test_a_program_can_read_what_any_command_did(name: str):
    """``--json`` everywhere, but where files are written or a person is shown around."""
    (spec,) = (one for one in COMMANDS if one.name == name)
    for context in walked(spec.load()):
        command = context.command
        if isinstance(command, click.Group) and not command.invoke_without_command:
            continue  # it only leads to others
        options = {option for parameter in command.params for option in parameter.opts}
        assert ("--json" in options) is (name not in _WITHOUT_JSON), context.command_path
