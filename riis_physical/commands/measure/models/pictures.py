"""`riis-physical measure pictures` and `tamper`: a model of pictures, on files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options

# As in training.measure.pictures, which would load torch here; a test compares them.
SECRETS = ("photo", "pattern")


def _picture_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        common.device_option,
        common.seed_option(),
        click.option(
            "--secret",
            type=click.Choice(SECRETS),
            default="photo",
            help="What is hidden: another picture, or cells of strong colours.",
        ),
        click.option(
            "--size",
            type=click.IntRange(0),
            default=384,
            help="Short side that pictures are scaled down to; 0 leaves them.",
        ),
        click.option(
            "--level",
            "levels",
            multiple=True,
            metavar="LEVEL",
            help="Only this distortion, for example jpeg=40; repeatable.",
        ),
    ):
        command = option(command)
    return command


@click.command("pictures", short_help="What comes back of hidden pictures, by distortion.")
@common.model_option()
@options.images_option
@options.n_option(16, "Hosts")
@_picture_options
@options.run_options("results/pictures.json", "hosts")
def pictures(run: options.Run, **chosen: Any) -> None:
    """Hide, distort with exact noise and the real codec, reveal; told the level, estimated, blind.

    Example: riis-physical measure pictures --images photos --n 8 -o pictures.json
    """
    from training.measure.pictures.quality import LEVELS, lines, measure_pictures

    run.measure(measure_pictures, _settings(chosen, LEVELS), lines)


@click.command("tamper", short_help="Whether edits of a container show where they were made.")
@common.model_option()
@options.images_option
@options.n_option(8, "Hosts")
@_picture_options
@options.run_options("results/tamper.json", "hosts")
def tamper(run: options.Run, **chosen: Any) -> None:
    """Edit containers in code, compress them, and compare what is revealed with what was hidden.

    Example: riis-physical measure tamper --images photos --n 4 -o tamper.json
    """
    from training.measure.pictures.tamper import LEVELS, lines, measure_tamper

    run.measure(measure_tamper, _settings(chosen, LEVELS), lines)


def _settings(chosen: dict[str, Any], levels: tuple[str, ...]) -> Any:
    from riis_physical.pictures.model import shipped
    from training.measure.pictures.settings import PictureSettings

    model = shipped() if chosen["model"] == "auto" else chosen["model"]
    levels = chosen["levels"] or levels
    return options.settings(PictureSettings, chosen | {"model": model, "levels": levels})
