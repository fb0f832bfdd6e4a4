"""`riis-physical measure engines`, `installed`, `page`: without torch, and in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("engines", short_help="Reading with ONNX Runtime against reading with torch.")
@common.model_option()
@click.option("--repeat", type=click.IntRange(1, 100), default=5)
@options.output_options
def engines(run: options.Run, model: str, repeat: int) -> None:
    """Time `scan` of one photo from start to end, with either engine in turn, on one core and on
    two: start-up, work, memory. Nothing else should run.

    Example: riis-physical measure engines --repeat 1 -o engines.json
    """
    from training.measure.speed.engines import lines, measure

    run.say(lines(measure(model, run.output, repeat=repeat, force=run.force)))


@click.command("installed", short_help="What a base installation takes on the disk.")
@click.argument("environments", nargs=-1, required=True, metavar="NAME=DIR...")
@options.output_options
def installed(run: options.Run, environments: tuple[str, ...]) -> None:
    """Add up the files of every package in virtual environments that have riis-physical.

    Example: riis-physical measure installed reading=.venv-reading -o installed.json
    """
    from training.measure.speed.installed import lines, measure

    named = dict(one.partition("=")[::2] for one in environments)
    if not all(named.values()):
        raise click.BadParameter("expected NAME=DIR, for example reading=.venv-reading")
    folders = {name: Path(folder) for name, folder in named.items()}
    run.say(lines(measure(folders, run.output, force=run.force)))


@click.command("page", short_help="What the page reads of the photos that scan reads.")
@common.folder_option("--site", required=True, help="Folder of the page.")
@common.model_option()
@options.images_option
@options.backgrounds_option
@common.folder_option("--captures", required=True, help="Folder to keep photos in.")
@options.n_option(100, "Captures")
@common.folder_option("--negatives", help="Photographs without a message.")
@click.option("--most-negatives", type=click.IntRange(0), default=500)
@common.preset_option()
@common.seed_option()
@options.output_options
def page(
    run: options.Run,
    site: Path,
    model: str,
    captures: Path,
    negatives: Path | None,
    most_negatives: int,
    preset: str,
    **chosen: Any,
) -> None:
    """Give the same simulated captures to `scan` and to the page's modules in Node.js, as photos
    and as single frames; and photographs without a message to the page. Goes on after a stop.

    Example: riis-physical measure page --site site --images photos --captures kept -o page.json
    """
    from riis_physical.model.weights import named
    from training.hiding.material.data import list_photos
    from training.measure.common.settings import Settings
    from training.measure.reading.page import lines, measure

    settings = options.settings(
        Settings, chosen, model=named(model)[0], presets=(preset,), visible=False
    )
    photos = [] if negatives is None else list_photos(negatives)[:most_negatives]
    run.say(lines(measure(site, settings, captures, run.output, negatives=photos, force=run.force)))
