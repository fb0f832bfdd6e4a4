"""Options that all measurements share, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common

Options = Callable[[Callable[..., Any]], Callable[..., Any]]


def n_option(default: int, what: str) -> Options:
    """--n: how many of what is measured."""
    return click.option("--n", type=click.IntRange(1), default=default, help=f"{what}.")


images_option = common.folder_option(
    "--images",
    required=True,
    help="Folder of photographs to hide in; none may be of the training set.",
)
backgrounds_option = common.folder_option(
    "--backgrounds",
    help="Photographs to put behind half of the captures, in place of procedural walls.",
)
medium_option = click.option(
    "--medium",
    type=click.Choice((*common.MEDIA, "mixed")),
    default="mixed",
    help="Prints, lit screens, or half of each.",
)
size_option = click.option(
    "--size",
    type=common.PictureSize(),
    help="Size of the photos; 1600x1200 or 1200x1600, as the container lies, if not given. "
    "Larger where the widest container of a sweep would not fit.",
)
margin_option = click.option(
    "--margin",
    type=click.FloatRange(0, 0.5),
    default=0.06,
    help="White paper, or a screen's bezel, around the container, of its width.",
)


def run_options(example: str, records: str) -> Options:
    """--jobs, -o and --force: how a measurement is carried out.

    Args:
        example: name of a result. records: what the .jsonl beside it holds.
    """
    options = (
        common.file_option(
            "-o",
            "--output",
            "--json",
            "output",
            required=True,
            help=f"Every figure, for example {example}; {records} go to a .jsonl beside it as they "
            "are made, and a run that was stopped goes on from there.",
        ),
        common.workers_option,
        common.force_option,
    )

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def check(output: Path, *, force: bool) -> None:
    """Refuse an output that cannot be written, before anything heavy is loaded."""
    from riis_physical.system.files import check_writable

    check_writable(output, force=force)


def say(lines: Iterable[str], output: Path) -> None:
    """A result for people, and where its figures are."""
    for line in lines:
        common.tell(line)
    common.tell(f"figures  {output}")


def text(path: Path | None) -> str | None:
    """A path as settings hold it."""
    return None if path is None else str(path)
