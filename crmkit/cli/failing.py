"""How the program ends: exit codes, one clear line for an error, quiet where a pipe was closed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NoReturn

import click

from crmkit.cli.escaping import visible
from crmkit.cli.streams import unread
from crmkit.errors import ConfigError, CrmkitError, InvalidValueError
from crmkit.masking import without_passwords

DONE = 0
REJECTIONS = 1
WRONG_USE = 2
FAILED = 3
INTERRUPTED = 130  # as shells have it: 128 + SIGINT

_CALLERS = (InvalidValueError, ConfigError, LookupError)
"""Errors that another command line would mend."""


class Failed(click.ClickException):
    """The command ends here, with one line and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        """Keep the line, with whatever a terminal would obey made visible, and no password."""
        super().__init__(visible(without_passwords(message), keep="\n"))
        self.exit_code = code  # type: ignore[misc]

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line where messages go."""
        click.echo(f"Error: {self.format_message()}", file=file, err=True)


def wrong(message: str) -> NoReturn:
    """End the command: it was called in a way that cannot work."""
    raise Failed(message, WRONG_USE)


def warn(message: str) -> None:
    """Tell something that does not stop the command."""
    click.echo(visible(message, keep="\n"), err=True)


@contextmanager
def guarded() -> Iterator[None]:
    """Turn what a command raises into the program's way of ending."""
    try:
        yield
        sys.stdout.flush()  # here, where a closed pipe can still be met quietly
    except click.UsageError as error:  # click shows the word that it cannot make sense of
        error.message = without_passwords(error.message)  # type: ignore[misc]
        raise
    except CrmkitError as error:
        raise Failed(str(error), WRONG_USE if isinstance(error, _CALLERS) else FAILED) from error
    except OSError as error:
        if isinstance(error, BrokenPipeError) and unread():
            sys.exit(DONE)  # without a word: who reads our output has seen enough
        raise Failed(_about(error)) from error
    except KeyboardInterrupt:
        click.echo("Interrupted; what was committed stays.", err=True)
        sys.exit(INTERRUPTED)


def _about(error: OSError) -> str:
    """Say which file, where the system names one."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
