"""`riis-physical measure speed`: how long hiding and scanning take, and how much memory."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("start-up", short_help="What the first picture costs beyond the work on it.")
@common.folder_option(
    "--checkout",
    "checkouts",
    multiple=True,
    default=(Path(),),
    help="Folder that holds the project, for a comparison; repeatable.",
)
@click.option("--repeat", type=click.IntRange(1, 100), default=5)
@options.output_options
def start_up(run: options.Run, checkouts: tuple[Path, ...], repeat: int) -> None:
    """Run hide, at a given and at a chosen strength, simulate and scan of one picture twice in a
    process of its own; what the first run takes longer than the second is start-up. Nothing else
    should run.

    Example: riis-physical measure start-up --checkout ../before --checkout . -o start-up.json
    """
    from training.measure.speed.start_up import lines, measure

    run.say(lines(measure(checkouts, run.output, repeat=repeat, force=run.force)))


@click.command("speed", short_help="Time hide on 24 megapixels, scan on 12 and on folders.")
@common.model_option()
@click.option(
    "--threads", type=click.IntRange(1, 256), default=2, help="Threads of each process measured."
)
@click.option("--repeat", type=click.IntRange(1, 100), default=5)
@click.option(
    "--photos",
    type=click.IntRange(0, 1000),
    default=8,
    help="Photos in each of the folders that are scanned, 4 or more; 0 leaves folders out.",
)
@common.file_option("-o", "--output", "--json", "output", help="Every figure.")
@common.force_option
def command(
    model: str, threads: int, repeat: int, photos: int, output: Path | None, force: bool
) -> None:
    """Hide in a 24-megapixel host, scan a 12-megapixel photo; nothing else should run.

    Folders of photos of 12 and 2 megapixels are scanned with one process, with two,
    and with two threads.

    Each is measured in a process of its own, without loading the model.

    Example: riis-physical measure speed --photos 0
    """
    from training.measure.speed.run import bench, lines

    result = bench(model, threads=threads, repeat=repeat, photos=photos, output=output, force=force)
    for line in lines(result):
        common.tell(line)
