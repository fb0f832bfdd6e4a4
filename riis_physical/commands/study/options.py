"""What the commands of a study share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from riis_physical.commands import common
from riis_physical.commands.verbosity import no_bar

folder_argument = click.argument("folder", type=common.PATH, metavar="STUDY")
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes of one thread each.  [default: one a core]",
)


def say_waiting(folder: Path, waiting: tuple[tuple[int, str, str], ...]) -> None:
    """Photos whose row is not known, with the reason."""
    for number, name, reason in waiting:
        common.note(f"photo {number} ({name}): {reason}")
    if waiting:
        common.note(f"settle them with `riis-physical study assign {folder} PHOTO ROW`")


@contextmanager
def progress(unit: str) -> Iterator[tuple[Callable[[], None], Callable[[int], None]]]:
    """A progress bar on a terminal: what to call when one is done, and with how many there are."""
    from tqdm import tqdm

    with tqdm(unit=unit, disable=no_bar(), leave=False) as bar:

        def total(number: int) -> None:
            bar.total = number
            bar.refresh()

        yield lambda: bar.update() and None, total
