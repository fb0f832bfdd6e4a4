"""Options that all measurements share, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from riis_physical.commands import common

Options = Callable[[Callable[..., Any]], Callable[..., Any]]
Settings = TypeVar("Settings")


def n_option(default: int, what: str, name: str = "n") -> Options:
    """--n: how many of what is measured, as settings name it."""
    return click.option("--n", name, type=click.IntRange(1), default=default, help=f"{what}.")


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


@dataclass(frozen=True)
class Run:
    """How a measurement is carried out.

    Attributes:
        output: file of the result, which may be written.
        force: whether to overwrite it.
        workers: processes.
    """

    output: Path
    force: bool
    workers: int = 1

    def measure(
        self,
        evaluate: Callable[..., dict[str, Any]],
        settings: Any,
        lines: Callable[[dict[str, Any]], Iterable[str]],
        **more: Any,
    ) -> dict[str, Any]:
        """Carry it out and tell what came of it.

        Args:
            evaluate: takes settings, output, workers, force and `more`.
            settings: of the measurement. lines: its result for people.
        """
        result = evaluate(settings, self.output, workers=self.workers, force=self.force, **more)
        self.say(lines(result))
        return result

    def say(self, lines: Iterable[str]) -> None:
        """A result for people, and where its figures are."""
        for line in lines:
            common.tell(line)
        common.tell(f"figures  {self.output}")


def run_options(example: str, records: str) -> Options:
    """--jobs, -o and --force, which the command gets as a :class:`Run`.

    Args:
        example: name of a result. records: what the .jsonl beside it holds.
    """
    text = (
        f"Every figure, for example {example}; {records} go to a .jsonl beside it as they "
        "are made, and a run that was stopped goes on from there."
    )
    output = common.file_option("-o", "--output", "--json", "output", required=True, help=text)
    return lambda command: output(common.workers_option(common.force_option(_with_run(command))))


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """-o and --force of a measurement in one go, which the command gets as a :class:`Run`."""
    output = common.file_option("-o", "--output", required=True, help="Every figure.")
    return output(common.force_option(_with_run(command)))


def _with_run(command: Callable[..., Any]) -> Callable[..., Any]:
    """Refuses an output that cannot be written, before anything heavy is loaded."""

    @wraps(command)
    def checked(*, output: Path, force: bool, workers: int = 1, **chosen: Any) -> Any:
        from training.measure.common.output import check_result

        check_result(output, force=force)
        return command(run=Run(output, force, workers), **chosen)

    return checked


def settings(kind: Callable[..., Settings], chosen: Mapping[str, Any], **others: Any) -> Settings:
    """Settings from the options of the same names, and others; paths become text."""
    return kind(**{name: plain(value) for name, value in (dict(chosen) | others).items()})


def plain(value: Any) -> Any:
    """A value as settings hold it: the name of a file in place of its path."""
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    return str(value) if isinstance(value, Path) else value
