"""What may go to a terminal: text in which nothing is a command to it."""

from __future__ import annotations

import logging
import os

import click


def escaped(text: str) -> str:
    r"""Text with control characters, direction marks and lone surrogates as escapes.

    Names of files and what a stranger hid can hold any of them: a terminal would obey
    the first, show the second in another order and fail at the third. ``\x1b[2J``
    becomes four harmless characters; line ends and tabs stay.
    """
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode()
        for char in text
    )


class EscapedFormatter(logging.Formatter):
    """Log lines, escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """The message alone."""
        return escaped(super().format(record))


def note(text: str) -> None:
    """One line for people, on standard error."""
    click.echo(escaped(text), err=True)


def asked_quiet() -> bool:
    """Whether this process and its workers leave out progress, by tqdm's own variable.

    tqdm looks at the variable when it is imported, which may be earlier.
    """
    return os.environ.get("TQDM_DISABLE", "0") not in ("", "0")
