"""`riis-physical measure engines`, `installed`, `page`: without torch, and in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("engines", short_help="Reading with ONNX Runtime against reading with torch.")
@common.model_option()
@click.option("--repeat", type=click.IntRange(1, 100), default=5)
@common.file_option("-o", "--output", required=True, help="Every figure.")
@common.force_option
def engines(model: str, repeat: int, output: Path, force: bool) -> None:
    """Time `scan` of one photo from start to end, with either engine in turn, on one core and on
    two: start-up, work, memory. Nothing else should run.

    Example: riis-physical measure engines --repeat 1 -o engines.json
    """
    options.check(output, force=force)

    from training.measure.speed.engines import lines, measure

    options.say(lines(measure(model, output, repeat=repeat, force=force)), output)


@click.command("installed", short_help="What a base installation takes on the disk.")
@click.argument("environments", nargs=-1, required=True, metavar="NAME=DIR...")
@common.file_option("-o", "--output", required=True, help="Every figure.")
@common.force_option
def installed(environments: tuple[str, ...], output: Path, force: bool) -> None:
    """Add up the files of every package in virtual environments that have riis-physical.

    Example: riis-physical measure installed reading=.venv-reading -o installed.json
    """
    options.check(output, force=force)

    from training.measure.speed.installed import lines, measure

    named = dict(one.partition("=")[::2] for one in environments)
    if not all(named.values()):
        raise click.BadParameter("expected NAME=DIR, for example reading=.venv-reading")
    result = measure({name: Path(folder) for name, folder in named.items()}, output, force=force)
    options.say(lines(result), output)


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
@common.file_option("-o", "--output", required=True, help="Every figure.")
@common.force_option
def page(
    site: Path,
    model: str,
    images: Path,
    backgrounds: Path | None,
    captures: Path,
    n: int,
    negatives: Path | None,
    most_negatives: int,
    preset: str,
    seed: int,
    output: Path,
    force: bool,
) -> None:
    """Give the same simulated captures to `scan` and to the page's modules in Node.js, as photos
    and as single frames; and photographs without a message to the page. Goes on after a stop.

    Example: riis-physical measure page --site site --images photos --captures kept -o page.json
    """
    options.check(output, force=force)

    from riis_physical.model.weights import named
    from training.hiding.material.data import list_photos
    from training.measure.common.settings import Settings
    from training.measure.reading.page import lines, measure

    settings = Settings(
        model=named(model)[0],
        images=str(images),
        n=n,
        presets=(preset,),
        seed=seed,
        backgrounds=None if backgrounds is None else str(backgrounds),
        visible=False,
    )
    photos = [] if negatives is None else list_photos(negatives)[:most_negatives]
    result = measure(site, settings, captures, output, negatives=photos, force=force)
    options.say(lines(result), output)
